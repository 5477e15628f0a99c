//! What there is to show, put together once a second for the screen, the lines and the status door.

use crate::{
    rates::{Rate, Samples},
    tally::Tally,
    threads::Threads,
};
use serde::Serialize;
use std::{
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// How often a report is made.
const EVERY: Duration = Duration::from_secs(1);
/// How many seconds the chart goes back.
const CHART_SECONDS: usize = 60;

/// The state of things at a moment.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The program's version.
    pub version: &'static str,
    /// The kernel in use.
    pub kernel: &'static str,
    /// How long the program has been running, in seconds.
    pub uptime_s: u64,
    /// All threads together, in hashes a second.
    pub rate: Rate,
    /// Each thread.
    pub threads: Vec<Rate>,
    /// All threads together in each of the last seconds, oldest first.
    #[serde(skip)]
    pub course: Vec<f64>,
    /// Connection, work and shares.
    #[serde(flatten)]
    pub tally: Tally,
}

impl Report {
    /// The first one: nothing has happened yet.
    pub fn new(kernel: &'static str) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            kernel,
            uptime_s: 0,
            rate: Rate::default(),
            threads: Vec::new(),
            course: Vec::new(),
            tally: Tally::default(),
        }
    }
}

/// Makes the reports; never returns.
pub async fn make(threads: &Threads, tally: &watch::Sender<Tally>, reports: &watch::Sender<Report>) -> Infallible {
    let (start, mut samples) = (Instant::now(), Samples::default());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        samples.push(Instant::now(), threads.hashes());
        reports.send_modify(|report| {
            report.uptime_s = start.elapsed().as_secs();
            report.threads = samples.threads();
            report.rate = Rate::sum(&report.threads);
            report.course = samples.course(CHART_SECONDS);
            report.tally = tally.borrow().clone();
        });
    }
}
