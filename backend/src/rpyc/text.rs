//! Python's `repr` of plain data.

use super::data::{Data, Dict, Key};
use std::fmt::Write;

/// Appends what Python's `repr` says.
pub fn repr(data: &Data, out: &mut String) {
    match data {
        Data::None => out.push_str("None"),
        Data::Bool(true) => out.push_str("True"),
        Data::Bool(false) => out.push_str("False"),
        Data::Int(number) => push(out, format_args!("{number}")),
        Data::Float(number) => repr_float(*number, out),
        Data::Str(text) => repr_str(text, out),
        Data::Tuple(items) if items.len() == 1 => {
            out.push('(');
            repr(&items[0], out);
            out.push_str(",)");
        }
        Data::Tuple(items) => repr_items("(", items.iter(), ")", out),
        Data::List(list) => repr_items("[", list.items(), "]", out),
        Data::Dict(dict) => repr_dict(dict, out),
    }
}

/// Appends `begin`, the items with commas between them, and `end`.
pub fn repr_items<'a>(begin: &str, items: impl IntoIterator<Item = &'a Data>, end: &str, out: &mut String) {
    out.push_str(begin);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        repr(item, out);
    }
    out.push_str(end);
}

fn repr_dict(dict: &Dict, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in dict.entries().iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        repr_key(key, out);
        out.push_str(": ");
        repr(value, out);
    }
    out.push('}');
}

fn repr_key(key: &Key, out: &mut String) {
    repr(&key.data(), out);
}

/// The shortest digits that give the number again; with an exponent below 0.0001 and from 1e16 on.
fn repr_float(number: f64, out: &mut String) {
    if !number.is_finite() {
        return out.push_str(if number.is_nan() {
            "nan"
        } else if number > 0.0 {
            "inf"
        } else {
            "-inf"
        });
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("Rust writes an exponent");
    let exponent: i32 = exponent.parse().expect("Rust writes a number as the exponent");
    if number != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        push(out, format_args!("{digits}e{sign}{:02}", exponent.unsigned_abs()));
    } else {
        push(out, format_args!("{number:?}"));
    }
}

/// In single quotes, or double ones where that saves escapes; with escapes for what cannot be printed.
fn repr_str(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => push(out, format_args!("\\{quote}")),
            ' '..='~' => out.push(character),
            _ if is_printable(character) => out.push(character),
            _ => match u32::from(character) {
                code @ ..=0xff => push(out, format_args!("\\x{code:02x}")),
                code @ ..=0xffff => push(out, format_args!("\\u{code:04x}")),
                code => push(out, format_args!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// Whether a character beyond ASCII is shown as itself: by the tables behind Rust's own escapes, which spare a combining
/// mark unless a text begins with it.
fn is_printable(character: char) -> bool {
    !character.is_control() && !format!("a{character}").escape_debug().any(|escaped| escaped == '\\')
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::super::data::{List, dict};
    use super::*;

    fn shown(data: &Data) -> String {
        let mut text = String::new();
        repr(data, &mut text);
        text
    }

    #[test]
    fn numbers_are_shown_as_python_does() {
        let float = |number| shown(&Data::Float(number));
        let shown = [1.0, 0.1, -2.5, 1e15, 1e16, 123_456_789_012_345_680.0, 1e-4, 1e-5, 1.5e-7, 1e100, 0.0, -0.0]
            .map(float)
            .join(" ");
        assert_eq!(
            shown,
            "1.0 0.1 -2.5 1000000000000000.0 1e+16 1.2345678901234568e+17 0.0001 1e-05 1.5e-07 1e+100 0.0 -0.0"
        );
        assert_eq!(float(1_795_470_000.123_456), "1795470000.123456");
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(float).join(" "), "nan inf -inf");
    }

    #[test]
    fn texts_are_shown_as_python_does() {
        let text = |text: &str| shown(&text.into());
        assert_eq!(text("a'b"), r#""a'b""#);
        assert_eq!(text("a'b\"c\\\n\t\u{7f}\u{0}"), r#"'a\'b"c\\\n\t\x7f\x00'"#);
        assert_eq!(text("Zoë 中 e\u{301} \u{1f600}"), "'Zoë 中 e\u{301} \u{1f600}'");
        assert_eq!(text("\u{a0}\u{ad}\u{200b}\u{2028}\u{e000}\u{10ffff}"), r"'\xa0\xad\u200b\u2028\ue000\U0010ffff'");
    }

    #[test]
    fn nested_data_is_shown_as_python_does() {
        let tuple = |items: Vec<Data>| Data::Tuple(items.into());
        let list = Data::List(List::new(vec![Data::None, Data::Bool(true), tuple(vec![Data::Int(1)]), tuple(vec![])]));
        let data = dict([("a", list), ("b", dict([]))]);
        assert_eq!(shown(&data), "{'a': [None, True, (1,), ()], 'b': {}}");
        let history = Dict::new([(Key::of_number(1.5).unwrap(), Data::Int(-2))]);
        assert_eq!(shown(&Data::Dict(history)), "{1.5: -2}");
    }
}
