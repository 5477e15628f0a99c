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

    /// The same, with its work counted under a name of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn named(stratum: &str, owner: &str, service_key: &str, worker: &str) -> Result<Self> {
        let credentials = ["--server", stratum, "--owner", owner, "--service-key", service_key];
        Self::start(&[&credentials[..], &["--worker", worker, "--threads", "1"]].concat())
    }

    /// The hash rates that it has told so far, in hashes a second.
    pub fn told_rates(&self) -> Vec<f64> {
        self.process.output().lines().filter_map(told_rate).collect()
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

/// The first rate in a line, such as `9.29 MH/s`.
fn told_rate(line: &str) -> Option<f64> {
    let (before, _) = line.split_once("H/s")?;
    let (number, prefix) = before.rsplit_once(' ')?;
    let number: f64 = number.rsplit(' ').next()?.parse().ok()?;
    let factor = match prefix {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::told_rate;

    #[test]
    fn rates_are_read_from_lines() {
        assert_eq!(told_rate("INFO 9.25 MH/s"), Some(9_250_000.0));
        assert_eq!(told_rate("12.00 H/s, 3 shares"), Some(12.0));
        assert_eq!(told_rate("connected"), None);
    }
}
