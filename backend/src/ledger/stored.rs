//! What the engine keeps, in its canonical bytes.
//!
//! A movement is a change of an account: a log record it takes part in, or a block's reward. Each stored movement
//! names, for either party, the movement before it, so that a history is a walk that no other index serves and
//! whose cost does not grow with the chain.

use crate::store::{Batch, Snapshot, StoreError, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    address::Address,
    block::{Block, Unchecked},
    encode::{decode, encode},
    genesis::Genesis,
    ledger::{Account, Head},
    log::LogRecord,
    memo::Memo,
    transaction::Operation,
};
use std::{fmt, path::PathBuf, str::FromStr};
use thiserror::Error;

const GENESIS_KEY: &[u8] = b"genesis";
const HEAD_KEY: &[u8] = b"head";

/// The name of a movement within a history: `t123` for a transaction's record, `r45` for a block's reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub enum MovementRef {
    /// The log record of this number.
    Record(u64),
    /// The reward of the block at this height.
    Reward(u32),
}

/// How much of the ledger a client has seen: all records below a number and all blocks up to a height (`123-45`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    fn new(text: &str) -> Self {
        Self(text.chars().take(40).collect())
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

impl Position {
    /// Whether a client at this position has seen the movement.
    pub fn includes(&self, movement: MovementRef) -> bool {
        match movement {
            MovementRef::Record(number) => number < self.records,
            MovementRef::Reward(height) => height <= self.blocks,
        }
    }
}

/// A log record with its memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record.
    pub record: LogRecord,
    /// The memo, for the two parties only.
    pub memo: Option<Memo>,
    pub(super) links: Links,
}

/// The movements before this one, of the signer (the system account for a reward) and of the one who is paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Links {
    pub payer: Option<MovementRef>,
    pub payee: Option<MovementRef>,
}

/// A block as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StoredBlock {
    /// The block. It was checked before it was stored.
    pub block: Block<Unchecked>,
    pub(super) links: Links,
}

#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
pub(super) struct StoredAccount {
    pub account: Account,
    pub last: Option<MovementRef>,
}

impl StoredRecord {
    /// Who is paid by it.
    pub fn recipient(&self) -> Option<Address> {
        match &self.record.signed.transaction.operation {
            Operation::Transfer { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// Whether an account takes part in it, and so may see its memo.
    pub fn concerns(&self, address: &Address) -> bool {
        self.record.signed.transaction.signer == *address || self.recipient() == Some(*address)
    }

    pub(super) fn put(&self, batch: &mut Batch) {
        let key = self.record.number.to_be_bytes();
        batch.put(Table::Records, key, encode(&(&self.record, &self.links)));
        if let Some(memo) = &self.memo {
            batch.put(Table::Memos, key, encode(memo));
        }
    }

    pub(super) fn get(from: &dyn Snapshot, number: u64) -> Result<Option<Self>, StoreError> {
        let key = number.to_be_bytes();
        let Some(bytes) = from.get(Table::Records, &key)? else { return Ok(None) };
        let (record, links): (LogRecord, Links) = read(Table::Records, &bytes)?;
        let memo = match record.signed.transaction.memo_hash {
            Some(_) => from.get(Table::Memos, &key)?.map(|bytes| read(Table::Memos, &bytes)).transpose()?,
            None => None,
        };
        Ok(Some(Self { record, memo, links }))
    }
}

impl StoredBlock {
    /// Its height.
    pub fn height(&self) -> u32 {
        self.block.coinbase.height
    }

    /// The number after its last record.
    pub fn end(&self) -> u64 {
        self.block.first + u64::from(self.block.count)
    }

    pub(super) fn put(&self, batch: &mut Batch) {
        batch.put(Table::Blocks, u64::from(self.height()).to_be_bytes(), encode(self));
    }

    pub(super) fn get(from: &dyn Snapshot, height: u32) -> Result<Option<Self>, StoreError> {
        let bytes = from.get(Table::Blocks, &u64::from(height).to_be_bytes())?;
        bytes.map(|bytes| read(Table::Blocks, &bytes)).transpose()
    }
}

impl StoredAccount {
    pub(super) fn put(&self, address: &Address, batch: &mut Batch) {
        batch.put(Table::Accounts, address.to_bytes(), encode(self));
    }

    pub(super) fn get(from: &dyn Snapshot, address: &Address) -> Result<Option<Self>, StoreError> {
        let bytes = from.get(Table::Accounts, &address.to_bytes())?;
        bytes.map(|bytes| read(Table::Accounts, &bytes)).transpose()
    }
}

pub(super) fn put_genesis(genesis: &Genesis, batch: &mut Batch) {
    batch.put(Table::Meta, GENESIS_KEY, encode(genesis));
}

pub(super) fn genesis(from: &dyn Snapshot) -> Result<Option<Genesis>, StoreError> {
    from.get(Table::Meta, GENESIS_KEY)?.map(|bytes| read(Table::Meta, &bytes)).transpose()
}

pub(super) fn put_head(head: &Head, batch: &mut Batch) {
    batch.put(Table::Meta, HEAD_KEY, encode(head));
}

pub(super) fn head(from: &dyn Snapshot) -> Result<Option<Head>, StoreError> {
    from.get(Table::Meta, HEAD_KEY)?.map(|bytes| read(Table::Meta, &bytes)).transpose()
}

/// Decodes what a table holds. Bytes that do not decode were not written by this program.
pub(super) fn read<T: BorshDeserialize>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    decode(bytes).map_err(|error| StoreError::Corrupt { path: PathBuf::from(table.name()), detail: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        for movement in [MovementRef::Record(0), MovementRef::Record(u64::MAX), MovementRef::Reward(7)] {
            assert_eq!(movement.to_string().parse(), Ok(movement));
        }
        let position = Position { records: 12, blocks: 3 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for text in ["", "t", "x1", "1", "t-1", "é1"] {
            assert!(text.parse::<MovementRef>().is_err(), "{text}");
        }
        for text in ["", "1", "1-", "-1", "a-b"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
