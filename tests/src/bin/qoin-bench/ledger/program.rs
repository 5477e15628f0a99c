//! The program itself over the data that the engine left: how soon it is ready, and how much memory it takes.

use super::engine::Members;
use crate::Row;
use anyhow::{Context, Result, ensure};
use qoin_tests::process::Process;
use qoin_tests::{Api, Member};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// No limit that a load would cross.
const SETTINGS: [&str; 3] = ["payments_per_minute=0", "sign_ins_per_minute=1000000", "queue_length=100000"];

/// A running `qoin run` over a data folder that outlives it.
pub struct Program {
    process: Process,
    api: String,
    /// From its start until it takes connections.
    took: Duration,
}

#[derive(Deserialize)]
struct Ready {
    api: String,
}

impl Program {
    /// Starts it, without a miner, on free ports.
    pub fn start(data: &Path) -> Result<Self> {
        let fixed = ["run", "--json", "--miners", "0", "--website-port", "0", "--api-port", "0", "--rpyc-port", "0"];
        let rest = ["--stratum-port", "0", "--data"].map(str::to_owned).into_iter().chain([data.display().to_string()]);
        let settings = SETTINGS.iter().flat_map(|setting| ["--set", setting]);
        let arguments = fixed.into_iter().chain(settings).map(str::to_owned).chain(rest);
        let began = Instant::now();
        let mut process = Process::start("qoin", arguments)?;
        let ready: Ready = process.wait_for("line that says it is ready", |line| serde_json::from_str(line).ok())?;
        Ok(Self { process, api: ready.api, took: began.elapsed() })
    }

    /// Its HTTP API.
    pub fn api(&self) -> Api {
        Api::at(&self.api)
    }

    /// Host and port of its HTTP API.
    pub fn address(&self) -> &str {
        self.api.trim_start_matches("http://").trim_end_matches('/')
    }

    /// The memory that it holds now, in bytes.
    fn memory(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("its memory is not told")?;
        let kilobytes: f64 = resident.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024.0)
    }

    /// The processor time that it has used, in seconds.
    pub fn processor_s(&self) -> Result<f64> {
        /// How many of the system's ticks make a second on Linux, whatever the processor.
        const TICKS: f64 = 100.0;
        let path = format!("/proc/{}/stat", self.process.id());
        let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        // Behind the program's name, in parentheses, the 12th and 13th are the user's and the system's ticks.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        Ok(fields.map(|ticks| ticks.parse::<f64>().context("ticks are a number")).sum::<Result<f64>>()? / TICKS)
    }

    fn stop(mut self) -> Result<()> {
        let status = self.process.interrupt()?;
        ensure!(status.success(), "the leader stopped with {status}:\n{}", self.process.output());
        Ok(())
    }
}

/// How long a leader has nothing to do before it is killed as an idle one.
const IDLE: Duration = Duration::from_millis(500);

/// Start after a clean stop and after crashes, and the memory once someone has signed in.
pub fn measure(data: &Path, members: &Members, what: &str) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Signing in is committed.
    let sign_in = |program: &Program| {
        runtime.block_on(Member::sign_in(&program.api(), &members.emails[1], members.password)).map(drop)
    };
    eprintln!("starting the leader over these data");
    Program::start(data)?.stop()?;
    let mut stopped = Program::start(data)?;
    sign_in(&stopped)?;
    let memory = stopped.memory()?;
    std::thread::sleep(IDLE);
    stopped.process.kill()?;
    let mut idle = Program::start(data)?;
    sign_in(&idle)?;
    idle.process.kill()?;
    let busy = Program::start(data)?;
    let start = |after: &str, program: &Program| Row::new(format!("start {after}"), program.took.as_secs_f64(), "s");
    let rows = vec![
        start(&format!("of a leader with {what}"), &stopped).at_most(1.0, 0.2),
        start("after kill -9 of an idle leader", &idle).at_most(1.0, 0.2),
        start("after kill -9 right after a commit", &busy),
        Row::new(format!("memory of a leader with {what}"), memory / 1e6, "MB").at_most(1_000.0, 400.0),
    ];
    busy.stop()?;
    Ok(rows)
}
