//! What a page shows when there is nothing, nothing yet, or something to heed; and texts to copy.

use super::{
    button::Button,
    dom::{El, Part, View, classed, div, el, p, span},
    field::fresh_id,
    format::copy_to_clipboard,
    icon::{Icon, icon},
};
use crate::locales::texts;
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;

/// How long a button says that it has copied.
const COPIED_MS: u32 = 2_000;

/// Nothing is there, and why.
pub fn empty(picture: Icon, title: &str, text: &str) -> El {
    div("empty").add(icon(picture)).add(el("h2").add(title)).add(el("p").add(text))
}

/// Rows that are being loaded.
pub fn skeleton_rows(count: usize) -> El {
    let row = |_| {
        let lines = span("row-text").add(span("skeleton")).add(el("br")).add(span("skeleton short"));
        classed("li", "row").add(span("skeleton round")).add(lines).add(span("skeleton figure"))
    };
    classed("ul", "rows")
        .attr("aria-busy", "true")
        .attr("aria-label", texts().parts.loading)
        .add((0..count).map(row).collect::<Vec<_>>())
}

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Worth knowing.
    Quiet,
    /// Take care.
    Warning,
    /// Stop.
    Danger,
}

/// A boxed message with a heading (may be empty).
pub fn notice(tone: Tone, title: &str, content: impl Part) -> El {
    let (class, picture) = match tone {
        Tone::Quiet => ("notice", Icon::Info),
        Tone::Warning => ("notice warning", Icon::Warning),
        Tone::Danger => ("notice danger", Icon::Warning),
    };
    let title = (!title.is_empty()).then(|| el("strong").add(title));
    div(class).add(icon(picture)).add(el("div").add(title).add(content))
}

/// A page's heading with a line of explanation.
pub fn heading(title: &str, lead: &str) -> View {
    el("header").add(el("h1").attr("tabindex", "-1").add(title)).add(p("quiet").add(lead)).view()
}

/// A section's heading with a line of explanation.
pub fn section_heading(title: &str, lead: &str) -> El {
    el("header").add(el("h2").add(title)).add(p("quiet small").add(lead))
}

/// The heading of a page within the frame.
pub fn page_heading(title: &str) -> El {
    div("page-head").add(el("h1").attr("tabindex", "-1").add(title))
}

/// Words in boxes, in order.
pub fn words_in(class: &str, words: impl Iterator<Item = String>) -> El {
    let word = |word: String| el("li").attr("translate", "no").add(word);
    classed("ol", class).add(words.map(word).collect::<Vec<_>>())
}

/// A text in a box of one line with a button that copies it.
pub fn copy_text(label: &str, text: impl Fn() -> String + 'static, hint: &str) -> El {
    let id = fresh_id();
    let copied = RwSignal::new(false);
    let copy_label = move || if copied.get() { texts().parts.copied } else { texts().parts.copy };
    let input = classed("input", "input").attr("id", &id).attr("readonly", "");
    let element: HtmlInputElement = input.cast();
    let shown = element.clone();
    super::dom::react(move || shown.set_value(&text()));
    let copy = move || {
        element.select();
        let text = element.value();
        spawn_local(async move {
            if let Some(promise) = copy_to_clipboard(&text)
                && JsFuture::from(promise).await.is_ok()
            {
                copied.try_set(true);
                TimeoutFuture::new(COPIED_MS).await;
                copied.try_set(false);
            }
        });
    };
    div("field")
        .add(el("label").attr("for", &id).add(label))
        .add(div("copy").add(input).add(Button::new(copy_label, copy).look("plain small").picture(Icon::Copy)))
        .add(p("hint").add(hint))
}
