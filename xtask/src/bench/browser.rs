//! Hash rates of the app's mining workers in Chromium.

use super::row::Row;
use crate::{app, process::announce, setup, workspace};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;
use std::process::{Command, Stdio};

/// What tests/e2e/measure-mining.mjs prints: hashes a second.
#[derive(Deserialize)]
struct Measured {
    simd128: f64,
    scalar: f64,
    simd128_two_threads: f64,
}

/// Builds the app and measures its workers.
pub fn measure(quick: bool) -> Result<Vec<Row>> {
    setup::install(setup::Need::Tests)?;
    app::build()?;
    announce("measuring mining in Chromium");
    let chromium = setup::chromium().context("chromium is missing: run `cargo xtask setup --tests`")?;
    let output = Command::new("node")
        .arg(workspace::root().join("tests/e2e/measure-mining.mjs"))
        .arg(if quick { "2" } else { "8" })
        .env("QOIN_CHROMIUM", chromium)
        .stderr(Stdio::inherit())
        .output()
        .context("starting node")?;
    anyhow::ensure!(output.status.success(), "measure-mining.mjs failed ({})", output.status);
    let measured: Measured = serde_json::from_slice(&output.stdout).context("measure-mining.mjs prints JSON")?;
    let Measured { simd128, scalar, simd128_two_threads } = measured;
    let rows = json!([
        {"name": "browser, scalar", "value": scalar / 1e6, "unit": "MH/s"},
        {
            "name": "browser, simd128", "value": simd128 / 1e6, "unit": "MH/s",
            "peer": "browser, scalar", "peer_value": scalar / 1e6, "ratio": simd128 / scalar,
            "goal": {"reach": 5.5, "aim": 7.5, "more_is_better": true, "of_ratio": false},
        },
        {
            "name": "browser, simd128, two workers", "value": simd128_two_threads / 1e6, "unit": "MH/s",
            "peer": "one worker", "peer_value": simd128 / 1e6, "ratio": simd128_two_threads / simd128,
        },
    ]);
    serde_json::from_value(rows).context("rows of the browser")
}
