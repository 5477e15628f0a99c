//! The stages of a test run.

use super::count::Count;
use crate::process::{announce, cargo, command, output, run, tee};
use crate::{app, check, setup, workspace};
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::ffi::OsString;
use std::fmt;
use std::process::Command;

const WASM: &str = "wasm32-unknown-unknown";

/// One step of a test run, in the order of their cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    Setup,
    Format,
    Check,
    Typos,
    Deny,
    App,
    Clippy,
    Rust,
    Doc,
    Wasm,
    Crash,
    Overload,
    Python,
    Frames,
    E2e,
}

/// How long the trials of the real leader last; short ones when nothing is said.
#[derive(clap::Args, Clone, Debug)]
pub struct Soak {
    /// How often the stage crash kills the leader.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub rounds: u32,
    /// The seed of the first round of the stage crash, as a round before printed it.
    #[arg(long, value_name = "SEED")]
    pub seed: Option<String>,
    /// For how many seconds the stage overload asks for too much, and the stage frames sends what is malformed.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub seconds: u32,
}

/// How a stage ended.
pub enum Outcome {
    /// Nothing was wrong; with the number of tests, where it runs any.
    Passed(Count),
    /// Something was wrong. A stage that counts no tests counts as one failure.
    Failed(Count),
    /// A tool that is not installed everywhere is missing: nothing was looked at.
    NotRun(&'static str),
}

impl Outcome {
    /// What the stage adds to the closing line.
    pub fn count(&self) -> Count {
        match self {
            Self::Passed(count) => *count,
            Self::Failed(count) => Count { failed: count.failed.max(1), ..*count },
            Self::NotRun(_) => Count::default(),
        }
    }

    fn of(result: Result<()>) -> Result<Self> {
        result.map(|()| Self::Passed(Count::default()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(count) if *count == Count::default() => f.write_str("ok"),
            Self::Passed(count) => write!(f, "{count}"),
            Self::Failed(count) if *count == Count::default() => f.write_str("FAILED"),
            Self::Failed(count) => write!(f, "FAILED: {count}"),
            Self::NotRun(why) => write!(f, "not run: {why}"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Stage {
    /// Every stage, in the order they run in.
    pub const ALL: [Self; 15] = [
        Self::Setup,
        Self::Format,
        Self::Check,
        Self::Typos,
        Self::Deny,
        Self::App,
        Self::Clippy,
        Self::Rust,
        Self::Doc,
        Self::Wasm,
        Self::Crash,
        Self::Overload,
        Self::Python,
        Self::Frames,
        Self::E2e,
    ];

    /// What it does, for the person who waits.
    pub fn about(self) -> &'static str {
        match self {
            Self::Setup => "installing what is missing",
            Self::Format => "rustfmt",
            Self::Check => "walls, links, addresses",
            Self::Typos => "spelling",
            Self::Deny => "bans, licenses and sources of the dependencies",
            Self::App => "trunk",
            Self::Clippy => "all native crates, then the app",
            Self::Rust => "unit, property and process tests",
            Self::Doc => "examples in the documentation",
            Self::Wasm => "the rules and the kernels, compiled to WebAssembly, under node",
            Self::Crash => "deaths of the leader under load",
            Self::Overload => "more payments than the leader can take",
            Self::Python => "the Python interface with the real client, both versions of it",
            Self::Frames => "malformed frames at the Python interface",
            Self::E2e => "the wallet in Chromium against the real programs",
        }
    }

    /// Whether words can choose among its tests.
    pub fn takes_filters(self) -> bool {
        matches!(self, Self::Rust | Self::Wasm | Self::Python | Self::E2e)
    }

    /// Runs the stage.
    pub fn run(self, filters: &[String], soak: &Soak) -> Result<Outcome> {
        match self {
            Self::Setup => Outcome::of(setup::install(setup::Need::Tests)),
            Self::Format => Outcome::of(run(cargo()?.args(["fmt", "--all", "--check"]))),
            Self::Check => {
                Ok(if check::run()? { Outcome::Passed(Count::default()) } else { Outcome::Failed(Count::default()) })
            }
            Self::Typos => optional(command("typos")?.arg("--version"), command("typos")?, "typos is not installed"),
            Self::Deny => {
                let mut deny = cargo()?;
                deny.args(["deny", "check", "bans", "licenses", "sources"]);
                optional(cargo()?.args(["deny", "--version"]), deny, "cargo-deny is not installed")
            }
            Self::App => Outcome::of(app::build()),
            Self::Clippy => Outcome::of(clippy()),
            Self::Rust => rust_tests(filters),
            Self::Doc => doc_tests(),
            Self::Wasm => wasm_tests(filters),
            Self::Crash => Outcome::of(crash_trial(soak)),
            Self::Overload => Outcome::of(trial(&["overload", "--seconds", &soak.seconds.to_string()])),
            Self::Python => python_tests(filters),
            Self::Frames => Outcome::of(trial(&["rpyc", "--seconds", &soak.seconds.to_string()])),
            Self::E2e => e2e_tests(filters),
        }
    }
}

fn optional(version: &mut Command, mut tool: Command, missing: &'static str) -> Result<Outcome> {
    if output(version).is_none() {
        return Ok(Outcome::NotRun(missing));
    }
    Outcome::of(run(&mut tool))
}

fn clippy() -> Result<()> {
    run(cargo()?.args(["clippy", "--locked", "--all-targets", "--", "-D", "warnings"]))?;
    let mut app = cargo()?;
    app.args(["clippy", "--locked", "--package", "qoin-app", "--target", WASM, "--target-dir"]);
    app.arg(workspace::app_target());
    run(app.args(["--", "-D", "warnings"]))
}

/// The programs that the process tests start; a test run alone would leave an older one where they look.
fn build_programs() -> Result<()> {
    let packages = ["qoin", "qoin-miner", "qoin-tests"].into_iter().flat_map(|name| ["--package", name]);
    run(cargo()?.args(["build", "--locked", "--bins"]).args(packages))
}

fn rust_tests(filters: &[String]) -> Result<Outcome> {
    build_programs()?;
    let chromium = setup::chromium().context("chromium is missing: run `cargo xtask setup --tests`")?;
    let mut nextest = cargo()?;
    // A test of miners side by side has one in a browser.
    nextest.env("QOIN_CHROMIUM", chromium);
    nextest.args(["nextest", "run", "--locked", "--workspace", "--exclude", "qoin-app", "--no-tests", "fail"]);
    counted(nextest.args(filters), Count::of_nextest)
}

fn doc_tests() -> Result<Outcome> {
    counted(cargo()?.args(["test", "--locked", "--doc", "--workspace", "--exclude", "qoin-app"]), Count::of_cargo_test)
}

/// Each tests/*_on_wasm.rs of core and of the miner's library, under node.
fn wasm_tests(filters: &[String]) -> Result<Outcome> {
    let mut tests = cargo()?;
    tests.args(["test", "--locked", "--package", "qoin-core", "--package", "qoin-miner", "--no-default-features"]);
    tests.args(["--features", "qoin-core/unicode-tables", "--target", WASM, "--test", "*_on_wasm", "--target-dir"]);
    tests.arg(workspace::app_target());
    tests.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
    if !filters.is_empty() {
        tests.arg("--").args(filters);
    }
    counted(&mut tests, Count::of_cargo_test)
}

fn crash_trial(soak: &Soak) -> Result<()> {
    let rounds = soak.rounds.to_string();
    let seed = soak.seed.iter().flat_map(|seed| ["--seed", seed]);
    trial(&["crash", "--rounds", &rounds].into_iter().chain(seed).collect::<Vec<_>>())
}

/// Runs a trial of the real programs.
fn trial(arguments: &[&str]) -> Result<()> {
    build_programs()?;
    run(Command::new(workspace::target().join("debug/qoin-soak")).args(arguments))
}

/// Each tests/python/test_*.py under each version of RPyC, or the tests whose names contain one of the words.
fn python_tests(filters: &[String]) -> Result<Outcome> {
    build_programs()?;
    let mut sum = Count::default();
    for version in setup::RPYC {
        announce(&format!("with RPyC {version}"));
        let mut python = Command::new(setup::python_with_rpyc(version)?);
        python.args(["-m", "unittest", "discover", "--start-directory", "."]);
        python.args(filters.iter().flat_map(|word| ["-k", word]));
        python.current_dir(workspace::root().join("tests/python"));
        python.env("QOIN_BIN", workspace::target().join("debug")).env("PYTHONDONTWRITEBYTECODE", "1");
        match counted(&mut python, Count::of_unittest)? {
            Outcome::Passed(count) if count.passed > 0 => sum = sum + count,
            other => return Ok(Outcome::Failed(sum + other.count())),
        }
    }
    Ok(Outcome::Passed(sum))
}

fn e2e_tests(filters: &[String]) -> Result<Outcome> {
    counted(&mut browser_tests(filters)?, Count::of_node)
}

/// What runs each tests/e2e/*.test.mjs, or those whose names contain one of the words. Builds the programs for it.
pub fn browser_tests(filters: &[String]) -> Result<Command> {
    build_programs()?;
    let folder = workspace::root().join("tests/e2e");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") && (filters.is_empty() || filters.iter().any(|word| name.contains(word))) {
            files.push(OsString::from(name));
        }
    }
    files.sort();
    if files.is_empty() {
        anyhow::bail!("no tests/e2e/*.test.mjs {}", filters.join(" "));
    }
    let chromium = setup::chromium().context("chromium is missing: run `cargo xtask setup --tests`")?;
    let mut node = command("node")?;
    // One file at a time: browser, leader and miner share two cores.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files).current_dir(folder);
    node.env("QOIN_BIN", workspace::target().join("debug")).env("QOIN_CHROMIUM", chromium);
    Ok(node)
}

fn counted(tests: &mut Command, count: fn(&str) -> Option<Count>) -> Result<Outcome> {
    let (status, output) = tee(tests)?;
    let count = count(&output);
    Ok(match count {
        Some(count) if status.success() && count.failed == 0 => Outcome::Passed(count),
        // A runner that says nothing of tests has not run any, whatever its exit code.
        _ => Outcome::Failed(count.unwrap_or_default()),
    })
}
