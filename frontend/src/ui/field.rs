//! Fields of forms: a label, an input, a hint and what is wrong with it.

use super::icon::{Icon, icon};
use crate::locales::texts;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::JsCast;

thread_local! {
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// An id that no other element of the page has.
pub fn fresh_id() -> String {
    LAST_ID.set(LAST_ID.get() + 1);
    format!("f{}", LAST_ID.get())
}

/// What is wrong with a field or a form; `None` while nothing is.
pub type Fault = Signal<Option<String>>;

/// Shows what is wrong, announced to screen readers when it appears.
pub fn fault(id: String, fault: Fault) -> AnyView {
    view! {
        <div id=id role="alert">
            {move || {
                fault
                    .get()
                    .map(|text| view! { <p class="fault">{icon(Icon::Warning)}<span>{text}</span></p> }.into_any())
            }}
        </div>
    }
    .into_any()
}

/// A field of one line.
#[component]
pub fn Field(
    /// Its label.
    #[prop(into)]
    label: String,
    /// What is written in it.
    value: RwSignal<String>,
    /// `text`, `email` or `password`; a password can be shown.
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers and password managers fill in, by HTML's names.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What is wrong with it.
    #[prop(optional, into)]
    fault: Fault,
    /// What to write, below the field.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// The unit of an amount: makes the field a large one for amounts.
    #[prop(optional, into)]
    unit: Option<Signal<String>>,
    /// At the end of the label's line, for a counter.
    #[prop(optional, into)]
    counter: Option<Signal<String>>,
    /// Whether it has the focus when it appears.
    #[prop(optional)]
    focus: bool,
    /// Shown but not to be changed.
    #[prop(optional)]
    fixed: bool,
) -> AnyView {
    let id = fresh_id();
    let (hint_id, fault_id) = (format!("{id}h"), format!("{id}f"));
    let described = format!("{fault_id} {hint_id}");
    let shown = RwSignal::new(false);
    let is_password = kind == "password";
    let input = NodeRef::<leptos::html::Input>::new();
    if focus {
        focus_when_there(input);
    }
    let toggle = is_password.then(|| {
        let label = move || if shown.get() { texts().parts.hide_password } else { texts().parts.show_password };
        view! {
            <button class="icon-button inside" type="button" on:click=move |_| shown.update(|shown| *shown = !*shown)>
                {move || icon(if shown.get() { Icon::EyeClosed } else { Icon::Eye })}
                <span class="hidden-visually">{label}</span>
            </button>
        }
        .into_any()
    });
    view! {
        <div class="field">
            <div class="label-row">
                <label for=id.clone()>{label}</label>
                {counter.map(|counter| view! { <span class="hint number" aria-hidden="true">{counter}</span> }.into_any())}
            </div>
            <div class="input-with">
                <input
                    node_ref=input
                    id=id
                    class=if unit.is_some() { "input amount" } else { "input" }
                    type=move || if is_password && shown.get() { "text" } else { kind }
                    name=kind
                    autocomplete=autocomplete
                    autocapitalize=(kind != "text").then_some("none")
                    spellcheck=(kind != "text").then_some("false")
                    inputmode=unit.is_some().then_some("decimal")
                    readonly=fixed
                    aria-invalid=move || fault.with(Option::is_some).then_some("true")
                    aria-describedby=described
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
                {toggle}
                {unit.map(|unit| view! { <span class="unit" aria-hidden="true">{unit}</span> }.into_any())}
            </div>
            {super::field::fault(fault_id, fault)}
            <p id=hint_id class="hint" hidden=move || hint.with(Option::is_none)>{hint}</p>
        </div>
    }
    .into_any()
}

/// Puts the focus on an input as soon as it is on the page.
pub fn focus_when_there(input: NodeRef<leptos::html::Input>) {
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            request_animation_frame(move || drop(input.focus()));
        }
    });
}

/// Puts the focus on the first field that has a fault, once the faults are on the page.
pub fn focus_first_fault() {
    request_animation_frame(|| {
        if let Ok(Some(field)) = document().query_selector("[aria-invalid=true]")
            && let Ok(field) = field.dyn_into::<web_sys::HtmlElement>()
        {
            drop(field.focus());
        }
    });
}

/// Whether any of these faults is there; the first field with one gets the focus.
pub fn any_fault(faults: &[RwSignal<Option<String>>]) -> bool {
    let any = faults.iter().any(|fault| fault.with_untracked(Option::is_some));
    if any {
        focus_first_fault();
    }
    any
}

/// A fault that goes away as soon as `value` is changed.
pub fn fault_of<T: Send + Sync + 'static>(value: RwSignal<T>) -> RwSignal<Option<String>> {
    let fault = RwSignal::new(None);
    Effect::new(move |before: Option<()>| {
        value.track();
        if before.is_some() {
            fault.set(None);
        }
    });
    fault
}
