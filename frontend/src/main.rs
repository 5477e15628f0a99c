//! The wallet of Qoin in the browser.

mod api;
mod app;
mod frame;
mod live;
mod locales;
mod pages;
mod routes;
mod ui;
mod wallet;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn main() {
    console_error_panic_hook::set_once();
    let Some(place) = document().get_element_by_id("app").and_then(|element| element.dyn_into().ok()) else { return };
    let place: web_sys::HtmlElement = place;
    place.set_inner_html("");
    mount_to(place, app::App).forget();
}
