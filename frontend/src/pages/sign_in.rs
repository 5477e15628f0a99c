//! Signing in.

use crate::{
    frame::guest,
    locales::{describe, texts},
    routes::Page,
    ui::{
        Button, Field, Part, Task, View, el,
        field::{any_fault, fault, fault_of, form},
        link,
        state::{Tone, heading, notice},
        task::in_words,
    },
    wallet::WalletContext,
};
use leptos::prelude::*;
use qoin_core::api::registration::Registration;

/// The page that asks for e-mail address and password.
pub fn sign_in() -> View {
    let t = &texts().sign_in;
    let wallet = expect_context::<WalletContext>();
    let known = wallet.last_email();
    let is_known = known.is_some();
    let (email, password) = (RwSignal::new(known.unwrap_or_default()), RwSignal::new(String::new()));
    let (email_fault, password_fault) = (fault_of(email), fault_of(password));
    let task = Task::new();
    let submit = move || {
        email_fault.set(email.with_untracked(|email| describe::email_fault(email)));
        password_fault.set(password.with_untracked(|password| describe::missing_password(password)));
        if any_fault(&[email_fault, password_fault]) {
            return;
        }
        task.start(async move { in_words(wallet.sign_in(email.get_untracked(), password.get_untracked()).await) });
    };
    let email_field = Field::email(email).fault(email_fault);
    let password_field = Field::password(texts().parts.password, password, "current-password").fault(password_fault);
    let (email_field, password_field) =
        if is_known { (email_field, password_field.focus()) } else { (email_field.focus(), password_field) };
    let ended = move || match (wallet.suspended(), wallet.session_expired()) {
        (true, _) => Some(notice(Tone::Danger, t.suspended_title, el("p").add(t.suspended))),
        (false, true) => Some(notice(Tone::Warning, "", el("p").add(t.expired))),
        (false, false) => None,
    };
    let form = form("form", submit)
        .add(email_field)
        .add(password_field)
        .add(fault(task.fault))
        .add(Button::submit(t.button).look("wide").busy(task.busy));
    let forgotten = link("link-button", Page::Recover.path()).add(t.forgotten);
    let join = move || {
        let is_open = wallet.registration() == Registration::Open;
        is_open.then(|| link("link-button", Page::Join.path()).add(texts().join.invited_here))
    };
    guest(
        || false,
        vec![
            heading(t.title, t.lead),
            el("div").attr("role", "status").add(ended).view(),
            form.view(),
            forgotten.view(),
            join.view(),
        ],
    )
}
