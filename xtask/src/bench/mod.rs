//! `cargo xtask bench`: measurements as a table. They are no tests: nothing fails because a machine is slow.

mod browser;
mod mining;
mod row;

use crate::process::{announce, cargo, run as run_command};
use crate::{app, setup, workspace};
use anyhow::{Context, Result};
use clap::ValueEnum;
use row::Row;
use std::path::PathBuf;
use std::process::Command;

/// What to measure, and for how long.
#[derive(clap::Args)]
pub struct Options {
    /// The group to measure; all of them when none is named.
    group: Option<Group>,
    /// Shorter runs: each group ends within about a minute, once the programs are built.
    #[arg(long)]
    quick: bool,
    /// Also write the rows to this file, as a JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What belongs together in a measurement.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// The ledger's speed and cost, beside PostgreSQL's.
    Ledger,
    /// Hash rates.
    Mining,
    /// What a thousand miners cost the leader.
    Stratum,
    /// Size of the app and time to its first page.
    Web,
    /// The Python interface, beside a Python server.
    Rpyc,
}

/// Builds what is measured, measures it, prints the table and writes the file.
pub fn run(options: &Options) -> Result<()> {
    let groups = options.group.map_or_else(|| Group::value_variants().to_vec(), |group| vec![group]);
    setup::install(if groups.contains(&Group::Web) { setup::Need::Tests } else { setup::Need::Build })?;
    if groups != [Group::Mining] {
        app::build()?;
        announce("building the release (about 5 minutes the first time)");
        run_command(cargo()?.args([
            "build",
            "--release",
            "--locked",
            "--package",
            "qoin",
            "--package",
            "qoin-tests",
            "--bins",
        ]))?;
    }
    let mut rows = Vec::new();
    for group in groups {
        rows.extend(measure(group, options.quick)?);
    }
    println!("\nmeasured on {}\n{}", machine(), row::table(&rows));
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&rows).context("writing rows as JSON")?;
        std::fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// The rows of one group, from the program of qoin-tests that measures it: it prints one JSON object a line.
fn measure(group: Group, quick: bool) -> Result<Vec<Row>> {
    let name = group.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    if group == Group::Mining {
        return Ok([mining::measure(quick)?, browser::measure(quick)?].into_iter().flatten().collect());
    }
    announce(&format!("measuring {name}"));
    let mut bench = Command::new(workspace::target().join("release/qoin-bench"));
    bench.arg(&name).current_dir(workspace::root()).stderr(std::process::Stdio::inherit());
    if quick {
        bench.arg("--quick");
    }
    if let Some(chromium) = setup::chromium() {
        bench.env("QOIN_CHROMIUM", chromium);
    }
    if group == Group::Rpyc {
        bench.env("QOIN_PYTHON", setup::python_with_rpyc("6")?);
    }
    if group == Group::Ledger {
        bench.env("QOIN_POSTGRESQL", setup::postgresql()?);
    }
    let output = bench.output().with_context(|| format!("starting {}", crate::process::shown(&bench)))?;
    anyhow::ensure!(output.status.success(), "measuring {name} failed ({})", output.status);
    let text = String::from_utf8(output.stdout).context("qoin-bench prints text")?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("not a row: {line}"))).collect()
}

/// Processor and number of cores, so that a table can be told from another machine's.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    format!("{}, {cores} cores", model.trim_start_matches(['\t', ' ', ':']))
}
