//! The dialog: the browser's own, so that focus, Escape and the page behind it are taken care of.

use super::{
    button::icon_button,
    dom::{El, Part, View, classed, div, el},
    field::fresh_id,
    icon::Icon,
};
use crate::locales::texts;
use leptos::prelude::*;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

/// A modal dialog. It is on the page only while `open`; Escape, the cross and a press beside it close it, except while
/// `held`, because something is under way.
pub fn dialog(
    open: RwSignal<bool>,
    title: &'static str,
    held: Option<RwSignal<bool>>,
    content: impl Fn() -> View + 'static,
) -> View {
    let content: Rc<dyn Fn() -> View> = Rc::new(content);
    (move || open.get().then(|| opened(open, title, held, &content))).view()
}

fn opened(open: RwSignal<bool>, title: &str, held: Option<RwSignal<bool>>, content: &Rc<dyn Fn() -> View>) -> El {
    let close = move || {
        if !held.is_some_and(|held| held.get_untracked()) {
            open.set(false);
        }
    };
    let title_id = fresh_id();
    let head = div("dialog-head").add(el("h2").attr("id", &title_id).add(title)).add(icon_button(
        texts().parts.close,
        Icon::Close,
        close,
    ));
    let dialog = classed("dialog", "dialog")
        .attr("aria-labelledby", &title_id)
        .on("cancel", move |event| {
            event.prevent_default();
            close();
        })
        .on("close", move |_| open.set(false))
        .on("mousedown", move |event| {
            // What is in the dialog lies in its head and body; only its backdrop is the dialog itself.
            if event.target().is_some_and(|target| target.has_type::<HtmlDialogElement>()) {
                close();
            }
        })
        .add(head)
        .add(div("dialog-body").add(content()));
    show_modal(&dialog);
    dialog
}

fn show_modal(dialog: &El) {
    let element: HtmlDialogElement = dialog.cast();
    let kept = StoredValue::new_local(element.clone());
    request_animation_frame(move || {
        if element.is_connected() && !element.open() {
            drop(element.show_modal());
        }
    });
    // Closed before it leaves the page, so that the focus returns to where it was.
    on_cleanup(move || {
        kept.try_with_value(HtmlDialogElement::close);
    });
}
