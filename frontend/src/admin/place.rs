//! Where the wallet and the panel meet: an element of the page, and what they tell each other by events of the document.

use leptos::prelude::document;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event};

/// The id of the element in which the panel stands.
const ID: &str = "admin";
/// The attribute of the element that says of which build the wallet is.
pub const BUILD_OF: &str = "data-build";
/// The wallet tells that the place is on the page, or that the browser went to another address.
pub const MOVED: &str = "qoin-moved";
/// The panel tells that something was refused: the session may have ended, or may do less than before.
pub const DOUBTED: &str = "qoin-session-doubted";

/// Makes an element that [`find`] finds once it is on the page.
pub fn name(place: &Element) {
    place.set_id(ID);
}

/// The place, if it is on the page.
pub fn find() -> Option<Element> {
    document().get_element_by_id(ID)
}

/// Tells the other program.
pub fn tell(name: &str) {
    if let Ok(event) = Event::new(name) {
        let _ = document().dispatch_event(&event);
    }
}

/// Calls `act` whenever the other program tells this, from now on.
pub fn hear(name: &str, act: impl Fn() + 'static) {
    let heard = Closure::<dyn Fn()>::new(act).into_js_value();
    let _ = document().add_event_listener_with_callback(name, heard.unchecked_ref());
}
