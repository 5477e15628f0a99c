//! A forgotten password: the recovery words set a new one.

use crate::{
    frame::guest,
    locales::{describe, texts},
    ui::{
        Button, Field, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        toast,
        words::NewPassword,
    },
    wallet::{Failure, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

/// The page that takes the recovery words and a new password.
#[component]
pub fn Recover() -> AnyView {
    let t = &texts().recover;
    let wallet = expect_context::<WalletContext>();
    let email = RwSignal::new(wallet.last_email().unwrap_or_default());
    let (words, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (email_fault, words_fault, password_fault) = (fault_of(email), fault_of(words), fault_of(password));
    let task = Task::new();
    let show = toast();
    let navigate = use_navigate();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        email_fault.set(email.with_untracked(|email| describe::email_fault(email)));
        words_fault.set(words.with_untracked(|words| describe::words_fault(words)));
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        if any_fault(&[email_fault, words_fault, password_fault]) {
            return;
        }
        let navigate = navigate.clone();
        task.start(async move {
            let result = wallet.recover(email.get_untracked(), words.get_untracked(), password.get_untracked()).await;
            match result {
                Ok(()) => {
                    show(t.done.into());
                    navigate("/", Default::default());
                    Ok(())
                }
                Err(Failure::Words(error)) => {
                    words_fault.set(Some(describe::words(&error)));
                    Ok(())
                }
                Err(failure) => Err(describe::failure(&failure)),
            }
        });
    };
    let words_id = fresh_id();
    let (words_fault_id, words_hint_id) = (fresh_id(), fresh_id());
    let described = format!("{words_fault_id} {words_hint_id}");
    let words_field = view! {
        <div class="field">
            <label for=words_id.clone()>{t.words_label}</label>
            <textarea
                id=words_id
                class="input"
                rows="4"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-invalid=move || words_fault.with(Option::is_some).then_some("true")
                aria-describedby=described
                prop:value=move || words.get()
                on:input=move |event| words.set(event_target_value(&event))
            ></textarea>
            {fault(words_fault_id, words_fault.into())}
            <p id=words_hint_id class="hint">{t.words_hint}</p>
        </div>
    }
    .into_any();
    guest(
        false,
        view! {
            <header><h1 tabindex="-1">{t.title}</h1><p class="quiet">{t.lead}</p></header>
            <form class="form" on:submit=submit novalidate>
                <Field label=texts().parts.email value=email kind="email" autocomplete="username" fault=email_fault focus=true />
                {words_field}
                <NewPassword label=texts().parts.new_password value=password fault=password_fault />
                {fault(fresh_id(), task.fault.into())}
                <Button label=t.button look="wide" busy=task.busy />
            </form>
            <a class="link-button" href="/">{t.sign_in_instead}</a>
        },
    )
}
