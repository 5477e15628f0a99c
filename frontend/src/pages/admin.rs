//! The place of the administration, a program of its own: it is fetched when it is first opened, and stays as it was left,
//! with all that is written in it, when one comes back to it.

use crate::{
    admin::place::{self, BUILD_OF, MOVED},
    locales::texts,
    ui::{
        Button, El, View, classed, div, el, p,
        state::{Tone, notice, skeleton_rows},
    },
    wallet::WalletContext,
    workers::message::BUILD,
};
use leptos::prelude::*;
use qoin_core::address::Address;
use std::cell::{Cell, RefCell};
use web_sys::Element;

thread_local! {
    /// The place that was made last, and for whom.
    static PLACE: RefCell<Option<(Address, Element)>> = const { RefCell::new(None) };
    static FETCHED: Cell<bool> = const { Cell::new(false) };
}

/// The place of the panel.
pub fn admin() -> View {
    let wallet = expect_context::<WalletContext>();
    let Some(me) = untrack(|| wallet.me()) else { return View::Nothing };
    let kept = PLACE.with_borrow(|kept| kept.clone().filter(|(of, _)| *of == me.address));
    let place = kept.map_or_else(|| new_place(me.address), |(_, place)| place);
    if !FETCHED.replace(true) {
        fetch();
    }
    request_animation_frame(|| place::tell(MOVED));
    View::Element(place)
}

fn new_place(of: Address) -> Element {
    let opening = p("hidden-visually").attr("role", "status").add(texts().admin.loading);
    let place: Element = div("admin").attr(BUILD_OF, BUILD).add(opening).add(skeleton_rows(3)).cast();
    place::name(&place);
    PLACE.replace(Some((of, place.clone())));
    place
}

/// Fetches the program. It takes its place by itself.
fn fetch() {
    let Some(head) = document().head() else { return };
    let styles = el("link").attr("rel", "stylesheet").attr("href", "/admin.css");
    let program = el("script").attr("type", "module").attr("src", "/admin_loader.js").on("error", |_| failed());
    for element in [styles, program] {
        let _ = head.append_child(&element.cast::<Element>());
    }
}

fn failed() {
    let Some(place) = place::find() else { return };
    let t = &texts().admin;
    let reload = Button::new(t.reload, || drop(window().location().reload()));
    let told = notice(Tone::Warning, t.failed_title, el("p").add(t.failed_text));
    let content: El = classed("section", "stack").attr("role", "alert").add(told).add(div("actions").add(reload));
    place.replace_children_with_node_1(&content.cast());
}
