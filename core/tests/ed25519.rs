//! The vectors of RFC 8032 for Ed25519.

mod common;

use ed25519_zebra::{Signature, SigningKey, VerificationKey};
use qoin_core::keys::{PublicKey, SecretKey};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(with = "hex::serde")]
    secret: [u8; 32],
    #[serde(with = "hex::serde")]
    public: [u8; 32],
    #[serde(with = "hex::serde")]
    message: Vec<u8>,
    #[serde(with = "hex::serde")]
    signature: [u8; 64],
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> = common::parse(include_str!("../../tests/vectors/rfc8032.json"));
    assert_eq!(cases.len(), 5);
    cases
}

#[test]
fn seeds_give_the_public_keys() {
    for case in cases() {
        let public = PublicKey::try_from(case.public).expect("a real public key");
        assert_eq!(SecretKey::from_seed(&case.secret).public_key(), public, "{}", case.name);
    }
}

#[test]
fn signatures_are_the_ones_of_the_rfc() {
    for case in cases() {
        let signature = SigningKey::from_bytes(&case.secret).sign(&case.message);
        assert_eq!(signature.to_bytes(), case.signature, "{}", case.name);
    }
}

#[test]
fn signatures_hold_for_their_message_only() {
    for case in cases() {
        let key = VerificationKey::try_from(case.public).expect("a real public key");
        let signature = Signature::from_bytes(&case.signature);
        assert!(key.verify(&signature, &case.message).is_ok(), "{}", case.name);
        let mut other = case.message.clone();
        other.push(0);
        assert!(key.verify(&signature, &other).is_err(), "{}", case.name);
        for bit in [0, 255, 256, 511] {
            let mut bytes = case.signature;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(key.verify(&Signature::from_bytes(&bytes), &case.message).is_err(), "{}, bit {bit}", case.name);
        }
    }
}
