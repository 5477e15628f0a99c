//! The member's own account: its address and key, its secrets, and this browser's session.

use crate::{
    locales::{describe, texts},
    ui::{
        Button, Dialog, Field, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        person::avatar,
        state::{CopyText, Tone, notice},
        toast,
        words::{NewPassword, word_list},
    },
    wallet::{Failure, RecoveryWords, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*};
use qoin_core::api::{account::AccountView, sessions::Role};

/// The page of the own account.
#[component]
pub fn Account() -> AnyView {
    let t = &texts().account;
    let wallet = expect_context::<WalletContext>();
    let me = wallet.me();
    let (address, key) =
        (own(wallet, |account| account.address.to_string()), own(wallet, |account| account.public_key.to_string()));
    let recoverable = move || {
        let recoverable = wallet.account().with(|account| account.as_ref().is_none_or(|account| account.recoverable));
        if recoverable { t.recoverable_yes } else { t.recoverable_no }
    };
    let identity = move || {
        me.get().map(|me| {
            let role = if me.role == Role::Administrator { t.administrator } else { t.member };
            view! {
                <div class="identity">
                    {avatar(&me.name, &me.address)}
                    <div><bdi class="name">{me.name}</bdi><p class="quiet small"><bdi>{me.email}</bdi>" · "{role}</p></div>
                </div>
            }
            .into_any()
        })
    };
    view! {
        <div class="page-head"><h1 tabindex="-1">{t.title}</h1></div>
        <section class="panel padded section">
            {identity}
            <CopyText label=t.address text=address hint=t.address_hint />
            {own_words(wallet)}
            <CopyText label=t.key text=key />
            <div class="field"><span class="label">{t.recoverable}</span><p class="hint">{recoverable}</p></div>
        </section>
        <section class="panel padded section"><h2>{t.secrets}</h2><ShowWords /><ChangePassword /></section>
        <Session />
    }
    .into_any()
}

fn own(wallet: WalletContext, read: fn(&AccountView) -> String) -> Signal<String> {
    Signal::derive(move || wallet.account().with(|account| account.as_ref().map(read).unwrap_or_default()))
}

fn own_words(wallet: WalletContext) -> AnyView {
    let t = &texts().account;
    let words = move || {
        let words = wallet.own_words().unwrap_or_default();
        words.split(' ').map(|word| view! { <li translate="no">{word.to_owned()}</li> }.into_any()).collect_view()
    };
    view! {
        <div class="field">
            <span class="label">{t.words}</span>
            <ol class="fingerprint">{words}</ol>
            <p class="hint">{t.words_hint}</p>
        </div>
    }
    .into_any()
}

/// A line with a name, an explanation and a button.
fn setting(name: &'static str, hint: &'static str, button: AnyView) -> AnyView {
    view! { <div class="setting"><div><h3>{name}</h3><p class="quiet small">{hint}</p></div>{button}</div> }.into_any()
}

#[component]
fn ShowWords() -> AnyView {
    let t = &texts().account;
    let wallet = expect_context::<WalletContext>();
    let open = RwSignal::new(false);
    let shown = RwSignal::new(None::<RecoveryWords>);
    let password = RwSignal::new(String::new());
    let wrong = fault_of(password);
    let task = Task::new();
    // Closing forgets the password and the words.
    Effect::new(move |_| {
        if !open.get() {
            password.set(String::new());
            shown.set(None);
            task.fault.set(None);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        task.start(async move {
            let made = wallet.show_words(password.get_untracked()).await;
            match made {
                Ok(words) => shown.set(Some(words)),
                Err(failure @ Failure::WrongPassword) => wrong.set(Some(describe::failure(&failure))),
                Err(failure) => return Err(describe::failure(&failure)),
            }
            Ok(())
        });
    };
    let content = move || match shown.get() {
        Some(words) => view! {
            {word_list(&words)}
            {notice(Tone::Warning, (), view! { <p>{texts().words.warning}</p> })}
            <Button label=texts().parts.done look="wide" on_press=move |()| open.set(false) />
        }
        .into_any(),
        None => view! {
            <p class="quiet">{t.show_words_password}</p>
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
                <Button label=t.show_words_button look="wide" busy=task.busy />
            </form>
        }
        .into_any(),
    };
    let button =
        view! { <Button label=t.show_words_button look="plain small" on_press=move |()| open.set(true) /> }.into_any();
    view! {
        {setting(t.show_words, t.show_words_hint, button)}
        <Dialog open title=t.show_words held=task.busy>{content}</Dialog>
    }
    .into_any()
}

#[component]
fn ChangePassword() -> AnyView {
    let t = &texts().account;
    let open = RwSignal::new(false);
    let task = Task::new();
    let button =
        view! { <Button label=t.change_button look="plain small" on_press=move |()| open.set(true) /> }.into_any();
    view! {
        {setting(t.change_password, t.change_password_hint, button)}
        <Dialog open title=t.change_button held=task.busy><ChangeForm open task /></Dialog>
    }
    .into_any()
}

#[component]
fn ChangeForm(open: RwSignal<bool>, task: Task) -> AnyView {
    let t = &texts().account;
    let wallet = expect_context::<WalletContext>();
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (current_fault, new_fault) = (fault_of(current), fault_of(new));
    let show = toast();
    task.fault.set(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        current_fault.set(current.with_untracked(String::is_empty).then(|| texts().password.empty.to_owned()));
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
    view! {
        <form class="form" on:submit=submit novalidate>
            <Field label=t.current_password value=current kind="password" autocomplete="current-password" fault=current_fault focus=true />
            <NewPassword label=texts().parts.new_password value=new fault=new_fault />
            {fault(fresh_id(), task.fault.into())}
            <Button label=t.change_button look="wide" busy=task.busy />
        </form>
    }
    .into_any()
}

#[component]
fn Session() -> AnyView {
    let t = &texts().account;
    let wallet = expect_context::<WalletContext>();
    let task = Task::new();
    let sign_out = move |()| {
        task.start(async move { wallet.sign_out().await.map_err(|failure| describe::failure(&failure)) });
    };
    view! {
        <section class="panel padded section">
            <header><h2>{t.session}</h2><p class="quiet small">{t.session_hint}" "{texts().sign_in.idle_hint}</p></header>
            {fault(fresh_id(), task.fault.into())}
            <div class="actions">
                <Button label=texts().sign_in.lock look="plain" on_press=move |()| wallet.lock() />
                <Button label=texts().sign_in.sign_out look="plain" busy=task.busy on_press=sign_out />
            </div>
        </section>
    }
    .into_any()
}
