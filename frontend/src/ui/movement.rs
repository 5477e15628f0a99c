//! Movements of the account: a row in a list, and all that is known of one in a dialog.

use super::{
    dialog::Dialog,
    format::{self, Moment, ms},
    icon::Icon,
    money::{Sign, money},
    person::{avatar, emblem},
};
use crate::{
    locales::{fill, texts},
    wallet::WalletContext,
};
use leptos::prelude::*;
use qoin_core::{
    api::account::{Movement, MovementKind, Party},
    genesis::SYSTEM_ACCOUNT_NAME,
};

/// A movement's kind in words.
fn kind_text(kind: MovementKind) -> &'static str {
    let t = &texts().history;
    match kind {
        MovementKind::Sent => t.sent,
        MovementKind::Received => t.received,
        MovementKind::Reward => t.reward,
        MovementKind::AccountOpened => t.account_opened,
        MovementKind::KeyRotated => t.key_rotated,
        MovementKind::RotationCancelled => t.rotation_cancelled,
        MovementKind::RecoverableSet => t.recoverable_set,
        MovementKind::Issued => t.issued,
        MovementKind::Burned => t.burned,
        MovementKind::LeaderReplaced => t.leader_replaced,
    }
}

fn sign_of(kind: MovementKind) -> Sign {
    match kind {
        MovementKind::Sent | MovementKind::Burned => Sign::Minus,
        MovementKind::Received | MovementKind::Reward | MovementKind::Issued => Sign::Plus,
        _ => Sign::None,
    }
}

/// The other side's name as people know it.
pub fn party_name(party: &Party) -> String {
    match &party.name {
        Some(name) if party.email.is_none() && name == SYSTEM_ACCOUNT_NAME => texts().history.system_account.into(),
        Some(name) => name.clone(),
        None if party.email.is_none() => texts().history.unknown_party.into(),
        None => party.email.clone().unwrap_or_default(),
    }
}

/// Whether a payment waits for its block or is confirmed.
pub fn status(block: Option<u32>) -> AnyView {
    let t = &texts().parts;
    match block {
        Some(_) => view! { <span class="status confirmed">{t.confirmed}</span> }.into_any(),
        None => view! { <span class="status pending">{t.pending}</span> }.into_any(),
    }
}

/// A row of a list: who, what for, how much, and when, or that it is pending. Pressing it calls `on_press` with its cursor.
pub fn movement_row(movement: Movement, with_day: bool, on_press: Callback<String>) -> AnyView {
    let kind = movement.kind;
    let (picture, title, note) = match &movement.party {
        Some(party) if kind != MovementKind::Reward => {
            let name = party_name(party);
            let note = movement.memo.as_ref().map(|memo| memo.text().to_owned()).filter(|text| !text.is_empty());
            (avatar(&name, &party.address), name, note.unwrap_or_else(|| kind_text(kind).into()))
        }
        _ => {
            let (picture, note) = match (kind, movement.block) {
                (MovementKind::Reward, Some(block)) => {
                    (Icon::Reward, fill(texts().history.reward_of_block, &[&block.to_string()]))
                }
                (MovementKind::Issued, _) => (Icon::In, String::new()),
                (MovementKind::Burned, _) => (Icon::Out, String::new()),
                _ => (Icon::Key, String::new()),
            };
            (emblem(picture), kind_text(kind).into(), note)
        }
    };
    let amount = movement.amount.map(|amount| money(amount, sign_of(kind)));
    let at = ms(movement.at_us);
    let when = if movement.block.is_none() {
        status(None)
    } else {
        let today = format::day_key(at) == format::day_key(js_sys::Date::now());
        let form = if with_day && !today { Moment::ShortDay } else { Moment::Time };
        view! { <span class="row-when">{format::moment(at, form)}</span> }.into_any()
    };
    let cursor = movement.cursor;
    view! {
        <li>
            <button class="row" type="button" aria-haspopup="dialog" on:click=move |_| on_press.run(cursor.clone())>
                {picture}
                <span class="row-text">
                    <bdi class="row-title">{title}</bdi>
                    <bdi class="row-note">{note}</bdi>
                </span>
                <span class="row-end">{amount}{when}</span>
            </button>
        </li>
    }
    .into_any()
}

/// A dialog with all that is known of the movement whose cursor is in `selected`. It follows the movement's changes.
#[component]
pub fn MovementDialog(
    /// The cursor of the movement; a new one opens the dialog.
    selected: RwSignal<Option<String>>,
) -> AnyView {
    let wallet = expect_context::<WalletContext>();
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if selected.with(Option::is_some) {
            open.set(true);
        }
    });
    Effect::new(move |_| {
        if !open.get() && selected.with_untracked(Option::is_some) {
            selected.set(None);
        }
    });
    let movements = wallet.movements();
    let shown = Memo::new(move |_| {
        let cursor = selected.get()?;
        movements.with(|movements| movements.as_ref()?.iter().find(|movement| movement.cursor == cursor).cloned())
    });
    view! { <Dialog open title=texts().history.detail_title>{move || shown.get().map(details)}</Dialog> }.into_any()
}

fn details(movement: Movement) -> AnyView {
    let t = &texts().history;
    let kind = movement.kind;
    let outgoing = sign_of(kind) == Sign::Minus;
    let mut facts = Vec::new();
    let mut fact = |name: &'static str, class: &'static str, value: String| {
        facts.push(view! { <div><dt>{name}</dt><dd class=class><bdi>{value}</bdi></dd></div> }.into_any());
    };
    let status = movement
        .block
        .map_or_else(|| texts().wallet.pending_note.to_owned(), |block| fill(t.in_block, &[&block.to_string()]));
    fact(t.status, "", status);
    if let Some(party) = &movement.party {
        fact(if outgoing { t.to } else { t.from }, "", party_name(party));
        if let Some(email) = &party.email {
            fact(t.email, "", email.clone());
        }
    }
    if let Some(memo) = movement.memo.as_ref().filter(|memo| !memo.text().is_empty()) {
        fact(t.memo, "", memo.text().into());
    }
    fact(t.time, "number", format::moment(ms(movement.at_us), Moment::Exact));
    if let Some(party) = &movement.party {
        fact(t.address, "mono", party.address.to_string());
    }
    if let Some(number) = movement.number {
        fact(t.number, "number", number.to_string());
    }
    if let Some(id) = &movement.transaction_id {
        fact(t.transaction, "mono", id.to_string());
    }
    let amount = movement.amount.map(|amount| money(amount, sign_of(kind)));
    view! {
        <div class="review-sum"><span class="quiet">{kind_text(kind)}</span>{amount}</div>
        <dl class="facts">{facts}</dl>
    }
    .into_any()
}
