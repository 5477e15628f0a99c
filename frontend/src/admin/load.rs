//! What a page loads from the leader: on its way, there, or why not; and anew when it may be out of date.

use super::panel::Panel;
use crate::{
    locales::describe,
    locales::texts,
    ui::{
        Button, El, Part, View, div, el, p, react,
        state::{Tone, notice, skeleton_rows},
    },
    wallet::Failure,
};
use leptos::{prelude::*, task::spawn_local};
use std::{future::Future, pin::Pin, rc::Rc};

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

/// Something that is loaded. Copies are the same.
pub struct Load<T: Send + Sync + 'static> {
    state: RwSignal<Option<Result<T, String>>>,
    /// Something newer is on its way than what is shown.
    pub busy: RwSignal<bool>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Send + Sync + 'static> Load<T> {
    /// Loads what `ask` answers, and again whenever a signal that it reads changes or the panel says so. An answer that
    /// a newer question has overtaken is dropped; one that fails leaves what is shown if the failure may pass.
    pub fn new<F: Future<Output = Result<T, Failure>> + 'static>(panel: Panel, ask: impl Fn() -> F + 'static) -> Self {
        let load = Self { state: RwSignal::new(None), busy: RwSignal::new(false), again: RwSignal::new(0) };
        load.follow(panel, Rc::new(move || Box::pin(ask())));
        load
    }

    fn follow(self, panel: Panel, ask: Rc<dyn Fn() -> Answer<T>>) {
        let asked = StoredValue::new(0_u32);
        react(move || {
            panel.turn();
            self.again.track();
            let question = asked.get_value() + 1;
            asked.set_value(question);
            self.busy.set(true);
            let answer = ask();
            spawn_local(async move {
                let answer = panel.ask(answer).await;
                if asked.try_get_value() != Some(question) {
                    return;
                }
                self.busy.set(false);
                let keeps = matches!(&answer, Err(failure) if failure.is_passing())
                    && self.state.with_untracked(|state| matches!(state, Some(Ok(_))));
                if !keeps {
                    self.state.set(Some(answer.map_err(|failure| describe::failure(&failure))));
                }
            });
        });
    }

    /// Loads it anew.
    pub fn again(self) {
        self.again.update(|again| *again += 1);
    }

    /// Changes what is there.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.state.update(|state| {
            if let Some(Ok(there)) = state {
                change(there);
            }
        });
    }

    /// Shows it: rows that wait, why it failed, or what `show` makes of it.
    pub fn view<P: Part>(self, show: impl Fn(&T) -> P + 'static) -> View {
        (move || {
            self.state.with(|state| match state {
                None => skeleton_rows(4).view(),
                Some(Err(text)) => self.failure(text).view(),
                Some(Ok(there)) => show(there).view(),
            })
        })
        .view()
    }

    fn failure(self, text: &str) -> El {
        let again = Button::new(texts().parts.try_again, move || self.again()).look("plain small").busy(self.busy);
        let told = notice(Tone::Warning, "", el("p").add(text));
        div("section-fault").attr("role", "alert").add(told).add(div("actions").add(again))
    }
}

/// Says that there is nothing, in a line.
pub fn nothing(text: &str) -> El {
    p("panel-note quiet").add(text)
}
