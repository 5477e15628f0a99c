//! Inviting someone: a link to hand over.

use super::{list::roles, who::NameAndEmail};
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, fill, texts as shared},
    ui::{
        Button, Icon, Part, Task, View, dialog, div, el,
        field::{fault, form},
        react,
        select::select,
        state::copy_text,
    },
};
use leptos::prelude::*;
use qoin_core::api::{capabilities::Capability, invitations::Invite, sessions::Role};

/// A link that is shown once, and for whom it is.
#[derive(Clone, Default)]
pub struct Link {
    /// For whom.
    pub name: String,
    /// The link.
    pub link: String,
}

/// The dialog that invites someone.
pub fn invite(panel: Panel, open: RwSignal<bool>) -> View {
    let t = &texts().members;
    let who = NameAndEmail::new();
    let role = RwSignal::new(Role::Member.name().to_owned());
    let task = Task::new();
    let made = RwSignal::new(None::<Link>);
    let submit = move || {
        if !who.check() {
            return;
        }
        task.start(async move {
            let name = who.name.get_untracked();
            let request = Invite { name: name.clone(), email: who.email.get_untracked(), role: role_named(role) };
            match panel.ask(api::admin::invite(&request)).await {
                Ok(answer) => {
                    open.set(false);
                    made.set(Some(Link { name, link: link_of("join", &answer.token) }));
                    who.clear();
                    role.set(Role::Member.name().to_owned());
                    panel.renew();
                    Ok(())
                }
                Err(failure) => who.place(&failure),
            }
        });
    };
    let content = move || {
        let button = Button::submit(t.invite).picture(Icon::Letter).busy(task.busy);
        let form = form("form", submit).add(who.fields()).add(role_field(panel, role)).add(fault(task.fault));
        vec![el("p").add(t.invite_lead).view(), form.add(div("actions end").add(button)).view()].view()
    };
    vec![dialog(open, t.invite_title, Some(task.busy), content), link_dialog(made)].view()
}

/// Chooses a role, for those who may give one.
pub fn role_field(panel: Panel, role: RwSignal<String>) -> View {
    panel.when(Capability::SetRoles, move || {
        let choices = roles().map(|(role, name)| (role.name().to_owned(), name.to_owned()));
        select(texts().members.column_role, choices.into(), role)
    })
}

/// The role that is chosen.
pub fn role_named(role: RwSignal<String>) -> Role {
    let chosen = role.get_untracked();
    roles().into_iter().map(|(role, _)| role).find(|role| role.name() == chosen).unwrap_or_default()
}

/// The link to a page with a token: it stands behind `#`, which no server sees.
pub fn link_of(page: &str, token: &str) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}/{page}#{token}")
}

/// Shows a link that is shown only once.
pub fn link_dialog(made: RwSignal<Option<Link>>) -> View {
    let t = &texts().members;
    let open = RwSignal::new(false);
    react(move || open.set(made.with(Option::is_some)));
    react(move || {
        if !open.get() && made.with_untracked(Option::is_some) {
            made.set(None);
        }
    });
    let content = move || {
        let Link { name, link } = made.get().unwrap_or_default();
        let label = if link.contains("/recover#") { t.recovery_link } else { t.link_label };
        vec![
            el("p").add(fill(t.link_text, &[&name])).view(),
            copy_text(label, move || link.clone(), "").view(),
            Button::new(shared().parts.done, move || made.set(None)).look("wide").view(),
        ]
        .view()
    };
    dialog(open, t.link_title, None, content)
}
