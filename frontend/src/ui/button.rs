//! The button.

use super::{
    dom::{El, Part, View, classed, span},
    icon::{Icon, icon},
};
use leptos::prelude::*;

/// A button under construction.
pub struct Button {
    label: View,
    look: &'static str,
    picture: Option<Icon>,
    busy: Option<RwSignal<bool>>,
    press: Option<Box<dyn Fn()>>,
}

impl Button {
    /// A button that calls `press`. The label says in a word or two what it does.
    pub fn new(label: impl Part, press: impl Fn() + 'static) -> Self {
        Self { press: Some(Box::new(press)), ..Self::submit(label) }
    }

    /// The button that submits its form.
    pub fn submit(label: impl Part) -> Self {
        Self { label: label.view(), look: "", picture: None, busy: None, press: None }
    }

    /// `soft`, `plain`, `danger`, `wide`, `small`; the main action has no look of its own.
    pub fn look(self, look: &'static str) -> Self {
        Self { look, ..self }
    }

    /// Shows an icon before the label.
    pub fn picture(self, picture: Icon) -> Self {
        Self { picture: Some(picture), ..self }
    }

    /// While `busy` it shows that something is under way and takes no click; it keeps the focus.
    pub fn busy(self, busy: RwSignal<bool>) -> Self {
        Self { busy: Some(busy), ..self }
    }
}

impl Part for Button {
    fn view(self) -> View {
        let Self { label, look, picture, busy, press } = self;
        let is_busy = move || busy.is_some_and(|busy| busy.get());
        let kind = if press.is_some() { "button" } else { "submit" };
        let before = move || match picture {
            _ if is_busy() => Some(span("spinner").attr("aria-hidden", "true")),
            picture => picture.map(icon),
        };
        let busy_attribute = move || is_busy().then_some("true");
        classed("button", &["button ", look].concat())
            .attr("type", kind)
            .attr_live("aria-disabled", busy_attribute)
            .attr_live("aria-busy", busy_attribute)
            .on("click", move |event| match &press {
                _ if busy.is_some_and(|busy| busy.get_untracked()) => event.prevent_default(),
                Some(press) => press(),
                None => {}
            })
            .add(before)
            .add(label)
            .view()
    }
}

/// A square button that only shows an icon; `label` names it for screen readers and as a tooltip.
pub fn icon_button(label: &str, picture: Icon, press: impl Fn() + 'static) -> El {
    classed("button", "icon-button")
        .attr("type", "button")
        .attr("title", label)
        .add(icon(picture))
        .add(span("hidden-visually").add(label))
        .on_click(press)
}
