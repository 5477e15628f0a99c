//! Counts for the operator, in Prometheus' text format.

use super::Leader;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the doors count. All counts start at zero with the process.
#[derive(Debug)]
pub struct Metrics {
    /// Answers by their HTTP status, from 100 to 599.
    answers: [AtomicU64; 500],
    sessions_opened: AtomicU64,
    queue_full: AtomicU64,
    event_streams: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            answers: std::array::from_fn(|_| AtomicU64::new(0)),
            sessions_opened: AtomicU64::new(0),
            queue_full: AtomicU64::new(0),
            event_streams: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    pub(super) fn answered(&self, status: StatusCode) {
        if let Some(count) = self.answers.get(usize::from(status.as_u16()).wrapping_sub(100)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn session_opened(&self) {
        self.sessions_opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn queue_full(&self) {
        self.queue_full.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stream_opened(&self) {
        self.event_streams.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stream_closed(&self) {
        self.event_streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `GET /metrics`
pub async fn show_metrics(State(leader): State<Arc<Leader>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page(&leader))
}

fn page(leader: &Leader) -> String {
    let (position, tip) = (leader.ledger.read().position(), leader.ledger.read().tip());
    let metrics = &leader.metrics;
    let mut page = String::new();
    let mut single = |name: &str, kind: &str, help: &str, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    single("qoin_records_total", "counter", "Log records accepted.", position.records);
    single("qoin_blocks_total", "counter", "Blocks sealed.", tip.height.into());
    single(
        "qoin_pending_records",
        "gauge",
        "Log records that no block has sealed.",
        position.records - tip.sealed.min(position.records),
    );
    single("qoin_members", "gauge", "Members.", leader.identity.members_count() as u64);
    let sessions = metrics.sessions_opened.load(Ordering::Relaxed);
    single("qoin_sessions_opened_total", "counter", "Sessions opened since the start.", sessions);
    let queue_full = metrics.queue_full.load(Ordering::Relaxed);
    single("qoin_queue_full_total", "counter", "Payments refused since the start because too many waited.", queue_full);
    let streams = metrics.event_streams.load(Ordering::Relaxed);
    single("qoin_event_streams", "gauge", "Open event streams.", streams);
    single("qoin_rpyc_connections", "gauge", "Open connections over RPyC.", leader.rpyc.connections());
    let rpyc_refused = leader.rpyc.refused();
    single("qoin_rpyc_refused_total", "counter", "Connections over RPyC refused since the start.", rpyc_refused);
    single("qoin_rpyc_requests_total", "counter", "Requests over RPyC since the start.", leader.rpyc.requests());
    let mining = leader.browsers.mining();
    let totals = mining.workers().totals();
    single("qoin_miners", "gauge", "Miners' connections, tabs and threads.", mining.miners() as u64);
    single("qoin_mined_blocks_total", "counter", "Blocks solved since the start.", totals.blocks);
    single(
        "qoin_ledger_read_only",
        "gauge",
        "1 when a violated invariant closed the ledger.",
        leader.ledger.read_only().is_some().into(),
    );
    let rates = totals.hash_rate(leader.ledger.now_ms());
    let of = |name: &str, label: &str, value: &str| format!("{name}{{{label}}} {value}\n");
    page.push_str("# HELP qoin_shares_total Miners' shares since the start.\n# TYPE qoin_shares_total counter\n");
    page.push_str(&of("qoin_shares_total", "result=\"taken\"", &totals.shares.to_string()));
    page.push_str(&of("qoin_shares_total", "result=\"refused\"", &totals.refused.to_string()));
    page.push_str("# HELP qoin_hash_rate_estimate Hashes a second of all miners, estimated from their shares.\n");
    page.push_str("# TYPE qoin_hash_rate_estimate gauge\n");
    for (over, rate) in [("1m", rates.minute), ("1h", rates.hour), ("24h", rates.day)] {
        page.push_str(&of("qoin_hash_rate_estimate", &format!("over=\"{over}\""), &format!("{rate:.0}")));
    }
    let _ = writeln!(page, "# HELP qoin_http_answers_total HTTP answers by status since the start.");
    let _ = writeln!(page, "# TYPE qoin_http_answers_total counter");
    for (status, count) in (100..).zip(&metrics.answers) {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            let _ = writeln!(page, "qoin_http_answers_total{{status=\"{status}\"}} {count}");
        }
    }
    page
}
