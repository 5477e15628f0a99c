//! The pages, one file each.

pub mod account;
pub mod admin;
pub mod first_password;
pub mod history;
pub mod join;
pub mod locked;
pub mod mine;
pub mod people;
pub mod recover;
pub mod recover_link;
pub mod send;
mod services;
pub mod sign_in;
pub mod wallet;

use crate::{
    frame::guest,
    locales::texts,
    routes::Page,
    ui::{Button, Icon, Part, View, classed, div, icon, link, p, state},
};
use leptos::prelude::window;

/// The server does not answer.
pub fn unreachable() -> View {
    let t = &texts().start;
    let reload = || drop(window().location().reload());
    let waiting = p("status pending").attr("role", "status").add(t.unreachable_waiting);
    let again = Button::new(texts().parts.try_again, reload).look("plain wide");
    guest(|| false, vec![state::heading(t.unreachable_title, t.unreachable_text), waiting.view(), again.view()])
}

/// There is no such page.
pub fn missing() -> View {
    let t = &texts().missing;
    let home = link("button", Page::Wallet.path()).add(icon(Icon::Wallet)).add(t.button);
    let title = classed("h1", "hidden-visually").attr("tabindex", "-1").add(t.title);
    vec![title, div("panel").add(state::empty(Icon::Search, t.title, t.text)).add(p("more").add(home))].view()
}
