//! A program under test: its output is kept, and it is gone when the test is.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long any program may take to do what a test waits for; generous, for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. It is killed when dropped; when the test failed, its output is printed then.
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Log>,
}

/// The lines that a program wrote, of both streams as they came.
#[derive(Default)]
pub struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Log {
    /// Waits until a line contains a text; false if none does within that time. For a thread that may block.
    pub fn waits_for(&self, text: &str, within: Duration) -> bool {
        let lacks = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(text));
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (_lines, waited) =
            self.grown.wait_timeout_while(lines, within, lacks).unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }
}

/// The path of one of the project's programs: beside the folder of this test's own binary.
///
/// # Errors
/// When it has not been built.
pub fn program(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("asking for this test's own path")?;
    let folders = test.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("{name} is not built: run `cargo xtask test`, or `cargo build --bins` first"))
}

/// Runs one of the project's programs to its end; what it wrote to standard output and, if it failed, to standard error.
///
/// # Errors
/// When it is not built or cannot be started.
pub fn run(name: &str, arguments: &[&str]) -> Result<std::result::Result<String, String>> {
    let output = Command::new(program(name)?).args(arguments).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("starting {name}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}

/// The memory that a process holds, in bytes.
///
/// # Errors
/// When there is no such process.
pub fn resident_bytes(id: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).context("asking for a process' memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process has memory")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}

impl Process {
    /// Starts one of the project's programs with these arguments.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub fn start(name: &str, arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        Self::spawn(name, Command::new(program(name)?).args(arguments))
    }

    /// The same through another program, which is put before the command line: one that runs it on another host.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub fn start_by(before: &[String], name: &str, arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let (first, rest) = before.split_first().context("a command line begins with a program")?;
        Self::spawn(name, Command::new(first).args(rest).arg(program(name)?).args(arguments))
    }

    /// The same in a folder.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub fn start_in(folder: &Path, name: &str, arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        Self::spawn(name, Command::new(program(name)?).args(arguments).current_dir(folder))
    }

    /// The same, with files of at most so many bytes: a write beyond that fails, as on a disk that is full.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub fn start_with_space_for(bytes: u64, name: &str, arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        // The limit counts in units of 512 bytes; its signal (SIGXFSZ) is ignored, so that the write tells.
        let limited = "trap '' XFSZ && ulimit -f \"$1\" && shift && exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", limited, "sh", &bytes.div_ceil(512).to_string()]).arg(program(name)?).args(arguments);
        Self::spawn(name, &mut command)
    }

    fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let log = Arc::new(Log::default());
        keep_lines(child.stdout.take(), &log);
        keep_lines(child.stderr.take(), &log);
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// The process' id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `find` finds something among the lines written so far, and returns that.
    ///
    /// # Errors
    /// When the program ends before, or takes longer than [`PATIENCE`].
    pub fn wait_for<T>(&mut self, what: &str, mut find: impl FnMut(&str) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut looked_at = 0;
        loop {
            let lines = self.log.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let found = lines[looked_at..].iter().find_map(|line| find(line));
            looked_at = lines.len();
            if let Some(found) = found {
                return Ok(found);
            }
            // The time limit is only for noticing that the program has ended.
            let (lines, _) = self
                .log
                .grown
                .wait_timeout_while(lines, Duration::from_millis(200), |lines| lines.len() == looked_at)
                .unwrap_or_else(PoisonError::into_inner);
            let grown = lines.len() > looked_at;
            drop(lines);
            if grown {
                continue;
            }
            if let Some(status) = self.child.try_wait().context("asking for a program's end")? {
                bail!("{} ended ({status}) before {what}:\n{}", self.name, self.output());
            }
            if Instant::now() > deadline {
                bail!("{}: no {what} within {} s:\n{}", self.name, PATIENCE.as_secs(), self.output());
            }
        }
    }

    /// What it writes, for other threads to wait for.
    pub fn log(&self) -> Arc<Log> {
        self.log.clone()
    }

    /// All that it has written so far.
    pub fn output(&self) -> String {
        self.log.lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Ends it without warning, as `kill -9` does.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("killing {}", self.name))?;
        self.child.wait().map(|_| ()).with_context(|| format!("waiting for the end of {}", self.name))
    }

    /// Asks it to stop, as Ctrl-C does, and waits until it has.
    ///
    /// # Errors
    /// When it takes longer than [`PATIENCE`].
    pub fn interrupt(&mut self) -> Result<ExitStatus> {
        let sent = Command::new("kill").args(["-INT", &self.id().to_string()]).status().context("starting kill")?;
        anyhow::ensure!(sent.success(), "kill -INT {} failed", self.id());
        self.wait_for_end()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When it takes longer than [`PATIENCE`].
    pub fn wait_for_end(&mut self) -> Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().context("asking for a program's end")? {
                return Ok(status);
            }
            anyhow::ensure!(Instant::now() < deadline, "{} did not stop:\n{}", self.name, self.output());
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself: nothing is left to do then.
        let _gone = self.kill();
        if thread::panicking() {
            eprintln!("--- output of {} ---\n{}\n--- end ---", self.name, self.output());
        }
    }
}

fn keep_lines(stream: Option<impl Read + Send + 'static>, log: &Arc<Log>) {
    let (Some(stream), log) = (stream, Arc::clone(log)) else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            log.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            log.grown.notify_all();
        }
    });
}
