//! An account's address: a short name for its first public key.

use crate::{hash::tagged_sha256d, keys::PublicKey};
use bech32::{Bech32m, Hrp, primitives::decode::CheckedHrpstring};
use borsh::{BorshDeserialize, BorshSerialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

const HRP: Hrp = Hrp::parse_unchecked("qoin");

/// The first 20 bytes of the tagged SHA-256d of an account's first public key.
/// Its text form is bech32m (BIP 350) with the prefix `qoin`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address([u8; 20]);

/// Why a text is not an address.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// Not bech32m: a wrong letter, length or checksum.
    #[error("not an address, probably a typing error: {0:?}")]
    Malformed(String),
    /// Valid bech32m of something else.
    #[error("an address starts with qoin1 and names 20 bytes: {0:?}")]
    NotQoin(String),
}

impl Address {
    /// The address of the account whose first public key this is.
    pub fn of(first_key: &PublicKey) -> Self {
        let hash = tagged_sha256d("qoin/address", &[&first_key.to_bytes()]);
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&hash[..20]);
        Self(bytes)
    }

    /// The address with these bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 20] {
        self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_lower_to_fmt::<Bech32m, _>(f, HRP, &self.0).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shown = || text.chars().take(100).collect::<String>();
        let parsed = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| AddressError::Malformed(shown()))?;
        let bytes: Vec<u8> = parsed.byte_iter().collect();
        match <[u8; 20]>::try_from(bytes) {
            Ok(bytes) if parsed.hrp() == HRP => Ok(Self(bytes)),
            _ => Err(AddressError::NotQoin(shown())),
        }
    }
}

crate::encode::text_serde!(Address, "bech32m with the prefix qoin (BIP 350)");
