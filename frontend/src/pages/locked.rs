//! The locked wallet.

use crate::{
    frame::guest,
    locales::{describe, texts},
    ui::{
        Button, Field, Task,
        field::{fault, fault_of, focus_first_fault, fresh_id},
        person::avatar,
    },
    wallet::{Failure, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*};

/// The page that asks for the password to open the wallet again.
#[component]
pub fn Locked() -> AnyView {
    let t = &texts().sign_in;
    let wallet = expect_context::<WalletContext>();
    let password = RwSignal::new(String::new());
    let wrong = fault_of(password);
    let (task, leaving) = (Task::new(), Task::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if password.with_untracked(String::is_empty) {
            wrong.set(Some(texts().password.empty.into()));
            return;
        }
        wrong.set(None);
        task.start(async move {
            match wallet.unlock(password.get_untracked()).await {
                Err(failure @ Failure::WrongPassword) => {
                    wrong.set(Some(describe::failure(&failure)));
                    focus_first_fault();
                    Ok(())
                }
                result => result.map_err(|failure| describe::failure(&failure)),
            }
        });
    };
    let sign_out = move |()| {
        leaving.start(async move { wallet.sign_out().await.map_err(|failure| describe::failure(&failure)) });
    };
    let me = wallet.me();
    let who = move || {
        me.get().map(|me| {
            view! {
                <div class="identity">
                    {avatar(&me.name, &me.address)}
                    <div><bdi class="name">{me.name}</bdi><br /><bdi class="quiet small">{me.email}</bdi></div>
                </div>
            }
            .into_any()
        })
    };
    guest(
        false,
        view! {
            <header><h1 tabindex="-1">{t.unlock_title}</h1><p class="quiet">{t.unlock_lead}</p></header>
            {who}
            <form class="form" on:submit=submit novalidate>
                <Field
                    label=texts().parts.password
                    value=password
                    kind="password"
                    autocomplete="current-password"
                    fault=wrong
                    focus=true
                />
                {fault(fresh_id(), task.fault.into())}
                <Button label=t.unlock look="wide" busy=task.busy />
            </form>
            <Button label=t.sign_out look="plain wide" busy=leaving.busy on_press=sign_out />
            {fault(fresh_id(), leaving.fault.into())}
            <a class="link-button" href="/recover">{t.forgotten}</a>
        },
    )
}
