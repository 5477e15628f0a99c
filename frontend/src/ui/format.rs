//! Amounts and times as people read them.

use crate::locales::texts;
use js_sys::{Date, Object, Reflect};
use qoin_core::{amount::Amount, decimals::Decimals};
use wasm_bindgen::{JsCast, JsValue};

/// An amount's whole units with their groups marked, and its fraction with the decimal mark (empty without decimals).
pub fn split_amount(amount: Amount, decimals: Decimals) -> (String, String) {
    let exact = amount.display(decimals).to_string();
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(texts().group_mark);
        }
        grouped.push(digit);
    }
    let mut behind = String::new();
    if !fraction.is_empty() {
        behind.push(texts().decimal_mark);
        behind.push_str(fraction);
    }
    (grouped, behind)
}

/// An amount with the currency's symbol, in one text.
pub fn amount(amount: Amount, decimals: Decimals, symbol: &str) -> String {
    let (mut text, fraction) = split_amount(amount, decimals);
    text.push_str(&fraction);
    text.push('\u{a0}');
    text.push_str(symbol);
    text
}

/// How the app writes a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Hours and minutes.
    Time,
    /// The day in words.
    Day,
    /// The day in short.
    ShortDay,
    /// The day with its year.
    Date,
    /// Day and time to the second.
    Exact,
    /// Day and time to the minute.
    Until,
}

/// A moment, in milliseconds since 1970, in the browser's time zone.
pub fn moment(at_ms: f64, form: Moment) -> String {
    let options: &[(&str, &str)] = match form {
        Moment::Time => &[("hour", "2-digit"), ("minute", "2-digit")],
        Moment::Day => &[("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")],
        Moment::ShortDay => &[("day", "numeric"), ("month", "short")],
        Moment::Date => &[("dateStyle", "medium")],
        Moment::Exact => &[("dateStyle", "medium"), ("timeStyle", "medium")],
        Moment::Until => &[("dateStyle", "medium"), ("timeStyle", "short")],
    };
    let bag = Object::new();
    for (name, value) in options {
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&bag, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    let date = Date::new(&JsValue::from_f64(at_ms));
    date.to_locale_string(&locale(), &bag).into()
}

/// A moment's calendar day in the browser's time zone, for grouping.
pub fn day_key(at_ms: f64) -> (u32, u32, u32) {
    let date = Date::new(&JsValue::from_f64(at_ms));
    (date.get_full_year(), date.get_month(), date.get_date())
}

/// A day in words: today, yesterday or its date.
pub fn day(at_ms: f64) -> String {
    const DAY_MS: f64 = 86_400_000.0;
    let (now, key) = (Date::now(), day_key(at_ms));
    if key == day_key(now) {
        texts().parts.today.into()
    } else if key == day_key(now - DAY_MS) {
        texts().parts.yesterday.into()
    } else {
        moment(at_ms, Moment::Day)
    }
}

/// Microseconds since 1970 as the milliseconds that the browser counts in.
pub fn ms(at_us: u64) -> f64 {
    // Exact enough until the year 287396.
    (at_us / 1000) as f64
}

/// The browser's own variant of the app's language, so that a British reader gets British dates.
fn locale() -> String {
    let language = texts().language;
    let preferred = leptos::prelude::window().navigator().language().unwrap_or_default();
    if preferred.starts_with(language) { preferred } else { language.into() }
}

/// `navigator.clipboard.writeText`, where the browser has it (it needs a secure context).
pub fn copy_to_clipboard(text: &str) -> Option<js_sys::Promise> {
    let clipboard = Reflect::get(&leptos::prelude::window().navigator(), &"clipboard".into()).ok()?;
    let write = Reflect::get(&clipboard, &"writeText".into()).ok()?;
    let write = write.dyn_ref::<js_sys::Function>()?;
    write.call1(&clipboard, &text.into()).ok()?.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_their_last_digit() {
        let written = |units, decimals| amount(Amount::from_units(units), Decimals::try_from(decimals).unwrap(), "Q");
        assert_eq!(written(5, 2), "0.05\u{a0}Q");
        assert_eq!(written(123_450, 2), "1,234.50\u{a0}Q");
        assert_eq!(written(999, 0), "999\u{a0}Q");
        assert_eq!(written(1_000_000, 0), "1,000,000\u{a0}Q");
        assert_eq!(written(u64::MAX, 8), "184,467,440,737.09551615\u{a0}Q");
    }
}
