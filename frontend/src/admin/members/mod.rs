//! The members and who is invited.

mod create;
mod invitations;
mod invite;
mod who;

use super::{load::Load, panel::Panel};
use crate::{
    api,
    locales::admin::texts,
    ui::{Button, Icon, Part, View, div, el},
};
use leptos::prelude::*;

/// The page of the members.
pub fn members() -> View {
    let t = &texts().members;
    let panel = expect_context::<Panel>();
    let (inviting, creating) = (RwSignal::new(false), RwSignal::new(false));
    let open = Load::new(panel, || async { Ok(api::invitations().await?.invitations) });
    let invite = Button::new(t.invite, move || inviting.set(true)).picture(Icon::Letter);
    let create = Button::new(t.create, move || creating.set(true)).look("plain").picture(Icon::Plus);
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.members);
    vec![
        div("page-head").add(title).add(div("actions").add(create).add(invite)).view(),
        invitations::invitations(panel, open).view(),
        invite::invite(panel, inviting, move || open.again()),
        create::create(panel, creating, || {}),
    ]
    .view()
}
