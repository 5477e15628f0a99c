//! The panel of administration: a program beside the wallet, which shows it where its pages stand ([`place`]).
//!
//! It holds no key. What it may do the leader decides by the session; what it shows follows the same table of rights.

mod audit;
mod frame;
mod load;
mod members;
mod network;
mod panel;
pub mod place;
mod section;
mod settings;
mod treasury;
mod written;

use crate::{locales::admin::texts, ui::dom::show_in, workers::message::BUILD};
use leptos::prelude::{mount_to, window};
use panel::Panel;
use std::{any::Any, cell::RefCell};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement};

thread_local! {
    /// The place where the panel stands.
    static STANDS: RefCell<Option<(Element, Panel)>> = const { RefCell::new(None) };
    /// What keeps the signals of the panel that stands.
    static KEEPER: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Starts the panel: it stands wherever the wallet has a place for it.
pub fn start() {
    place::hear(place::MOVED, look);
    let moved = Closure::<dyn Fn()>::new(look).into_js_value();
    for event in ["popstate", "online"] {
        let _ = window().add_event_listener_with_callback(event, moved.unchecked_ref());
    }
    look();
}

/// Sees where the browser is and whether there is a place. On its way to a page of the wallet it still may be.
fn look() {
    let Some(place) = place::find().filter(|_| panel::is_here()) else { return };
    let same = STANDS.with_borrow(|stands| {
        let (stood, panel) = stands.as_ref()?;
        (*stood == place).then_some(*panel)
    });
    match same {
        Some(panel) => panel.look(),
        None => stand_in(place),
    }
}

/// Begins anew in this place. What stood in another one, of another member perhaps, is gone.
fn stand_in(place: Element) {
    drop(KEEPER.take());
    place.replace_children_with_node_0();
    let keeper = mount_to(place.clone().unchecked_into::<HtmlElement>(), move || {
        let panel = Panel::new();
        let is_same_build = place.get_attribute(place::BUILD_OF).as_deref() == Some(BUILD);
        let shown = if is_same_build { frame::frame(panel) } else { frame::outdated(texts()) };
        show_in(&place, shown);
        STANDS.replace(Some((place, panel)));
    });
    KEEPER.replace(Some(Box::new(keeper)));
}
