//! How much the app weighs on the wire, and how soon a person can sign in.

use crate::Row;
use anyhow::{Context, Result, ensure};
use qoin_tests::Leader;
use reqwest::Method;
use reqwest::header::ACCEPT_ENCODING;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// The files of the panel of administration.
const PANEL: [&str; 4] = ["/admin.css", "/admin_loader.js", "/admin.js", "/admin_bg.wasm"];

/// Bytes of the first page's files, compressed with brotli, and the time until the sign-in form takes input.
pub fn measure(quick: bool) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let leader = Leader::start()?;
    let mut rows = runtime.block_on(sizes(&leader))?;
    rows.extend(first_page(&leader, if quick { 3 } else { 10 })?);
    Ok(rows)
}

async fn sizes(leader: &Leader) -> Result<Vec<Row>> {
    let site = leader.website();
    let fetch = async |path: &str, encoding: &str| -> Result<Vec<u8>> {
        let response = site.request(Method::GET, path).header(ACCEPT_ENCODING, encoding).send().await?;
        ensure!(response.status().is_success(), "{path} answered {}", response.status());
        Ok(response.bytes().await?.to_vec())
    };
    let page = String::from_utf8(fetch("/", "identity").await?).context("the page is text")?;
    let (mut wasm, mut others) = (0, fetch("/", "br").await?.len());
    for path in files(&page) {
        let size = fetch(&path, "br").await?.len();
        if path.ends_with(".wasm") { wasm += size } else { others += size }
    }
    ensure!(wasm > 0, "the page names no WebAssembly: {page}");
    let mut panel = 0;
    for path in PANEL {
        panel += fetch(path, "br").await?.len();
    }
    let kilobytes = |bytes: usize| bytes as f64 / 1_000.0;
    Ok(vec![
        Row::new("app, all of it, brotli", kilobytes(wasm + others), "kB").at_most(250.0, 200.0),
        Row::new("app, WebAssembly alone, brotli", kilobytes(wasm), "kB"),
        Row::new("administration, fetched when opened, brotli", kilobytes(panel), "kB").at_most(300.0, 150.0),
    ])
}

/// The scripts, styles and WebAssembly that the page names, each once.
fn files(page: &str) -> BTreeSet<String> {
    page.split(['"', '\'', '`'])
        .filter(|text| text.starts_with('/') && [".js", ".wasm", ".css"].iter().any(|end| text.ends_with(end)))
        .map(str::to_owned)
        .collect()
}

/// What tests/e2e/measure.mjs prints.
#[derive(Deserialize)]
struct Measured {
    cold_ms: f64,
    warm_ms: f64,
}

fn first_page(leader: &Leader, times: usize) -> Result<Vec<Row>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/measure.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([leader.website().base(), &times.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("starting node")?;
    ensure!(output.status.success(), "measure.mjs failed ({})", output.status);
    let measured: Measured = serde_json::from_slice(&output.stdout).context("measure.mjs prints JSON")?;
    Ok(vec![
        Row::new("usable sign-in page, nothing cached", measured.cold_ms, "ms"),
        Row::new("usable sign-in page, app cached", measured.warm_ms, "ms"),
    ])
}
