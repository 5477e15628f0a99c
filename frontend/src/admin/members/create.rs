//! Making a member with a first password.

use super::{
    invite::{role_field, role_named},
    who::NameAndEmail,
};
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, describe, fill},
    ui::{
        Button, Part, Task, View, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        toast,
        words::new_password,
    },
};
use leptos::prelude::*;
use qoin_core::api::{admin::CreateMember, sessions::Role};

/// The dialog that makes a member.
pub fn create(panel: Panel, open: RwSignal<bool>) -> View {
    let t = &texts().members;
    let who = NameAndEmail::new();
    let password = RwSignal::new(String::new());
    let password_fault = fault_of(password);
    let task = Task::new();
    let show = toast();
    let role = RwSignal::new(Role::Member.name().to_owned());
    let submit = move || {
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        if !who.check() || any_fault(&[password_fault]) {
            return;
        }
        task.start(async move {
            let (name, email) = (who.name.get_untracked(), who.email.get_untracked());
            let request = CreateMember { name, email, password: password.get_untracked(), role: role_named(role) };
            match panel.ask(api::admin::create_member(&request)).await {
                Ok(member) => {
                    open.set(false);
                    who.clear();
                    password.set(String::new());
                    show(fill(t.created, &[&member.name]));
                    role.set(Role::Member.name().to_owned());
                    panel.renew();
                    Ok(())
                }
                Err(failure) => who.place(&failure),
            }
        });
    };
    let content = move || {
        let form = form("form", submit)
            .add(who.fields())
            .add(role_field(panel, role))
            .add(new_password(t.first_password, password, password_fault))
            .add(fault(task.fault))
            .add(div("actions end").add(Button::submit(t.create_button).busy(task.busy)));
        vec![el("p").add(t.create_lead).view(), form.view()].view()
    };
    dialog(open, t.create_title, Some(task.busy), content)
}
