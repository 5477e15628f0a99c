//! Opening an invitation: name and password, then the recovery words, then the account.

use crate::{
    app::focus_heading,
    frame::guest,
    locales::{describe, fill, texts},
    routes::{Page, Route},
    ui::{
        Button, Field, Icon, Part, Task, View, classed, div, el,
        field::{any_fault, fault, fault_of, form},
        icon, link, p, react,
        state::heading,
        task::in_words,
        toast,
        words::{new_password, note_words},
    },
    wallet::{Prepared, WalletContext},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::{invitations::InvitationOpened, registration::Registration};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// The token of an invitation and that of a recovery, kept in memory only. The app provides it as context.
#[derive(Clone, Copy)]
pub struct Token(RwSignal<Option<String>>, RwSignal<Option<String>>);

impl Token {
    /// Takes the token out of the page's address, if the address is one that carries a token; now, and whenever another link is
    /// opened in the same window.
    pub fn take() -> Self {
        let token = Self(RwSignal::new(None), RwSignal::new(None));
        token.take_from_address();
        let changed = Closure::<dyn Fn()>::new(move || token.take_from_address()).into_js_value();
        // It cannot be refused: the event exists in every browser.
        let _ = window().add_event_listener_with_callback("hashchange", changed.unchecked_ref());
        token
    }

    /// The token of a recovery's link.
    pub fn recovery(self) -> RwSignal<Option<String>> {
        self.1
    }

    /// Takes the fragment out of the address, so that no token stays in the browser's history.
    fn take_from_address(self) {
        let location = window().location();
        let hash = location.hash().unwrap_or_default();
        let token = hash.trim_start_matches('#');
        let page = Page::at(&location.pathname().unwrap_or_default());
        let held = match page {
            Page::Join => self.0,
            Page::Recover => self.1,
            _ => return,
        };
        if token.is_empty() {
            return;
        }
        held.set(Some(token.to_owned()));
        if let Ok(history) = window().history() {
            drop(history.replace_state_with_url(&JsValue::NULL, "", Some(page.path())));
        }
    }
}

/// What the page has to show.
#[derive(Clone, PartialEq)]
enum Stage {
    NoToken,
    /// Everyone can join.
    Register,
    SignedIn(String),
    Opening,
    Invalid(String),
    Open(InvitationOpened),
}

/// The page of an invitation.
pub fn join() -> View {
    let t = &texts().join;
    let wallet = expect_context::<WalletContext>();
    let token = expect_context::<Token>();
    let opened = RwSignal::new(None::<Result<InvitationOpened, String>>);
    react(move || {
        let Some(token) = token.0.get() else { return };
        opened.set(None);
        spawn_local(async move {
            let answer = wallet.open_invitation(token).await;
            opened.try_set(Some(in_words(answer)));
        });
    });
    let wide = RwSignal::new(false);
    // Once the account is being made, this member is signed in by this very invitation.
    let joining = RwSignal::new(false);
    let stage = Memo::new(move |_| match (token.0.with(Option::is_some), wallet.me(), opened.get()) {
        (false, me, _) if wallet.registration() == Registration::Open && (me.is_none() || joining.get()) => {
            Stage::Register
        }
        (false, ..) => Stage::NoToken,
        (true, Some(me), _) if !joining.get() => Stage::SignedIn(me.name),
        (true, _, None) => Stage::Opening,
        (true, _, Some(Err(text))) => Stage::Invalid(text),
        (true, _, Some(Ok(invitation))) => Stage::Open(invitation),
    });
    let content = move || match stage.get() {
        Stage::NoToken => told(t.no_token_title, t.no_token_text),
        Stage::SignedIn(name) => signed_in(wallet, &name),
        Stage::Opening => p("quiet").attr("role", "status").add(t.opening).add("…").view(),
        Stage::Invalid(text) => told(t.invalid_title, &text),
        Stage::Register => accept(wallet, token, None, wide, joining),
        Stage::Open(invitation) => accept(wallet, token, Some(invitation), wide, joining),
    };
    guest(move || wide.get(), div("stack").add(content))
}

/// Something to be told, with a way on.
fn told(title: &str, text: &str) -> View {
    let on = link("button plain wide", Page::Wallet.path()).add(texts().recover.sign_in_instead);
    vec![heading(title, text), on.view()].view()
}

fn signed_in(wallet: WalletContext, name: &str) -> View {
    let t = &texts().join;
    let task = Task::new();
    let sign_out = move || task.start(async move { in_words(wallet.sign_out().await) });
    vec![
        heading(t.signed_in_title, &fill(t.signed_in_text, &[name])),
        fault(task.fault).view(),
        Button::new(t.signed_in_button, sign_out).look("wide").busy(task.busy).view(),
        link("link-button", Page::Wallet.path()).add(icon(Icon::Back)).add(texts().send.to_wallet).view(),
    ]
    .view()
}

fn accept(
    wallet: WalletContext,
    token: Token,
    invitation: Option<InvitationOpened>,
    wide: RwSignal<bool>,
    joining: RwSignal<bool>,
) -> View {
    let t = &texts().join;
    let route = expect_context::<Route>();
    let is_invited = invitation.is_some();
    let (name, email) = invitation.map(|invitation| (invitation.name, invitation.email)).unwrap_or_default();
    let (name, email) = (RwSignal::new(name), RwSignal::new(email));
    let prepared = RwSignal::new(None::<Prepared>);
    let task = Task::new();
    let show = toast();
    let finish = move || {
        let Some(prepared) = prepared.get_untracked() else { return };
        task.start(async move {
            joining.set(true);
            let name = name.get_untracked();
            let result = match token.0.get_untracked() {
                Some(text) => wallet.accept_invitation(text, name, &prepared).await,
                None => wallet.register(email.get_untracked(), name, &prepared).await,
            };
            if result.is_err() {
                joining.set(false);
            }
            in_words(result)?;
            route.go(Page::Wallet);
            token.0.set(None);
            show(t.welcome.into());
            Ok(())
        });
    };
    react(move || {
        let at_words = prepared.with(Option::is_some);
        wide.set(at_words);
        if at_words {
            focus_heading();
        }
    });
    let content = move || {
        let (reached, step) = match prepared.get() {
            None => (1, choose(wallet, name, email, is_invited, prepared)),
            Some(Prepared { words, .. }) => (2, note_words(words, t.create, task, finish)),
        };
        vec![steps(reached), step]
    };
    content.view()
}

/// How far one is.
fn steps(reached: usize) -> View {
    const STEPS: usize = 2;
    let bar = |step| classed("li", if step <= reached { "reached" } else { "" });
    classed("ol", "steps").attr("aria-hidden", "true").add((1..=STEPS).map(bar).collect::<Vec<_>>()).view()
}

fn choose(
    wallet: WalletContext,
    name: RwSignal<String>,
    email: RwSignal<String>,
    is_invited: bool,
    prepared: RwSignal<Option<Prepared>>,
) -> View {
    let t = &texts().join;
    let email_fault = fault_of(email);
    let (password, repeated) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (name_fault, password_fault, repeated_fault) = (fault_of(name), fault_of(password), fault_of(repeated));
    let task = Task::new();
    let submit = move || {
        email_fault.set(email.with_untracked(|email| describe::email_fault(email)));
        name_fault.set(name.with_untracked(|name| describe::name_fault(name)));
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        let differs = password.with_untracked(|password| repeated.with_untracked(|repeated| password != repeated));
        repeated_fault.set(differs.then(|| texts().password.differs.to_owned()));
        if any_fault(&[email_fault, name_fault, password_fault, repeated_fault]) {
            return;
        }
        task.start(async move {
            let made = wallet.prepare_account(password.get_untracked()).await;
            prepared.set(Some(in_words(made)?));
            Ok(())
        });
    };
    let repeat = Field::password(texts().password.repeat, repeated, "new-password").fault(repeated_fault);
    let email_field = Field::email(email).fault(email_fault).hint(t.email_hint);
    let form = form("form", submit)
        .add(if is_invited { email_field.fixed() } else { email_field })
        .add(Field::new(texts().parts.name, name).autocomplete("name").fault(name_fault).hint(t.name_hint))
        .add(new_password(texts().parts.password, password, password_fault))
        .add(repeat)
        .add(fault(task.fault))
        .add(Button::submit(t.button).look("wide").busy(task.busy));
    let title = if is_invited { t.title } else { t.open_title };
    vec![heading(title, t.lead), el("div").add(form).view()].view()
}
