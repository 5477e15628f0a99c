//! The system account: what it holds, what leaves and enters it by someone's decision, and what waits for a second one.

mod credit;
mod credit_file;
mod paying;
mod proposals;
mod repayments;
mod reversal;
mod statement;
mod supply;

use super::{load::Load, panel::Panel};
use crate::{
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, El, Icon, Part, Sign, View, classed, div, el, money,
        money::amount_text,
        p,
        state::{Tone, notice},
    },
};
use leptos::prelude::*;
use qoin_core::{
    amount::Amount,
    api::{admin::treasury::TreasuryView, capabilities::Capability},
};
use supply::Direction;

/// Which dialog is open.
#[derive(Clone, Copy)]
struct Dialogs {
    credit: RwSignal<bool>,
    file: RwSignal<bool>,
    issue: RwSignal<bool>,
    burn: RwSignal<bool>,
}

/// The page of the system account.
pub fn treasury() -> View {
    let panel = expect_context::<Panel>();
    let account = Load::new(panel, api::admin::treasury);
    let closed = || RwSignal::new(false);
    let dialogs = Dialogs { credit: closed(), file: closed(), issue: closed(), burn: closed() };
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.treasury);
    vec![
        div("page-head").add(title).add(actions(panel, dialogs)).view(),
        account.view(figures),
        proposals::proposals(panel),
        repayments::repayments(panel),
        statement::statement(panel),
        credit::credit(panel, dialogs.credit),
        credit_file::credit_file(panel, dialogs.file),
        supply::change(panel, Direction::Issue, dialogs.issue),
        supply::change(panel, Direction::Burn, dialogs.burn),
    ]
    .view()
}

fn actions(panel: Panel, dialogs: Dialogs) -> El {
    let t = &texts().treasury;
    let open = |right, label: &'static str, look, picture, dialog: RwSignal<bool>| {
        panel.when(right, move || Button::new(label, move || dialog.set(true)).look(look).picture(picture))
    };
    div("actions")
        .add(open(Capability::Burn, t.burn, "plain", Icon::Out, dialogs.burn))
        .add(open(Capability::Issue, t.issue, "plain", Icon::Plus, dialogs.issue))
        .add(open(Capability::Credit, t.credit_many, "plain", Icon::People, dialogs.file))
        .add(open(Capability::Credit, t.credit, "", Icon::Out, dialogs.credit))
}

fn figures(account: &TreasuryView) -> View {
    let t = &texts().treasury;
    let figure = |name: &str, id: &str, amount: Amount| {
        div("tile")
            .add(p("tile-name").add(name))
            .add(p("tile-figure").attr("data-testid", id).add(money(amount, Sign::None)))
    };
    let limit = match account.approval_limit {
        None => t.no_limit.to_owned(),
        Some(limit) => fill(t.limit, &[&amount_text(limit)]),
    };
    let lonely = account.approval_limit.is_some() && account.approvers == 0;
    let alone = lonely.then(|| notice(Tone::Warning, "", el("p").add(t.no_approver)));
    let tiles = div("tiles")
        .add(figure(t.balance, "system-balance", account.balance))
        .add(figure(t.available, "system-available", account.available))
        .add(figure(t.outgoing, "system-outgoing", account.outgoing))
        .add(figure(t.incoming, "system-incoming", account.incoming))
        .add(figure(t.reserve, "system-reserve", account.reserve))
        .add(figure(t.issued, "system-issued", account.issued))
        .add(figure(t.burned, "system-burned", account.burned));
    vec![
        classed("section", "stack").attr("aria-label", t.balance).add(tiles).view(),
        p("quiet small").add(limit).view(),
        alone.view(),
    ]
    .view()
}
