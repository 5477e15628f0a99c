//! What is wrong with a payment that could not be read, told by its own code.
//!
//! A payment is read straight into its types. Only when that fails is it read again as plain JSON, to look at the
//! fields one by one.

use super::error::ApiError;
use qoin_core::{
    address::Address,
    amount::{Amount, AmountError},
    api::problem::ProblemCode,
    keys::Signature,
    memo::Memo,
    transaction::TRANSACTION_VERSION,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a body that carries a payment.
///
/// # Errors
/// With the code of the first field that is wrong, in the order version, addresses, amount, memo, signature.
pub fn read_payment<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| diagnose(body, &error))
}

fn diagnose(body: &[u8], error: &serde_json::Error) -> ApiError {
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return ApiError::malformed(error) };
    let field = |path: &str| json.pointer(path);
    let faults = [
        field("/transaction/transaction/version").and_then(version_fault),
        field("/transaction/transaction/signer").and_then(address_fault),
        field("/transaction/transaction/operation/to").and_then(address_fault),
        field("/recipient").and_then(address_fault),
        field("/transaction/transaction/operation/amount").and_then(amount_fault),
        field("/amount").and_then(amount_fault),
        field("/memo").and_then(memo_fault),
        field("/transaction/signature").and_then(signature_fault),
    ];
    faults.into_iter().flatten().next().unwrap_or_else(|| ApiError::malformed(error))
}

fn version_fault(value: &Value) -> Option<ApiError> {
    let is_other = value.is_number() && value.as_u64() != Some(TRANSACTION_VERSION.into());
    is_other.then(|| {
        let detail = format!("transactions of version {value} are not known here");
        ApiError::new(ProblemCode::UnknownVersion, detail)
    })
}

fn address_fault(value: &Value) -> Option<ApiError> {
    let invalid = |detail: String| Some(ApiError::new(ProblemCode::InvalidAddress, detail));
    match value {
        Value::String(text) => text.parse::<Address>().err().and_then(|error| invalid(error.to_string())),
        other => invalid(format!("an address is a string, not {}", shown(other))),
    }
}

fn amount_fault(value: &Value) -> Option<ApiError> {
    let text = match value {
        Value::String(text) => text.as_str(),
        // A negative number is that before it is a number.
        Value::Number(number) if number.to_string().starts_with('-') => "-1",
        other => {
            let detail = format!("an amount is a string of digits, the smallest units, not {}", shown(other));
            return Some(ApiError::new(ProblemCode::InvalidAmount, detail));
        }
    };
    let error = text.parse::<Amount>().err()?;
    let code = match &error {
        AmountError::Sign(text) if text.starts_with('-') => ProblemCode::NegativeAmount,
        AmountError::TooManyDecimals { .. } => ProblemCode::TooManyDecimals,
        AmountError::Overflow(_) => ProblemCode::AmountOverflow,
        AmountError::Empty | AmountError::Sign(_) | AmountError::Malformed(_) => ProblemCode::InvalidAmount,
    };
    Some(ApiError::new(code, format_args!("{error}; an amount is a whole number of smallest units here")))
}

fn memo_fault(value: &Value) -> Option<ApiError> {
    if value.is_null() || serde_json::from_value::<Memo>(value.clone()).is_ok() {
        return None;
    }
    let fault = value.get("text").and_then(Value::as_str).and_then(|text| Memo::check(text).err());
    let detail = fault.map_or_else(
        || "a memo has a text of at most 140 characters and a salt of 64 hexadecimal digits".to_string(),
        |fault| fault.to_string(),
    );
    Some(ApiError::new(ProblemCode::InvalidMemo, detail))
}

fn signature_fault(value: &Value) -> Option<ApiError> {
    let is_signature = value.as_str().is_some_and(|text| text.parse::<Signature>().is_ok());
    (!is_signature).then(|| ApiError::new(ProblemCode::WrongSignature, "a signature is 128 hexadecimal digits"))
}

/// A value for people, cut short.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::api::admin::Credit;
    use serde_json::json;

    fn code(change: &str, value: Value) -> ProblemCode {
        let mut credit = json!({
            "recipient": Address::from_bytes([1; 20]),
            "amount": "100",
            "payment_id": "00".repeat(16),
            "memo": null,
        });
        credit[change] = value;
        read_payment::<Credit>(credit.to_string().as_bytes()).unwrap_err().code()
    }

    #[test]
    fn each_wrong_amount_has_its_code() {
        for (amount, expected) in [
            (json!("-1"), ProblemCode::NegativeAmount),
            (json!(-1), ProblemCode::NegativeAmount),
            (json!(-0.5), ProblemCode::NegativeAmount),
            (json!("1.5"), ProblemCode::TooManyDecimals),
            (json!("18446744073709551616"), ProblemCode::AmountOverflow),
            (json!("1e3"), ProblemCode::InvalidAmount),
            (json!(""), ProblemCode::InvalidAmount),
            (json!("+1"), ProblemCode::InvalidAmount),
            (json!(100), ProblemCode::InvalidAmount),
            (json!(null), ProblemCode::InvalidAmount),
        ] {
            assert_eq!(code("amount", amount.clone()), expected, "{amount}");
        }
    }

    #[test]
    fn addresses_memos_and_the_rest_have_theirs() {
        assert_eq!(code("recipient", json!("qoin1nobody")), ProblemCode::InvalidAddress);
        assert_eq!(code("recipient", json!(7)), ProblemCode::InvalidAddress);
        assert_eq!(code("memo", json!({ "text": "x".repeat(141), "salt": "00".repeat(32) })), ProblemCode::InvalidMemo);
        assert_eq!(code("memo", json!("rent")), ProblemCode::InvalidMemo);
        assert_eq!(code("payment_id", json!("7")), ProblemCode::MalformedRequest);
        assert_eq!(code("surprise", json!(1)), ProblemCode::MalformedRequest);
        assert_eq!(read_payment::<Credit>(b"{").unwrap_err().code(), ProblemCode::MalformedRequest);
    }
}
