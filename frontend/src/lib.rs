//! What the app's programs in the browser are made of: the wallet, and the panel of administration, which is fetched when
//! someone opens it who may.

mod admin;
mod api;
mod app;
mod frame;
mod live;
mod locales;
mod mining;
mod pages;
mod routes;
mod ui;
mod unicode;
mod wallet;
mod workers;

use leptos::prelude::{document, mount_to};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Starts the wallet in its place on the page.
pub fn start_wallet() {
    console_error_panic_hook::set_once();
    let place = document().get_element_by_id("app").and_then(|place| place.dyn_into::<HtmlElement>().ok());
    let Some(place) = place else { return };
    let page = place.clone();
    // Leptos gives signals and effects their root here; the elements are the app's own.
    mount_to(place, move || app::start(&page)).forget();
}

/// Starts the panel of administration wherever the wallet has a place for it.
pub fn start_panel() {
    console_error_panic_hook::set_once();
    admin::start();
}
