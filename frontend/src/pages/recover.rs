//! A forgotten password: the recovery words set a new one.

use super::{join::Token, recover_link};
use crate::{
    frame::guest,
    locales::{describe, texts},
    routes::{Page, Route},
    ui::{
        Button, Field, Part, Task, View,
        field::{any_fault, fault, fault_of, form, long_field},
        link,
        state::heading,
        toast,
        words::new_password,
    },
    wallet::{Failure, WalletContext},
};
use leptos::prelude::*;

/// The page of whoever cannot open the wallet: with a recovery's link, or with the recovery words.
pub fn recover() -> View {
    let link = expect_context::<Token>().recovery();
    (move || if link.with(Option::is_some) { recover_link::recover_link(link) } else { by_words() }).view()
}

fn by_words() -> View {
    let t = &texts().recover;
    let wallet = expect_context::<WalletContext>();
    let route = expect_context::<Route>();
    let email = RwSignal::new(wallet.last_email().unwrap_or_default());
    let (words, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (email_fault, words_fault, password_fault) = (fault_of(email), fault_of(words), fault_of(password));
    let task = Task::new();
    let show = toast();
    let submit = move || {
        email_fault.set(email.with_untracked(|email| describe::email_fault(email)));
        words_fault.set(words.with_untracked(|words| describe::words_fault(words)));
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        if any_fault(&[email_fault, words_fault, password_fault]) {
            return;
        }
        task.start(async move {
            let (email, words, password) = (email.get_untracked(), words.get_untracked(), password.get_untracked());
            match wallet.recover(email, words, password).await {
                Ok(()) => {
                    show(t.done.into());
                    route.go(Page::Wallet);
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
    let form = form("form", submit)
        .add(Field::email(email).fault(email_fault).focus())
        .add(long_field(t.words_label, words, words_fault, t.words_hint))
        .add(new_password(texts().parts.new_password, password, password_fault))
        .add(fault(task.fault))
        .add(Button::submit(t.button).look("wide").busy(task.busy));
    let back = link("link-button", Page::Wallet.path()).add(t.sign_in_instead);
    guest(|| false, vec![heading(t.title, t.lead), form.view(), back.view()])
}
