//! Figures as people read them: hash rates, bytes, spans of time.

use crate::locales::{admin::texts, fill};

/// A number with its groups of three marked.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(crate::locales::texts().group_mark);
        }
        grouped.push(digit);
    }
    grouped
}

/// Three significant digits with a prefix of the unit.
fn scaled(value: f64, step: f64, prefixes: &[&str], unit: &str) -> String {
    let mut value = value.max(0.0);
    let mut prefix = 0;
    while value >= step && prefix + 1 < prefixes.len() {
        value /= step;
        prefix += 1;
    }
    let digits = if value >= 100.0 || (prefix == 0 && value.fract() == 0.0) {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}\u{a0}{}{unit}", prefixes[prefix])
}

/// Hashes a second.
pub fn hash_rate(per_s: f64) -> String {
    scaled(per_s, 1_000.0, &["", "k", "M", "G", "T", "P"], "H/s")
}

/// Bytes.
pub fn bytes(count: u64) -> String {
    scaled(count as f64, 1_000.0, &["", "k", "M", "G", "T"], "B")
}

/// Seconds.
pub fn seconds(value: f64) -> String {
    let digits = if value >= 10.0 { 0 } else { 1 };
    format!("{value:.digits$}\u{a0}s")
}

/// How long ago something was, or how long something lasts: in its largest whole unit.
pub fn span(ms: u64) -> String {
    let t = &texts().common;
    let s = ms / 1_000;
    let (number, text) = match s {
        0..120 => (s, t.seconds),
        120..7_200 => (s / 60, t.minutes),
        7_200..172_800 => (s / 3_600, t.hours),
        _ => (s / 86_400, t.days),
    };
    fill(text, &[&number.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_fitting_unit() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(hash_rate(0.0), "0\u{a0}H/s");
        assert_eq!(hash_rate(23_140_000.0), "23.1\u{a0}MH/s");
        assert_eq!(bytes(999), "999\u{a0}B");
        assert_eq!(bytes(1_500), "1.50\u{a0}kB");
        assert_eq!(seconds(9.96), "10.0\u{a0}s");
    }
}
