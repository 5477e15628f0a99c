//! The services that act for the member with keys of their own.

use crate::{
    locales::{fill, texts},
    ui::{
        Button, El, Icon, Part, Task, View, classed, dialog, div, el,
        field::fault,
        format::{Moment, moment},
        money::amount_text,
        p,
        person::emblem,
        react, span,
        state::{Tone, copy_text, notice, skeleton_rows},
        task::in_words,
    },
    wallet::{WalletContext, services::KeyOf},
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::services::{ServiceRole, ServiceStatus, ServiceView};
use std::{cell::Cell, rc::Rc};

/// How often the list is brought up to date while it is looked at.
const LOOK_EVERY_MS: u32 = 4_000;

/// The services, and what a dialog asks about one of them.
#[derive(Clone)]
struct Services {
    wallet: WalletContext,
    /// The list, or why it could not be loaded; `None` while loading.
    list: RwSignal<Option<Result<Vec<ServiceView>, String>>>,
    /// Whose key is to be new, or which one is to be revoked.
    of: Rc<Cell<KeyOf>>,
    /// How the service is called that a dialog is about.
    called: RwSignal<String>,
    /// The key that was made, until its dialog is closed.
    key: RwSignal<String>,
    declaring: RwSignal<bool>,
    refreshing: RwSignal<bool>,
    revoking: RwSignal<bool>,
    task: Task,
}

/// The part of the account's page.
pub fn services(wallet: WalletContext) -> View {
    let t = &texts().services;
    let closed = || RwSignal::new(false);
    let services = Services {
        wallet,
        list: RwSignal::new(None),
        of: Rc::new(Cell::new(KeyOf::New(ServiceRole::Miner))),
        called: RwSignal::new(String::new()),
        key: RwSignal::new(String::new()),
        declaring: closed(),
        refreshing: closed(),
        revoking: closed(),
        task: Task::new(),
    };
    spawn_local(services.clone().follow());
    // Closing any dialog forgets the key.
    let Services { declaring, refreshing, revoking, key, task, .. } = services;
    react(move || {
        if !(declaring.get() || refreshing.get() || revoking.get()) {
            key.set(String::new());
            task.fault.set(None);
        }
    });
    let button = Button::new(t.declare, move || declaring.set(true)).look("plain small").picture(Icon::Plus);
    let head = div("panel-head").add(el("h2").attr("id", "services").add(t.title)).add(button);
    let list = services.clone();
    let rows = move || {
        list.list.with(|rows| match rows {
            None => skeleton_rows(1),
            Some(Err(text)) => p("panel-note quiet").add(text.as_str()),
            Some(Ok(rows)) if rows.is_empty() => p("panel-note quiet").add(t.none),
            Some(Ok(rows)) => classed("ul", "rows").add(rows.iter().map(|it| list.row(it)).collect::<Vec<_>>()),
        })
    };
    vec![
        classed("section", "panel").attr("aria-labelledby", "services").add(head).add(rows).view(),
        services.clone().ask(declaring, t.declare),
        services.clone().ask(refreshing, t.refresh_title),
        services.ask(revoking, t.revoke_title),
    ]
    .view()
}

impl Services {
    async fn follow(self) {
        while self.list.try_get_untracked().is_some() {
            if !document().hidden() {
                self.load().await;
            }
            TimeoutFuture::new(LOOK_EVERY_MS).await;
        }
    }

    async fn load(&self) {
        let mut answer = in_words(self.wallet.services().await);
        for service in answer.iter_mut().flatten().filter(|it| it.status == ServiceStatus::Active) {
            // It is seen all the time: rows that stay the same keep their focus.
            service.seen_ms = None;
        }
        // A leader that does not answer for a moment takes nothing away.
        let is_news = |list: &mut Option<Result<_, _>>| match &answer {
            Err(_) => !matches!(list, Some(Ok(_))),
            Ok(_) => list.as_ref() != Some(&answer),
        };
        if self.list.try_update_untracked(is_news) == Some(true) {
            self.list.try_set(Some(answer));
        }
    }

    fn row(&self, service: &ServiceView) -> El {
        let t = &texts().services;
        let (look, status) = match service.status {
            ServiceStatus::Active => ("status confirmed", t.active),
            ServiceStatus::Sleeping => ("status", t.sleeping),
        };
        let picture = if service.role == ServiceRole::Miner { Icon::Block } else { Icon::Reward };
        let called = [service.role.name(), " \u{b7}\u{b7}\u{b7}\u{b7}", &service.key_ends].concat();
        let at = |at_ms: u64| moment(at_ms as f64, Moment::Until);
        let mut notes = vec![fill(t.key_since, &[&at(service.key_since_ms)])];
        notes.extend(service.seen_ms.map(|seen_ms| fill(t.seen, &[&at(seen_ms)])));
        notes.extend(service.host.as_ref().or(service.address.as_ref()).map(|host| fill(t.host, &[host])));
        notes.extend(service.budget.map(|budget| {
            let sums = [&amount_text(budget.spent_today) as &str, &amount_text(budget.per_day)];
            if budget.per_day.is_zero() { t.no_budget.to_owned() } else { fill(t.budget, &sums) }
        }));
        let title = span("row-title").add(called.as_str()).add(span(look).add(status));
        let text =
            notes.into_iter().fold(span("row-text").add(title), |text, note| text.add(span("row-note").add(note)));
        let id = service.id;
        let open = |label, open: RwSignal<bool>| {
            let (services, called) = (self.clone(), called.clone());
            let press = move || {
                services.of.set(KeyOf::Known(id));
                services.called.set(called.clone());
                open.set(true);
            };
            Button::new(label, press).look("plain small")
        };
        let actions = div("actions").add(open(t.refresh, self.refreshing)).add(open(t.revoke, self.revoking));
        classed("li", "row roomy service").add(emblem(picture)).add(text).add(actions)
    }

    /// A dialog that asks, and shows the key that it is answered with.
    fn ask(self, open: RwSignal<bool>, title: &'static str) -> View {
        let busy = self.task.busy;
        let content = move || {
            let services = self.clone();
            (move || if services.key.with(String::is_empty) { services.question(open) } else { services.answer(open) })
                .view()
        };
        dialog(open, title, Some(busy), content)
    }

    fn question(&self, open: RwSignal<bool>) -> View {
        let t = &texts().services;
        let fault = fault(self.task.fault).view();
        if open == self.declaring {
            let choice = |role: ServiceRole, about| {
                let services = self.clone();
                let press = move || {
                    services.of.set(KeyOf::New(role));
                    services.called.set(role.name().to_owned());
                    services.act(open);
                };
                let about = el("div").add(el("h3").add(role.name())).add(p("quiet small").add(about));
                let button = Button::new(fill(t.declare_one, &[role.name()]), press).look("plain small");
                div("setting").add(about).add(button.busy(self.task.busy)).view()
            };
            return vec![choice(ServiceRole::Miner, t.miner), choice(ServiceRole::Qwinner, t.qwinner), fault].view();
        }
        let (text, label, look) = if open == self.revoking {
            (t.revoke_text, t.revoke, "danger wide")
        } else {
            (t.refresh_text, t.refresh_button, "wide")
        };
        let (services, text) = (self.clone(), fill(text, &[&self.called.get_untracked()]));
        let button = Button::new(label, move || services.act(open)).look(look).busy(self.task.busy);
        vec![p("").add(text).view(), fault, button.view()].view()
    }

    /// Does what a dialog asked about.
    fn act(&self, open: RwSignal<bool>) {
        let services = self.clone();
        self.task.start(async move {
            let (wallet, of) = (services.wallet, services.of.get());
            match of {
                KeyOf::Known(id) if open == services.revoking => {
                    in_words(wallet.revoke_service(id).await)?;
                    services.load().await;
                    open.set(false);
                }
                of => {
                    services.key.set(in_words(wallet.new_service_key(of).await)?.key);
                    services.load().await;
                }
            }
            Ok(())
        });
    }

    /// A key, this once, with what to do with it.
    fn answer(&self, open: RwSignal<bool>) -> View {
        let (t, key) = (&texts().services, self.key);
        let is_miner = self.called.with_untracked(|called| called.starts_with(ServiceRole::Miner.name()));
        let email = self.wallet.me().map(|me| me.email).unwrap_or_default();
        let how = fill(if is_miner { t.miner_key } else { t.qwinner_key }, &[&email]);
        vec![
            notice(Tone::Warning, "", p("").add(t.key_once)).view(),
            copy_text(t.key, move || key.get(), "").view(),
            p("quiet small").add(how).view(),
            Button::new(texts().parts.done, move || open.set(false)).look("wide").view(),
        ]
        .view()
    }
}
