//! A recovery's link: a new password and a new key for someone who lost both. The key counts after a delay.

use crate::{
    frame::guest,
    locales::{describe, fill, texts},
    ui::{
        Button, Icon, Part, Task, View, div, el,
        field::{any_fault, fault, fault_of, form},
        format::{Moment, moment},
        p, react,
        state::{empty, heading},
        task::in_words,
        words::{new_password, note_words},
    },
    wallet::{PreparedRecovery, WalletContext},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::admin::members::RecoveryOpened;

/// The page of a recovery's link.
pub fn recover_link(link: RwSignal<Option<String>>) -> View {
    let t = &texts().recover;
    let wallet = expect_context::<WalletContext>();
    let opened = RwSignal::new(None::<Result<RecoveryOpened, String>>);
    let prepared = RwSignal::new(None::<PreparedRecovery>);
    let counts_from = RwSignal::new(None::<u64>);
    react(move || {
        let Some(token) = link.get() else { return };
        spawn_local(async move {
            let answer = wallet.open_recovery(token).await;
            opened.try_set(Some(in_words(answer)));
        });
    });
    let task = Task::new();
    let finish = move || {
        let Some(prepared) = prepared.get_untracked() else { return };
        task.start(async move {
            let used = in_words(wallet.use_recovery(&prepared).await)?;
            counts_from.set(Some(used.effective_ms));
            Ok(())
        });
    };
    let content = move || {
        if let Some(from) = counts_from.get() {
            return empty(Icon::Check, t.link_done_title, &fill(t.link_done, &[&moment(from as f64, Moment::Until)]))
                .view();
        }
        match (opened.get(), prepared.get()) {
            (None, _) => p("quiet").attr("role", "status").add(texts().parts.loading).add("…").view(),
            (Some(Err(text)), _) => heading(texts().join.invalid_title, &text),
            (Some(Ok(_)), Some(prepared)) => note_words(prepared.words, t.link_finish, task, finish),
            (Some(Ok(opened)), None) => choose(wallet, link, &opened, prepared),
        }
    };
    guest(move || prepared.with(Option::is_some), div("stack").add(content))
}

fn choose(
    wallet: WalletContext,
    link: RwSignal<Option<String>>,
    opened: &RecoveryOpened,
    prepared: RwSignal<Option<PreparedRecovery>>,
) -> View {
    let t = &texts().recover;
    let password = RwSignal::new(String::new());
    let password_fault = fault_of(password);
    let task = Task::new();
    let address = opened.address;
    let submit = move || {
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        if any_fault(&[password_fault]) {
            return;
        }
        task.start(async move {
            let token = link.get_untracked().unwrap_or_default();
            let made = wallet.prepare_recovery(token, address, password.get_untracked()).await;
            prepared.set(Some(in_words(made)?));
            Ok(())
        });
    };
    let form = form("form", submit)
        .add(new_password(texts().parts.new_password, password, password_fault))
        .add(fault(task.fault))
        .add(Button::submit(texts().join.button).look("wide").busy(task.busy));
    vec![heading(t.link_title, &fill(t.link_lead, &[&opened.name, &opened.email])), el("div").add(form).view()].view()
}
