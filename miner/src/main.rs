//! qoin-miner: searches the blocks of a leader of Qoin, or of any other pool that speaks Stratum with SHA-256d.
//!
//! Exit codes: 0 after Ctrl-C or SIGTERM, 1 for a faulty configuration or system, 2 when every server refuses the
//! owner or the key.

mod bench;
mod pause;
mod rates;
mod report;
mod screen;
mod status;
mod stratum;
mod tally;
mod threads;

use anyhow::Context;
use clap::Parser;
use qoin_miner::{
    config::{Arguments, Command, Settings},
    kernel::{Kernel, Selection},
};
use report::Report;
use screen::Screen;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};
use stratum::{Account, Client, Patience};
use tally::Tally;
use threads::Threads;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

/// Shares that wait for the connection; threads that find more wait too.
const WAITING_SHARES_MAX: usize = 64;

fn main() -> ExitCode {
    let mut arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; anything else is a fault. A closed terminal is no reason to fail more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    if let Some(Command::Bench(options)) = arguments.command.take() {
        return match bench::run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failure(&error),
        };
    }
    let (json, only_check) = (arguments.json, arguments.check_config);
    let settings = match Settings::from_arguments(arguments) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if only_check {
        println!("the configuration is right: {} mines at {}", settings.user, settings.servers.join(", "));
        return ExitCode::SUCCESS;
    }
    let screen = Screen::start(json);
    let outcome = run(settings, &screen);
    match &outcome {
        Ok(Outcome::Stopped) => tracing::info!("stopped"),
        Ok(Outcome::Refused(reason)) => tracing::error!("no server authorises this miner: {reason}"),
        Err(error) => tracing::error!("{error:#}"),
    }
    screen.end();
    match outcome {
        Ok(Outcome::Stopped) => ExitCode::SUCCESS,
        Ok(Outcome::Refused(_)) => ExitCode::from(2),
        Err(_) => ExitCode::FAILURE,
    }
}

fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("{error:#}");
    ExitCode::FAILURE
}

enum Outcome {
    Stopped,
    Refused(String),
}

fn run(settings: Settings, screen: &Screen) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let kernel = choose_kernel(settings.kernel)?;
    let (found, mut shares) = mpsc::channel(WAITING_SHARES_MAX);
    let threads = Threads::start(settings.pace, kernel, &found).context("cannot start the searching threads")?;
    tracing::info!("{} threads, kernel {}", settings.pace.threads, kernel.name);
    let (tally, _) = watch::channel(Tally::default());
    let (reports, latest) = watch::channel(Report::new(kernel.name));
    let outcome = runtime.block_on(async {
        let door = match settings.status_address {
            Some(address) => {
                let door = TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
                tracing::info!("status at http://{}", door.local_addr().unwrap_or(address));
                Some(door)
            }
            None => None,
        };
        let account = Account {
            servers: settings.servers.clone(),
            user: settings.user.clone(),
            service_key: settings.service_key.clone(),
        };
        let patience = Patience::default();
        let client = Client { account: &account, patience: &patience, threads: &threads, tally: &tally };
        tokio::select! {
            signal = stop_signal() => signal.map(|()| Outcome::Stopped),
            reason = client.mine(&mut shares) => Ok(Outcome::Refused(reason)),
            never = report::make(&threads, &tally, &reports) => match never {},
            never = screen.show(latest.clone()) => match never {},
            never = pause::mind(&settings, &threads, &tally) => match never {},
            never = serve_status(door, latest.clone()) => match never {},
        }
    });
    // In this order: a thread may be waiting for room among the shares.
    drop(shares);
    drop(threads);
    // A look-up of the server's name may still be going on; it is not worth a wait.
    runtime.shutdown_timeout(Duration::ZERO);
    outcome
}

async fn serve_status(door: Option<TcpListener>, reports: watch::Receiver<Report>) -> std::convert::Infallible {
    match door {
        Some(door) => status::serve(door, reports).await,
        None => std::future::pending().await,
    }
}

/// The kernel that was asked for, or the fastest; in either case one that has passed its check.
fn choose_kernel(wanted: Option<Kernel>) -> anyhow::Result<Kernel> {
    if let Some(kernel) = wanted {
        anyhow::ensure!(kernel.is_sound(), "the kernel {} gives wrong results on this processor", kernel.name);
        return Ok(kernel);
    }
    let start = Instant::now();
    let selection = Selection::measure(|| start.elapsed());
    for faulty in &selection.faulty {
        tracing::error!("the kernel {} gives wrong results on this processor and is not used", faulty.name);
    }
    for measured in &selection.sound {
        tracing::debug!("kernel {}: {}", measured.kernel.name, rates::readable(measured.rate));
    }
    Ok(selection.fastest())
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
