//! qoin-miner: searches the blocks of a leader of Qoin, or of any other pool that speaks Stratum with SHA-256d.
//!
//! Exit codes: 0 after Ctrl-C or SIGTERM, 1 for a faulty configuration or system, 2 when the server refuses the owner
//! or the key.

mod config;
mod screen;
mod secret;
mod stratum;
mod threads;

use anyhow::Context;
use clap::Parser;
use config::{Arguments, Settings};
use qoin_miner::kernel::Selection;
use std::{process::ExitCode, time::Instant};
use stratum::{Account, Patience};
use threads::Threads;
use tokio::sync::mpsc;

/// Shares that wait for the connection; threads that find more wait too.
const WAITING_SHARES_MAX: usize = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; anything else is a fault. A closed terminal is no reason to fail more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let settings = match Settings::from_arguments(arguments) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    screen::start_log();
    match run(settings) {
        Ok(Outcome::Stopped) => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Ok(Outcome::Refused(reason)) => {
            tracing::error!("the server refuses to authorise: {reason}");
            ExitCode::from(2)
        }
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

enum Outcome {
    Stopped,
    Refused(String),
}

fn run(settings: Settings) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let (found, mut shares) = mpsc::channel(WAITING_SHARES_MAX);
    let start = Instant::now();
    let kernel = Selection::measure(|| start.elapsed()).fastest();
    let threads = Threads::start(settings.threads, kernel, &found).context("cannot start the searching threads")?;
    tracing::info!("{} threads, kernel {}", settings.threads, kernel.name);
    let account = Account { server: settings.server, user: settings.user, service_key: settings.service_key };
    let patience = Patience::default();
    let outcome = runtime.block_on(async {
        tokio::select! {
            signal = stop_signal() => signal.map(|()| Outcome::Stopped),
            reason = stratum::mine(&account, &patience, &threads, &mut shares) => Ok(Outcome::Refused(reason)),
            never = screen::tell_hash_rate(&threads) => match never {},
        }
    });
    // In this order: a thread may be waiting for room among the shares.
    drop(shares);
    drop(threads);
    // A look-up of the server's name may still be going on; it is not worth a wait.
    runtime.shutdown_background();
    outcome
}

/// Waits for Ctrl-C or, on Unix, SIGTERM.
async fn stop_signal() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result.context("cannot listen for Ctrl-C"),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("cannot listen for Ctrl-C")
}
