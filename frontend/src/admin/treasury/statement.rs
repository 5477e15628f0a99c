//! The system account's statement.

use super::reversal::{Reversing, reversal};
use crate::{
    admin::{
        load::{Page, Pages, nothing},
        panel::Panel,
    },
    api,
    locales::admin::texts,
    ui::{
        Button, El, Icon, Part, View, bdi, classed, div, el,
        format::{Moment, moment, ms},
        icon, link, money,
        movement::{kind_text, party_name, sign_of},
        span,
        table::{Column, row, table},
    },
};
use leptos::prelude::*;
use qoin_core::api::{
    account::MovementKind,
    admin::treasury::{STATEMENT_EXPORT_PATH, StatementEntry},
    capabilities::Capability,
};

/// The statement with its exports, and the dialog that reverses a line.
pub fn statement(panel: Panel) -> View {
    let t = &texts().treasury;
    let reversing: Reversing = RwSignal::new(None);
    let list = Pages::new(panel, |before| async move {
        let page = api::admin::statement(before.as_deref()).await?;
        Ok(Page { items: page.entries, next: page.next })
    });
    let columns = vec![
        Column::new(t.column_what),
        Column::new(texts().common.when),
        Column::figures(texts().common.amount),
        Column::figures(t.column_after),
        Column::new(texts().common.who),
        Column::new(t.column_ways),
    ];
    let rows = list.view(move |entries: &[StatementEntry]| {
        if entries.is_empty() {
            return nothing(t.statement_empty);
        }
        let rows: Vec<_> = entries.iter().map(|entry| row(&columns, cells(panel, entry, reversing))).collect();
        table(t.statement, &columns, rows)
    });
    let head = div("panel-head").add(el("h2").attr("id", "statement").add(t.statement)).add(exports());
    let section = classed("section", "panel").attr("aria-labelledby", "statement").add(head).add(rows);
    vec![section.view(), reversal(panel, reversing)].view()
}

fn exports() -> El {
    let link_to = |format: &str, label: &str| {
        let path = format!("{STATEMENT_EXPORT_PATH}?format={format}");
        link("link-button", &path).attr("download", "").attr("target", "_self").add(icon(Icon::Download)).add(label)
    };
    div("actions").add(link_to("csv", "CSV")).add(link_to("jsonl", "JSON"))
}

fn cells(panel: Panel, entry: &StatementEntry, reversing: Reversing) -> Vec<View> {
    let t = &texts().treasury;
    let movement = &entry.movement;
    let name = movement.party.as_ref().map_or_else(|| kind_text(movement.kind), |party| party_name(party));
    let memo = movement.memo.as_ref().map(|memo| memo.text()).filter(|memo| !memo.is_empty());
    let what = span("two-lines")
        .add(bdi("", name))
        .add(bdi("quiet small", memo.unwrap_or(if movement.party.is_some() { kind_text(movement.kind) } else { "" })));
    let pending = movement.block.is_none().then(|| span("status pending").add(t.pending));
    let when = span("two-lines").add(moment(ms(movement.at_us), Moment::Until)).add(pending);
    let amount = movement.amount.map(|amount| money(amount, sign_of(movement.kind)));
    let after = entry.balance_after.map(|after| money(after, crate::ui::Sign::None));
    let by = entry.caused_by.as_deref().map(|by| bdi("", by));
    vec![what.view(), when.view(), amount.view(), after.view(), by.view(), way(panel, entry, reversing)]
}

/// The way to give back what was paid in, or to ask back what was paid out, as far as neither was done.
fn way(panel: Panel, entry: &StatementEntry, reversing: Reversing) -> View {
    let t = &texts().treasury;
    let movement = &entry.movement;
    let label = match movement.kind {
        _ if !panel.may_now(Capability::Reverse) || movement.number.is_none() || movement.party.is_none() => {
            return View::Nothing;
        }
        MovementKind::Received => t.refund,
        MovementKind::Sent if entry.refund_of.is_none() => t.ask_back,
        _ => return View::Nothing,
    };
    if movement.amount.is_none_or(|amount| entry.reversed >= amount) {
        return span("quiet small").add(t.reversed).view();
    }
    let entry = entry.clone();
    Button::new(label, move || reversing.set(Some(entry.clone()))).look("plain small").view()
}
