//! Failures and faults in the words of the language.

use super::{fill, texts};
use crate::{
    ui::money::{amount_text, form},
    unicode::BrowserForms,
    wallet::{DraftFault, Failure},
};
use qoin_core::{
    amount::{Amount, AmountError},
    api::problem::ProblemCode,
    memo::{Memo, MemoError},
    validate::{self, PasswordError},
    vault::{KdfError, Seed, WordsError},
};

/// Why something did not happen, and what to do.
pub fn failure(failure: &Failure) -> String {
    let t = &texts().failure;
    match failure {
        Failure::Problem(problem) => match (problem.code, problem.retry_after_s) {
            (ProblemCode::TooManyRequests, Some(seconds)) => fill(t.later, &[&seconds.to_string()]),
            (code, _) => (texts().problem)(code).into(),
        },
        Failure::Network => t.network.into(),
        Failure::Unreadable(_) => t.unreadable.into(),
        Failure::WrongPassword => t.wrong_password.into(),
        Failure::Derivation(KdfError::TooWeak(_) | KdfError::TooCostly(_)) => t.distrusted_derivation.into(),
        Failure::Derivation(_) => t.derivation.into(),
        Failure::Words(error) => words(error),
        Failure::ForeignKey => t.foreign_key.into(),
        Failure::Locked => t.locked.into(),
        Failure::NoRandomness => t.no_randomness.into(),
    }
}

/// What is wrong with recovery words.
pub fn words(error: &WordsError) -> String {
    let t = &texts().words;
    match error {
        WordsError::Count(count) => fill(t.expected_24, &[&count.to_string()]),
        WordsError::UnknownWord { word, position } => fill(t.unknown_word, &[&position.to_string(), word]),
        WordsError::Checksum => t.wrong_words.into(),
    }
}

/// Reads an amount of more than nothing as it was typed; its fault in words.
pub fn read_amount(text: &str) -> Result<Amount, String> {
    let amount = read_amount_or_zero(text)?;
    if amount.is_zero() { Err(texts().send.amount_zero.into()) } else { Ok(amount) }
}

/// Reads an amount as it was typed; its fault in words.
pub fn read_amount_or_zero(text: &str) -> Result<Amount, String> {
    let t = &texts().send;
    let decimals = form().decimals;
    let exact = text.trim().replace(texts().decimal_mark, ".");
    Amount::parse(&exact, decimals).map_err(|error| match error {
        AmountError::Empty => t.amount_empty.to_owned(),
        AmountError::Sign(_) => t.amount_sign.into(),
        AmountError::Malformed(_) => t.amount_malformed.into(),
        AmountError::TooManyDecimals { decimals, .. } => fill(t.amount_decimals, &[&decimals.to_string()]),
        AmountError::Overflow(_) => t.amount_overflow.into(),
    })
}

/// What is wrong with a memo.
pub fn memo(error: &MemoError) -> String {
    let t = &texts().send;
    match error {
        MemoError::TooLong(_) => t.memo_long.into(),
        MemoError::ControlCharacter { position, .. } => fill(t.memo_control, &[&position.to_string()]),
    }
}

/// What is wrong with a payment.
pub fn draft_fault(fault: &DraftFault) -> String {
    let t = &texts().send;
    match fault {
        DraftFault::NotReady => t.not_ready.into(),
        DraftFault::ZeroAmount => t.amount_zero.into(),
        DraftFault::InsufficientFunds { available, .. } => fill(t.amount_funds, &[&amount_text(*available)]),
        DraftFault::PaymentToSelf => t.to_self.into(),
        DraftFault::PayeeChanged { .. } => t.changed_title.into(),
        DraftFault::Memo(error) => memo(error),
        DraftFault::NoRandomness => texts().failure.no_randomness.into(),
    }
}

/// What is wrong with a new password; `None` if nothing is.
pub fn password_fault(password: &str) -> Option<String> {
    let t = &texts().password;
    let text = match validate::password(password).err()? {
        PasswordError::TooShort => t.too_short,
        PasswordError::TooLong => t.too_long,
        PasswordError::TooPlain(_) => t.too_plain,
    };
    Some(text.into())
}

/// What is wrong with an e-mail address; `None` if nothing is.
pub fn email_fault(email: &str) -> Option<String> {
    validate::email(email).err().map(|_| (texts().problem)(ProblemCode::InvalidEmail).into())
}

/// What is wrong with a name; `None` if nothing is.
pub fn name_fault(name: &str) -> Option<String> {
    validate::name(name, &BrowserForms).err().map(|_| (texts().problem)(ProblemCode::InvalidName).into())
}

/// What is wrong with recovery words as they were typed; `None` if nothing is.
pub fn words_fault(text: &str) -> Option<String> {
    Seed::from_words(text).err().map(|error| words(&error))
}

/// That a password is missing; `None` if something is written.
pub fn missing_password(password: &str) -> Option<String> {
    password.is_empty().then(|| texts().password.empty.into())
}

/// What is wrong with a memo as it was typed; `None` if nothing is.
pub fn memo_fault(text: &str) -> Option<String> {
    Memo::check(text.trim()).err().map(|error| memo(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(read_amount(" 12.5 ").map(Amount::units), Ok(1250));
        let t = &texts().send;
        for (typed, fault) in
            [("", t.amount_empty), ("-1", t.amount_sign), ("1e3", t.amount_malformed), ("0.00", t.amount_zero)]
        {
            assert_eq!(read_amount(typed), Err(fault.to_owned()), "{typed}");
        }
        assert_eq!(read_amount("1.234"), Err(fill(t.amount_decimals, &["2"])));
        assert_eq!(read_amount("99999999999999999999"), Err(t.amount_overflow.to_owned()));
    }

    #[test]
    fn recovery_words_are_looked_at_before_they_are_sent() {
        let t = &texts().words;
        assert_eq!(words_fault("abandon abandun"), Some(fill(t.unknown_word, &["2", "abandun"])));
        assert_eq!(words_fault("abandon"), Some(fill(t.expected_24, &["1"])));
    }
}
