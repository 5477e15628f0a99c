//! A row of buttons of which one is pressed.

use super::dom::{El, classed, div};
use leptos::prelude::*;

/// Chooses one of several views by its place.
pub fn switch(label: &str, names: &[&'static str], chosen: RwSignal<usize>) -> El {
    let button = |(place, name): (usize, &&'static str)| {
        classed("button", "switch-way")
            .attr("type", "button")
            .attr_live("aria-pressed", move || Some(if chosen.get() == place { "true" } else { "false" }))
            .add(*name)
            .on_click(move || chosen.set(place))
    };
    let ways: Vec<_> = names.iter().enumerate().map(button).collect();
    div("switch").attr("role", "group").attr("aria-label", label).add(ways)
}
