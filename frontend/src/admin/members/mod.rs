//! The members and who is invited.

mod create;
mod invitation_file;
mod invitations;
mod invite;
mod list;
mod member;
mod who;

use super::panel::Panel;
use crate::{
    locales::admin::texts,
    ui::{Button, Icon, Part, View, div, el, view_switch::switch},
};
use leptos::prelude::*;
use qoin_core::api::capabilities::Capability;

/// The page of the members.
pub fn members() -> View {
    let t = &texts().members;
    let panel = expect_context::<Panel>();
    let closed = || RwSignal::new(false);
    let (inviting, many, creating) = (closed(), closed(), closed());
    let open = |right, label: &'static str, look, picture, dialog: RwSignal<bool>| {
        panel.when(right, move || Button::new(label, move || dialog.set(true)).look(look).picture(picture))
    };
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.members);
    let actions = div("actions")
        .add(open(Capability::CreateMember, t.create, "plain", Icon::Plus, creating))
        .add(open(Capability::Invite, t.invite_many, "plain", Icon::People, many))
        .add(open(Capability::Invite, t.invite, "", Icon::Letter, inviting));
    let shown = RwSignal::new(0_usize);
    let views = panel.when(Capability::Invite, move || switch(t.views, &[t.members, t.invitations], shown));
    let lists = move || match shown.get() {
        0 => list::list(panel),
        _ => invitations::invitations(panel),
    };
    vec![
        div("page-head").add(title).add(actions).view(),
        views,
        div("stack").add(lists).view(),
        invite::invite(panel, inviting),
        invitation_file::invitation_file(panel, many),
        create::create(panel, creating),
    ]
    .view()
}
