//! Everyone's miners.

use super::LOOK_AGAIN_MS;
use crate::{
    admin::{
        load::{Page, Pages, nothing},
        panel::Panel,
        written::{count, hash_rate, span},
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        Part, Sign, View, bdi, classed, div, el, money,
        movement::party_name,
        span as text_span,
        table::{Column, row, table},
    },
};
use qoin_core::api::admin::network::MinerView;

/// The table of the miners.
pub fn miners(panel: Panel) -> View {
    let t = &texts().network;
    let list = Pages::new(panel, |after| async move {
        let page = api::admin::miners(after.as_deref()).await?;
        Ok(Page { items: page.miners, next: page.next.map(|next| next.to_string()) })
    });
    list.poll(LOOK_AGAIN_MS);
    let columns = vec![
        Column::new(t.column_miner),
        Column::new(t.column_program),
        Column::figures(t.column_minute),
        Column::figures(t.column_hour),
        Column::figures(t.column_day),
        Column::figures(t.column_shares),
        Column::figures(t.column_blocks),
        Column::figures(t.column_rewards),
    ];
    let rows = list.view(move |miners: &[MinerView]| {
        if miners.is_empty() {
            return nothing(t.miners_empty);
        }
        table(t.miners, &columns, miners.iter().map(|miner| row(&columns, cells(panel, miner))).collect::<Vec<_>>())
    });
    let head = div("panel-head").add(el("h2").attr("id", "miners").add(t.miners));
    classed("section", "panel").attr("aria-labelledby", "miners").add(head).add(rows).view()
}

fn cells(panel: Panel, miner: &MinerView) -> Vec<View> {
    let t = &texts().network;
    let two = |title: &str, note: &str| text_span("two-lines").add(bdi("", title)).add(bdi("quiet small", note)).view();
    let owner = miner.owner.as_ref().map_or(t.nobody, party_name);
    let ago = span(panel.leader_now_ms().saturating_sub(miner.seen_ms));
    let seen = match miner.connected {
        0 => fill(t.seen, &[&ago]),
        connected => fill(t.connected, &[&connected.to_string()]),
    };
    let program = two(&miner.agent, miner.address.as_deref().unwrap_or(t.own_threads));
    let who = text_span("two-lines")
        .add(bdi("", owner))
        .add(bdi("quiet small", &miner.worker))
        .add(text_span(if miner.connected > 0 { "status confirmed" } else { "status" }).add(seen));
    let rates = &miner.hash_rate_estimate;
    let shares = two(&count(miner.shares), &fill(t.refused, &[&count(miner.refused)]));
    vec![
        who.view(),
        program,
        hash_rate(rates.minute).view(),
        hash_rate(rates.hour).view(),
        hash_rate(rates.day).view(),
        shares,
        count(miner.blocks).view(),
        money(miner.rewards, Sign::None).view(),
    ]
}
