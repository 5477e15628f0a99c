//! What the operator sees: a live view on a terminal, plain lines when standard output is something else, JSON lines
//! on request.

mod view;

use crate::{rates::readable, report::Report};
use std::{
    collections::VecDeque,
    convert::Infallible,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, interval_at},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// How often the hash rate is told in lines.
const RATE_INTERVAL: Duration = Duration::from_secs(10);
/// Messages that the live view shows.
const MESSAGES: usize = 6;

/// The way in which things are shown.
pub enum Screen {
    /// The live view, with the latest messages in it.
    View(Messages),
    /// Lines of the log on standard error.
    Lines,
    /// One JSON object a line on standard output.
    Json,
}

impl Screen {
    /// Starts the log in the way that fits standard output. `RUST_LOG` chooses what it shows; by default what an
    /// operator wants to know.
    pub fn start(json: bool) -> Self {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
        if json {
            log.json().flatten_event(true).with_writer(io::stdout).init();
            Self::Json
        } else if io::stdout().is_terminal() {
            let messages = Messages::default();
            log.with_ansi(false).with_writer(messages.clone()).init();
            Self::View(messages)
        } else {
            log.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).init();
            Self::Lines
        }
    }

    /// Shows what happens; never returns.
    pub async fn show(&self, reports: watch::Receiver<Report>) -> Infallible {
        match self {
            Self::View(messages) => view::draw(messages, reports).await,
            Self::Lines => tell(reports, |report| tracing::info!("{}", summary(report))).await,
            Self::Json => tell(reports, print_json).await,
        }
    }

    /// Leaves the terminal as it was found, with what the live view has not shown any more.
    pub fn end(&self) {
        if let Self::View(messages) = self {
            view::end(messages);
        }
    }
}

/// Tells every ten seconds while there is a rate.
async fn tell(reports: watch::Receiver<Report>, line: impl Fn(&Report)) -> Infallible {
    let mut ticks = interval_at(Instant::now() + RATE_INTERVAL, RATE_INTERVAL);
    loop {
        ticks.tick().await;
        let report = reports.borrow();
        if report.rate.ten_seconds > 0.0 {
            line(&report);
        }
    }
}

fn summary(report: &Report) -> String {
    let tally = &report.tally;
    let rejected = tally.shares_rejected + tally.shares_late;
    let rate = readable(report.rate.ten_seconds);
    format!("{rate}; {} shares accepted, {rejected} not; {} blocks", tally.shares_accepted, tally.blocks)
}

fn print_json(report: &Report) {
    let Ok(mut line) = serde_json::to_vec(report) else { return };
    line.push(b'\n');
    // Whoever read it may be gone; that is no reason to stop mining.
    let _ = io::stdout().write_all(&line);
}

/// The latest lines of the log, for the live view.
#[derive(Debug, Clone, Default)]
pub struct Messages(Arc<Mutex<VecDeque<String>>>);

impl Messages {
    /// The lines, the oldest first.
    fn latest(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl io::Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend(String::from_utf8_lossy(bytes).lines().map(str::to_owned));
        while lines.len() > MESSAGES {
            lines.pop_front();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Messages {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
