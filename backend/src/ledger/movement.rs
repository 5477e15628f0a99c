//! Movements: the entries of a history, and how they lead from one to the one before.
//!
//! A movement is a change of an account: a log record it takes part in, or a block's reward. Each stored movement names,
//! for either party, the movement before it, so that a history is a walk that no other index serves and whose cost does
//! not grow with the chain.

use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::ledger::{Position, PositionError};
use std::{fmt, str::FromStr};

/// The name of a movement within a history: `t123` for a transaction's record, `r45` for a block's reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub enum MovementRef {
    /// The log record of this number.
    Record(u64),
    /// The reward of the block at this height.
    Reward(u32),
}

impl MovementRef {
    /// Whether a client at this position has seen the movement.
    pub fn is_within(self, position: Position) -> bool {
        match self {
            Self::Record(number) => number < position.records,
            Self::Reward(height) => height <= position.blocks,
        }
    }
}

impl fmt::Display for MovementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(number) => write!(f, "t{number}"),
            Self::Reward(height) => write!(f, "r{height}"),
        }
    }
}

impl FromStr for MovementRef {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let parsed = match text.split_at_checked(1) {
            Some(("t", number)) => number.parse().ok().map(Self::Record),
            Some(("r", height)) => height.parse().ok().map(Self::Reward),
            _ => None,
        };
        parsed.ok_or_else(|| PositionError::new(text))
    }
}

/// The movements before this one, of the signer (the system account for a reward) and of the one who is paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Links {
    pub payer: Option<MovementRef>,
    pub payee: Option<MovementRef>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        for movement in [MovementRef::Record(0), MovementRef::Record(u64::MAX), MovementRef::Reward(7)] {
            assert_eq!(movement.to_string().parse(), Ok(movement));
        }
        for text in ["", "t", "x1", "1", "t-1", "é1"] {
            assert!(text.parse::<MovementRef>().is_err(), "{text}");
        }
    }
}
