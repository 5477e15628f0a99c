//! What a page shows when there is nothing, nothing yet, or something to heed; and texts to copy.

use super::{
    button::Button,
    field::fresh_id,
    format::copy_to_clipboard,
    icon::{Icon, icon},
};
use crate::locales::texts;
use gloo_timers::future::TimeoutFuture;
use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

/// How long a button says that it has copied.
const COPIED_MS: u32 = 2_000;

/// Nothing is there, and why.
pub fn empty(picture: Icon, title: &'static str, text: &'static str) -> AnyView {
    view! { <div class="empty">{icon(picture)}<h3>{title}</h3><p>{text}</p></div> }.into_any()
}

/// Rows that are being loaded.
pub fn skeleton_rows(count: usize) -> AnyView {
    let row = |_| {
        view! {
            <li class="row">
                <span class="skeleton round"></span>
                <span class="row-text"><span class="skeleton"></span><br /><span class="skeleton short"></span></span>
                <span class="skeleton figure"></span>
            </li>
        }
        .into_any()
    };
    view! {
        <ul class="rows" aria-busy="true" aria-label=texts().parts.loading>{(0..count).map(row).collect_view()}</ul>
    }
    .into_any()
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
pub fn notice(tone: Tone, title: impl IntoView + 'static, content: impl IntoView + 'static) -> AnyView {
    let (class, picture) = match tone {
        Tone::Quiet => ("notice", Icon::Info),
        Tone::Warning => ("notice warning", Icon::Warning),
        Tone::Danger => ("notice danger", Icon::Warning),
    };
    let (title, content) = (title.into_any(), content.into_any());
    view! { <div class=class>{icon(picture)}<div><strong>{title}</strong>{content}</div></div> }.into_any()
}

/// A text in a box of one line with a button that copies it.
#[component]
pub fn CopyText(
    /// Its label.
    label: &'static str,
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// Below it.
    #[prop(optional)]
    hint: &'static str,
) -> AnyView {
    let id = fresh_id();
    let copied = RwSignal::new(false);
    let copy_label = Signal::derive(move || if copied.get() { texts().parts.copied } else { texts().parts.copy });
    let input = NodeRef::<html::Input>::new();
    let copy = move |()| {
        if let Some(input) = input.get_untracked() {
            input.select();
        }
        spawn_local(async move {
            if let Some(promise) = copy_to_clipboard(&text.get_untracked())
                && JsFuture::from(promise).await.is_ok()
            {
                copied.try_set(true);
                TimeoutFuture::new(COPIED_MS).await;
                copied.try_set(false);
            }
        });
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="copy">
                <input node_ref=input id=id class="input" readonly prop:value=move || text.get() />
                <Button label=copy_label look="plain small" picture=Icon::Copy on_press=copy />
            </div>
            <p class="hint">{hint}</p>
        </div>
    }
    .into_any()
}
