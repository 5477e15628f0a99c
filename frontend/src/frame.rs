//! What stands around the pages: navigation, the bars above, and the bare frame before sign-in.

use crate::{
    locales::{fill, texts},
    pages,
    routes::{Page, Route},
    ui::{
        Button, El, Icon, Part, Task, View, bdi, classed, div, el,
        format::{self, Moment},
        icon, link, mark, p,
        person::person,
        react, span,
        task::in_words,
        toast,
    },
    wallet::{Online, Rewritten, WalletContext, Why},
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::sessions::Role;

/// How long a lost connection goes unmentioned: most come back at once.
const RECONNECTING_SHOWN_AFTER_MS: u32 = 2_500;

fn brand() -> El {
    link("brand", Page::Wallet.path()).add(mark()).add("Qoin")
}

/// A page before sign-in: the mark above one column of content, a wide one while `wide`.
pub fn guest(wide: impl Fn() -> bool + 'static, content: impl Part) -> View {
    let class = move || Some(if wide() { "guest-card panel padded wide" } else { "guest-card panel padded" });
    let told = use_context::<WalletContext>().map(announcement);
    let main = classed("main", "guest")
        .add(brand())
        .add(el("div").attr_live("class", class).add(content))
        .add(p("guest-foot").add(texts().sign_in.foot));
    vec![told.view(), main.view()].view()
}

/// The signed-in member's pages with navigation.
pub fn frame(route: Route) -> View {
    let wallet = expect_context::<WalletContext>();
    let content = move || match route.page() {
        Page::Send => pages::send::send(),
        Page::History => pages::history::history(),
        Page::Mine => pages::mine::mine(),
        Page::Account => pages::account::account(),
        Page::People => pages::people::people(),
        // Who loses the right to it is told so there.
        Page::Admin if untrack(|| may_administrate(wallet)) => pages::admin::admin(),
        Page::Admin | Page::Missing => pages::missing(),
        Page::Wallet | Page::Join | Page::Recover => pages::wallet::wallet(),
    };
    let skip = link("skip", "#content").add(texts().parts.skip_to_content);
    let main = classed("main", "main").attr("id", "content").attr("tabindex", "-1").add(content);
    let tabs = navigation("tabs", route);
    let top_end = div("top-end").add(to_panel(wallet, route, "icon-button named")).add(lock_button(wallet));
    let top = classed("header", "top").add(brand()).add(top_end);
    let frame = div("frame").add(banners(wallet)).add(side(wallet, route)).add(top).add(main).add(tabs);
    vec![skip, frame].view()
}

fn may_administrate(wallet: WalletContext) -> bool {
    wallet.me().is_some_and(|me| me.role != Role::Member)
}

fn page_link(class: &str, page: Page, route: Route) -> El {
    link(class, page.path())
        .attr_live("aria-current", move || (route.page() == page).then_some("page"))
        .add(icon(page.picture()))
        .add(el("span").add(page.name()))
}

fn navigation(class: &str, route: Route) -> El {
    let to = move |page: Page| page_link("", page, route);
    let links = [Page::Wallet, Page::Send, Page::History, Page::Mine, Page::People, Page::Account].map(to);
    classed("nav", class).attr("aria-label", texts().parts.navigation).add(Vec::from(links))
}

/// The way to the panel, for those who may.
fn to_panel(wallet: WalletContext, route: Route, class: &'static str) -> impl Part {
    let may = Memo::new(move |_| may_administrate(wallet));
    move || may.get().then(|| page_link(class, Page::Admin, route))
}

fn lock_button(wallet: WalletContext) -> Button {
    Button::new(texts().sign_in.lock, move || wallet.lock()).look("plain small").picture(Icon::Lock)
}

fn side(wallet: WalletContext, route: Route) -> El {
    let who = move || wallet.me().map(|me| person("who", &me.name, &me.email, &me.address));
    let foot = div("side-foot").add(to_panel(wallet, route, "side-link")).add(who).add(lock_button(wallet));
    classed("header", "side").add(div("side-inner").add(brand()).add(navigation("", route)).add(foot))
}

/// The bars above the pages: connection, encryption, and a key that is about to be replaced.
fn banners(wallet: WalletContext) -> El {
    let t = &texts().banners;
    let bar = |picture, text: &str| p("banner").add(icon(picture)).add(text);
    let insecure = !wallet.keeps_over_reload() && !window().is_secure_context();
    div("banners")
        .add(el("div").attr("role", "status").add(connection(wallet)))
        .add(insecure.then(|| bar(Icon::Warning, t.insecure)))
        .add(announcement(wallet))
        .add(history_alarm(wallet))
        .add(read_only(wallet))
        .add(rotation_alarm(wallet))
}

/// What the administrators tell everyone.
fn announcement(wallet: WalletContext) -> El {
    let text = Memo::new(move |_| wallet.banner());
    let shown = move || {
        let text = text.get();
        (!text.is_empty()).then(|| p("banner").add(icon(Icon::Info)).add(bdi("", &text)))
    };
    el("div").attr("role", "status").add(shown)
}

/// Says that the ledger has closed itself.
fn read_only(wallet: WalletContext) -> View {
    let is_read_only = Memo::new(move |_| wallet.with_account(|account| account.is_some_and(|it| it.read_only)));
    let bar = || p("banner danger").attr("role", "alert").add(icon(Icon::Warning)).add(texts().banners.read_only);
    (move || is_read_only.get().then(bar)).view()
}

fn connection(wallet: WalletContext) -> View {
    let t = &texts().banners;
    let waited = RwSignal::new(false);
    react(move || {
        waited.set(false);
        if wallet.online() == Online::Reconnecting {
            spawn_local(async move {
                TimeoutFuture::new(RECONNECTING_SHOWN_AFTER_MS).await;
                if untrack(|| wallet.online()) == Online::Reconnecting {
                    waited.try_set(true);
                }
            });
        }
    });
    (move || {
        let text = match wallet.online() {
            Online::Offline => t.offline,
            Online::Reconnecting if waited.get() => t.reconnecting,
            _ => return None,
        };
        Some(p("banner").add(icon(Icon::Offline)).add(text))
    })
    .view()
}

/// Warns that the leader shows another history than before, until the member has understood it.
fn history_alarm(wallet: WalletContext) -> View {
    let t = &texts().banners;
    (move || {
        wallet.rewritten().map(|Rewritten { seen, why }| {
            let mut text = fill(t.rewritten_seen, &[&seen.to_string()]);
            text.push_str(&match why {
                Why::Unexplained => t.rewritten_unexplained.to_owned(),
                Why::Forged => t.rewritten_forged.to_owned(),
                Why::Restored(notice) => {
                    let made = format::moment(notice.backup_ms as f64, Moment::Until);
                    fill(t.rewritten_restored, &[&made, &notice.height.to_string()])
                }
            });
            let button = Button::new(t.rewritten_accept, move || wallet.accept_history()).look("danger small");
            alarm(Icon::Warning, t.rewritten_title, text).add(button)
        })
    })
    .view()
}

/// A bar that cannot be overlooked, before what can be done about it.
fn alarm(picture: Icon, title: &str, text: String) -> El {
    let text = el("span").add(el("strong").add(title)).add(text);
    div("banner danger").attr("role", "alert").add(icon(picture)).add(text)
}

/// Warns that the system key is about to replace the member's key, and lets them stop it.
fn rotation_alarm(wallet: WalletContext) -> View {
    let t = &texts().banners;
    let task = Task::new();
    let show = toast();
    let stop = move || {
        task.start(async move {
            in_words(wallet.cancel_rotation().await)?;
            show(t.rotation_cancelled.into());
            Ok(())
        });
    };
    let effective = Memo::new(move |_| wallet.with_account(|account| Some(account?.rotation.as_ref()?.effective_ms)));
    (move || {
        effective.get().map(|effective_ms| {
            let when = format::moment(effective_ms as f64, Moment::Until);
            let button = Button::new(t.rotation_cancel, stop).look("danger small").busy(task.busy);
            alarm(Icon::Key, t.rotation_title, fill(t.rotation_text, &[&when]))
                .add(button)
                .add(span("").add(move || task.fault.get()))
        })
    })
    .view()
}
