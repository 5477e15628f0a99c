//! The dialog: the browser's own, so that focus, Escape and the page behind it are taken care of.

use super::{button::IconButton, field::fresh_id, icon::Icon};
use crate::locales::texts;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;

/// A modal dialog. It is on the page only while `open`; Escape, the cross and a click beside it close it.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Its heading and name.
    #[prop(into)]
    title: Signal<&'static str>,
    /// While this holds it cannot be closed, for example because something is under way.
    #[prop(optional, into)]
    held: Signal<bool>,
    /// What it shows.
    children: ChildrenFn,
) -> AnyView {
    let content =
        move || open.get().then(|| view! { <OpenDialog open title held children=children.clone() /> }.into_any());
    (move || content()).into_any()
}

#[component]
fn OpenDialog(open: RwSignal<bool>, title: Signal<&'static str>, held: Signal<bool>, children: ChildrenFn) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    let title_id = fresh_id();
    let heading_id = title_id.clone();
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            request_animation_frame(move || {
                if dialog.is_connected() && !dialog.open() {
                    drop(dialog.show_modal());
                }
            });
        }
    });
    // Closed before it leaves the page, so that the focus returns to where it was.
    on_cleanup(move || {
        if let Some(Some(dialog)) = node.try_get_untracked() {
            dialog.close();
        }
    });
    let close = move || {
        if !held.get_untracked() {
            open.set(false);
        }
    };
    let close_beside = move |event: leptos::ev::MouseEvent| {
        let on_backdrop = event.target().is_some_and(|target| target.dyn_ref::<web_sys::HtmlDialogElement>().is_some());
        if on_backdrop {
            close();
        }
    };
    let on_cancel = move |event: leptos::ev::Event| {
        event.prevent_default();
        close();
    };
    view! {
        <dialog node_ref=node class="dialog" aria-labelledby=title_id on:cancel=on_cancel on:close=move |_| open.set(false) on:mousedown=close_beside>
            <div class="dialog-head">
                <h2 id=heading_id>{title}</h2>
                <IconButton label=texts().parts.close picture=Icon::Close on_press=Callback::new(move |()| close()) />
            </div>
            <div class="dialog-body">{children()}</div>
        </dialog>
    }
    .into_any()
}
