//! A setting's value: as the leader writes it, as people read it, and as it is typed.

use super::Editing;
use crate::{
    locales::{admin::texts, fill},
    ui::{
        El, classed, el,
        money::{amount_text, form},
        react,
    },
};
use qoin_core::{
    amount::Amount,
    api::admin::settings::{SettingKind, SettingView},
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

/// A setting's name in words: its own name without underscores, unless it has a better one.
pub fn title(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// An amount as the leader writes it: in whole units.
fn amount(value: &str) -> Amount {
    Amount::parse(value, form().decimals).unwrap_or_default()
}

/// A value as people read it.
pub fn written(setting: &SettingView, value: &str) -> String {
    let t = &texts().settings;
    match &setting.kind {
        SettingKind::Amount { .. } if amount(value).is_zero() => t.no_limit.into(),
        SettingKind::Amount { .. } => amount_text(amount(value)),
        SettingKind::Choice { .. } => choice(value),
        SettingKind::Text { .. } if value.is_empty() => t.empty.into(),
        SettingKind::Text { .. } | SettingKind::Number { .. } => value.into(),
    }
}

fn choice(value: &str) -> String {
    title(value)
}

/// A value as it stands in its field.
pub fn typed(value: &str) -> String {
    value.into()
}

/// What a value can be, where that is not plain.
pub fn bounds(setting: &SettingView) -> Option<String> {
    let t = &texts().settings;
    match &setting.kind {
        SettingKind::Number { least, most } => Some(fill(t.bounds, &[&least.to_string(), &most.to_string()])),
        SettingKind::Amount { .. } => Some([t.whole, ", ", t.zero_is_no_limit].concat()),
        SettingKind::Text { characters_max } => Some(fill(t.characters, &[&characters_max.to_string()])),
        SettingKind::Choice { .. } => None,
    }
}

/// Reads what was typed, as the leader writes it.
pub fn read(setting: &SettingView, typed: &str) -> Result<String, String> {
    let t = &texts().settings;
    let text = typed.trim();
    match &setting.kind {
        SettingKind::Amount { most } => within(text, 0, *most),
        SettingKind::Number { least, most } => within(text, *least, *most),
        SettingKind::Text { characters_max } if text.chars().count() > *characters_max as usize => {
            Err(fill(t.characters, &[&characters_max.to_string()]))
        }
        SettingKind::Text { .. } | SettingKind::Choice { .. } => Ok(text.into()),
    }
}

fn within(text: &str, least: u64, most: u64) -> Result<String, String> {
    let fits = text.parse::<u64>().is_ok_and(|number| (least..=most).contains(&number));
    let bounds = || fill(texts().settings.bounds, &[&least.to_string(), &most.to_string()]);
    if fits { Ok(text.into()) } else { Err(bounds()) }
}

/// The field of a setting.
pub fn field(editing: Editing, setting: &SettingView) -> El {
    let label = title(&setting.name);
    let tag = match &setting.kind {
        SettingKind::Choice { .. } => "select",
        SettingKind::Text { .. } => "textarea",
        SettingKind::Number { .. } | SettingKind::Amount { .. } => "input",
    };
    let mut input =
        classed(tag, "input").attr("aria-label", &label).attr("name", &setting.name).attr("autocomplete", "off");
    match &setting.kind {
        SettingKind::Choice { choices } => {
            let option = |value: &String| el("option").attr("value", value).add(choice(value));
            input = input.add(choices.iter().map(option).collect::<Vec<_>>());
        }
        SettingKind::Text { .. } => input = input.attr("rows", "2"),
        SettingKind::Number { .. } | SettingKind::Amount { .. } => input = input.attr("inputmode", "numeric"),
    }
    let (shown, told) = (setting.clone(), setting.clone());
    let element: web_sys::Element = input.cast();
    react(move || write(&element, &editing.shown(&shown)));
    input.on("input", move |event| {
        if let Some(target) = event.target() {
            editing.write(&told, Some(text_of(target.unchecked_ref())));
        }
    })
}

fn write(element: &web_sys::Element, value: &str) {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        if input.value() != value {
            input.set_value(value);
        }
    } else if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
        if area.value() != value {
            area.set_value(value);
        }
    } else if let Some(select) = element.dyn_ref::<HtmlSelectElement>() {
        select.set_value(value);
    }
}

fn text_of(element: &web_sys::Element) -> String {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        input.value()
    } else if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
        area.value()
    } else {
        element.unchecked_ref::<HtmlSelectElement>().value()
    }
}
