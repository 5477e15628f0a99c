//! The hash rate over time, and how long blocks took against the target.

use super::LOOK_AGAIN_MS;
use crate::{
    admin::{
        load::Load,
        panel::Panel,
        written::{hash_rate, seconds},
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        El,
        chart::{Point, Shape, chart},
        classed, div,
        format::{Moment, moment},
        view_switch::switch,
    },
};
use leptos::prelude::*;
use qoin_core::api::admin::network::HashRatePoint;

/// How many blocks the chart shows.
const BLOCKS: u32 = 60;

/// Both charts, side by side where there is room.
pub fn charts(panel: Panel) -> El {
    let t = &texts().network;
    let rates = Load::new(panel, api::admin::hash_rate);
    rates.poll(LOOK_AGAIN_MS);
    let span = RwSignal::new(1_usize);
    let choose = switch(t.span, &[t.minute, t.hour, t.day], span);
    let rate = chart(
        t.hash_rate,
        Shape::Line,
        hash_rate,
        || None,
        move || {
            let shown = span.get();
            rates.read(|rates| {
                let points = match shown {
                    0 => &rates.minute,
                    1 => &rates.hour,
                    _ => &rates.day,
                };
                points.iter().map(rate_point).collect()
            })
        },
    );
    let times = Load::new(panel, || api::admin::block_times(BLOCKS));
    times.poll(LOOK_AGAIN_MS);
    let target = move || times.read(|times| Some((texts().network.goal, times.block_interval_ms as f64 / 1_000.0)));
    let block = chart(t.block_times, Shape::Bars, seconds, target, move || {
        times.read(|times| {
            let point = |block: &qoin_core::api::admin::network::BlockTime| Point {
                at: fill(t.block, &[&block.height.to_string(), &moment(block.solved_ms as f64, Moment::Until)]),
                short: block.height.to_string(),
                value: block.solved_ms.saturating_sub(block.opened_ms) as f64 / 1_000.0,
            };
            times.blocks.iter().rev().map(point).collect()
        })
    });
    div("charts")
        .add(classed("section", "panel padded section").add(choose).add(rate))
        .add(classed("section", "panel padded section").add(block))
}

fn rate_point(point: &HashRatePoint) -> Point {
    let at = point.at_ms as f64;
    Point { at: moment(at, Moment::Exact), short: moment(at, Moment::Time), value: point.hashes_per_s }
}
