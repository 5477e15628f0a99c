//! What a backup says of itself.

use super::BackupError;
use crate::ledger;
use crate::store::{FORMAT, Snapshot};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::hash::{BlockHash, GenesisHash};
use serde::Serialize;

/// What a backup says of itself, before all that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Description {
    /// The version of Qoin that made it.
    pub program: String,
    /// The format of the store's data in it.
    pub store_format: u32,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: u64,
    /// Whether it holds the keys of the data folder.
    pub keys: bool,
    /// The currency's name.
    pub currency: String,
    /// The hash of the currency's fixed parameters.
    pub genesis: GenesisHash,
    /// The last block's height; 0 before the first block.
    pub height: u32,
    /// The last block's hash.
    pub hash: BlockHash,
    /// How many log records blocks have sealed.
    pub sealed: u64,
    /// How many log records there are, sealed or not.
    pub records: u64,
}

impl Description {
    /// Describes what a snapshot holds.
    ///
    /// # Errors
    /// [`BackupError::Empty`], and when the store cannot be read.
    pub fn of(snapshot: &dyn Snapshot, made_ms: u64, keys: bool) -> Result<Self, BackupError> {
        let summary = ledger::summary(snapshot)?.ok_or(BackupError::Empty)?;
        Ok(Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            store_format: FORMAT,
            made_ms,
            keys,
            currency: summary.genesis.name.clone(),
            genesis: summary.genesis.hash(),
            height: summary.height,
            hash: summary.hash,
            sealed: summary.sealed,
            records: summary.records,
        })
    }
}
