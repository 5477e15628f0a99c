//! The wallet: the balance and the latest movements, live.

use crate::{
    locales::texts,
    routes::Page,
    ui::{
        Icon, Sign, icon, money,
        movement::{MovementDialog, movement_row},
        state,
    },
    wallet::WalletContext,
};
use leptos::prelude::*;
use qoin_core::{amount::Amount, api::account::AccountView};

/// How many movements the page shows; the history has all.
const SHOWN: usize = 6;

/// The first page of the signed-in member.
#[component]
pub fn Wallet() -> AnyView {
    let t = &texts().wallet;
    let wallet = expect_context::<WalletContext>();
    let latest = wallet.latest();
    let selected = RwSignal::new(None);
    let select = Callback::new(move |cursor| selected.set(Some(cursor)));
    let rows = move || {
        latest.with(|latest| match latest {
            None => state::skeleton_rows(4),
            Some(latest) if latest.is_empty() => state::empty(Icon::Wallet, t.empty_title, t.empty_text),
            Some(latest) => {
                let row = |movement: &_| movement_row(Clone::clone(movement), true, select);
                view! { <ul class="rows">{latest.iter().take(SHOWN).map(row).collect_view()}</ul> }.into_any()
            }
        })
    };
    view! {
        <h1 class="hidden-visually" tabindex="-1">{texts().pages.wallet}</h1>
        <Balance />
        <section class="panel" aria-labelledby="latest">
            <div class="panel-head">
                <h2 id="latest">{t.latest}</h2>
                <a class="link-button" href=Page::History.path()>{t.all}</a>
            </div>
            {rows}
        </section>
        <MovementDialog selected />
    }
    .into_any()
}

#[component]
fn Balance() -> AnyView {
    let t = &texts().wallet;
    let account = expect_context::<WalletContext>().account();
    let content = move || match account.get() {
        Some(account) => figures(&account),
        None => view! {
            <div aria-busy="true">
                <p class="balance-label">{t.balance}</p>
                <span class="skeleton large"></span>
            </div>
            <div class="balance-parts"><span class="skeleton"></span><span class="skeleton short"></span></div>
        }
        .into_any(),
    };
    view! {
        <section class="balance" aria-label=t.balance>
            {content}
            <p class="balance-actions">
                <a class="button" href=Page::Send.path()>{icon(Icon::Out)}{t.send}</a>
                <a class="button ghost" href=Page::History.path()>{icon(Icon::History)}{texts().pages.history}</a>
            </p>
        </section>
    }
    .into_any()
}

fn figures(account: &AccountView) -> AnyView {
    let t = &texts().wallet;
    let part = |name: &'static str, id: &'static str, figure: AnyView| {
        view! { <div><dt>{name}</dt><dd data-testid=id>{figure}</dd></div> }.into_any()
    };
    let signed = |amount: Amount, sign| money(amount, if amount.is_zero() { Sign::None } else { sign });
    view! {
        <div>
            <p class="balance-label">{t.balance}</p>
            <p class="balance-figure" data-testid="balance">{money(account.balance, Sign::None)}</p>
        </div>
        <dl class="balance-parts">
            {part(t.available, "available", money(account.available, Sign::None))}
            {part(t.incoming, "incoming", signed(account.incoming, Sign::Plus))}
            {part(t.outgoing, "outgoing", signed(account.outgoing, Sign::Minus))}
        </dl>
    }
    .into_any()
}
