//! Addresses in bech32m: the vectors of BIP 350, and Qoin's own form.

mod common;

use bech32::{Bech32, Bech32m, Hrp, primitives::decode::CheckedHrpstring};
use proptest::prelude::*;
use qoin_core::address::{Address, AddressError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    valid: Vec<String>,
    invalid: Vec<Invalid>,
}

#[derive(Deserialize)]
struct Invalid {
    text: String,
    reason: String,
}

fn cases() -> Cases {
    common::parse(include_str!("../../tests/vectors/bip350.json"))
}

#[test]
fn valid_strings_pass_the_checksum_but_are_no_addresses() {
    for text in cases().valid {
        assert!(CheckedHrpstring::new::<Bech32m>(&text).is_ok(), "{text}");
        assert!(CheckedHrpstring::new::<Bech32>(&text).is_err(), "{text}");
        assert!(matches!(text.parse::<Address>(), Err(AddressError::NotQoin(_))), "{text}");
    }
}

#[test]
fn invalid_strings_are_refused() {
    for Invalid { text, reason } in cases().invalid {
        assert!(CheckedHrpstring::new::<Bech32m>(&text).is_err(), "{text:?}: {reason}");
        assert!(matches!(text.parse::<Address>(), Err(AddressError::Malformed(_))), "{text:?}: {reason}");
    }
}

#[test]
fn other_prefixes_lengths_and_checksums_are_no_addresses() {
    let encode = |prefix: &str, bytes: &[u8]| bech32::encode::<Bech32m>(Hrp::parse(prefix).unwrap(), bytes).unwrap();
    assert_eq!(encode("qoin", &[7; 20]), Address::from_bytes([7; 20]).to_string());
    for text in [encode("bc", &[7; 20]), encode("qoin", &[7; 19]), encode("qoin", &[7; 21]), encode("qoin", &[])] {
        assert!(matches!(text.parse::<Address>(), Err(AddressError::NotQoin(_))), "{text}");
    }
    let bech32 = bech32::encode::<Bech32>(Hrp::parse("qoin").unwrap(), &[7; 20]).unwrap();
    assert!(matches!(bech32.parse::<Address>(), Err(AddressError::Malformed(_))));
}

proptest! {
    #[test]
    fn addresses_survive_their_text(bytes: [u8; 20]) {
        let address = Address::from_bytes(bytes);
        let text = address.to_string();
        prop_assert!(text.starts_with("qoin1"));
        prop_assert_eq!(text.len(), 43);
        prop_assert_eq!(text.parse::<Address>(), Ok(address));
        prop_assert_eq!(text.to_uppercase().parse::<Address>(), Ok(address));
        common::assert_canonical(&address);
    }

    #[test]
    fn one_wrong_letter_is_noticed(bytes: [u8; 20], place in 5_usize..43, letter in 0_usize..32) {
        let text = Address::from_bytes(bytes).to_string();
        let letter = &"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[letter..=letter];
        prop_assume!(&text[place..=place] != letter);
        let wrong = format!("{}{letter}{}", &text[..place], &text[place + 1..]);
        prop_assert!(wrong.parse::<Address>().is_err());
    }
}
