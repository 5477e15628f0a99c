//! A payment's identifier, chosen by the payer: what makes sending it again harmless.

use borsh::{BorshDeserialize, BorshSerialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// 16 bytes: the payment's creation time in milliseconds since 1970 in the first 6 (big endian),
/// then 10 random ones. Unique for its signer for ever. Its text form is 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct PaymentId([u8; 16]);

/// A text that is not 32 hexadecimal digits.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("a payment id is 32 hexadecimal digits, got {0:?}")]
pub struct PaymentIdError(String);

impl PaymentId {
    /// How far behind its acceptance a payment's creation may lie, in milliseconds.
    pub const AGE_MAX_MS: u64 = 24 * 60 * 60 * 1000;
    /// How far ahead of its acceptance a payment's creation may lie, in milliseconds.
    pub const AHEAD_MAX_MS: u64 = 5 * 60 * 1000;

    /// The id of a payment created at `created_ms` (milliseconds since 1970, of which 48 bits are kept).
    pub fn new(created_ms: u64, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&created_ms.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        Self(bytes)
    }

    /// When the payment was created, in milliseconds since 1970.
    pub fn created_ms(self) -> u64 {
        let mut bytes = [0; 8];
        bytes[2..].copy_from_slice(&self.0[..6]);
        u64::from_be_bytes(bytes)
    }

    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentId({self})")
    }
}

impl FromStr for PaymentId {
    type Err = PaymentIdError;

    fn from_str(text: &str) -> Result<Self, PaymentIdError> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| PaymentIdError(text.chars().take(60).collect()))?;
        Ok(Self(bytes))
    }
}

crate::encode::text_serde!(PaymentId, "32 hexadecimal digits; the first 12 are the creation time in milliseconds");
