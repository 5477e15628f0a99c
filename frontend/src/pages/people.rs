//! The people one can pay.

use crate::{
    locales::{describe, fill, texts},
    routes::{Page, Route},
    ui::{
        Icon, Part, View, classed, div, el,
        field::{bind, fresh_id},
        icon, p,
        person::{avatar, two_lines},
        span,
        state::{self, skeleton_rows},
    },
    wallet::{Failure, WalletContext, pause},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::members::MemberView;

/// How long typing must rest before the leader is asked, in milliseconds.
const REST_MS: u32 = 150;

/// The page of all members but oneself.
pub fn people() -> View {
    let t = &texts().people;
    let wallet = expect_context::<WalletContext>();
    let query = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Result<Vec<MemberView>, Failure>>);
    crate::ui::react(move || {
        let asked = query.get();
        spawn_local(async move {
            let is_current = || query.try_with_untracked(|now| *now == asked) == Some(true);
            pause::for_ms(REST_MS).await;
            if is_current() {
                let answer = wallet.find_members(asked.clone()).await;
                if is_current() {
                    found.set(Some(answer));
                }
            }
        });
    });
    let rows = move || {
        found.with(|found| match found {
            None => skeleton_rows(6).view(),
            Some(Err(failure)) => p("panel-note").attr("role", "alert").add(describe::failure(failure)).view(),
            Some(Ok(people)) if people.is_empty() => state::empty(Icon::Search, t.empty_title, t.empty_text).view(),
            Some(Ok(people)) => {
                classed("ul", "rows").add(people.iter().map(|member| row(wallet, member)).collect::<Vec<_>>()).view()
            }
        })
    };
    let id = fresh_id();
    let input = classed("input", "input").attr("id", &id).attr("type", "search").attr("autocomplete", "off");
    let search = div("field")
        .add(el("label").attr("for", &id).add(t.search))
        .add(div("input-with").add(span("lead").add(icon(Icon::Search))).add(bind(input, query)));
    vec![state::page_heading(texts().pages.people), search, classed("section", "panel").add(rows)].view()
}

fn row(wallet: WalletContext, member: &MemberView) -> impl Part {
    let (route, draft) = (expect_context::<Route>(), expect_context::<super::send::Draft>());
    let to = member.clone();
    let pay = move || {
        draft.begin(untrack(|| wallet.me()).map(|me| me.address), to.clone());
        route.go(Page::Send);
    };
    let label = fill(texts().people.pay, &[&member.name]);
    let button = classed("button", "button plain small").attr("type", "button").attr("aria-label", &label);
    classed("li", "row roomy")
        .add(avatar(&member.name, &member.address))
        .add(two_lines(&member.name, &member.email))
        .add(button.on_click(pay).add(texts().pages.send))
}
