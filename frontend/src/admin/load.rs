//! What a page loads from the leader: on its way, there, or why not; and anew when it may be out of date.

use super::{panel::Panel, place};
use crate::{
    locales::{describe, texts},
    ui::{
        Button, El, Part, Task, View, div, el,
        field::fault,
        p, react,
        state::{Tone, notice, skeleton_rows},
    },
    wallet::{Failure, pause},
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

    /// Asks again so long after each answer, while the page is in view.
    pub fn poll(self, pause_ms: u32) {
        self.poll_while(pause_ms, || true);
    }

    fn poll_while(self, pause_ms: u32, wanted: impl Fn() -> bool + 'static) {
        spawn_local(async move {
            loop {
                pause::for_ms(pause_ms).await;
                let Some(busy) = self.busy.try_get_untracked() else { return };
                if !busy && wanted() && place::find().is_some() && !document().hidden() {
                    self.again();
                }
            }
        });
    }

    /// What `read` makes of what is there; nothing before.
    pub fn read<R: Default>(self, read: impl FnOnce(&T) -> R) -> R {
        self.state.with(|state| match state {
            Some(Ok(there)) => read(there),
            _ => R::default(),
        })
    }

    /// The same without following it.
    pub fn read_untracked<R: Default>(self, read: impl FnOnce(&T) -> R) -> R {
        untrack(|| self.read(read))
    }

    /// Takes an answer that came otherwise.
    pub fn set(self, there: T) {
        self.state.set(Some(Ok(there)));
    }

    /// Shows it once it is there.
    pub fn quiet_view<P: Part>(self, show: impl Fn(&T) -> P + 'static) -> View {
        (move || self.state.with(|state| state.as_ref()?.as_ref().ok().map(|there| show(there).view()))).view()
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

/// A page of a list.
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What leads to the next one; absent at the end.
    pub next: Option<String>,
}

type PageAnswer<T> = Answer<Page<T>>;
type AskPage<T> = Rc<dyn Fn(Option<String>) -> PageAnswer<T>>;

/// A list that is loaded page by page. Copies are the same.
pub struct Pages<T: Send + Sync + 'static> {
    load: Load<Page<T>>,
    more: Task,
    /// More than the first page is loaded.
    grown: StoredValue<bool>,
    panel: Panel,
    ask: StoredValue<AskPage<T>, LocalStorage>,
}

impl<T: Send + Sync + 'static> Clone for Pages<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Pages<T> {}

impl<T: Send + Sync + 'static> Pages<T> {
    /// Loads the first page, and anew as [`Load::new`] does; `ask` gets what leads to the page that is asked for.
    pub fn new<F: Future<Output = Result<Page<T>, Failure>> + 'static>(
        panel: Panel,
        ask: impl Fn(Option<String>) -> F + 'static,
    ) -> Self {
        let ask: AskPage<T> = Rc::new(move |cursor| Box::pin(ask(cursor)));
        let first = ask.clone();
        let grown = StoredValue::new(false);
        let load = Load::new(panel, move || {
            grown.set_value(false);
            first(None)
        });
        Self { load, more: Task::new(), grown, panel, ask: StoredValue::new_local(ask) }
    }

    /// Loads the list anew.
    pub fn again(self) {
        self.load.again();
    }

    /// Asks again and again while only the first page is shown.
    pub fn poll(self, pause_ms: u32) {
        self.load.poll_while(pause_ms, move || self.grown.try_get_value() == Some(false));
    }

    /// Changes what is loaded.
    pub fn update(self, change: impl FnOnce(&mut Vec<T>)) {
        self.load.update(|page| change(&mut page.items));
    }

    /// Shows what is loaded with a way to the next page.
    pub fn view<P: Part>(self, show: impl Fn(&[T]) -> P + 'static) -> View {
        let next = move || {
            let has_more = self.load.state.with(|state| matches!(state, Some(Ok(Page { next: Some(_), .. }))));
            let button =
                || Button::new(texts().parts.more, move || self.load_more()).look("plain").busy(self.more.busy);
            has_more.then(|| div("more").add(fault(self.more.fault)).add(button()))
        };
        vec![self.load.view(move |page| show(&page.items)), next.view()].view()
    }

    /// Shows what is loaded, and nothing before.
    pub fn quiet_view<P: Part>(self, show: impl Fn(&[T]) -> P + 'static) -> View {
        self.load.quiet_view(move |page| show(&page.items))
    }

    fn load_more(self) {
        let next = self.load.state.with_untracked(|state| state.as_ref()?.as_ref().ok()?.next.clone());
        let Some(cursor) = next else { return };
        let answer = self.ask.with_value(|ask| ask(Some(cursor.clone())));
        self.more.start(async move {
            let page = self.panel.told(answer).await?;
            self.load.update(|held| {
                // Loaded anew meanwhile, the list goes on elsewhere.
                if held.next.as_ref() == Some(&cursor) {
                    self.grown.set_value(true);
                    held.items.extend(page.items);
                    held.next = page.next;
                }
            });
            Ok(())
        });
    }
}
