//! The page's elements: a thin layer between the browser's DOM and Leptos' signals.
//!
//! Leptos' own `view!` makes a type for every element it describes; for this app those types were a third of the
//! download. Here every element is the same type, and only what depends on a signal is run again when it changes.

use leptos::{
    prelude::{StoredValue, document, request_animation_frame},
    reactive::effect::RenderEffect,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlElement, Node};

const SVG: &str = "http://www.w3.org/2000/svg";

/// Something to be shown.
pub enum View {
    /// Nothing.
    Nothing,
    /// A text; never markup.
    Text(String),
    /// An element.
    Element(Element),
    /// Several things in order.
    Many(Vec<View>),
    /// What a function returns, anew whenever a signal that it reads has changed.
    Live(Box<dyn Fn() -> View>),
}

/// What can be shown.
pub trait Part {
    /// Itself as a view.
    fn view(self) -> View;
}

impl Part for View {
    fn view(self) -> View {
        self
    }
}

impl Part for () {
    fn view(self) -> View {
        View::Nothing
    }
}

impl Part for &str {
    fn view(self) -> View {
        View::Text(self.to_owned())
    }
}

impl Part for String {
    fn view(self) -> View {
        View::Text(self)
    }
}

impl Part for El {
    fn view(self) -> View {
        View::Element(self.0)
    }
}

impl<P: Part> Part for Option<P> {
    fn view(self) -> View {
        self.map_or(View::Nothing, P::view)
    }
}

impl<P: Part> Part for Vec<P> {
    fn view(self) -> View {
        View::Many(self.into_iter().map(P::view).collect())
    }
}

impl<P: Part, F: Fn() -> P + 'static> Part for F {
    fn view(self) -> View {
        View::Live(Box::new(move || self().view()))
    }
}

/// An element under construction. Copies are the same element.
#[derive(Clone)]
pub struct El(Element);

/// An element of HTML.
pub fn el(tag: &str) -> El {
    El(document().create_element(tag).expect("only tags of HTML are used"))
}

/// An element of SVG.
pub fn svg(tag: &str) -> El {
    El(document().create_element_ns(Some(SVG), tag).expect("only tags of SVG are used"))
}

/// An element of HTML with a class.
pub fn classed(tag: &str, class: &str) -> El {
    el(tag).attr("class", class)
}

/// A `div` with a class.
pub fn div(class: &str) -> El {
    classed("div", class)
}

/// A `span` with a class.
pub fn span(class: &str) -> El {
    classed("span", class)
}

/// A `p` with a class.
pub fn p(class: &str) -> El {
    classed("p", class)
}

/// A text written by someone: isolated, so that its direction of writing cannot turn its neighbours around.
pub fn bdi(class: &str, text: &str) -> El {
    classed("bdi", class).add(text)
}

/// A link within the app.
pub fn link(class: &str, path: &str) -> El {
    classed("a", class).attr("href", path)
}

impl El {
    /// Sets an attribute.
    pub fn attr(self, name: &str, value: &str) -> Self {
        set_attribute(&self.0, name, Some(value));
        self
    }

    /// Sets an attribute that follows signals; `None` removes it.
    pub fn attr_live(self, name: &'static str, value: impl Fn() -> Option<&'static str> + 'static) -> Self {
        let element = self.0.clone();
        react(move || set_attribute(&element, name, value()));
        self
    }

    /// Sets an attribute of changing text; `None` removes it.
    pub fn attr_text(self, name: &'static str, value: impl Fn() -> Option<String> + 'static) -> Self {
        let element = self.0.clone();
        react(move || set_attribute(&element, name, value().as_deref()));
        self
    }

    /// Appends something.
    pub fn add(self, part: impl Part) -> Self {
        mount(part.view(), &self.0, None);
        self
    }

    /// Calls `act` on an event.
    pub fn on(self, name: &str, act: impl Fn(Event) + 'static) -> Self {
        listen(&self.0, name, Box::new(act));
        self
    }

    /// Calls `act` on a click.
    pub fn on_click(self, act: impl Fn() + 'static) -> Self {
        self.on("click", move |_| act())
    }

    /// As the browser's type, for what only that can do.
    pub fn cast<T: JsCast>(&self) -> T {
        self.0.clone().unchecked_into()
    }

    /// Puts the focus on it as soon as it is on the page.
    pub fn focus_soon(self) -> Self {
        let element: HtmlElement = self.cast();
        request_animation_frame(move || drop(element.focus()));
        self
    }
}

/// Runs `act` now, and again whenever a signal that it reads has changed, until what is being set up leaves the page.
pub fn react(act: impl Fn() + 'static) {
    react_boxed(Box::new(act));
}

fn react_boxed(act: Box<dyn Fn()>) {
    StoredValue::new_local(RenderEffect::new(move |_| act()));
}

/// Shows something at the end of an element of the page.
pub fn show_in(place: &Element, part: impl Part) {
    mount(part.view(), place, None);
}

fn set_attribute(element: &Element, name: &str, value: Option<&str>) {
    // The names are the app's own, so that the browser has nothing to refuse.
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

fn listen(element: &Element, name: &str, act: Box<dyn Fn(Event)>) {
    let listener = Closure::wrap(act).into_js_value();
    let _ = element.add_event_listener_with_callback(name, listener.unchecked_ref());
}

/// Puts a view into `parent`, before `next` or at the end.
fn mount(view: View, parent: &Node, next: Option<&Node>) {
    match view {
        View::Nothing => {}
        View::Text(text) => insert(document().create_text_node(&text).into(), parent, next),
        View::Element(element) => insert(element.into(), parent, next),
        View::Many(views) => views.into_iter().for_each(|view| mount(view, parent, next)),
        View::Live(make) => mount_live(make, parent, next),
    }
}

/// Two comments mark where a live view stands, whatever it shows at the moment.
fn mount_live(make: Box<dyn Fn() -> View>, parent: &Node, next: Option<&Node>) {
    let (start, end): (Node, Node) = (document().create_comment("").into(), document().create_comment("").into());
    insert(start.clone(), parent, next);
    insert(end.clone(), parent, next);
    react_boxed(Box::new(move || {
        let view = make();
        let Some(parent) = end.parent_node() else { return };
        while let Some(old) = start.next_sibling().filter(|old| *old != end) {
            let _ = parent.remove_child(&old);
        }
        mount(view, &parent, Some(&end));
    }));
}

fn insert(node: Node, parent: &Node, next: Option<&Node>) {
    let _ = parent.insert_before(&node, next);
}
