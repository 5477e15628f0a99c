//! The pages, one file each.

pub mod account;
pub mod first_password;
pub mod history;
pub mod join;
pub mod locked;
pub mod people;
pub mod recover;
pub mod send;
pub mod sign_in;
pub mod wallet;

use crate::{
    frame::guest,
    locales::texts,
    ui::{Button, Icon, icon, state},
};
use leptos::prelude::*;

/// The server does not answer.
pub fn unreachable() -> AnyView {
    let t = &texts().start;
    let reload = move |()| drop(window().location().reload());
    guest(
        false,
        view! {
            <header><h1 tabindex="-1">{t.unreachable_title}</h1><p class="quiet">{t.unreachable_text}</p></header>
            <p class="status pending" role="status">{t.unreachable_waiting}</p>
            <Button label=texts().parts.try_again look="plain wide" on_press=reload />
        },
    )
}

/// There is no such page.
pub fn missing() -> AnyView {
    let t = &texts().missing;
    view! {
        <h1 class="hidden-visually" tabindex="-1">{t.title}</h1>
        <div class="panel">
            {state::empty(Icon::Search, t.title, t.text)}
            <p class="more"><a class="button" href="/">{icon(Icon::Wallet)}{t.button}</a></p>
        </div>
    }
    .into_any()
}
