//! Amounts between Python's numbers and the ledger's.

use super::brine::Value;
use super::data::Data;
use super::reference::Argument;
use qoin_core::{amount::Amount, decimals::Decimals};

/// Reads an amount: whole units as an int, exact decimals as a float or a text.
///
/// # Errors
/// Says what is wrong with it.
pub fn read(argument: &Argument, decimals: Decimals) -> Result<Amount, String> {
    let text = match argument {
        Argument::Value(Value::Int(number)) => number.to_string(),
        Argument::Value(Value::BigInt(digits)) => digits.clone(),
        // The shortest digits that give the number again, without an exponent.
        Argument::Value(Value::Float(number)) if number.is_finite() => number.to_string(),
        Argument::Value(Value::Float(number)) => {
            return Err(format!("amount is {number}, which is no number of units").to_lowercase());
        }
        Argument::Value(Value::Str(text)) => text.clone(),
        other => return Err(format!("amount must be an int, a float or a str, not {}", other.type_name())),
    };
    let amount = Amount::parse(&text, decimals).map_err(|error| format!("amount: {error}"))?;
    if amount == Amount::ZERO { Err("amount must be more than 0".to_owned()) } else { Ok(amount) }
}

/// An amount as Python gets it: an int where it is whole, else a float.
pub fn data(amount: Amount, decimals: Decimals) -> Data {
    signed(amount, decimals, false)
}

/// The same with a minus in front.
pub fn negative(amount: Amount, decimals: Decimals) -> Data {
    signed(amount, decimals, true)
}

fn signed(amount: Amount, decimals: Decimals, is_negative: bool) -> Data {
    let text = amount.display(decimals).to_string();
    let text = if is_negative { format!("-{text}") } else { text };
    let is_whole = text.split_once('.').is_none_or(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    match whole.parse() {
        Ok(whole) if is_whole => Data::Int(whole),
        _ => Data::Float(text.parse().expect("an amount is written as a decimal number")),
    }
}
