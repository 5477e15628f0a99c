//! What the operator sees: plain lines on standard error.

use crate::threads::Threads;
use std::{
    io::{self, IsTerminal},
    time::Duration,
};
use tokio::time::{Instant, interval_at};
use tracing_subscriber::EnvFilter;

/// How often the hash rate is told.
const RATE_INTERVAL: Duration = Duration::from_secs(10);

/// Starts the log. `RUST_LOG` chooses what it shows; by default what an operator wants to know.
pub fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// Tells the hash rate every ten seconds while there is work; never returns.
pub async fn tell_hash_rate(threads: &Threads) -> std::convert::Infallible {
    let mut ticks = interval_at(Instant::now() + RATE_INTERVAL, RATE_INTERVAL);
    let (mut hashes, mut busy) = (0, Duration::ZERO);
    loop {
        ticks.tick().await;
        let (hashes_now, busy_now) = (threads.hashes(), threads.busy());
        let stretch = busy_now.saturating_sub(busy);
        if !stretch.is_zero() && hashes_now > hashes {
            tracing::info!("{}", rate(hashes_now - hashes, stretch));
        }
        (hashes, busy) = (hashes_now, busy_now);
    }
}

/// So many hashes in such a time, as a rate in the unit that leaves one to three digits before the point.
pub fn rate(hashes: u64, time: Duration) -> String {
    let mut rate = hashes as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE);
    for unit in ["H/s", "kH/s", "MH/s"] {
        if rate < 1_000.0 {
            return format!("{rate:.2} {unit}");
        }
        rate /= 1_000.0;
    }
    format!("{rate:.2} GH/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_readable_units() {
        let second = Duration::from_secs(1);
        assert_eq!(rate(0, second), "0.00 H/s");
        assert_eq!(rate(999, second), "999.00 H/s");
        assert_eq!(rate(15_000, second * 10), "1.50 kH/s");
        assert_eq!(rate(9_290_000, second), "9.29 MH/s");
        assert_eq!(rate(2_500_000_000, second), "2.50 GH/s");
    }
}
