//! The system account.

mod credit;
mod paying;

use super::panel::Panel;
use crate::{
    locales::admin::texts,
    ui::{Button, Icon, Part, View, div, el},
};
use leptos::prelude::*;

/// The page of the system account.
pub fn treasury() -> View {
    let t = &texts().treasury;
    let panel = expect_context::<Panel>();
    let crediting = RwSignal::new(false);
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.treasury);
    let credit = Button::new(t.credit, move || crediting.set(true)).picture(Icon::Out);
    vec![div("page-head").add(title).add(credit).view(), credit::credit(panel, crediting)].view()
}
