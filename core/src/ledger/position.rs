//! How far a ledger is.

use borsh::{BorshDeserialize, BorshSerialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// How much of a ledger there is, or was seen: all records below a number, and all blocks up to a height.
/// Its text form is `123-45`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Position {
    /// How many log records.
    pub records: u64,
    /// How many blocks.
    pub blocks: u32,
}

/// A text that is not a cursor or a position of this API.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{0:?} is not a cursor that an earlier answer gave")]
pub struct PositionError(String);

impl PositionError {
    /// The error about `text`, of which the beginning is kept.
    pub fn new(text: &str) -> Self {
        Self(text.chars().take(40).collect())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.records, self.blocks)
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        text.split_once('-')
            .and_then(|(records, blocks)| Some(Self { records: records.parse().ok()?, blocks: blocks.parse().ok()? }))
            .ok_or_else(|| PositionError::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position { records: 12, blocks: 3 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for text in ["", "1", "1-", "-1", "a-b"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
