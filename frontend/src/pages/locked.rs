//! The locked wallet.

use crate::{
    frame::guest,
    locales::{describe, texts},
    routes::Page,
    ui::{
        Button, Field, Part, Task, View,
        field::{any_fault, fault, fault_of, form},
        link,
        person::person,
        state::heading,
        task::in_words,
    },
    wallet::{Failure, WalletContext},
};
use leptos::prelude::*;

/// The page that asks for the password to open the wallet again.
pub fn locked() -> View {
    let t = &texts().sign_in;
    let wallet = expect_context::<WalletContext>();
    let password = RwSignal::new(String::new());
    let wrong = fault_of(password);
    let (task, leaving) = (Task::new(), Task::new());
    let submit = move || {
        wrong.set(password.with_untracked(|password| describe::missing_password(password)));
        if any_fault(&[wrong]) {
            return;
        }
        task.start(async move {
            match wallet.unlock(password.get_untracked()).await {
                Err(failure @ Failure::WrongPassword) => {
                    wrong.set(Some(describe::failure(&failure)));
                    any_fault(&[wrong]);
                    Ok(())
                }
                result => in_words(result),
            }
        });
    };
    let sign_out = move || leaving.start(async move { in_words(wallet.sign_out().await) });
    let who = move || wallet.me().map(|me| person("identity", &me.name, &me.email, &me.address));
    let form = form("form", submit)
        .add(Field::password(texts().parts.password, password, "current-password").fault(wrong).focus())
        .add(fault(task.fault))
        .add(Button::submit(t.unlock).look("wide").busy(task.busy));
    guest(
        || false,
        vec![
            heading(t.unlock_title, t.unlock_lead),
            who.view(),
            form.view(),
            Button::new(t.sign_out, sign_out).look("plain wide").busy(leaving.busy).view(),
            fault(leaving.fault).view(),
            link("link-button", Page::Recover.path()).add(t.forgotten).view(),
        ],
    )
}
