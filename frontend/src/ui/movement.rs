//! Movements of the account: a row in a list, and all that is known of one in a dialog.

use super::{
    dialog::dialog,
    dom::{El, Part, View, bdi, classed, div, el, react, span},
    format::{self, Moment, ms},
    icon::Icon,
    money::{Sign, money},
    person::{avatar, emblem, two_lines},
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
pub fn kind_text(kind: MovementKind) -> &'static str {
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

pub fn sign_of(kind: MovementKind) -> Sign {
    match kind {
        MovementKind::Sent | MovementKind::Burned => Sign::Minus,
        MovementKind::Received | MovementKind::Reward | MovementKind::Issued => Sign::Plus,
        _ => Sign::None,
    }
}

/// The other side's name as people know it.
pub fn party_name(party: &Party) -> &str {
    match (&party.name, &party.email) {
        (Some(name), None) if name == SYSTEM_ACCOUNT_NAME => texts().history.system_account,
        (Some(name), _) => name,
        (None, Some(email)) => email,
        (None, None) => texts().history.unknown_party,
    }
}

fn memo_of(movement: &Movement) -> Option<&str> {
    movement.memo.as_ref().map(|memo| memo.text()).filter(|text| !text.is_empty())
}

/// A row of a list: who, what for, how much, and when, or that it is pending. Pressing it puts its cursor in `selected`.
pub fn movement_row(movement: &Movement, with_day: bool, selected: RwSignal<Option<String>>) -> El {
    let kind = movement.kind;
    let words = kind_text(kind);
    let (picture, text) = match (&movement.party, kind, movement.block) {
        (_, MovementKind::Reward, Some(block)) => {
            (emblem(Icon::Reward), two_lines(words, &fill(texts().history.reward_of_block, &[&block.to_string()])))
        }
        (Some(party), ..) => {
            let name = party_name(party);
            (avatar(name, &party.address), two_lines(name, memo_of(movement).unwrap_or(words)))
        }
        (None, MovementKind::Issued, _) => (emblem(Icon::In), two_lines(words, "")),
        (None, MovementKind::Burned, _) => (emblem(Icon::Out), two_lines(words, "")),
        (None, ..) => (emblem(Icon::Key), two_lines(words, "")),
    };
    let amount = movement.amount.map(|amount| money(amount, sign_of(kind)));
    let end = span("row-end").add(amount).add(when(movement, with_day));
    let cursor = movement.cursor.clone();
    let button = classed("button", "row").attr("type", "button").attr("aria-haspopup", "dialog");
    el("li").add(button.on_click(move || selected.set(Some(cursor.clone()))).add(picture).add(text).add(end))
}

fn when(movement: &Movement, with_day: bool) -> El {
    if movement.block.is_none() {
        return span("status pending").add(texts().parts.pending);
    }
    let at = ms(movement.at_us);
    let today = format::day_key(at) == format::day_key(js_sys::Date::now());
    let form = if with_day && !today { Moment::ShortDay } else { Moment::Time };
    span("row-when").add(format::moment(at, form))
}

/// A dialog with all that is known of the movement whose cursor is in `selected`. It follows the movement's changes.
pub fn movement_dialog(selected: RwSignal<Option<String>>) -> View {
    let wallet = expect_context::<WalletContext>();
    let open = RwSignal::new(false);
    react(move || {
        if selected.with(Option::is_some) {
            open.set(true);
        }
    });
    react(move || {
        if !open.get() && selected.with_untracked(Option::is_some) {
            selected.set(None);
        }
    });
    let content = move || {
        let cursor = selected.get();
        wallet.with_movements(|movements| {
            let mut movements = movements.into_iter().flatten();
            movements.find(|movement| Some(&movement.cursor) == cursor.as_ref()).map(details)
        })
    };
    dialog(open, texts().history.detail_title, None, move || content.view())
}

fn details(movement: &Movement) -> View {
    let t = &texts().history;
    let kind = movement.kind;
    let sum = div("review-sum").add(span("quiet").add(kind_text(kind)));
    let sum = sum.add(movement.amount.map(|amount| money(amount, sign_of(kind))));
    let status = match movement.block {
        Some(block) => fill(t.in_block, &[&block.to_string()]),
        None => texts().wallet.pending_note.into(),
    };
    let party = movement.party.as_ref();
    let other = if sign_of(kind) == Sign::Minus { t.to } else { t.from };
    let facts = classed("dl", "facts")
        .add(fact(t.status, "", &status))
        .add(party.map(|party| fact(other, "", party_name(party))))
        .add(party.and_then(|party| party.email.as_ref()).map(|email| fact(t.email, "", email)))
        .add(memo_of(movement).map(|memo| fact(t.memo, "", memo)))
        .add(fact(t.time, "number", &format::moment(ms(movement.at_us), Moment::Exact)))
        .add(party.map(|party| fact(t.address, "mono", &party.address.to_string())))
        .add(movement.number.map(|number| fact(t.number, "number", &number.to_string())))
        .add(movement.transaction_id.map(|id| fact(t.transaction, "mono", &id.to_string())));
    vec![sum, facts].view()
}

/// A name and its value, for a list of facts.
pub fn fact(name: &str, class: &str, value: &str) -> El {
    fact_of(name, bdi(class, value))
}

/// A name and what stands for it.
pub fn fact_of(name: &str, value: impl Part) -> El {
    el("div").add(el("dt").add(name)).add(el("dd").add(value))
}
