//! Fields of forms: a label, an input, a hint and what is wrong with it.

use super::{
    dom::{El, Part, View, classed, div, el, p, react, span},
    icon::{Icon, icon},
};
use crate::locales::texts;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

thread_local! {
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// An id that no other element of the page has.
pub fn fresh_id() -> String {
    LAST_ID.set(LAST_ID.get() + 1);
    ["f", &LAST_ID.get().to_string()].concat()
}

/// What is wrong with a field or a form; `None` while nothing is.
pub type Fault = RwSignal<Option<String>>;

/// Shows what is wrong, announced to screen readers when it appears.
pub fn fault(fault: Fault) -> El {
    let shown = move || fault.get().map(|text| p("fault").add(icon(Icon::Warning)).add(el("span").add(text)));
    el("div").attr("role", "alert").add(shown)
}

/// A field of one line, under construction.
pub struct Field {
    label: String,
    value: RwSignal<String>,
    kind: &'static str,
    autocomplete: &'static str,
    fault: Option<Fault>,
    hint: View,
    unit: View,
    counter: View,
    is_amount: bool,
    focus: bool,
    fixed: bool,
}

impl Field {
    /// A field for a text. What is written in it is in `value`.
    pub fn new(label: impl Into<String>, value: RwSignal<String>) -> Self {
        Self {
            label: label.into(),
            value,
            kind: "text",
            autocomplete: "off",
            fault: None,
            hint: View::Nothing,
            unit: View::Nothing,
            counter: View::Nothing,
            is_amount: false,
            focus: false,
            fixed: false,
        }
    }

    /// A field for an e-mail address.
    pub fn email(value: RwSignal<String>) -> Self {
        Self { kind: "email", autocomplete: "username", ..Self::new(texts().parts.email, value) }
    }

    /// A field for a password, which can be shown. `autocomplete` tells password managers which one it is.
    pub fn password(label: impl Into<String>, value: RwSignal<String>, autocomplete: &'static str) -> Self {
        Self { kind: "password", autocomplete, ..Self::new(label, value) }
    }

    /// A large field for an amount, with the currency's symbol in it.
    pub fn amount(value: RwSignal<String>) -> Self {
        let unit = (|| super::money::form().symbol).view();
        Self { is_amount: true, unit, ..Self::new(texts().send.amount, value) }
    }

    /// What browsers fill in, by HTML's names.
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// What is wrong with it.
    pub fn fault(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// What to write, below the field.
    pub fn hint(self, hint: impl Part) -> Self {
        Self { hint: hint.view(), ..self }
    }

    /// At the end of the label's line.
    pub fn counter(self, counter: impl Part) -> Self {
        Self { counter: counter.view(), ..self }
    }

    /// It has the focus when it appears.
    pub fn focus(self) -> Self {
        Self { focus: true, ..self }
    }

    /// It is shown but not to be changed.
    pub fn fixed(self) -> Self {
        Self { fixed: true, ..self }
    }

    fn input(&self, id: &str, described: &str) -> El {
        let input = el("input").attr("id", id).attr("name", self.kind).attr("type", self.kind);
        let input = input.attr("class", if self.is_amount { "input amount" } else { "input" });
        let mut input = input.attr("autocomplete", self.autocomplete).attr("aria-describedby", described);
        if self.kind != "text" {
            input = input.attr("autocapitalize", "none").attr("spellcheck", "false");
        }
        if self.is_amount {
            input = input.attr("inputmode", "decimal");
        }
        if self.fixed {
            input = input.attr("readonly", "");
        }
        if self.focus {
            input = input.focus_soon();
        }
        invalid_while(bind(input, self.value), self.fault)
    }
}

impl Part for Field {
    fn view(self) -> View {
        let (id, fault_id, hint_id) = (fresh_id(), fresh_id(), fresh_id());
        let input = self.input(&id, &[&fault_id, " ", &hint_id].concat());
        let toggle = (self.kind == "password").then(|| password_toggle(&input));
        let label = el("label").attr("for", &id).add(self.label);
        let counter = match self.counter {
            View::Nothing => None,
            counter => Some(span("hint number").attr("aria-hidden", "true").add(counter)),
        };
        let unit = self.is_amount.then(|| span("unit").attr("aria-hidden", "true").add(self.unit));
        div("field")
            .add(div("label-row").add(label).add(counter))
            .add(div("input-with").add(input).add(toggle).add(unit))
            .add(self.fault.map(|wrong| fault(wrong).attr("id", &fault_id)))
            .add(p("hint").attr("id", &hint_id).add(self.hint))
            .view()
    }
}

/// A field of several lines.
pub fn long_field(label: &str, value: RwSignal<String>, wrong: Fault, hint: &str) -> El {
    let (id, fault_id, hint_id) = (fresh_id(), fresh_id(), fresh_id());
    let input = classed("textarea", "input").attr("id", &id).attr("rows", "4").attr("autocomplete", "off");
    let input = input.attr("autocapitalize", "none").attr("spellcheck", "false");
    let input = input.attr("aria-describedby", &[&fault_id, " ", &hint_id].concat());
    div("field")
        .add(el("label").attr("for", &id).add(label))
        .add(invalid_while(bind(input, value), Some(wrong)))
        .add(fault(wrong).attr("id", &fault_id))
        .add(p("hint").attr("id", &hint_id).add(hint))
}

/// Marks an input while something is wrong with it.
pub fn invalid_while(input: El, fault: Option<Fault>) -> El {
    match fault {
        Some(fault) => input.attr_live("aria-invalid", move || fault.with(Option::is_some).then_some("true")),
        None => input,
    }
}

/// Keeps an input and `value` the same.
pub fn bind(input: El, value: RwSignal<String>) -> El {
    let element: HtmlElement = input.cast();
    react(move || value.with(|value| write(&element, value)));
    input.on("input", move |event| value.set(written(&event)))
}

fn write(element: &HtmlElement, value: &str) {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        // Writing the same text would move the cursor to its end.
        if input.value() != value {
            input.set_value(value);
        }
    } else if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>()
        && area.value() != value
    {
        area.set_value(value);
    }
}

fn written(event: &Event) -> String {
    let Some(target) = event.target() else { return String::new() };
    match target.dyn_into::<HtmlInputElement>() {
        Ok(input) => input.value(),
        Err(target) => target.unchecked_into::<HtmlTextAreaElement>().value(),
    }
}

/// The button that shows and hides a password.
fn password_toggle(input: &El) -> El {
    let shown = RwSignal::new(false);
    let input: HtmlInputElement = input.cast();
    react(move || input.set_type(if shown.get() { "text" } else { "password" }));
    let label = move || if shown.get() { texts().parts.hide_password } else { texts().parts.show_password };
    classed("button", "icon-button inside")
        .attr("type", "button")
        .add(move || icon(if shown.get() { Icon::EyeClosed } else { Icon::Eye }))
        .add(span("hidden-visually").add(label))
        .on_click(move || shown.update(|shown| *shown = !*shown))
}

/// A form that calls `submit`.
pub fn form(class: &str, submit: impl Fn() + 'static) -> El {
    classed("form", class).attr("novalidate", "").on("submit", move |event| {
        event.prevent_default();
        submit();
    })
}

/// Whether any of these faults is there; the first field with one gets the focus.
pub fn any_fault(faults: &[Fault]) -> bool {
    let any = faults.iter().any(|fault| fault.with_untracked(Option::is_some));
    if any {
        focus_first_fault();
    }
    any
}

/// Puts the focus on the first field that has a fault, once the faults are on the page.
pub fn focus_first_fault() {
    request_animation_frame(|| {
        if let Ok(Some(field)) = document().query_selector("[aria-invalid=true]")
            && let Ok(field) = field.dyn_into::<HtmlElement>()
        {
            drop(field.focus());
        }
    });
}

/// A fault that goes away as soon as `value` is changed.
pub fn fault_of<T: Send + Sync + 'static>(value: RwSignal<T>) -> Fault {
    let fault = RwSignal::new(None);
    let begun = Cell::new(false);
    react(move || {
        value.track();
        if begun.replace(true) {
            fault.set(None);
        }
    });
    fault
}
