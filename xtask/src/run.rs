//! `cargo xtask run`: the whole system on this host.

use crate::process::{announce, cargo, run as run_command};
use crate::{app, setup, workspace};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Builds everything and becomes `qoin run`, so that signals reach it directly.
pub fn run(data: &Path, args: &[String]) -> Result<()> {
    setup::install(setup::Need::Build)?;
    app::build()?;
    announce("building the release (about 5 minutes the first time)");
    run_command(cargo()?.args(["build", "--release", "--locked", "--package", "qoin"]))?;
    let mut qoin = Command::new(workspace::target().join("release/qoin"));
    qoin.arg("run").arg("--data").arg(data).args(args);
    become_program(qoin)
}

#[cfg(unix)]
fn become_program(mut program: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    // Only returns when it could not be started.
    Err(anyhow::Error::new(program.exec()).context(format!("starting {}", crate::process::shown(&program))))
}

#[cfg(not(unix))]
fn become_program(mut program: Command) -> Result<()> {
    run_command(&mut program)
}
