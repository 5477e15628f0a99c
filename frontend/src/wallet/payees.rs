//! Whom this wallet has paid, and at which address: a leader that hands out another address for a known payee is noticed.
//!
//! The pins stand in the browser's local storage, one list for each own address. They are no secret.

use super::Payee;
use qoin_core::{address::Address, api::members::MemberView, hash::tagged_sha256d, vault::Seed};
use std::collections::BTreeMap;

/// How many words stand for an address: 44 bits of its hash.
const WORDS: usize = 4;

/// Addresses by e-mail address, as they were when paid.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Payees(BTreeMap<String, Address>);

impl Payees {
    /// What `text`, written by [`Self::to_text`], says; nothing if it is not readable.
    pub fn from_text(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// For storing.
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// What is known of a payee's address.
    pub fn check(&self, payee: &MemberView) -> Payee {
        match self.0.get(&payee.email) {
            None => Payee::New { words: words_of(&payee.address) },
            Some(known) if *known == payee.address => Payee::Known,
            Some(was) => Payee::Changed { was: *was },
        }
    }

    /// Remembers the address that was paid. The first one stays.
    pub fn pin(&mut self, payee: &MemberView) {
        self.0.entry(payee.email.clone()).or_insert(payee.address);
    }
}

/// A few words that stand for an address, for two people to compare. Made from its hash, so they say nothing about a key.
pub fn words_of(address: &Address) -> String {
    let hash = tagged_sha256d("qoin/address-words", &[&address.to_bytes()]);
    // The recovery words' list of words serves here too, though this hash is nobody's seed.
    let words = Seed::from_bytes(hash).words();
    words.split(' ').take(WORDS).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(email: &str, byte: u8) -> MemberView {
        MemberView { name: "Ada".into(), email: email.into(), address: Address::from_bytes([byte; 20]) }
    }

    #[test]
    fn a_changed_address_is_noticed_and_stays_noticed() {
        let mut payees = Payees::default();
        let (ada, other) = (member("ada@example.org", 1), member("ada@example.org", 2));
        assert_eq!(payees.check(&ada), Payee::New { words: words_of(&ada.address) });
        payees.pin(&ada);
        assert_eq!(payees.check(&ada), Payee::Known);
        payees.pin(&other);
        assert_eq!(payees.check(&other), Payee::Changed { was: ada.address });
        assert_eq!(Payees::from_text(&payees.to_text()), payees);
    }

    #[test]
    fn unreadable_pins_are_none() {
        assert_eq!(Payees::from_text("?"), Payees::default());
        assert_eq!(Payees::from_text(r#"{"ada@example.org":"qoin1wrong"}"#), Payees::default());
    }

    #[test]
    fn words_tell_addresses_apart() {
        let words = words_of(&Address::from_bytes([1; 20]));
        assert_eq!(words.split(' ').count(), WORDS);
        assert_ne!(words, words_of(&Address::from_bytes([2; 20])));
    }
}
