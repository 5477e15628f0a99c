//! The app's addresses, and going from one to another without loading the page anew.

use crate::{admin::place, locales::texts, ui::Icon};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, Event, HtmlAnchorElement, MouseEvent};

/// What an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Balance and latest movements.
    Wallet,
    /// A payment.
    Send,
    /// All movements.
    History,
    /// Mining in this browser.
    Mine,
    /// All members.
    People,
    /// The member's own account.
    Account,
    /// The panel of administration, which has paths of its own below its.
    Admin,
    /// An invitation; its token is the fragment.
    Join,
    /// A forgotten password.
    Recover,
    /// Nothing.
    Missing,
}

impl Page {
    /// The page at a path.
    pub fn at(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::Wallet,
            "/send" => Self::Send,
            "/history" => Self::History,
            "/mine" => Self::Mine,
            "/people" => Self::People,
            "/account" => Self::Account,
            "/admin" => Self::Admin,
            path if path.starts_with("/admin/") => Self::Admin,
            "/join" => Self::Join,
            "/recover" => Self::Recover,
            _ => Self::Missing,
        }
    }

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Wallet | Self::Missing => "/",
            Self::Send => "/send",
            Self::History => "/history",
            Self::Mine => "/mine",
            Self::People => "/people",
            Self::Account => "/account",
            Self::Admin => "/admin",
            Self::Join => "/join",
            Self::Recover => "/recover",
        }
    }

    /// Its name in navigation and in the window's title.
    pub fn name(self) -> &'static str {
        let t = &texts().pages;
        match self {
            Self::Wallet => t.wallet,
            Self::Send => t.send,
            Self::History => t.history,
            Self::Mine => t.mine,
            Self::People => t.people,
            Self::Account => t.account,
            Self::Admin => t.admin,
            Self::Join => t.join,
            Self::Recover => t.recover,
            Self::Missing => t.missing,
        }
    }

    /// Its picture in navigation.
    pub const fn picture(self) -> Icon {
        match self {
            Self::Send => Icon::Out,
            Self::History => Icon::History,
            Self::Mine => Icon::Block,
            Self::People => Icon::People,
            Self::Account => Icon::Person,
            Self::Admin => Icon::Shield,
            _ => Icon::Wallet,
        }
    }
}

/// Where the app is. The app provides it as context.
#[derive(Clone, Copy)]
pub struct Route(RwSignal<Page>);

impl Route {
    /// Begins at the browser's address and follows it from now on: clicks on links, back and forward.
    pub fn start() -> Self {
        let route = Self(RwSignal::new(here()));
        let moved = Closure::<dyn Fn()>::new(move || route.look()).into_js_value();
        let clicked = Closure::<dyn Fn(MouseEvent)>::new(move |event| route.follow_link(&event)).into_js_value();
        // Neither can be refused: both events exist in every browser.
        let _ = window().add_event_listener_with_callback("popstate", moved.unchecked_ref());
        let _ = document().add_event_listener_with_callback("click", clicked.unchecked_ref());
        route
    }

    /// The page at the browser's address.
    pub fn page(self) -> Page {
        self.0.get()
    }

    /// Sees where the browser has gone. A jump within a page is none, and must not make the page anew.
    fn look(self) {
        let page = here();
        if self.0.get_untracked() != page {
            self.0.set(page);
        }
    }

    /// Goes to a page.
    pub fn go(self, page: Page) {
        self.go_to(page.path());
    }

    fn go_to(self, path: &str) {
        if let Ok(history) = window().history() {
            drop(history.push_state_with_url(&JsValue::NULL, "", Some(path)));
        }
        window().scroll_to_with_x_and_y(0.0, 0.0);
        let page = here();
        // The panel moves within itself.
        if page != Page::Admin || self.0.get_untracked() != page {
            self.0.set(page);
        }
        place::tell(place::MOVED);
    }

    /// Takes over a plain click on a link to another page of the app; everything else is the browser's.
    fn follow_link(self, event: &MouseEvent) {
        let plain =
            event.button() == 0 && !event.meta_key() && !event.ctrl_key() && !event.shift_key() && !event.alt_key();
        let link = clicked_link(event).filter(|link| plain && link.target().is_empty() && link.hash().is_empty());
        let Some(link) = link else { return };
        if Ok(link.origin()) == window().location().origin() {
            event.prevent_default();
            self.go_to(&link.pathname());
        }
    }
}

fn clicked_link(event: &Event) -> Option<HtmlAnchorElement> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("a").ok()??.dyn_into().ok()
}

fn here() -> Page {
    Page::at(&window().location().pathname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_at_its_path() {
        for page in [
            Page::Wallet,
            Page::Send,
            Page::History,
            Page::Mine,
            Page::People,
            Page::Account,
            Page::Admin,
            Page::Join,
            Page::Recover,
        ] {
            assert_eq!(Page::at(page.path()), page);
        }
        assert_eq!(Page::at("/send/"), Page::Send);
        assert_eq!(Page::at("/admin/members/q1"), Page::Admin);
        assert_eq!(Page::at("/administer"), Page::Missing);
        assert_eq!(Page::at("/nowhere"), Page::Missing);
    }
}
