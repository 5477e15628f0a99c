//! Hash rates of the miner's kernels, with instruction counts beside them where this machine counts.

use super::row::Row;
use crate::process::{announce, cargo, run};
use crate::workspace;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Hashes between two counts of instructions; the difference leaves out what the program does before.
const COUNTED_HASHES: u64 = 1 << 18;

/// What each kernel should reach on one core of a server of 2024, in MH/s: at first, and in the end.
const GOALS: [(&str, f64, f64); 3] = [("avx512", 50.0, 60.0), ("avx2", 12.0, 14.0), ("sha-ni", 24.0, 28.0)];
/// How many times faster two threads should be than one.
const TWO_THREADS: (f64, f64) = (1.95, 2.0);

/// Builds the miner, measures its kernels and counts their instructions.
pub fn measure(quick: bool) -> Result<Vec<Row>> {
    announce("building the miner's release");
    run(cargo()?.args(["build", "--release", "--locked", "--package", "qoin-miner"]))?;
    announce("measuring mining");
    let output = miner(&["bench", "--json", "--seconds", if quick { "4" } else { "20" }])
        .stderr(Stdio::inherit())
        .output()
        .context("starting qoin-miner")?;
    anyhow::ensure!(output.status.success(), "measuring mining failed ({})", output.status);
    let text = String::from_utf8(output.stdout).context("qoin-miner prints text")?;
    let mut rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not a row: {line}")))
        .collect::<Result<_>>()?;
    let names: Vec<String> = rows.iter().filter_map(|row| Some(row["name"].as_str()?.to_owned())).collect();
    let kernels = names.iter().filter(|name| names.contains(&format!("{name} at this clock")));
    for kernel in kernels {
        match instructions(kernel) {
            Some((count, counter)) => rows.push(json!({
                "name": format!("{kernel}, counted by {counter}"), "value": count, "unit": "instructions/hash",
            })),
            None => println!("{kernel}: instruction counts are not available here"),
        }
    }
    rows.iter_mut().for_each(set_goal);
    rows.into_iter().map(|row| serde_json::from_value(row).context("a row of qoin-miner")).collect()
}

fn set_goal(row: &mut Value) {
    let name = row["name"].as_str().unwrap_or_default();
    let goal = |reach, aim, of_ratio| json!({"reach": reach, "aim": aim, "more_is_better": true, "of_ratio": of_ratio});
    if let Some((_, reach, aim)) = GOALS.iter().find(|(kernel, ..)| *kernel == name) {
        row["goal"] = goal(reach, aim, false);
    } else if name.ends_with(", two threads") {
        row["goal"] = goal(&TWO_THREADS.0, &TWO_THREADS.1, true);
    }
}

fn miner(arguments: &[&str]) -> Command {
    let mut command = Command::new(workspace::target().join("release/qoin-miner"));
    command.args(arguments).current_dir(workspace::root());
    command
}

/// Instructions a hash, and what counted them: the processor, or valgrind, which does not know the newest ones.
fn instructions(kernel: &str) -> Option<(f64, &'static str)> {
    let each = |count: fn(&str, u64) -> Option<u64>| {
        let (once, twice) = (count(kernel, COUNTED_HASHES)?, count(kernel, 2 * COUNTED_HASHES)?);
        Some(twice.checked_sub(once)? as f64 / COUNTED_HASHES as f64)
    };
    each(perf).map(|count| (count, "perf")).or_else(|| each(callgrind).map(|count| (count, "callgrind")))
}

/// The user's instructions as `perf stat` prints them: `COUNT,,instructions:u,...` on standard error.
fn perf(kernel: &str, hashes: u64) -> Option<u64> {
    let errors = errors_under(&["perf", "stat", "-x,", "-e", "instructions:u"], kernel, hashes)?;
    errors.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok()
}

/// The instructions as callgrind prints them: `==PID== Collected : COUNT` on standard error.
fn callgrind(kernel: &str, hashes: u64) -> Option<u64> {
    let errors = errors_under(&["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"], kernel, hashes)?;
    errors.lines().find_map(|line| line.split_once("Collected :"))?.1.trim().parse().ok()
}

/// What the counter says while the miner hashes; `None` if it is not there or fails.
fn errors_under(counter: &[&str], kernel: &str, hashes: u64) -> Option<String> {
    let hashes = hashes.to_string();
    let program = workspace::target().join("release/qoin-miner");
    let mut command = Command::new(counter[0]);
    command.args(&counter[1..]).arg(program).args(["bench", "--kernel", kernel, "--count", &hashes]);
    let output = command.env("LC_ALL", "C").output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stderr).ok()).flatten()
}
