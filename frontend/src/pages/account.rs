//! The member's own account: its address and key, its secrets, and this browser's session.

use super::services::services;
use crate::{
    locales::{describe, texts},
    ui::{
        Button, El, Field, Part, Task, View, bdi, classed, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        p,
        person::avatar,
        react, span,
        state::{Tone, copy_text, notice, page_heading, section_heading, words_in},
        task::in_words,
        toast,
        words::{new_password, word_list},
    },
    wallet::{Failure, RecoveryWords, WalletContext},
};
use leptos::prelude::*;
use qoin_core::api::{
    account::AccountView,
    sessions::{Me, Role},
};

/// The page of the own account.
pub fn account() -> View {
    let t = &texts().account;
    let wallet = expect_context::<WalletContext>();
    let address = own(wallet, |account| account.address.to_string());
    let key = own(wallet, |account| account.public_key.to_string());
    let recoverable = move || {
        let recoverable = wallet.with_account(|account| account.is_none_or(|account| account.recoverable));
        if recoverable { t.recoverable_yes } else { t.recoverable_no }
    };
    let about = classed("section", "panel padded section")
        .add(move || wallet.me().map(|me| identity(&me)))
        .add(copy_text(t.address, address, t.address_hint))
        .add(own_words(wallet))
        .add(copy_text(t.key, key, ""))
        .add(div("field").add(span("label").add(t.recoverable)).add(p("hint").add(recoverable)));
    let secrets = classed("section", "panel padded section")
        .add(el("h2").add(t.secrets))
        .add(show_words(wallet))
        .add(change_password(wallet));
    vec![page_heading(t.title).view(), about.view(), services(wallet), secrets.view(), session(wallet).view()].view()
}

fn identity(me: &Me) -> El {
    let t = &texts().account;
    let role = if me.role == Role::Administrator { t.administrator } else { t.member };
    let line = p("quiet small").add(bdi("", &me.email)).add(" · ").add(role);
    div("identity").add(avatar(&me.name, &me.address)).add(el("div").add(bdi("name", &me.name)).add(line))
}

fn own(wallet: WalletContext, read: fn(&AccountView) -> String) -> impl Fn() -> String + 'static {
    move || wallet.with_account(|account| account.map(read).unwrap_or_default())
}

fn own_words(wallet: WalletContext) -> El {
    let t = &texts().account;
    let words = move || wallet.own_words().map(|words| words_in("fingerprint", words.split(' ').map(str::to_owned)));
    div("field").add(span("label").add(t.words)).add(words).add(p("hint").add(t.words_hint))
}

/// A line with a name, an explanation and a button.
fn setting(name: &str, hint: &str, button: Button) -> El {
    div("setting").add(el("div").add(el("h3").add(name)).add(p("quiet small").add(hint))).add(button)
}

fn show_words(wallet: WalletContext) -> View {
    let t = &texts().account;
    let open = RwSignal::new(false);
    let shown = RwSignal::new(None::<RecoveryWords>);
    let password = RwSignal::new(String::new());
    let wrong = fault_of(password);
    let task = Task::new();
    // Closing forgets the password and the words.
    react(move || {
        if !open.get() {
            password.set(String::new());
            shown.set(None);
            task.fault.set(None);
        }
    });
    let submit = move || {
        task.start(async move {
            match wallet.show_words(password.get_untracked()).await {
                Ok(words) => shown.set(Some(words)),
                Err(failure @ Failure::WrongPassword) => wrong.set(Some(describe::failure(&failure))),
                Err(failure) => return Err(describe::failure(&failure)),
            }
            Ok(())
        });
    };
    let content = move || match shown.get() {
        Some(words) => vec![
            word_list(&words).view(),
            notice(Tone::Warning, "", el("p").add(texts().words.warning)).view(),
            Button::new(texts().parts.done, move || open.set(false)).look("wide").view(),
        ],
        None => {
            let field = Field::password(texts().parts.password, password, "current-password").fault(wrong).focus();
            let form = form("form", submit).add(field).add(fault(task.fault));
            let form = form.add(Button::submit(t.show_words_button).look("wide").busy(task.busy));
            vec![p("quiet").add(t.show_words_password).view(), form.view()]
        }
    };
    let button = Button::new(t.show_words_button, move || open.set(true)).look("plain small");
    vec![
        setting(t.show_words, t.show_words_hint, button).view(),
        dialog(open, t.show_words, Some(task.busy), move || content.view()),
    ]
    .view()
}

fn change_password(wallet: WalletContext) -> View {
    let t = &texts().account;
    let open = RwSignal::new(false);
    let task = Task::new();
    let show = toast();
    let content = move || {
        let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let (current_fault, new_fault) = (fault_of(current), fault_of(new));
        task.fault.set(None);
        let submit = move || {
            current_fault.set(current.with_untracked(|current| describe::missing_password(current)));
            new_fault.set(new.with_untracked(|new| describe::password_fault(new)));
            if any_fault(&[current_fault, new_fault]) {
                return;
            }
            task.start(async move {
                match wallet.change_password(current.get_untracked(), new.get_untracked()).await {
                    Ok(()) => {
                        open.set(false);
                        show(t.changed.into());
                    }
                    Err(failure @ Failure::WrongPassword) => current_fault.set(Some(describe::failure(&failure))),
                    Err(failure) => return Err(describe::failure(&failure)),
                }
                Ok(())
            });
        };
        form("form", submit)
            .add(Field::password(t.current_password, current, "current-password").fault(current_fault).focus())
            .add(new_password(texts().parts.new_password, new, new_fault))
            .add(fault(task.fault))
            .add(Button::submit(t.change_button).look("wide").busy(task.busy))
            .view()
    };
    let button = Button::new(t.change_button, move || open.set(true)).look("plain small");
    vec![
        setting(t.change_password, t.change_password_hint, button).view(),
        dialog(open, t.change_button, Some(task.busy), content),
    ]
    .view()
}

fn session(wallet: WalletContext) -> El {
    let t = &texts().account;
    let task = Task::new();
    let sign_out = move || task.start(async move { in_words(wallet.sign_out().await) });
    let lead = [t.session_hint, " ", texts().sign_in.idle_hint].concat();
    let actions = div("actions")
        .add(Button::new(texts().sign_in.lock, move || wallet.lock()).look("plain"))
        .add(Button::new(texts().sign_in.sign_out, sign_out).look("plain").busy(task.busy));
    classed("section", "panel padded section")
        .add(section_heading(t.session, &lead))
        .add(fault(task.fault))
        .add(actions)
}
