//! What stands around the pages: navigation, the bars above, and the bare frame before sign-in.

use crate::{
    locales::{describe, fill, texts},
    pages,
    routes::Page,
    ui::{
        Button, Icon, Task,
        format::{self, Moment},
        icon, mark,
        person::avatar,
        toast,
    },
    wallet::{Online, WalletContext},
};
use leptos::prelude::*;
use qoin_core::api::sessions::{Me, Role};

/// How long a lost connection goes unmentioned: most come back at once.
const RECONNECTING_SHOWN_AFTER_MS: u32 = 2_500;

/// A page before sign-in: the mark above one column of content.
pub fn guest(wide: impl Into<Signal<bool>>, content: impl IntoView + 'static) -> AnyView {
    let content = content.into_any();
    let wide = wide.into();
    let class = move || if wide.get() { "guest-card panel padded wide" } else { "guest-card panel padded" };
    view! {
        <main class="guest">
            <a class="brand" href="/">{mark()}"Qoin"</a>
            <div class=class>{content}</div>
            <p class="guest-foot">{texts().sign_in.foot}</p>
        </main>
    }
    .into_any()
}

/// The signed-in member's pages with navigation.
#[component]
pub fn Frame(page: Memo<Page>) -> AnyView {
    let me = expect_context::<WalletContext>().me();
    let content = move || match page.get() {
        Page::Send => view! { <pages::send::Send /> }.into_any(),
        Page::History => view! { <pages::history::History /> }.into_any(),
        Page::Account => view! { <pages::account::Account /> }.into_any(),
        Page::People if is_administrator(me) => view! { <pages::people::People /> }.into_any(),
        Page::People | Page::Missing => pages::missing(),
        Page::Wallet | Page::Join | Page::Recover => view! { <pages::wallet::Wallet /> }.into_any(),
    };
    view! {
        <a class="skip" href="#content">{texts().parts.skip_to_content}</a>
        <div class="frame">
            <Banners />
            <Side page />
            <div class="top"><a class="brand" href="/">{mark()}"Qoin"</a>{lock_button()}</div>
            <main class="main" id="content" tabindex="-1">{content}</main>
            <nav class="tabs" aria-label=texts().parts.navigation>{links(page, me)}</nav>
        </div>
    }
    .into_any()
}

fn is_administrator(me: Signal<Option<Me>>) -> bool {
    me.with(|me| me.as_ref().is_some_and(|me| me.role == Role::Administrator))
}

fn links(page: Memo<Page>, me: Signal<Option<Me>>) -> AnyView {
    let link = move |target: Page| {
        view! {
            <a href=target.path() aria-current=move || (page.get() == target).then_some("page")>
                {icon(target.picture())}
                <span>{target.name()}</span>
            </a>
        }
        .into_any()
    };
    (move || {
        let mut pages = vec![Page::Wallet, Page::Send, Page::History];
        if is_administrator(me) {
            pages.push(Page::People);
        }
        pages.push(Page::Account);
        pages.into_iter().map(link).collect_view()
    })
    .into_any()
}

fn lock_button() -> AnyView {
    let wallet = expect_context::<WalletContext>();
    view! { <Button label=texts().sign_in.lock look="plain small" picture=Icon::Lock on_press=move |()| wallet.lock() /> }.into_any()
}

#[component]
fn Side(page: Memo<Page>) -> AnyView {
    let me = expect_context::<WalletContext>().me();
    let who = move || {
        me.get().map(|me| {
            view! {
                <div class="who">
                    {avatar(&me.name, &me.address)}
                    <span class="row-text">
                        <bdi class="row-title">{me.name}</bdi>
                        <bdi class="row-note">{me.email}</bdi>
                    </span>
                </div>
            }
            .into_any()
        })
    };
    view! {
        <div class="side">
            <a class="brand" href="/">{mark()}"Qoin"</a>
            <nav aria-label=texts().parts.navigation>{links(page, me)}</nav>
            <div class="side-foot">{who}{lock_button()}</div>
        </div>
    }
    .into_any()
}

/// The bars above the pages: connection, encryption, and a key that is about to be replaced.
#[component]
fn Banners() -> AnyView {
    let t = &texts().banners;
    let wallet = expect_context::<WalletContext>();
    let online = wallet.online();
    let waited = RwSignal::new(false);
    Effect::new(move |_| {
        waited.set(false);
        if online.get() == Online::Reconnecting {
            leptos::task::spawn_local(async move {
                gloo_timers::future::TimeoutFuture::new(RECONNECTING_SHOWN_AFTER_MS).await;
                if online.try_get_untracked() == Some(Online::Reconnecting) {
                    waited.try_set(true);
                }
            });
        }
    });
    let connection = move || {
        let text = match online.get() {
            Online::Offline => t.offline,
            Online::Reconnecting if waited.get() => t.reconnecting,
            _ => return None,
        };
        Some(view! { <p class="banner">{icon(Icon::Offline)}{text}</p> }.into_any())
    };
    let insecure = (!wallet.keeps_over_reload() && !window().is_secure_context())
        .then(|| view! { <p class="banner">{icon(Icon::Warning)}{t.insecure}</p> }.into_any());
    view! { <div class="banners"><div role="status">{connection}</div>{insecure}<RotationAlarm /></div> }.into_any()
}

#[component]
fn RotationAlarm() -> AnyView {
    let t = &texts().banners;
    let wallet = expect_context::<WalletContext>();
    let account = wallet.account();
    let rotation =
        Memo::new(move |_| account.with(|account| account.as_ref().and_then(|account| account.rotation.clone())));
    let task = Task::new();
    let show = toast();
    let stop = move |()| {
        task.start(async move {
            wallet.cancel_rotation().await.map_err(|failure| describe::failure(&failure))?;
            show(t.rotation_cancelled.into());
            Ok(())
        });
    };
    let alarm = move || {
        rotation.get().map(|rotation| {
            let when = format::moment(rotation.effective_ms as f64, Moment::Until);
            view! {
                <div class="banner danger" role="alert">
                    {icon(Icon::Key)}
                    <span><strong>{t.rotation_title}</strong>" "{fill(t.rotation_text, &[&when])}</span>
                    <Button label=t.rotation_cancel look="danger small" busy=task.busy on_press=stop />
                    {move || task.fault.get()}
                </div>
            }
            .into_any()
        })
    };
    alarm.into_any()
}
