//! How fast `qoin verify` checks a whole chain again.

use crate::Row;
use anyhow::{Context, Result, ensure};
use qoin_tests::chains::long::write_long_chain;
use qoin_tests::process::program;
use serde::Deserialize;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const ACCOUNTS: u16 = 10_000;

/// What `qoin verify --json` prints.
#[derive(Deserialize)]
struct Verdict {
    ok: Option<bool>,
    records: u64,
}

/// Signed transactions a second, of the whole process, with every rule checked again; then without the signatures.
pub fn measure(quick: bool) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let path = folder.path().join("chain");
    let transfers = if quick { 100_000 } else { 1_000_000 };
    eprintln!("signing a chain of {transfers} transfers");
    write_long_chain(&mut BufWriter::new(File::create(&path)?), ACCOUNTS, transfers)?;
    Ok(vec![
        Row::new("qoin verify, everything checked", speed(&path, &[])?, "1/s").at_least(80_000.0, 130_000.0),
        Row::new("qoin verify, signatures taken as given (--from)", speed(&path, &["--from", "4294967295"])?, "1/s"),
    ])
}

fn speed(chain: &Path, arguments: &[&str]) -> Result<f64> {
    let mut verify = Command::new(program("qoin")?);
    verify.args(["verify", "--json", "--file"]).arg(chain).args(arguments);
    let began = Instant::now();
    let output = verify.output().context("starting qoin verify")?;
    let took = began.elapsed();
    let verdict: Verdict = serde_json::from_slice(&output.stdout).context("qoin verify prints JSON")?;
    ensure!(verdict.ok == Some(true), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(verdict.records as f64 / took.as_secs_f64())
}
