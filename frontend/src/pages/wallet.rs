//! The wallet: the balance and the latest movements, live.

use crate::{
    locales::texts,
    routes::Page,
    ui::{
        El, Icon, Part, Sign, View, classed, div, el, icon, link, money,
        movement::{movement_dialog, movement_row},
        p, span, state,
    },
    wallet::WalletContext,
};
use leptos::prelude::*;
use qoin_core::{amount::Amount, api::account::AccountView};

/// How many movements the page shows; the history has all.
const SHOWN: usize = 6;

/// The first page of the signed-in member.
pub fn wallet() -> View {
    let t = &texts().wallet;
    let wallet = expect_context::<WalletContext>();
    let selected = RwSignal::new(None);
    let rows = move || {
        wallet.with_movements(|movements| match movements {
            None => state::skeleton_rows(4),
            Some([]) => state::empty(Icon::Wallet, t.empty_title, t.empty_text),
            Some(latest) => {
                let row = |movement| movement_row(movement, true, selected);
                classed("ul", "rows").add(latest.iter().take(SHOWN).map(row).collect::<Vec<_>>())
            }
        })
    };
    let all = link("link-button", Page::History.path()).add(t.all);
    let head = div("panel-head").add(el("h2").attr("id", "latest").add(t.latest)).add(all);
    vec![
        classed("h1", "hidden-visually").attr("tabindex", "-1").add(texts().pages.wallet).view(),
        balance(wallet),
        classed("section", "panel").attr("aria-labelledby", "latest").add(head).add(rows).view(),
        movement_dialog(selected),
    ]
    .view()
}

fn balance(wallet: WalletContext) -> View {
    let t = &texts().wallet;
    let content = move || wallet.with_account(|account| account.map_or_else(waiting, figures));
    let action = |class: &str, page: Page, text: &str| link(class, page.path()).add(icon(page.picture())).add(text);
    let actions = div("balance-actions").add(action("button", Page::Send, t.send)).add(action(
        "button ghost",
        Page::History,
        texts().pages.history,
    ));
    classed("section", "balance").attr("aria-label", t.balance).add(content).add(actions).view()
}

fn waiting() -> View {
    let figure = el("div").attr("aria-busy", "true").add(p("balance-label").add(texts().wallet.balance));
    let parts = div("balance-parts").add(span("skeleton")).add(span("skeleton short"));
    vec![figure.add(span("skeleton large")), parts].view()
}

fn figures(account: &AccountView) -> View {
    let t = &texts().wallet;
    let part = |name: &str, id: &str, figure: El| {
        el("div").add(el("dt").add(name)).add(el("dd").attr("data-testid", id).add(figure))
    };
    let signed = |amount: Amount, sign| money(amount, if amount.is_zero() { Sign::None } else { sign });
    let figure = p("balance-figure").attr("data-testid", "balance").add(money(account.balance, Sign::None));
    let parts = classed("dl", "balance-parts")
        .add(part(t.available, "available", money(account.available, Sign::None)))
        .add(part(t.incoming, "incoming", signed(account.incoming, Sign::Plus)))
        .add(part(t.outgoing, "outgoing", signed(account.outgoing, Sign::Minus)));
    vec![el("div").add(p("balance-label").add(t.balance)).add(figure), parts].view()
}
