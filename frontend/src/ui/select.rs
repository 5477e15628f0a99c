//! A choice of one out of a few.

use super::{
    dom::{El, classed, div, el, react},
    field::fresh_id,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;

/// A field that chooses: each choice with its name.
pub fn select(label: &str, choices: Vec<(String, String)>, chosen: RwSignal<String>) -> El {
    let id = fresh_id();
    let option = |(value, name): (String, String)| el("option").attr("value", &value).add(name);
    let input = classed("select", "input").attr("id", &id).add(choices.into_iter().map(option).collect::<Vec<_>>());
    let element: HtmlSelectElement = input.cast();
    react(move || element.set_value(&chosen.get()));
    let input = input.on("change", move |event| {
        if let Some(select) = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok()) {
            chosen.set(select.value());
        }
    });
    div("field").add(el("label").attr("for", &id).add(label)).add(input)
}
