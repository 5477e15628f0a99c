//! Inviting someone: a link to hand over.

use super::who::NameAndEmail;
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, fill, texts as shared},
    ui::{
        Button, Icon, Part, Task, View, dialog, div, el,
        field::{fault, form},
        state::copy_text,
    },
};
use leptos::prelude::*;
use qoin_core::api::invitations::Invite;
use std::rc::Rc;

/// The dialog that invites someone; `done` is called once someone is.
pub fn invite(panel: Panel, open: RwSignal<bool>, done: impl Fn() + 'static) -> View {
    let t = &texts().members;
    let who = NameAndEmail::new();
    let task = Task::new();
    let made = RwSignal::new(None::<(String, String)>);
    let done = Rc::new(done);
    let submit = move || {
        if !who.check() {
            return;
        }
        let done = done.clone();
        task.start(async move {
            let name = who.name.get_untracked();
            match panel
                .ask(api::invite(&Invite {
                    name: name.clone(),
                    email: who.email.get_untracked(),
                    role: Default::default(),
                }))
                .await
            {
                Ok(answer) => {
                    open.set(false);
                    made.set(Some((name, link_of(&answer.token))));
                    who.clear();
                    done();
                    Ok(())
                }
                Err(failure) => who.place(&failure),
            }
        });
    };
    let content = move || {
        let submit = submit.clone();
        let button = Button::submit(t.invite).picture(Icon::Letter).busy(task.busy);
        let form = form("form", submit).add(who.fields()).add(fault(task.fault));
        vec![el("p").add(t.invite_lead).view(), form.add(div("actions end").add(button)).view()].view()
    };
    vec![dialog(open, t.invite_title, Some(task.busy), content), link_dialog(made)].view()
}

/// The link of an invitation or a recovery: its token stands behind `#`, which no server sees.
pub fn link_of(token: &str) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}/join#{token}")
}

/// Shows a link that is shown only once, and for whom it is.
fn link_dialog(made: RwSignal<Option<(String, String)>>) -> View {
    let t = &texts().members;
    let open = RwSignal::new(false);
    crate::ui::react(move || open.set(made.with(Option::is_some)));
    let content = move || {
        let (name, link) = made.get().unwrap_or_default();
        vec![
            el("p").add(fill(t.link_text, &[&name])).view(),
            copy_text(t.link_label, move || link.clone(), "").view(),
            Button::new(shared().parts.done, move || made.set(None)).look("wide").view(),
        ]
        .view()
    };
    dialog(open, t.link_title, None, content)
}
