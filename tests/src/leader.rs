//! The leader under test: `qoin run` in a temporary folder.

use crate::api::Api;
use crate::member::Member;
use crate::process::{Log, Process};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A running `qoin run` with its data folder; both are gone when it is dropped.
pub struct Leader {
    process: Process,
    data: TempDir,
    arguments: Vec<String>,
    ready: Ready,
    password: String,
}

/// What `qoin run --json` says once it is ready.
#[derive(Clone, Debug, Deserialize)]
struct Ready {
    website: String,
    api: String,
    rpyc: String,
    stratum: String,
    email: Option<String>,
    password: Option<String>,
}

impl Leader {
    /// A new currency with easy blocks, without a miner and without limits on payments and sign-ins, on free ports.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// The same with these further arguments.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_with(arguments: &[&str]) -> Result<Self> {
        let data = tempfile::tempdir().context("making a temporary folder")?;
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let (process, ready) = launch(data.path(), &arguments, ["0", "0", "0"])?;
        let password = ready.password.clone().context("the first start tells the administrator's password")?;
        Ok(Self { process, data, arguments, ready, password })
    }

    /// One that goes on with a data folder that is there already, whose administrator has this password.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_on(data: TempDir, password: &str) -> Result<Self> {
        let (process, ready) = launch(data.path(), &[], ["0", "0", "0"])?;
        anyhow::ensure!(ready.password.is_none(), "a currency was begun anew in a folder that held one");
        Ok(Self { process, data, arguments: Vec::new(), ready, password: password.to_owned() })
    }

    /// Kills it, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When it does not stop, or fails while it does.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.process.interrupt()?;
        anyhow::ensure!(status.success(), "the leader stopped with {status}:\n{}", self.process.output());
        Ok(())
    }

    /// Starts it again after it was stopped or killed: the same folder, the same ports.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        let (process, ready) = launch(self.data.path(), &self.arguments, self.ports())?;
        let is_same = ready.password.as_ref().is_none_or(|password| *password == self.password);
        anyhow::ensure!(is_same, "another password was told at the second start");
        self.process = process;
        Ok(())
    }

    /// Starts it again where no file can become larger than so many bytes.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again_with_space_for(&mut self, bytes: u64) -> Result<()> {
        let arguments = command_line(self.data.path(), &self.arguments, self.ports());
        let mut process = Process::start_with_space_for(bytes, "qoin", arguments)?;
        let _ready: Ready =
            process.wait_for("line of JSON that says it is ready", |line| serde_json::from_str(line).ok())?;
        self.process = process;
        Ok(())
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it does not.
    pub fn wait_for_end(&mut self) -> Result<std::process::ExitStatus> {
        self.process.wait_for_end()
    }

    /// Starts it again and kills it that long after, however far it has come by then.
    ///
    /// # Errors
    /// When it cannot be started or killed.
    pub fn start_and_kill(&mut self, after: Duration) -> Result<()> {
        let mut process = Process::start("qoin", command_line(self.data.path(), &self.arguments, self.ports()))?;
        std::thread::sleep(after);
        process.kill()
    }

    /// Leaves the data folder where it is when the leader is dropped, and tells where that is.
    pub fn keep_data(&mut self) -> String {
        self.data.disable_cleanup(true);
        self.data.path().display().to_string()
    }

    /// All that the running process has written so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// What the running process writes.
    pub fn log(&self) -> Arc<Log> {
        self.process.log()
    }

    /// Its HTTP API.
    pub fn api(&self) -> Api {
        Api::at(&self.ready.api)
    }

    /// Its website, which passes the API on.
    pub fn website(&self) -> Api {
        Api::at(&self.ready.website)
    }

    /// Where miners connect: host and port.
    pub fn stratum(&self) -> &str {
        strip_scheme(&self.ready.stratum)
    }

    /// Where Python scripts connect: host and port.
    pub fn rpyc(&self) -> &str {
        &self.ready.rpyc
    }

    /// The folder with its ledger.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The process' id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The password of the administrator that the first start made.
    pub fn password(&self) -> &str {
        &self.password
    }

    fn ports(&self) -> [&str; 3] {
        [&self.ready.website, &self.ready.api, &self.ready.stratum].map(|address| port(address))
    }

    /// Signs in as the administrator that the first start made.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn administrator(&self) -> Result<Member> {
        let email = self.ready.email.as_deref().unwrap_or("admin@qoin.local");
        Member::sign_in(&self.api(), email, &self.password).await
    }
}

/// Blocks that a slow build of the miner solves in a moment, and no limit that many tests in a row would cross.
const SETTINGS: [&str; 4] =
    ["payments_per_minute=0", "sign_ins_per_minute=1000000", "block_interval_s=1", "easiest_work=65536"];

fn launch(data: &Path, arguments: &[String], ports: [&str; 3]) -> Result<(Process, Ready)> {
    let mut process = Process::start("qoin", command_line(data, arguments, ports))?;
    let ready = process.wait_for("line of JSON that says it is ready", |line| serde_json::from_str(line).ok())?;
    Ok((process, ready))
}

fn command_line(data: &Path, arguments: &[String], [website, api, stratum]: [&str; 3]) -> Vec<String> {
    let own = ["run", "--json", "--miners", "0", "--rpyc-port", "0"];
    let ports = ["--website-port", website, "--api-port", api, "--stratum-port", stratum];
    let data = ["--data".to_owned(), data.display().to_string()];
    let settings = SETTINGS.iter().flat_map(|setting| ["--set", *setting]);
    own.into_iter()
        .chain(settings)
        .chain(ports)
        .map(str::to_owned)
        .chain(data)
        .chain(arguments.iter().cloned())
        .collect()
}

fn strip_scheme(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/')
}

fn port(address: &str) -> &str {
    strip_scheme(address).rsplit(':').next().unwrap_or("0")
}
