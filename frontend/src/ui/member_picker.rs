//! Finds a member by name or e-mail address: an input with a list of matches (the combobox of the ARIA practices).

use super::{
    button::Button,
    dom::{El, Part, View, classed, div, el, p, span},
    field::{Fault, bind, fault, fresh_id, invalid_while},
    icon::{Icon, icon},
    person::{avatar, person, two_lines},
};
use crate::{
    locales::{describe, fill, texts},
    wallet::Failure,
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::members::MemberView;
use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

/// How long typing must rest before the leader is asked.
const REST_MS: u32 = 150;

type Answer = Pin<Box<dyn Future<Output = Result<Vec<MemberView>, Failure>>>>;

/// Who knows the members. The program provides it as context.
#[derive(Clone, Copy)]
pub struct Directory(StoredValue<Rc<dyn Fn(String) -> Answer>, LocalStorage>);

impl Directory {
    /// One that finds members by what `ask` answers.
    pub fn new<F: Future<Output = Result<Vec<MemberView>, Failure>> + 'static>(
        ask: impl Fn(String) -> F + 'static,
    ) -> Self {
        Self(StoredValue::new_local(Rc::new(move |query| Box::pin(ask(query)))))
    }

    fn find(self, query: &str) -> Answer {
        self.0.with_value(|ask| ask(query.trim().to_owned()))
    }
}

/// What is found for what is typed.
enum Found {
    Searching,
    Members(Vec<MemberView>),
    Failed(String),
}

/// A field for a member: typed and picked from a list, then shown with a button to change it.
pub fn member_picker(label: &'static str, chosen: RwSignal<Option<MemberView>>, wrong: Fault) -> El {
    let fault_id = fresh_id();
    let alert = fault(wrong).attr("id", &fault_id);
    // After a change by hand the focus goes to the field that replaces the pressed button.
    let changed = Cell::new(false);
    let content = move || match chosen.get() {
        Some(member) => {
            changed.set(true);
            picked(label, &member, chosen)
        }
        None => Search::new(chosen).view(label, wrong, &fault_id, changed.replace(false)),
    };
    div("field").add(content).add(alert)
}

fn picked(label: &str, member: &MemberView, chosen: RwSignal<Option<MemberView>>) -> View {
    let change = Button::new(texts().send.change, move || chosen.set(None)).look("plain small");
    let member = person("chosen", &member.name, &member.email, &member.address);
    vec![span("label").add(label), member.add(change)].view()
}

/// A search under way. Copies are the same search.
#[derive(Clone, Copy)]
struct Search {
    query: RwSignal<String>,
    open: RwSignal<bool>,
    active: RwSignal<usize>,
    found: RwSignal<Found>,
    chosen: RwSignal<Option<MemberView>>,
}

impl Search {
    fn new(chosen: RwSignal<Option<MemberView>>) -> Self {
        Self {
            query: RwSignal::new(String::new()),
            open: RwSignal::new(false),
            active: RwSignal::new(0),
            found: RwSignal::new(Found::Searching),
            chosen,
        }
    }

    fn view(self, label: &str, wrong: Fault, fault_id: &str, focus: bool) -> View {
        let Self { query, open, active, .. } = self;
        let (id, list_id) = (fresh_id(), fresh_id());
        let active_list = list_id.clone();
        let active_id = move || (open.get() && self.count() > 0).then(|| option_id(&active_list, active.get()));
        let input = classed("input", "input").attr("id", &id).attr("type", "text").attr("role", "combobox");
        let input = input.attr("autocomplete", "off").attr("autocapitalize", "none").attr("spellcheck", "false");
        let input = input.attr("placeholder", texts().send.to_placeholder).attr("aria-describedby", fault_id);
        let input = input.attr("aria-autocomplete", "list").attr("aria-controls", &list_id);
        let input = bind(invalid_while(input, Some(wrong)), query)
            .attr_live("aria-expanded", move || Some(if open.get() { "true" } else { "false" }))
            .attr_text("aria-activedescendant", active_id)
            .on("input", move |_| open.set(true))
            .on_click(move || open.set(true))
            .on("blur", move |_| open.set(false))
            .on("keydown", move |event| self.on_key(event.unchecked_ref()));
        let input = if focus { input.focus_soon() } else { input };
        self.search_as_typed();
        let told = move || {
            let count = self.count();
            (open.get() && count > 0).then(|| fill(texts().send.found, &[&count.to_string()]))
        };
        let with_lens = div("input-with").add(span("lead").add(icon(Icon::Search))).add(input);
        let list = move || open.get().then(|| self.list(&list_id));
        vec![
            el("label").attr("for", &id).add(label),
            div("picker").add(with_lens).add(list),
            p("hidden-visually").attr("role", "status").add(told),
        ]
        .view()
    }

    fn count(self) -> usize {
        self.found.with(|found| if let Found::Members(members) = found { members.len() } else { 0 })
    }

    fn choose(self, index: usize) {
        let member = self.found.with_untracked(|found| match found {
            Found::Members(members) => members.get(index).cloned(),
            _ => None,
        });
        if member.is_some() {
            self.open.set(false);
            self.chosen.set(member);
        }
    }

    fn on_key(self, event: &KeyboardEvent) {
        let is_open = self.open.get_untracked();
        let count = untrack(|| self.count());
        let last = count.saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" if !is_open => self.open.set(true),
            "ArrowDown" => self.active.update(|active| *active = if *active >= last { 0 } else { *active + 1 }),
            "ArrowUp" => self.active.update(|active| *active = active.checked_sub(1).unwrap_or(last)),
            "Enter" if is_open && count > 0 => self.choose(self.active.get_untracked()),
            "Escape" if is_open => self.open.set(false),
            _ => return,
        }
        event.prevent_default();
    }

    /// Asks the leader once typing rests; answers to what is no longer typed are dropped.
    fn search_as_typed(self) {
        let directory = expect_context::<Directory>();
        let asked_before = RefCell::new(None::<String>);
        super::dom::react(move || {
            let typed = self.query.get();
            let failed = self.found.with_untracked(|found| matches!(found, Found::Failed(_)));
            let asked = asked_before.borrow().as_ref() == Some(&typed) && !failed;
            if !self.open.get() || asked {
                return;
            }
            asked_before.replace(Some(typed.clone()));
            spawn_local(self.ask(directory, typed));
        });
    }

    async fn ask(self, directory: Directory, typed: String) {
        TimeoutFuture::new(REST_MS).await;
        let is_current = || self.query.try_with_untracked(|now| *now == typed) == Some(true);
        if !is_current() {
            return;
        }
        let answer = match directory.find(&typed).await {
            Ok(members) => Found::Members(members),
            Err(failure) => Found::Failed(describe::failure(&failure)),
        };
        if is_current() {
            self.active.try_set(0);
            self.found.try_set(answer);
        }
    }

    /// What is found, below the field. It keeps its id in all states, since the field says that it controls it.
    fn list(self, list_id: &str) -> El {
        let t = &texts().send;
        let list_id = list_id.to_owned();
        let list = div("options").attr("id", &list_id).attr("role", "listbox").attr("aria-label", t.to);
        let note = |text: &str| vec![p("option-note").add(text)];
        list.add(move || {
            self.found.with(|found| match found {
                Found::Searching => note(t.searching),
                Found::Failed(text) => note(text),
                Found::Members(members) if members.is_empty() => note(t.nobody),
                Found::Members(members) => {
                    members.iter().enumerate().map(|(index, member)| self.option(&list_id, index, member)).collect()
                }
            })
        })
    }

    fn option(self, list_id: &str, index: usize, member: &MemberView) -> El {
        let active = self.active;
        div("option")
            .attr("id", &option_id(list_id, index))
            .attr("role", "option")
            .attr_live("aria-selected", move || Some(if active.get() == index { "true" } else { "false" }))
            // The press must not take the focus from the input, or the list would close before the click.
            .on("mousedown", |event| event.prevent_default())
            .on_click(move || self.choose(index))
            .add(avatar(&member.name, &member.address))
            .add(two_lines(&member.name, &member.email))
    }
}

fn option_id(list_id: &str, index: usize) -> String {
    [list_id, "-", &index.to_string()].concat()
}
