//! The app: what every page has around it, and which page is shown.

use crate::{
    admin::place,
    frame::{frame, guest},
    locales::texts,
    mining::Mining,
    pages,
    routes::{Page, Route},
    ui::{
        View,
        dom::{Part, classed, react, show_in, span},
        mark,
        member_picker::Directory,
        money::{Form, write_amounts},
        toast::Toasts,
    },
    wallet::{Phase, WalletContext},
};
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Where the wallet stands, as far as it decides what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Starting,
    Unreachable,
    SignedOut,
    Locked,
    FirstPassword,
    Ready,
}

/// Starts the app in an element of the page.
pub fn start(place: &HtmlElement) {
    let wallet = WalletContext::start();
    let (route, toasts) = (Route::start(), Toasts::new());
    write_amounts(move || wallet.with_currency(|currency| currency.map(Form::of)));
    provide_context(wallet);
    provide_context(route);
    provide_context(toasts);
    provide_context(Directory::new(move |query| async move { wallet.find_members(query).await }));
    provide_context(Mining::new(wallet));
    provide_context(pages::send::Draft::new());
    provide_context(pages::join::Token::take());
    place::hear(place::DOUBTED, move || wallet.look_at_session());
    if let Some(page) = document().document_element() {
        let _ = page.set_attribute("lang", texts().language);
    }
    place.set_inner_html("");
    show_in(place, stages(wallet, route));
    show_in(place, toasts.area());
}

fn stages(wallet: WalletContext, route: Route) -> View {
    let place = Memo::new(move |_| {
        let stage = wallet.with_phase(|phase| match phase {
            Phase::Starting => Stage::Starting,
            Phase::Unreachable => Stage::Unreachable,
            Phase::SignedOut => Stage::SignedOut,
            Phase::Locked { .. } => Stage::Locked,
            Phase::FirstPassword { .. } => Stage::FirstPassword,
            Phase::Ready { .. } => Stage::Ready,
        });
        (stage, route.page())
    });
    name_window(place);
    // An invitation is shown to whoever opens it; the words help whoever cannot open the wallet.
    let shown = Memo::new(move |_| match place.get() {
        (stage @ (Stage::Starting | Stage::Unreachable), _) => (stage, Page::Wallet),
        (_, Page::Join) => (Stage::SignedOut, Page::Join),
        (Stage::SignedOut | Stage::Locked | Stage::FirstPassword, Page::Recover) => (Stage::SignedOut, Page::Recover),
        (stage, _) => (stage, Page::Wallet),
    });
    (move || match shown.get() {
        (Stage::Starting, _) => starting(),
        (Stage::Unreachable, _) => pages::unreachable(),
        (Stage::SignedOut, Page::Join) => pages::join::join(),
        (Stage::SignedOut, Page::Recover) => pages::recover::recover(),
        (Stage::SignedOut, _) => pages::sign_in::sign_in(),
        (Stage::Locked, _) => pages::locked::locked(),
        (Stage::FirstPassword, _) => pages::first_password::first_password(),
        (Stage::Ready, _) => frame(route),
    })
    .view()
}

/// Names the window after what is shown, and after a change of page moves the focus to its heading,
/// so that a screen reader says where one is.
fn name_window(place: Memo<(Stage, Page)>) {
    let t = &texts().pages;
    let before = Cell::new(None);
    react(move || {
        let (stage, page) = place.get();
        let name = match (stage, page) {
            (_, page @ Page::Join) | (Stage::Ready, page) => page.name(),
            (Stage::SignedOut | Stage::Locked, page @ Page::Recover) => page.name(),
            (Stage::SignedOut, _) => t.sign_in,
            (Stage::Locked, _) => t.locked,
            (Stage::FirstPassword, _) => t.first_password,
            (Stage::Starting | Stage::Unreachable, _) => "",
        };
        document().set_title(&if name.is_empty() { "Qoin".to_owned() } else { [name, " · Qoin"].concat() });
        if before.replace(Some(page)).is_some_and(|before| before != page) {
            focus_heading();
        }
    });
}

/// Moves the focus to the page's heading once it is there.
pub fn focus_heading() {
    request_animation_frame(|| {
        if let Ok(Some(heading)) = document().query_selector("main h1")
            && let Ok(heading) = heading.dyn_into::<HtmlElement>()
        {
            drop(heading.focus());
        }
    });
}

fn starting() -> View {
    let opening = span("hidden-visually").add(texts().start.opening);
    guest(|| false, classed("p", "splash").attr("role", "status").add(opening).add(mark()))
}
