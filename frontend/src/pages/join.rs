//! Opening an invitation: name and password, then the recovery words, then the account.

use crate::{
    frame::guest,
    locales::{describe, fill, texts},
    routes::Page,
    ui::{
        Button, Field, Icon, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        icon, toast,
        words::{NewPassword, NoteWords},
    },
    wallet::{Prepared, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::{use_location, use_navigate};
use qoin_core::api::invitations::InvitationOpened;
use wasm_bindgen::JsValue;

/// The invitation's token, kept in memory only. The app provides it as context.
#[derive(Clone, Copy)]
pub struct Token(RwSignal<Option<String>>);

impl Token {
    /// Takes the token out of the page's address, if the address is an invitation's.
    pub fn take() -> Self {
        let token = Self(RwSignal::new(None));
        let location = window().location();
        if Page::at(&location.pathname().unwrap_or_default()) == Page::Join {
            token.take_from(&location.hash().unwrap_or_default());
        }
        token
    }

    /// Takes the token out of this fragment, and the fragment out of the address: no token stays in the history.
    fn take_from(self, hash: &str) {
        let fragment = hash.trim_start_matches('#');
        if !fragment.is_empty() {
            self.0.set(Some(fragment.to_owned()));
            if let Ok(history) = window().history() {
                drop(history.replace_state_with_url(&JsValue::NULL, "", Some(Page::Join.path())));
            }
        }
    }
}

/// What the page has to show.
#[derive(Clone, PartialEq)]
enum Stage {
    NoToken,
    SignedIn(String),
    Opening,
    Invalid(String),
    Open(InvitationOpened),
}

/// The page of an invitation.
#[component]
pub fn Join() -> AnyView {
    let t = &texts().join;
    let wallet = expect_context::<WalletContext>();
    let token = expect_context::<Token>();
    let hash = use_location().hash;
    // Another link opened in the same window changes only the fragment.
    Effect::new(move |_| token.take_from(&hash.get()));
    let opened = RwSignal::new(None::<Result<InvitationOpened, String>>);
    Effect::new(move |_| {
        let Some(token) = token.0.get() else { return };
        opened.set(None);
        leptos::task::spawn_local(async move {
            let answer = wallet.open_invitation(token).await;
            opened.try_set(Some(answer.map_err(|failure| describe::failure(&failure))));
        });
    });
    let me = wallet.me();
    let wide = RwSignal::new(false);
    // Once the account is being made, this member is signed in by this very invitation.
    let joining = RwSignal::new(false);
    let stage = Memo::new(move |_| match (token.0.with(Option::is_some), me.get(), opened.get()) {
        (false, ..) => Stage::NoToken,
        (true, Some(me), _) if !joining.get() => Stage::SignedIn(me.name),
        (true, _, None) => Stage::Opening,
        (true, _, Some(Err(text))) => Stage::Invalid(text),
        (true, _, Some(Ok(invitation))) => Stage::Open(invitation),
    });
    let content = move || match stage.get() {
        Stage::NoToken => told(t.no_token_title, t.no_token_text.into()),
        Stage::SignedIn(name) => signed_in(wallet, &name),
        Stage::Opening => view! { <p class="quiet" role="status">{t.opening}"…"</p> }.into_any(),
        Stage::Invalid(text) => told(t.invalid_title, text),
        Stage::Open(invitation) => view! { <Accept token invitation wide joining /> }.into_any(),
    };
    guest(wide, view! { <div class="stack">{content}</div> })
}

/// Something to be told, with a way on.
fn told(title: &'static str, text: String) -> AnyView {
    view! {
        <header><h1 tabindex="-1">{title}</h1><p class="quiet">{text}</p></header>
        <a class="button plain wide" href="/">{texts().recover.sign_in_instead}</a>
    }
    .into_any()
}

fn signed_in(wallet: WalletContext, name: &str) -> AnyView {
    let t = &texts().join;
    let task = Task::new();
    let sign_out = move |()| {
        task.start(async move { wallet.sign_out().await.map_err(|failure| describe::failure(&failure)) });
    };
    view! {
        <header><h1 tabindex="-1">{t.signed_in_title}</h1><p class="quiet">{fill(t.signed_in_text, &[name])}</p></header>
        {fault(fresh_id(), task.fault.into())}
        <Button label=t.signed_in_button look="wide" busy=task.busy on_press=sign_out />
        <a class="link-button" href="/">{icon(Icon::Back)}{texts().send.to_wallet}</a>
    }
    .into_any()
}

#[component]
fn Accept(token: Token, invitation: InvitationOpened, wide: RwSignal<bool>, joining: RwSignal<bool>) -> AnyView {
    let t = &texts().join;
    let wallet = expect_context::<WalletContext>();
    let name = RwSignal::new(invitation.name);
    let prepared = RwSignal::new(None::<Prepared>);
    let email = invitation.email;
    let task = Task::new();
    let show = toast();
    let navigate = use_navigate();
    let accept = Callback::new(move |()| {
        let (Some(token_text), Some(prepared)) = (token.0.get_untracked(), prepared.get_untracked()) else { return };
        let navigate = navigate.clone();
        task.start(async move {
            joining.set(true);
            let result = wallet.accept_invitation(token_text, name.get_untracked(), &prepared).await;
            if let Err(failure) = result {
                joining.set(false);
                return Err(describe::failure(&failure));
            }
            navigate("/", Default::default());
            token.0.set(None);
            show(t.welcome.into());
            Ok(())
        });
    });
    Effect::new(move |_| {
        let at_words = prepared.with(Option::is_some);
        wide.set(at_words);
        if at_words {
            crate::app::focus_heading();
        }
    });
    let steps = move || steps(if prepared.with(Option::is_some) { 2 } else { 1 });
    let content = move || match prepared.get() {
        None => view! { <Choose name email=email.clone() prepared /> }.into_any(),
        Some(Prepared { words, .. }) => {
            view! { <NoteWords words finish=t.create busy=task.busy fault=task.fault on_checked=accept /> }.into_any()
        }
    };
    view! { {steps}{content} }.into_any()
}

/// How far one is.
fn steps(reached: usize) -> AnyView {
    const STEPS: usize = 2;
    let bars: Vec<_> = (1..=STEPS).map(|step| view! { <li class:reached={step <= reached}></li> }).collect();
    view! {
        <div aria-hidden="true"><ol class="steps">{bars}</ol></div>
    }
    .into_any()
}

#[component]
fn Choose(name: RwSignal<String>, email: String, prepared: RwSignal<Option<Prepared>>) -> AnyView {
    let t = &texts().join;
    let wallet = expect_context::<WalletContext>();
    let (password, repeated) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (name_fault, password_fault, repeated_fault) = (fault_of(name), fault_of(password), fault_of(repeated));
    let task = Task::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        name_fault.set(name.with_untracked(|name| describe::name_fault(name)));
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        let differs = password.with_untracked(|password| repeated.with_untracked(|repeated| password != repeated));
        repeated_fault.set(differs.then(|| texts().password.differs.to_owned()));
        if any_fault(&[name_fault, password_fault, repeated_fault]) {
            return;
        }
        task.start(async move {
            let made = wallet.prepare_account(password.get_untracked()).await;
            prepared.set(Some(made.map_err(|failure| describe::failure(&failure))?));
            Ok(())
        });
    };
    view! {
        <header><h1 tabindex="-1">{t.title}</h1><p class="quiet">{t.lead}</p></header>
        <form class="form" on:submit=submit novalidate>
            <Field
                label=texts().parts.email
                value=RwSignal::new(email)
                kind="email"
                autocomplete="username"
                fixed=true
                hint=Some(t.email_hint.to_owned())
            />
            <Field label=texts().parts.name value=name autocomplete="name" fault=name_fault hint=Some(t.name_hint.to_owned()) />
            <NewPassword label=texts().parts.password value=password fault=password_fault />
            <Field
                label=texts().password.repeat
                value=repeated
                kind="password"
                autocomplete="new-password"
                fault=repeated_fault
            />
            {fault(fresh_id(), task.fault.into())}
            <Button label=t.button look="wide" busy=task.busy />
        </form>
    }
    .into_any()
}
