//! A browser's tab that mines, played by `tests/e2e/mine-tab.mjs` in Chromium.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A tab at work; its browser is gone when it is closed or dropped.
pub struct Tab {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// What the page shows.
#[derive(Debug, Deserialize)]
pub struct Shown {
    /// Hashes a second.
    pub hash_rate: f64,
    /// Shares that the leader took.
    pub shares: u64,
    /// Blocks that it solved.
    pub blocks: u64,
}

impl Tab {
    /// Signs a member in at a website and starts mining with one thread.
    ///
    /// # Errors
    /// When node or the browser cannot be started.
    pub fn open(website: &str, email: &str, password: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e");
        let mut child = Command::new("node")
            .args(["mine-tab.mjs", website])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting node")?;
        let mut input = child.stdin.take().context("it has an input")?;
        let output = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let start = serde_json::json!({ "email": email, "password": password });
        writeln!(input, "{start}")?;
        Ok(Self { child, input: Some(input), output })
    }

    /// What the page shows next; it is told once a second.
    ///
    /// # Errors
    /// When the tab has ended.
    pub fn wait(&mut self) -> Result<Shown> {
        let line = self.output.next().context("the tab has ended; its last words stand above")??;
        serde_json::from_str(&line).with_context(|| format!("not what a tab tells: {line}"))
    }

    /// Stops mining; what the page shows at the end.
    ///
    /// # Errors
    /// When the tab has ended before.
    pub fn close(mut self) -> Result<Shown> {
        drop(self.input.take());
        let mut last = self.wait()?;
        for line in self.output.by_ref() {
            last = serde_json::from_str(&line?)?;
        }
        Ok(last)
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // With its input it ends by itself, and its browser with it.
        drop(self.input.take());
        let _ended = self.child.wait();
    }
}
