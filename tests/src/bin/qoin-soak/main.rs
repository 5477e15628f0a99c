//! Long trials of the real leader, which `cargo xtask test` starts in short and an operator in long: deaths without
//! warning, and more work than it can take.

mod crash;
mod overload;
mod random;
mod rpyc;
mod wire;

use anyhow::Result;
use clap::Parser;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "qoin-soak", about = "Long trials of the real leader.", disable_version_flag = true)]
enum Trial {
    /// Kills the leader at random moments under load, starts it again, and compares it with what its clients were told.
    Crash(crash::Options),
    /// Asks the leader for ten times what it can take, and looks at it before, meanwhile and after.
    Overload(overload::Options),
    /// Sends malformed frames to the Python interface, and looks at the leader meanwhile and after.
    Rpyc(rpyc::Options),
}

fn main() -> ExitCode {
    match run(&Trial::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(trial: &Trial) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match trial {
        Trial::Crash(options) => runtime.block_on(crash::run(options)),
        Trial::Overload(options) => runtime.block_on(overload::run(options)),
        Trial::Rpyc(options) => runtime.block_on(rpyc::run(options)),
    }
}
