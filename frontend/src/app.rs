//! The app: what every page has around it, and which page is shown.

use crate::{
    frame::{Frame, guest},
    locales::texts,
    pages,
    routes::Page,
    ui::{
        self,
        money::write_amounts_of,
        toast::{ToastArea, Toasts},
    },
    wallet::{Phase, WalletContext},
};
use leptos::prelude::*;
use leptos_router::{components::Router, hooks::use_location};
use wasm_bindgen::JsCast;

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

/// The whole app.
#[component]
pub fn App() -> AnyView {
    let wallet = WalletContext::start();
    write_amounts_of(wallet.currency());
    provide_context(wallet);
    provide_context(Toasts::new());
    provide_context(pages::send::Draft::new());
    provide_context(pages::join::Token::take());
    let _ = document().document_element().map(|page| page.set_attribute("lang", texts().language));
    view! {
        <Router><Stages /></Router>
        <ToastArea />
    }
    .into_any()
}

#[component]
fn Stages() -> AnyView {
    let phase = expect_context::<WalletContext>().phase();
    let path = use_location().pathname;
    let page = Memo::new(move |_| Page::at(&path.get()));
    let stage = Memo::new(move |_| {
        phase.with(|phase| match phase {
            Phase::Starting => Stage::Starting,
            Phase::Unreachable => Stage::Unreachable,
            Phase::SignedOut => Stage::SignedOut,
            Phase::Locked { .. } => Stage::Locked,
            Phase::FirstPassword { .. } => Stage::FirstPassword,
            Phase::Ready { .. } => Stage::Ready,
        })
    });
    name_window(stage, page);
    // An invitation is shown to whoever opens it; the words help whoever cannot open the wallet.
    let shown = Memo::new(move |_| match (stage.get(), page.get()) {
        (stage @ (Stage::Starting | Stage::Unreachable), _) => (stage, Page::Wallet),
        (_, Page::Join) => (Stage::SignedOut, Page::Join),
        (Stage::SignedOut | Stage::Locked | Stage::FirstPassword, Page::Recover) => (Stage::SignedOut, Page::Recover),
        (Stage::Ready, _) => (Stage::Ready, Page::Wallet),
        (stage, _) => (stage, Page::Wallet),
    });
    (move || match shown.get() {
        (Stage::Starting, _) => starting(),
        (Stage::Unreachable, _) => pages::unreachable(),
        (Stage::SignedOut, Page::Join) => view! { <pages::join::Join /> }.into_any(),
        (Stage::SignedOut, Page::Recover) => view! { <pages::recover::Recover /> }.into_any(),
        (Stage::SignedOut, _) => view! { <pages::sign_in::SignIn /> }.into_any(),
        (Stage::Locked, _) => view! { <pages::locked::Locked /> }.into_any(),
        (Stage::FirstPassword, _) => view! { <pages::first_password::FirstPassword /> }.into_any(),
        (Stage::Ready, _) => view! { <Frame page /> }.into_any(),
    })
    .into_any()
}

/// Names the window after what is shown, and after a change of page moves the focus to its heading,
/// so that a screen reader says where one is.
fn name_window(stage: Memo<Stage>, page: Memo<Page>) {
    let t = &texts().pages;
    Effect::new(move |before: Option<(Stage, Page)>| {
        let now = (stage.get(), page.get());
        let name = match now {
            (_, page @ Page::Join) | (Stage::Ready, page) => page.name(),
            (Stage::SignedOut | Stage::Locked, page @ Page::Recover) => page.name(),
            (Stage::SignedOut, _) => t.sign_in,
            (Stage::Locked, _) => t.locked,
            (Stage::FirstPassword, _) => t.first_password,
            (Stage::Starting | Stage::Unreachable, _) => "",
        };
        document().set_title(&if name.is_empty() { "Qoin".to_owned() } else { [name, " · Qoin"].concat() });
        if before.is_some_and(|before| before.1 != now.1) {
            focus_heading();
        }
        now
    });
}

/// Moves the focus to the page's heading once it is there.
pub fn focus_heading() {
    request_animation_frame(|| {
        if let Ok(Some(heading)) = document().query_selector("main h1")
            && let Ok(heading) = heading.dyn_into::<web_sys::HtmlElement>()
        {
            drop(heading.focus());
        }
    });
}

fn starting() -> AnyView {
    guest(
        false,
        view! { <p class="splash" role="status"><span class="hidden-visually">{texts().start.opening}</span>{ui::mark()}</p> },
    )
}
