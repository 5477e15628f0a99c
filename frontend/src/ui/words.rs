//! Passwords with their strength, and recovery words: shown, then checked.

use super::{
    button::Button,
    field::{Fault, Field, fresh_id},
    icon::Icon,
    state::{Tone, notice},
};
use crate::{
    locales::{describe, fill, texts},
    wallet::RecoveryWords,
};
use leptos::prelude::*;

/// How strong a new password is: 0 for nothing written, 1 for not accepted, to 4.
fn strength(password: &str) -> usize {
    let length = password.chars().count();
    match length {
        0 => 0,
        _ if describe::password_fault(password).is_some() => 1,
        ..13 => 2,
        13..18 => 3,
        _ => 4,
    }
}

/// A field for a new password that shows how strong it is.
#[component]
pub fn NewPassword(
    /// Its label.
    label: &'static str,
    /// The password.
    value: RwSignal<String>,
    /// What is wrong with it.
    #[prop(into)]
    fault: Fault,
) -> AnyView {
    let t = &texts().password;
    let level = Memo::new(move |_| value.with(|password| strength(password)));
    let verdict = move || ["", t.level_1, t.level_2, t.level_3, t.level_4][level.get()];
    let bars = move || {
        (level.get() > 0).then(|| {
            view! {
            <div class=move || format!("strength level-{}", level.get())>
                <div class="strength-bars" aria-hidden="true"><span></span><span></span><span></span><span></span></div>
                <p class="hint" aria-live="polite">{verdict}</p>
            </div>
        }
        .into_any()
        })
    };
    view! {
        <div class="field">
            <Field label value kind="password" autocomplete="new-password" fault hint=Some(t.hint.to_owned()) />
            {bars}
        </div>
    }
    .into_any()
}

/// The words as a numbered list.
pub fn word_list(words: &RecoveryWords) -> AnyView {
    let items: Vec<_> =
        words.words().into_iter().map(|word| view! { <li translate="no">{word.to_owned()}</li> }).collect();
    view! { <ol class="words">{items}</ol> }.into_any()
}

/// Shows the words, then asks for three of them; `on_checked` is called when all three are right.
#[component]
pub fn NoteWords(
    /// The words.
    words: RecoveryWords,
    /// The label of the button that ends the check.
    finish: &'static str,
    /// While what follows is under way.
    #[prop(into)]
    busy: Signal<bool>,
    /// How what follows failed.
    #[prop(into)]
    fault: Fault,
    /// Called when all three are right.
    #[prop(into)]
    on_checked: Callback<()>,
) -> AnyView {
    let t = &texts().words;
    let checking = RwSignal::new(false);
    let words = StoredValue::new(words);
    let list = move || {
        view! {
            <header><h1 tabindex="-1">{t.title}</h1><p class="quiet">{t.lead}</p></header>
            {words.with_value(word_list)}
            {notice(Tone::Warning, (), view! { <p>{t.warning}</p> })}
            <Button label=t.noted look="wide" on_press=move |()| checking.set(true) />
        }
        .into_any()
    };
    let check = move || {
        view! {
            <header><h1 tabindex="-1">{t.check_title}</h1><p class="quiet">{t.check_lead}</p></header>
            <CheckWords words finish busy fault on_checked />
            <button class="link-button" type="button" on:click=move |_| checking.set(false)>{t.show_again}</button>
        }
        .into_any()
    };
    (move || if checking.get() { check() } else { list() }).into_any()
}

#[component]
fn CheckWords(
    words: StoredValue<RecoveryWords>,
    finish: &'static str,
    busy: Signal<bool>,
    fault: Fault,
    on_checked: Callback<()>,
) -> AnyView {
    let t = &texts().words;
    let count = words.with_value(|words| words.words().len());
    let asked = three_places(count);
    let answers = asked.map(|place| (place, RwSignal::new(String::new()), RwSignal::new(None)));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let mut all_right = true;
        for (place, answer, wrong) in answers {
            let right = words.with_value(|words| {
                answer.with_untracked(|answer| answer.trim().eq_ignore_ascii_case(words.words()[place]))
            });
            wrong.set((!right).then(|| fill(t.check_wrong, &[&(place + 1).to_string()])));
            all_right &= right;
        }
        if all_right {
            on_checked.run(());
        }
    };
    let fields: Vec<_> = answers
        .into_iter()
        .enumerate()
        .map(|(index, (place, answer, wrong))| {
            let label = fill(t.word_number, &[&(place + 1).to_string()]);
            view! { <Field label value=answer fault=wrong focus={index == 0} /> }
        })
        .collect();
    view! {
        <form class="form" on:submit=submit novalidate>
            {fields}
            {super::field::fault(fresh_id(), fault)}
            <Button label=finish look="wide" picture=Icon::Check busy />
        </form>
    }
    .into_any()
}

/// Three different places of `count`, in order.
fn three_places(count: usize) -> [usize; 3] {
    let third = count / 3;
    [0, 1, 2].map(|part| part * third + (js_sys::Math::random() * third as f64) as usize)
}
