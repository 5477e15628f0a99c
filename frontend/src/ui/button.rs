//! The button.

use super::icon::{Icon, icon};
use leptos::{ev::MouseEvent, prelude::*};

/// A button. While `busy` it shows that something is under way and takes no click; it keeps the focus.
#[component]
pub fn Button(
    /// What it does, in a word or two.
    #[prop(into)]
    label: Signal<&'static str>,
    /// Called on a click; leave out for the button that submits its form.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// Something is under way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// It cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// `soft`, `plain`, `danger`, `wide`, `small`; the main action has no look of its own.
    #[prop(default = "")]
    look: &'static str,
    /// Shown before the label.
    #[prop(optional)]
    picture: Option<Icon>,
) -> AnyView {
    let idle = move || !busy.get() && !disabled.get();
    let press = move |event: MouseEvent| match on_press {
        _ if !idle() => event.prevent_default(),
        Some(on_press) => on_press.run(()),
        None => {}
    };
    let before = move || match (busy.get(), picture) {
        (true, _) => view! { <span class="spinner" aria-hidden="true"></span> }.into_any(),
        (false, Some(picture)) => icon(picture),
        (false, None) => ().into_any(),
    };
    view! {
        <button
            class=format!("button {look}")
            type=if on_press.is_some() { "button" } else { "submit" }
            aria-disabled=move || (!idle()).then_some("true")
            aria-busy=move || busy.get().then_some("true")
            on:click=press
        >
            {before}
            {label}
        </button>
    }
    .into_any()
}

/// A square button that only shows an icon; `label` names it for screen readers and as a tooltip.
#[component]
pub fn IconButton(
    /// What it does.
    label: &'static str,
    /// What it shows.
    picture: Icon,
    /// Called on a click.
    #[prop(into)]
    on_press: Callback<()>,
) -> AnyView {
    view! {
        <button class="icon-button" type="button" title=label on:click=move |_| on_press.run(())>
            {icon(picture)}
            <span class="hidden-visually">{label}</span>
        </button>
    }
    .into_any()
}
