//! The rules of forms, the same in the browser and on the leader.

use crate::limits::{
    EMAIL_BYTES_MAX, NAME_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, WORKER_BYTES_MAX,
};
use crate::unicode::Normalize;
use thiserror::Error;

/// Why an e-mail address cannot be one.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum EmailError {
    /// Nothing was written.
    #[error("an e-mail address is missing")]
    Empty,
    /// Longer than any can be.
    #[error("an e-mail address has at most {EMAIL_BYTES_MAX} bytes")]
    TooLong,
    /// Not `name@host`.
    #[error("an e-mail address looks like name@host, not like {0:?}")]
    Malformed(String),
}

/// Brings an e-mail address into the form under which it is stored and compared: no white space around it, lower case.
/// Only what every mail host accepts passes: ASCII without white space, one `@`, a host with letters, digits, dots and hyphens.
///
/// # Errors
/// When it is empty, too long, or not `name@host`.
pub fn email(text: &str) -> Result<String, EmailError> {
    let email = text.trim().to_ascii_lowercase();
    if email.is_empty() {
        return Err(EmailError::Empty);
    }
    if email.len() > EMAIL_BYTES_MAX {
        return Err(EmailError::TooLong);
    }
    let malformed = || EmailError::Malformed(email.chars().take(80).collect());
    let (name, host) = email.rsplit_once('@').ok_or_else(malformed)?;
    let name_fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&byte));
    let label_fits = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name_fits && host.split('.').all(label_fits) { Ok(email) } else { Err(malformed()) }
}

/// Why a name cannot stand for a member.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum NameError {
    /// Nothing was written.
    #[error("a name is missing")]
    Empty,
    /// Too many characters.
    #[error("a name has at most {NAME_CHARACTERS_MAX} characters")]
    TooLong,
    /// A letter that cannot be seen or that turns the text around, and so could disguise the name.
    #[error("a name cannot contain the invisible character U+{0:04X}")]
    Invisible(u32),
}

/// Brings a member's name into the form under which it is stored and shown: Unicode's canonical composition (NFC),
/// single spaces, nothing invisible.
///
/// # Errors
/// When it is empty, too long, or could disguise itself.
pub fn name(text: &str, forms: &impl Normalize) -> Result<String, NameError> {
    let composed = forms.nfc(text);
    if let Some(letter) = composed.chars().find(|letter| is_invisible(*letter)) {
        return Err(NameError::Invisible(letter.into()));
    }
    let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => Err(NameError::Empty),
        1..=NAME_CHARACTERS_MAX => Ok(name),
        _ => Err(NameError::TooLong),
    }
}

/// Whether a character shows nothing or changes the direction or joining of its neighbours:
/// controls, zero-width and bidirectional marks, variation selectors, tags and private use.
pub fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E000}'..='\u{F8FF}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{10FFFF}')
}

/// A text that cannot be the name of a miner.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("a miner's name has at most {WORKER_BYTES_MAX} letters, digits, dots, hyphens and underscores, unlike {0:?}")]
pub struct WorkerError(String);

/// Checks the name under which a miner's work is counted; an empty one is that of the owner's miners without a name.
///
/// # Errors
/// When it is too long, or has other characters than ASCII letters, digits, dots, hyphens and underscores.
pub fn worker(text: &str) -> Result<&str, WorkerError> {
    let fits = text.len() <= WORKER_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if fits { Ok(text) } else { Err(WorkerError(text.chars().take(80).collect())) }
}

/// Why a password is not accepted.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum PasswordError {
    /// Too few characters.
    #[error("a password has at least {PASSWORD_CHARACTERS_MIN} characters")]
    TooShort,
    /// Too many characters.
    #[error("a password has at most {PASSWORD_CHARACTERS_MAX} characters")]
    TooLong,
    /// One character over and over.
    #[error("a password needs more than {0} different characters")]
    TooPlain(usize),
}

/// Checks a new password. Length is what protects it, so nothing else is asked but a little variety.
///
/// # Errors
/// When it is too short, too long, or repeats a few characters.
pub fn password(text: &str) -> Result<(), PasswordError> {
    const DIFFERENT_MIN: usize = 4;
    let mut different = Vec::new();
    for letter in text.chars() {
        if different.len() <= DIFFERENT_MIN && !different.contains(&letter) {
            different.push(letter);
        }
    }
    match text.chars().count() {
        ..PASSWORD_CHARACTERS_MIN => Err(PasswordError::TooShort),
        PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX if different.len() <= DIFFERENT_MIN => {
            Err(PasswordError::TooPlain(DIFFERENT_MIN))
        }
        PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX => Ok(()),
        _ => Err(PasswordError::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unicode::Tables;

    #[test]
    fn emails_have_one_stored_form() {
        assert_eq!(email(" Ada@Example.org "), Ok("ada@example.org".into()));
        assert_eq!(email("admin@qoin.local"), Ok("admin@qoin.local".into()));
        assert_eq!(email(""), Err(EmailError::Empty));
        for text in [
            "ada",
            "@host",
            "ada@",
            "a b@host",
            "ada@ho st",
            "ada@host..org",
            "ada@-host",
            "äda@host",
            "a@b@c",
            "ada@host\n.org",
        ] {
            assert!(matches!(email(text), Err(EmailError::Malformed(_))), "{text}");
        }
        assert_eq!(email(&format!("a@{}", "b".repeat(260))), Err(EmailError::TooLong));
    }

    #[test]
    fn names_cannot_disguise_themselves() {
        assert_eq!(name("  Ada   Lovelace ", &Tables), Ok("Ada Lovelace".into()));
        assert_eq!(name("e\u{301}", &Tables), Ok("é".into()));
        assert_eq!(name(" ", &Tables), Err(NameError::Empty));
        assert_eq!(name(&"x".repeat(61), &Tables), Err(NameError::TooLong));
        assert_eq!(name("Ada\u{202E}", &Tables), Err(NameError::Invisible(0x202E)));
        assert_eq!(name("A\u{200B}da", &Tables), Err(NameError::Invisible(0x200B)));
        assert_eq!(name("Ada\n", &Tables), Err(NameError::Invisible(0x0A)));
    }

    #[test]
    fn miners_have_plain_names() {
        for text in ["", "rig1", "garage.rig-2_b", &"x".repeat(40)] {
            assert_eq!(worker(text), Ok(text));
        }
        for text in ["rig 1", "r\u{e9}g", "<b>", "a\n", &"x".repeat(41)] {
            assert!(worker(text).is_err(), "{text}");
        }
    }

    #[test]
    fn passwords_need_length_and_some_variety() {
        assert_eq!(password("correct horse"), Ok(()));
        assert_eq!(password("short"), Err(PasswordError::TooShort));
        assert_eq!(password("aaaaaaaaaaaa"), Err(PasswordError::TooPlain(4)));
        assert_eq!(password(&"abcdefgh".repeat(40)), Err(PasswordError::TooLong));
    }
}
