//! The event stream: one for all tabs of a browser, resumed by position after every interruption.
//!
//! The tab that gets the lock `qoin-events` holds the stream and tells the others what comes in; when it closes, the
//! lock and with it the stream pass to another tab. Without locks (plain HTTP beyond localhost) each tab has its own.

use crate::{
    api,
    wallet::{Online, pause, tabs::Channel},
};
use js_sys::{Function, Object, Promise, Reflect};
use leptos::{
    leptos_dom::helpers::{WindowListenerHandle, window_event_listener_untyped},
    task::spawn_local,
};
use qoin_core::api::{events::Event, problem::ProblemCode};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, EventSource, MessageEvent};

const LOCK: &str = "qoin-events";
const CHANNEL: &str = "qoin-events";
const NAMES: [&str; 8] = ["account", "movement", "block", "work", "reset", "banner", "suspended", "signed_out"];
/// How often the clock is looked at to notice that the machine slept.
const TICK_MS: u32 = 10_000;
/// A jump of the clock by this much between two looks means sleep. Browsers slow a hidden tab down to one look a minute.
const SLEPT_MS: f64 = 150_000.0;

/// What the stream has to say.
pub enum Delivery {
    /// Something happened.
    Event(Box<Event>),
    /// Whether the stream flows has changed.
    Online(Online),
}

/// What tabs tell each other.
#[derive(Serialize, Deserialize)]
enum Shared {
    /// A new tab asks how things are.
    Ask,
    /// What the holder of the stream says of it.
    Online(Online),
    /// What came in.
    Event { name: String, position: String, data: String },
}

/// The open stream. Dropping it closes it.
pub struct Live(Rc<Inner>);

struct Inner {
    deliver: Box<dyn Fn(Delivery)>,
    channel: Option<Channel<Shared>>,
    position: RefCell<String>,
    source: RefCell<Option<Source>>,
    /// Whether this tab is the one that holds the stream.
    holds: Cell<bool>,
    online: Cell<Online>,
    attempt: Cell<u32>,
    /// Rises with each connection begun or given up, so that a wait that was overtaken does nothing.
    turn: Cell<u32>,
    closed: Cell<bool>,
    waiting: Option<AbortController>,
    release: RefCell<Option<Function>>,
    window: RefCell<Vec<WindowListenerHandle>>,
}

/// What a listener does.
type Act = Box<dyn Fn(&Rc<Inner>, MessageEvent)>;

/// A connection with its listeners.
struct Source {
    source: EventSource,
    _listeners: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}

impl Live {
    /// Opens the stream of everything after `position`.
    pub fn open(position: String, deliver: impl Fn(Delivery) + 'static) -> Self {
        let inner = Rc::new_cyclic(|this: &Weak<Inner>| {
            let other = this.clone();
            Inner {
                deliver: Box::new(deliver),
                channel: Channel::join(CHANNEL, move |message| {
                    if let Some(inner) = other.upgrade() {
                        inner.hear(message);
                    }
                }),
                position: RefCell::new(position),
                source: RefCell::default(),
                holds: Cell::new(false),
                online: Cell::new(Online::Reconnecting),
                attempt: Cell::new(0),
                turn: Cell::new(0),
                closed: Cell::new(false),
                waiting: AbortController::new().ok(),
                release: RefCell::default(),
                window: RefCell::default(),
            }
        });
        inner.watch_network();
        inner.watch_sleep();
        inner.tell(&Shared::Ask);
        inner.wait_for_lock();
        Self(inner)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let inner = &self.0;
        inner.closed.set(true);
        inner.source.take();
        for listener in inner.window.take() {
            listener.remove();
        }
        if let Some(waiting) = &inner.waiting {
            waiting.abort();
        }
        if let Some(release) = inner.release.take() {
            // It resolves the promise for whose life the browser lends the lock.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

impl Inner {
    /// Becomes the holder as soon as no other tab is.
    fn wait_for_lock(self: &Rc<Self>) {
        let Some(request) = lock_request().filter(|_| self.channel.is_some()) else {
            return self.take_over();
        };
        let this = Rc::downgrade(self);
        let granted = Closure::once_into_js(move |_lock: JsValue| {
            Promise::new(&mut |resolve, _| match this.upgrade().filter(|inner| !inner.closed.get()) {
                Some(inner) => {
                    inner.release.replace(Some(resolve));
                    inner.take_over();
                }
                None => drop(resolve.call0(&JsValue::UNDEFINED)),
            })
        });
        let options = Object::new();
        if let Some(waiting) = &self.waiting {
            let _ = Reflect::set(&options, &"signal".into(), &waiting.signal());
        }
        let this = Rc::downgrade(self);
        spawn_local(async move {
            let refused = match request(options, granted) {
                Ok(promise) => JsFuture::from(promise).await.is_err(),
                Err(_) => true,
            };
            // Refused though nobody gave it up: the browser has locks, but not for this page.
            if let Some(inner) = this.upgrade().filter(|inner| refused && !inner.closed.get() && !inner.holds.get()) {
                inner.take_over();
            }
        });
    }

    fn take_over(self: &Rc<Self>) {
        self.holds.set(true);
        if is_offline() { self.set_online(Online::Offline) } else { self.connect() }
    }

    fn connect(self: &Rc<Self>) {
        if self.closed.get() || !self.holds.get() {
            return;
        }
        self.turn.set(self.turn.get() + 1);
        self.source.take();
        if self.online.get() != Online::Live {
            self.set_online(Online::Reconnecting);
        }
        match self.open_source() {
            Ok(source) => drop(self.source.replace(Some(source))),
            Err(_) => self.lost(),
        }
    }

    fn open_source(self: &Rc<Self>) -> Result<Source, JsValue> {
        let source = EventSource::new(&api::events_url(&self.position.borrow()))?;
        let mut listeners = Vec::new();
        let listener = |act: Act| {
            let this = Rc::downgrade(self);
            Closure::<dyn FnMut(MessageEvent)>::new(move |event| {
                if let Some(inner) = this.upgrade().filter(|inner| !inner.closed.get()) {
                    act(&inner, event);
                }
            })
        };
        for name in NAMES {
            let heard = listener(Box::new(move |inner, event| {
                let data = event.data().as_string().unwrap_or_default();
                inner.take_in(name, event.last_event_id(), data);
            }));
            source.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref())?;
            listeners.push(heard);
        }
        let opened = listener(Box::new(|inner, _| {
            inner.attempt.set(0);
            inner.set_online(Online::Live);
        }));
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        listeners.push(opened);
        let failed = listener(Box::new(|inner, _| inner.lost()));
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        listeners.push(failed);
        Ok(Source { source, _listeners: listeners })
    }

    /// The connection is gone: after a while, asks whether the session still lives, and connects again.
    fn lost(self: &Rc<Self>) {
        self.source.take();
        self.set_online(if is_offline() { Online::Offline } else { Online::Reconnecting });
        let turn = self.turn.get() + 1;
        self.turn.set(turn);
        let attempt = self.attempt.get();
        self.attempt.set(attempt + 1);
        let this = Rc::downgrade(self);
        spawn_local(async move {
            let stands = || this.upgrade().filter(|inner| !inner.closed.get() && inner.turn.get() == turn);
            pause::before_try(attempt).await;
            if stands().is_none() {
                return;
            }
            let session = api::current_session().await;
            let Some(inner) = stands() else { return };
            match session {
                Ok(_) => inner.connect(),
                Err(failure) if failure.code() == Some(ProblemCode::SessionExpired) => {
                    let position = inner.position.borrow().clone();
                    inner.take_in("signed_out", position, String::new());
                }
                Err(_) => inner.lost(),
            }
        });
    }

    /// Takes in an event of this tab's own stream.
    fn take_in(&self, name: &str, position: String, data: String) {
        let event = Shared::Event { name: name.into(), position, data };
        self.tell(&event);
        self.hear_event(event);
    }

    fn hear(self: &Rc<Self>, message: Shared) {
        match message {
            _ if self.closed.get() => {}
            Shared::Ask if self.holds.get() => self.tell(&Shared::Online(self.online.get())),
            Shared::Ask => {}
            Shared::Online(online) if !self.holds.get() => {
                self.online.set(online);
                (self.deliver)(Delivery::Online(online));
            }
            Shared::Online(_) => {}
            event @ Shared::Event { .. } => self.hear_event(event),
        }
    }

    fn hear_event(&self, event: Shared) {
        let Shared::Event { name, position, data } = event else { return };
        if let Some(event) = read_event(&name, &data) {
            if !position.is_empty() {
                self.position.replace(position);
            }
            (self.deliver)(Delivery::Event(Box::new(event)));
        }
    }

    fn set_online(&self, online: Online) {
        if self.online.replace(online) != online {
            self.tell(&Shared::Online(online));
        }
        (self.deliver)(Delivery::Online(online));
    }

    fn tell(&self, message: &Shared) {
        if let Some(channel) = &self.channel {
            channel.post(message);
        }
    }

    fn watch_network(self: &Rc<Self>) {
        let on = |name: &'static str, act: fn(&Rc<Self>)| {
            let this = Rc::downgrade(self);
            window_event_listener_untyped(name, move |_| {
                if let Some(inner) = this.upgrade().filter(|inner| !inner.closed.get()) {
                    act(&inner);
                }
            })
        };
        let listeners = vec![
            on("online", |inner| {
                inner.attempt.set(0);
                inner.connect();
            }),
            on("offline", |inner| {
                inner.source.take();
                inner.turn.set(inner.turn.get() + 1);
                inner.set_online(Online::Offline);
            }),
        ];
        self.window.replace(listeners);
    }

    /// A connection may be dead after the machine slept, without anybody saying so: makes a new one.
    fn watch_sleep(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        spawn_local(async move {
            let mut looked_ms = js_sys::Date::now();
            loop {
                gloo_timers::future::TimeoutFuture::new(TICK_MS).await;
                let Some(inner) = this.upgrade().filter(|inner| !inner.closed.get()) else { return };
                let now_ms = js_sys::Date::now();
                if now_ms - looked_ms > SLEPT_MS && !is_offline() {
                    inner.connect();
                }
                looked_ms = now_ms;
            }
        });
    }
}

/// Reads what came under `name`. Nothing for a name or content of a newer release.
fn read_event(name: &str, data: &str) -> Option<Event> {
    match name {
        "account" => serde_json::from_str(data).ok().map(Event::Account),
        "movement" => serde_json::from_str(data).ok().map(Event::Movement),
        "block" => serde_json::from_str(data).ok().map(Event::Block),
        "work" => serde_json::from_str(data).ok().map(Event::Work),
        "reset" => Some(Event::Reset),
        "banner" => serde_json::from_str(data).ok().map(Event::Banner),
        "suspended" => Some(Event::Suspended),
        "signed_out" => Some(Event::SignedOut),
        _ => None,
    }
}

fn is_offline() -> bool {
    web_sys::window().is_some_and(|window| !window.navigator().on_line())
}

/// `navigator.locks.request`, where there is one. (The bindings have it among the unstable interfaces only.)
fn lock_request() -> Option<impl FnOnce(Object, JsValue) -> Result<Promise, JsValue>> {
    let navigator = web_sys::window()?.navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    let request: Function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
    Some(move |options: Object, granted: JsValue| request.call3(&locks, &LOCK.into(), &options, &granted)?.dyn_into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_by_their_names() {
        let block =
            r#"{"first":3,"count":2,"tip":{"height":4,"hash":"HASH","sealed":5}}"#.replace("HASH", &"00".repeat(32));
        let event = read_event("block", &block);
        assert!(matches!(&event, Some(Event::Block(block)) if block.first == 3 && block.tip.height == 4), "{event:?}");
        assert_eq!(read_event("reset", ""), Some(Event::Reset));
        assert_eq!(read_event("signed_out", "null"), Some(Event::SignedOut));
        assert_eq!(read_event("account", "{}"), None);
        assert_eq!(read_event("later", "{}"), None);
        assert_eq!(read_event("suspended", "null"), Some(Event::Suspended));
        assert_eq!(read_event("banner", r#""Closed""#), Some(Event::Banner("Closed".into())));
        for event in [Event::Reset, Event::Suspended, Event::Banner(String::new()), Event::SignedOut] {
            assert!(NAMES.contains(&event.name()));
        }
    }
}
