//! What all pages of the panel stand on: who is signed in, where the browser is, and asking the leader.

use super::{place, section::Section};
use crate::{
    api,
    locales::describe,
    ui::{
        Part, View,
        money::{Form, write_amounts},
    },
    wallet::{Failure, pause},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::{capabilities::Capability, currency::CurrencyView, problem::ProblemCode, sessions::Me};
use std::future::Future;

/// The panel. Copies are the same panel. It is provided as context.
#[derive(Clone, Copy)]
pub struct Panel {
    me: RwSignal<Option<Me>>,
    currency: RwSignal<Option<CurrencyView>>,
    /// How far the leader's clock is ahead of this one, in milliseconds.
    ahead_ms: RwSignal<i64>,
    path: RwSignal<String>,
    /// Rises when what is shown may be out of date.
    turn: RwSignal<u32>,
    /// Why the panel cannot begin.
    failed: RwSignal<Option<String>>,
}

impl Panel {
    /// Begins where the browser is.
    pub fn new() -> Self {
        let panel = Self {
            me: RwSignal::new(None),
            currency: RwSignal::new(None),
            ahead_ms: RwSignal::new(0),
            path: RwSignal::new(here()),
            turn: RwSignal::new(0),
            failed: RwSignal::new(None),
        };
        write_amounts(move || panel.currency.try_with(|currency| currency.as_ref().map(Form::of)).flatten());
        panel.begin();
        panel
    }

    /// Asks who is signed in and what the currency is, until it is known.
    fn begin(self) {
        spawn_local(async move {
            let mut attempt = 0;
            while let Err(failure) = self.find_out().await {
                if self.failed.try_set(Some(describe::failure(&failure))).is_some() || !failure.is_passing() {
                    return;
                }
                pause::before_try(attempt).await;
                attempt += 1;
            }
        });
    }

    async fn find_out(self) -> Result<(), Failure> {
        let asked_ms = js_sys::Date::now();
        let currency = api::currency().await?;
        let halfway_ms = (asked_ms + js_sys::Date::now()) / 2.0;
        let me = self.heed(api::current_session().await)?.member;
        self.ahead_ms.try_set(currency.leader_time_ms as i64 - halfway_ms as i64);
        self.currency.try_set(Some(currency));
        self.me.try_set(Some(me));
        Ok(())
    }

    /// The browser has gone somewhere, or come back: what is shown may be out of date, and the rights as well.
    pub fn look(self) {
        let path = here();
        if self.path.with_untracked(|before| *before != path) {
            self.path.set(path);
        }
        self.renew();
        spawn_local(async move { drop(self.find_out().await) });
    }

    /// Has what is shown loaded anew.
    pub fn renew(self) {
        self.turn.try_update(|turn| *turn += 1);
    }

    /// Whatever reads this runs again when what it has loaded may be out of date.
    pub fn turn(self) -> u32 {
        self.turn.get()
    }

    /// The signed-in member, once known.
    pub fn me(self) -> Option<Me> {
        self.me.get()
    }

    /// Whether the signed-in member may do this.
    pub fn may(self, right: Capability) -> bool {
        self.me.with(|me| me.as_ref().is_some_and(|me| me.role.may(right)))
    }

    /// The same at this moment.
    pub fn may_now(self, right: Capability) -> bool {
        untrack(|| self.may(right))
    }

    /// Shows something while the signed-in member may do this.
    pub fn when<P: Part>(self, right: Capability, show: impl Fn() -> P + 'static) -> View {
        let may = Memo::new(move |_| self.may(right));
        (move || may.get().then(&show)).view()
    }

    /// Why the panel has not begun.
    pub fn failed(self) -> Option<String> {
        self.failed.get()
    }

    /// The section at the browser's address, and what stands behind its name.
    pub fn at(self) -> (Option<Section>, String) {
        self.path.with(|path| Section::at(path))
    }

    /// The leader's time, which payment ids carry, in milliseconds since 1970.
    pub fn leader_now_ms(self) -> u64 {
        (js_sys::Date::now() as i64 + self.ahead_ms.get_untracked()).max(0) as u64
    }

    /// Asks the leader for something.
    pub async fn ask<T>(self, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let answer = answer.await;
        self.heed(answer)
    }

    /// Asks; a failure in words.
    pub async fn told<T>(self, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, String> {
        self.ask(answer).await.map_err(|failure| describe::failure(&failure))
    }

    /// Passes an answer on. After a refusal the wallet looks whether the session still stands.
    fn heed<T>(self, answer: Result<T, Failure>) -> Result<T, Failure> {
        match answer.as_ref().err().and_then(Failure::code) {
            Some(ProblemCode::SessionExpired) => place::tell(place::DOUBTED),
            Some(ProblemCode::Forbidden) => {
                place::tell(place::DOUBTED);
                spawn_local(async move {
                    if let Ok(session) = api::current_session().await {
                        self.me.try_set(Some(session.member));
                    }
                });
            }
            _ => {}
        }
        answer
    }
}

/// Whether the browser is at one of the panel's addresses.
pub fn is_here() -> bool {
    let path = here();
    path == "/admin" || path.starts_with("/admin/")
}

fn here() -> String {
    window().location().pathname().unwrap_or_default()
}
