//! How many decimal digits a currency's amounts have.

use borsh::{BorshDeserialize, BorshSerialize, io};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The number of decimal digits of one whole unit, from 0 to 8; fixed at genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "u8", into = "u8")]
pub struct Decimals(u8);

/// More decimal digits than a currency can have.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a currency has 0 to 8 decimals, not {0}")]
pub struct TooManyDecimals(u8);

impl Decimals {
    /// The most that a currency can have.
    pub const MAX: Self = Self(8);

    /// The count of digits.
    pub const fn count(self) -> u8 {
        self.0
    }

    /// How many of the smallest units make one whole unit: 10 to the power of the count.
    pub const fn units_per_whole(self) -> u64 {
        10_u64.pow(self.0 as u32)
    }
}

impl TryFrom<u8> for Decimals {
    type Error = TooManyDecimals;

    fn try_from(count: u8) -> Result<Self, TooManyDecimals> {
        if count <= Self::MAX.0 { Ok(Self(count)) } else { Err(TooManyDecimals(count)) }
    }
}

impl From<Decimals> for u8 {
    fn from(decimals: Decimals) -> u8 {
        decimals.0
    }
}

impl BorshDeserialize for Decimals {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::try_from(u8::deserialize_reader(reader)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}
