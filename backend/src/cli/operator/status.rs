//! `qoin status`.

use super::{LeaderArguments, with_leader};
use anyhow::Result;
use hyper::Method;
use qoin_core::api::admin::network::{BackupMade, NETWORK_PATH, NetworkView};

/// `qoin status`.
pub fn status(arguments: &LeaderArguments) -> Result<()> {
    with_leader(arguments, |leader| {
        let answer = leader.ask(Method::GET, NETWORK_PATH, None)?;
        leader.tell(answer, |view: NetworkView| Ok(text(&view)))
    })
}

fn text(view: &NetworkView) -> String {
    let NetworkView { version, started_ms, leader_time_ms: now_ms, .. } = view;
    let since = |ms: u64| span(now_ms.saturating_sub(ms));
    let health = match &view.read_only {
        Some(reason) => format!("READ-ONLY: {reason}"),
        None => "takes payments".to_owned(),
    };
    let pending = match view.pending_since_ms {
        Some(since_ms) => format!("{}, the oldest for {}", view.pending, since(since_ms)),
        None => view.pending.to_string(),
    };
    let backup = match &view.backups.last {
        Some(BackupMade { made_ms, bytes: size, with_keys, .. }) => {
            let keys = if *with_keys { "with" } else { "without" };
            format!("{} ago, {}, {keys} the keys", since(*made_ms), bytes(*size))
        }
        None => "none yet: make one with `qoin backup FILE`".to_owned(),
    };
    let mut lines = vec![
        ("Version", version.clone()),
        ("Running for", since(*started_ms)),
        ("Health", health),
        ("Queue", format!("{} of {}", view.queue_length, view.queue_capacity)),
        ("Records", view.records.to_string()),
        ("Pending", pending),
        ("Blocks", view.blocks.to_string()),
        ("Members", view.members.to_string()),
        ("Miners", format!("{}, {} in the last minute", view.miners, hashes(view.hash_rate_estimate.minute))),
    ];
    if let Some(disk) = &view.disk {
        let (ledger, free, total) = (bytes(disk.ledger_bytes), bytes(disk.free_bytes), bytes(disk.total_bytes));
        lines.push(("Disk", format!("{ledger} of data, {free} of {total} free")));
    }
    if let Some(memory) = view.memory_bytes {
        lines.push(("Memory", bytes(memory)));
    }
    lines.push(("Last backup", backup));
    lines.iter().map(|(name, value)| format!("{name:<12} {value}")).collect::<Vec<_>>().join("\n")
}

/// A length of time with its two largest units.
fn span(ms: u64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)];
    let first = units.iter().position(|(_, length)| ms >= *length).unwrap_or(units.len() - 1);
    let part = |place: usize, ms: u64| units.get(place).map(|(name, length)| (ms / length, *name));
    let (count, name) = part(first, ms).unwrap_or_default();
    match part(first + 1, ms % units[first].1) {
        Some((more, smaller)) if more > 0 => format!("{count} {name} {more} {smaller}"),
        _ => format!("{count} {name}"),
    }
}

/// A number of bytes with three digits at least.
fn bytes(count: u64) -> String {
    scaled(count as f64, 1_024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// A hash rate with three digits at least.
fn hashes(rate: f64) -> String {
    scaled(rate, 1_000.0, &["H/s", "kH/s", "MH/s", "GH/s", "TH/s"])
}

fn scaled(mut number: f64, step: f64, units: &[&str]) -> String {
    let mut place = 0;
    while number >= step && place + 1 < units.len() {
        number /= step;
        place += 1;
    }
    let digits = if place == 0 || number >= 100.0 { 0 } else { 1 };
    format!("{number:.digits$} {}", units[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_readable() {
        assert_eq!([0, 999, 61_000, 3_600_000, 90_061_000].map(span), ["0 s", "0 s", "1 min 1 s", "1 h", "1 d 1 h"]);
        assert_eq!([0, 1_023, 1_536, 300 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "300 GiB"]);
        assert_eq!(hashes(8_650_000.0), "8.7 MH/s");
    }
}
