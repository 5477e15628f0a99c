//! Replacing a password that an administrator set.

use crate::{
    frame::guest,
    locales::{describe, texts},
    ui::{
        Button, Field, Part, Task, View, div,
        field::{any_fault, fault, fault_of, form},
        state::heading,
        task::in_words,
        words::{new_password, note_words},
    },
    wallet::{RecoveryWords, WalletContext},
};
use leptos::prelude::*;

/// The page that asks for an own password and then shows the words of the new key.
pub fn first_password() -> View {
    let wallet = expect_context::<WalletContext>();
    let words = RwSignal::new(None::<RecoveryWords>);
    let finishing = Task::new();
    let finish = move || finishing.start(async move { in_words(wallet.words_noted().await) });
    let content = move || match words.get() {
        None => replace(wallet, words),
        Some(words) => note_words(words, texts().first.finish, finishing, finish),
    };
    guest(move || words.with(Option::is_some), div("stack").add(content))
}

fn replace(wallet: WalletContext, words: RwSignal<Option<RecoveryWords>>) -> View {
    let t = &texts().first;
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (current_fault, new_fault) = (fault_of(current), fault_of(new));
    let (task, leaving) = (Task::new(), Task::new());
    let submit = move || {
        current_fault.set(current.with_untracked(|current| describe::missing_password(current)));
        new_fault.set(new.with_untracked(|new| describe::password_fault(new)));
        if any_fault(&[current_fault, new_fault]) {
            return;
        }
        task.start(async move {
            let made = wallet.replace_first_password(current.get_untracked(), new.get_untracked()).await;
            words.set(Some(in_words(made)?));
            Ok(())
        });
    };
    let sign_out = move || leaving.start(async move { in_words(wallet.sign_out().await) });
    let form = form("form", submit)
        .add(Field::password(t.current, current, "current-password").fault(current_fault).focus())
        .add(new_password(texts().parts.new_password, new, new_fault))
        .add(fault(task.fault))
        .add(Button::submit(t.button).look("wide").busy(task.busy));
    let leave = Button::new(texts().sign_in.sign_out, sign_out).look("plain wide").busy(leaving.busy);
    vec![heading(t.title, t.lead), form.view(), leave.view(), fault(leaving.fault).view()].view()
}
