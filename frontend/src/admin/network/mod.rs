//! The leader's host, its miners, its blocks and the services, looked at again every few seconds.

mod backups;
mod charts;
mod miners;
mod services;

use super::{
    load::Load,
    panel::Panel,
    written::{bytes, count, hash_rate, span},
};
use crate::{
    api,
    locales::{admin::texts, fill},
    ui::{
        El, Icon, Part, View, bdi, classed, div, el, icon, p,
        state::{Tone, notice},
    },
};
use leptos::prelude::*;
use qoin_core::api::admin::network::{DiskView, NetworkView};

/// How long nothing is asked after an answer, in milliseconds.
pub const LOOK_AGAIN_MS: u32 = 4_000;
/// A disk with less free than this share of it is short.
const SHORT_DISK: f64 = 0.1;

/// The page of the network.
pub fn network() -> View {
    let panel = expect_context::<Panel>();
    let state = Load::new(panel, api::admin::network);
    state.poll(LOOK_AGAIN_MS);
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.network);
    vec![
        div("page-head").add(title).view(),
        state.view(overview),
        backups::backups(panel, state),
        charts::charts(panel).view(),
        miners::miners(panel),
        services::services(panel),
    ]
    .view()
}

fn overview(state: &NetworkView) -> View {
    let t = &texts().network;
    let tile = |name: &str, figure: String, note: String| {
        div("tile").add(p("tile-name").add(name)).add(p("tile-figure").add(figure)).add(p("tile-note").add(note))
    };
    let now = state.leader_time_ms;
    let waiting = match state.pending_since_ms {
        Some(since) if state.pending > 0 => fill(t.oldest, &[&span(now.saturating_sub(since))]),
        _ => t.none_waits.into(),
    };
    let rates = &state.hash_rate_estimate;
    let tiles = div("tiles")
        .add(tile(t.pending, count(state.pending), waiting))
        .add(tile(t.blocks, count(u64::from(state.blocks)), fill(t.target, &[&span(state.block_interval_ms)])))
        .add(tile(t.hash_rate, hash_rate(rates.minute), fill(t.miners_now, &[&state.miners.to_string()])))
        .add(tile(t.members, count(state.members), fill(t.records, &[&count(state.records)])))
        .add(state.disk.map(disk))
        .add(tile(
            t.memory,
            state.memory_bytes.map_or_else(|| "–".into(), bytes),
            fill(t.queue, &[&state.queue_length.to_string(), &state.queue_capacity.to_string()]),
        ))
        .add(tile(t.version, state.version.clone(), fill(t.up, &[&span(now.saturating_sub(state.started_ms))])));
    vec![health(state).view(), classed("section", "stack").attr("aria-label", t.health).add(tiles).view()].view()
}

/// Whether all is well, and what is not.
fn health(state: &NetworkView) -> El {
    let t = &texts().network;
    let mut wrong = Vec::new();
    if let Some(why) = &state.read_only {
        wrong.push(fill(t.read_only, &[why]));
    }
    if state.disk.is_some_and(|disk| (disk.free_bytes as f64) < SHORT_DISK * disk.total_bytes as f64) {
        wrong.push(t.disk_short.into());
    }
    if state.pending > 0 && state.miners == 0 {
        wrong.push(t.nobody_mines.into());
    }
    if wrong.is_empty() {
        return p("health").attr("role", "status").add(icon(Icon::Check)).add(t.well);
    }
    let wrong = wrong.into_iter().map(|text| el("p").add(bdi("", &text))).collect::<Vec<_>>();
    notice(Tone::Danger, t.unwell, wrong).attr("role", "alert")
}

fn disk(disk: DiskView) -> El {
    let t = &texts().network;
    let used = disk.total_bytes.saturating_sub(disk.free_bytes);
    let meter = classed("meter", "meter")
        .attr("aria-label", t.disk)
        .attr("min", "0")
        .attr("max", &disk.total_bytes.to_string());
    div("tile")
        .add(p("tile-name").add(t.disk))
        .add(p("tile-figure").add(fill(t.free, &[&bytes(disk.free_bytes)])))
        .add(meter.attr("value", &used.to_string()))
        .add(p("tile-note").add(fill(t.ledger_takes, &[&bytes(disk.ledger_bytes)])))
}
