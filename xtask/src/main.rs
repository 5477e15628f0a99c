//! The commands of the project: `cargo xtask run | test | bench | check | setup | app | pictures`.

mod app;
mod bench;
mod check;
mod process;
mod run;
mod setup;
mod test;
mod workspace;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of the project.", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing, build a release, and start leader, website and one miner on this host.
    Run {
        /// The data folder: ledger, keys and accounts.
        #[arg(long, value_name = "DIR", default_value = ".qoin")]
        data: PathBuf,
        /// Passed on to `qoin run`, after `--`.
        #[arg(last = true, value_name = "ARGS")]
        args: Vec<String>,
    },
    /// Install what is missing and run every check and test.
    Test(test::Options),
    /// Measure and print a table.
    Bench(bench::Options),
    /// Check the walls between the rooms, the links of the documents and what must not be committed.
    Check,
    /// Install what building (and, with --tests, testing) needs.
    Setup {
        /// Also install what the tests need: nextest, Chromium, playwright-core.
        #[arg(long)]
        tests: bool,
    },
    /// Build the app into frontend/dist, if its sources changed.
    App,
    /// Make the pictures of all pages in docs/pictures anew.
    Pictures,
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Run { data, args } => run::run(&data, &args).map(|()| true),
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options).map(|()| true),
        Task::Check => check::run(),
        Task::Setup { tests } => {
            setup::install(if tests { setup::Need::Tests } else { setup::Need::Build }).map(|()| true)
        }
        Task::App => setup::install(setup::Need::Build).and_then(|()| app::build()).map(|()| true),
        Task::Pictures => setup::install(setup::Need::Tests)
            .and_then(|()| app::build())
            .and_then(|()| test::remake_pictures())
            .map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
