//! Starting other programs: cargo's bin folder first on the path, the workspace as working folder.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;

/// A command that runs in the workspace's root, finds the tools that the set-up installed, and reads no input.
pub fn command(program: &str) -> Result<Command> {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).env("PATH", path()?).stdin(Stdio::null());
    Ok(command)
}

/// Cargo, as the one that runs this program.
pub fn cargo() -> Result<Command> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(&cargo)
}

fn path() -> Result<OsString> {
    let mut folders = vec![workspace::cargo_home()?.join("bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    std::env::join_paths(folders).context("a folder of PATH holds a colon")
}

/// Runs a command with its output on the terminal. Fails, naming the command, when it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", shown(command)))?;
    if status.success() { Ok(()) } else { bail!("{} failed ({status})", shown(command)) }
}

/// Runs a command quietly and returns what it printed. `None` when it is not there or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command, passes its output on line by line, and returns it too (both streams, as they came).
pub fn tee(command: &mut Command) -> Result<(ExitStatus, String)> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", shown(command)))?;
    let kept = Mutex::new(String::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| pass_on(out, &kept, std::io::stdout()));
        scope.spawn(|| pass_on(err, &kept, std::io::stderr()));
    });
    let status = child.wait().context("waiting for a program")?;
    Ok((status, kept.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)))
}

fn pass_on(from: Option<impl Read>, kept: &Mutex<String>, mut to: impl Write) {
    let Some(from) = from else { return };
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        // A closed terminal must not lose the counts.
        let _closed = writeln!(to, "{line}");
        let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.push_str(&line);
        kept.push('\n');
    }
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Prints what begins now, at once, so that no long step is silent.
pub fn announce(step: &str) {
    println!("==> {step}");
    let _closed = std::io::stdout().flush();
}
