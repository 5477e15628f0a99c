//! The miner under test: `qoin-miner`.

use crate::{Api, process::Process};
use anyhow::Result;
use serde::Deserialize;

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

    /// The same, with its work counted under a name of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn named(stratum: &str, owner: &str, service_key: &str, worker: &str) -> Result<Self> {
        let credentials = ["--server", stratum, "--owner", owner, "--service-key", service_key];
        Self::start(&[&credentials[..], &["--worker", worker, "--threads", "1"]].concat())
    }

    /// The hash rate that it tells of itself at its status door: hashes a second since it started, time without work
    /// included.
    ///
    /// # Errors
    /// When it does not tell it.
    pub async fn told_rate(&mut self) -> Result<f64> {
        let door = self.process.wait_for("address of its status", |line| {
            line.split_once("status at ").map(|(_, address)| address.trim().to_owned())
        })?;
        Ok(Api::at(&door).get::<Told>("/").await?.rate.quarter_hour)
    }

    fn start(arguments: &[&str]) -> Result<Self> {
        let all = ["--status-address", "127.0.0.1:0"].iter().chain(arguments).map(|argument| (*argument).to_owned());
        let process = Process::start("qoin-miner", all)?;
        Ok(Self { process })
    }

    /// All that it has written so far.
    pub fn output(&self) -> String {
        self.process.output()
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

/// What its status door tells, of which only this is asked.
#[derive(Deserialize)]
struct Told {
    rate: ToldRate,
}

#[derive(Deserialize)]
struct ToldRate {
    quarter_hour: f64,
}
