//! Replacing a password that an administrator set.

use crate::{
    frame::guest,
    locales::{describe, texts},
    ui::{
        Button, Field, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        words::{NewPassword, NoteWords},
    },
    wallet::{RecoveryWords, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*};

/// The page that asks for an own password and then shows the words of the new key.
#[component]
pub fn FirstPassword() -> AnyView {
    let t = &texts().first;
    let wallet = expect_context::<WalletContext>();
    let words = RwSignal::new(None::<RecoveryWords>);
    let finishing = Task::new();
    let finish = move |()| {
        finishing.start(async move { wallet.words_noted().await.map_err(|failure| describe::failure(&failure)) });
    };
    let content = move || match words.get() {
        None => view! { <Replace words /> }.into_any(),
        Some(words) => view! {
            <NoteWords words finish=t.finish busy=finishing.busy fault=finishing.fault on_checked=finish />
        }
        .into_any(),
    };
    guest(Signal::derive(move || words.with(Option::is_some)), view! { <div class="stack">{content}</div> })
}

#[component]
fn Replace(words: RwSignal<Option<RecoveryWords>>) -> AnyView {
    let t = &texts().first;
    let wallet = expect_context::<WalletContext>();
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (current_fault, new_fault) = (fault_of(current), fault_of(new));
    let (task, leaving) = (Task::new(), Task::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let missing = current.with_untracked(String::is_empty);
        current_fault.set(missing.then(|| texts().password.empty.to_owned()));
        new_fault.set(new.with_untracked(|new| describe::password_fault(new)));
        if any_fault(&[current_fault, new_fault]) {
            return;
        }
        task.start(async move {
            let made = wallet.replace_first_password(current.get_untracked(), new.get_untracked()).await;
            words.set(Some(made.map_err(|failure| describe::failure(&failure))?));
            Ok(())
        });
    };
    let sign_out = move |()| {
        leaving.start(async move { wallet.sign_out().await.map_err(|failure| describe::failure(&failure)) });
    };
    view! {
        <header><h1 tabindex="-1">{t.title}</h1><p class="quiet">{t.lead}</p></header>
        <form class="form" on:submit=submit novalidate>
            <Field label=t.current value=current kind="password" autocomplete="current-password" fault=current_fault focus=true />
            <NewPassword label=texts().parts.new_password value=new fault=new_fault />
            {fault(fresh_id(), task.fault.into())}
            <Button label=t.button look="wide" busy=task.busy />
        </form>
        <Button label=texts().sign_in.sign_out look="plain wide" busy=leaving.busy on_press=sign_out />
    }
    .into_any()
}
