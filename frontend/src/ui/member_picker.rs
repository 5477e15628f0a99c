//! Finds a member by name or e-mail address: an input with a list of matches (the combobox of the ARIA practices).

use super::{
    button::Button,
    field::{Fault, fault, fresh_id},
    icon::{Icon, icon},
    person::avatar,
};
use crate::{
    locales::{describe, fill, texts},
    wallet::WalletContext,
};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use qoin_core::api::members::MemberView;

/// How long typing must rest before the leader is asked.
const REST_MS: u32 = 150;

/// What is found for what is typed.
#[derive(Clone, PartialEq)]
enum Found {
    Searching,
    Members(Vec<MemberView>),
    Failed(String),
}

/// A field for a member: typed and picked from a list, then shown with a button to change it.
#[component]
pub fn MemberPicker(
    /// Its label.
    label: &'static str,
    /// Who is picked.
    chosen: RwSignal<Option<MemberView>>,
    /// What is wrong with the choice.
    #[prop(into)]
    wrong: Fault,
) -> AnyView {
    let fault_id = fresh_id();
    let described = fault_id.clone();
    // After a change by hand the focus goes to what replaced the pressed element.
    let touched = RwSignal::new(false);
    let content = move || match chosen.get() {
        Some(member) => chosen_member(label, member, chosen, touched),
        None => view! { <Search label chosen wrong described=described.clone() touched /> }.into_any(),
    };
    view! { <div class="field">{content}{fault(fault_id, wrong)}</div> }.into_any()
}

fn chosen_member(
    label: &'static str,
    member: MemberView,
    chosen: RwSignal<Option<MemberView>>,
    touched: RwSignal<bool>,
) -> AnyView {
    let change = move |()| {
        touched.set(true);
        chosen.set(None);
    };
    view! {
        <span class="label">{label}</span>
        <div class="chosen">
            {avatar(&member.name, &member.address)}
            <span class="row-text">
                <bdi class="row-title">{member.name}</bdi>
                <bdi class="row-note">{member.email}</bdi>
            </span>
            <Button label=texts().send.change look="plain small" on_press=change />
        </div>
    }
    .into_any()
}

#[component]
fn Search(
    label: &'static str,
    chosen: RwSignal<Option<MemberView>>,
    wrong: Fault,
    described: String,
    touched: RwSignal<bool>,
) -> AnyView {
    let (id, list_id) = (fresh_id(), fresh_id());
    let (list, option_list) = (list_id.clone(), list_id.clone());
    let query = RwSignal::new(String::new());
    let open = RwSignal::new(false);
    let active = RwSignal::new(0_usize);
    let found = search_as_typed(query, open, active);
    let input = NodeRef::<html::Input>::new();
    if touched.get_untracked() {
        super::field::focus_when_there(input);
    }
    let count = move || found.with(|found| if let Found::Members(members) = found { members.len() } else { 0 });
    let choose = move |index: usize| {
        if let Some(Found::Members(members)) = found.try_get_untracked()
            && let Some(member) = members.get(index)
        {
            open.set(false);
            chosen.set(Some(member.clone()));
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let last = count().saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" if !open.get() => open.set(true),
            "ArrowDown" => active.update(|active| *active = if *active >= last { 0 } else { *active + 1 }),
            "ArrowUp" => active.update(|active| *active = active.checked_sub(1).unwrap_or(last)),
            "Enter" if open.get() && count() > 0 => choose(active.get()),
            "Escape" if open.get() => open.set(false),
            _ => return,
        }
        event.prevent_default();
    };
    let active_id = move || (open.get() && count() > 0).then(|| format!("{list_id}-{}", active.get()));
    let options = move || open.get().then(|| options(&option_list, found, active, choose));
    view! {
        <label for=id.clone()>{label}</label>
        <div class="picker">
            <div class="input-with">
                <span class="lead">{icon(Icon::Search)}</span>
                <input
                    node_ref=input
                    id=id
                    class="input"
                    type="text"
                    role="combobox"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    placeholder=texts().send.to_placeholder
                    aria-autocomplete="list"
                    aria-expanded=move || if open.get() { "true" } else { "false" }
                    aria-controls=list
                    aria-activedescendant=active_id
                    aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                    aria-describedby=described
                    prop:value=move || query.get()
                    on:input=move |event| {
                        query.set(event_target_value(&event));
                        open.set(true);
                    }
                    on:keydown=on_key
                    on:focus=move |_| open.set(true)
                    on:blur=move |_| open.set(false)
                />
            </div>
            {options}
        </div>
        <p class="hidden-visually" role="status">
            {move || (open.get() && count() > 0).then(|| fill(texts().send.found, &[&count().to_string()]))}
        </p>
    }
    .into_any()
}

/// Asks the leader once typing rests; answers to what is no longer typed are dropped.
fn search_as_typed(query: RwSignal<String>, open: RwSignal<bool>, active: RwSignal<usize>) -> RwSignal<Found> {
    let wallet = expect_context::<WalletContext>();
    let found = RwSignal::new(Found::Searching);
    Effect::new(move |asked_before: Option<Option<String>>| {
        let asked_before = asked_before.flatten();
        let typed = query.get();
        let failed = found.with_untracked(|found| matches!(found, Found::Failed(_)));
        if !open.get() || (asked_before.as_ref() == Some(&typed) && !failed) {
            return asked_before;
        }
        let asked = typed.clone();
        spawn_local(async move {
            TimeoutFuture::new(REST_MS).await;
            let is_current = || query.try_with_untracked(|now| *now == asked) == Some(true);
            if !is_current() {
                return;
            }
            let answer = match wallet.find_members(asked.trim().to_owned()).await {
                Ok(members) => Found::Members(members),
                Err(failure) => Found::Failed(describe::failure(&failure)),
            };
            if is_current() {
                active.try_set(0);
                found.try_set(answer);
            }
        });
        Some(typed)
    });
    found
}

fn options(
    list_id: &str,
    found: RwSignal<Found>,
    active: RwSignal<usize>,
    choose: impl Fn(usize) + Copy + Send + Sync + 'static,
) -> AnyView {
    let t = &texts().send;
    let list_id = list_id.to_owned();
    let option_id = list_id.clone();
    let option = move |(index, member): (usize, MemberView)| {
        // The mouse's press must not take the focus from the input, or the list would close before the click.
        view! {
            <li
                id=format!("{option_id}-{index}")
                class="option"
                role="option"
                aria-selected=move || if active.get() == index { "true" } else { "false" }
                on:mousedown=move |event| event.prevent_default()
                on:click=move |_| choose(index)
            >
                {avatar(&member.name, &member.address)}
                <span class="row-text">
                    <bdi class="row-title">{member.name}</bdi>
                    <bdi class="row-note">{member.email}</bdi>
                </span>
            </li>
        }
        .into_any()
    };
    let note = |text: String| view! { <p class="options option-note" role="status">{text}</p> }.into_any();
    (move || match found.get() {
        Found::Searching => note(t.searching.into()),
        Found::Failed(text) => note(text),
        Found::Members(members) if members.is_empty() => note(t.nobody.into()),
        Found::Members(members) => {
            let options = members.into_iter().enumerate().map(option.clone()).collect_view();
            view! { <ul id=list_id.clone() class="options" role="listbox" aria-label=t.to>{options}</ul> }.into_any()
        }
    })
    .into_any()
}
