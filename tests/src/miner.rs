//! The miner under test: `qoin-miner`.

use crate::process::Process;
use anyhow::Result;

/// A running miner; gone when dropped.
pub struct Miner {
    process: Process,
}

impl Miner {
    /// An anonymous miner with one thread for the leader whose miners connect to `stratum`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn anonymous(stratum: &str) -> Result<Self> {
        Self::start(&["--server", stratum, "--owner", "anonymous", "--threads", "1"])
    }

    /// A miner with one thread that mines for a member.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn of(stratum: &str, owner: &str, service_key: &str) -> Result<Self> {
        Self::start(&["--server", stratum, "--owner", owner, "--service-key", service_key, "--threads", "1"])
    }

    fn start(arguments: &[&str]) -> Result<Self> {
        let process = Process::start("qoin-miner", arguments.iter().map(|argument| (*argument).to_owned()))?;
        Ok(Self { process })
    }

    /// Asks it to stop, as Ctrl-C does, and waits until it has.
    ///
    /// # Errors
    /// When it does not stop, or fails while it does.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.process.interrupt()?;
        anyhow::ensure!(status.success(), "the miner stopped with {status}:\n{}", self.process.output());
        Ok(())
    }
}
