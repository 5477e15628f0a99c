//! The wallet of Qoin in the browser.

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

fn main() {
    console_error_panic_hook::set_once();
    let place = document().get_element_by_id("app").and_then(|place| place.dyn_into::<HtmlElement>().ok());
    let Some(place) = place else { return };
    let page = place.clone();
    // Leptos gives signals and effects their root here; the elements are the app's own.
    mount_to(place, move || app::start(&page)).forget();
}
