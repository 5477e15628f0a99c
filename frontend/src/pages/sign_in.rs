//! Signing in.

use crate::{
    frame::guest,
    locales::{describe, texts},
    ui::{
        Button, Field, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        state::{Tone, notice},
    },
    wallet::WalletContext,
};
use leptos::{ev::SubmitEvent, prelude::*};

/// The page that asks for e-mail address and password.
#[component]
pub fn SignIn() -> AnyView {
    let t = &texts().sign_in;
    let wallet = expect_context::<WalletContext>();
    let known = wallet.last_email();
    let focus_password = known.is_some();
    let email = RwSignal::new(known.unwrap_or_default());
    let password = RwSignal::new(String::new());
    let (email_fault, password_fault) = (fault_of(email), fault_of(password));
    let task = Task::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        email_fault.set(email.with_untracked(|email| describe::email_fault(email)));
        let missing = password.with_untracked(String::is_empty);
        password_fault.set(missing.then(|| texts().password.empty.to_owned()));
        if any_fault(&[email_fault, password_fault]) {
            return;
        }
        task.start(async move {
            let result = wallet.sign_in(email.get_untracked(), password.get_untracked()).await;
            result.map_err(|failure| describe::failure(&failure))
        });
    };
    let expired = wallet.session_expired();
    let expired = move || expired.get().then(|| notice(Tone::Warning, (), view! { <p>{t.expired}</p> }));
    guest(
        false,
        view! {
            <header><h1 tabindex="-1">{t.title}</h1><p class="quiet">{t.lead}</p></header>
            <div role="status">{expired}</div>
            <form class="form" on:submit=submit novalidate>
                <Field label=texts().parts.email value=email kind="email" autocomplete="username" fault=email_fault focus={!focus_password} />
                <Field
                    label=texts().parts.password
                    value=password
                    kind="password"
                    autocomplete="current-password"
                    fault=password_fault
                    focus=focus_password
                />
                {fault(fresh_id(), task.fault.into())}
                <Button label=t.button look="wide" busy=task.busy />
            </form>
            <a class="link-button" href="/recover">{t.forgotten}</a>
        },
    )
}
