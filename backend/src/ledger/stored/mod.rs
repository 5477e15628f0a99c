//! What the engine keeps, in its canonical bytes, one file a table.
//!
//! The log is all that a payment writes: records, several to a row, and their payment ids. Accounts are in memory, and their
//! pages in the store follow in turn; the log from the oldest page on brings them to the end.

mod block_ends;
mod blocks;
mod log;
mod pages;
mod payment_ids;

pub(super) use block_ends::BlockEnds;
pub use blocks::StoredBlock;
pub use log::StoredRecord;
pub(super) use log::{Log, RowWriter, last_accepted_us, put_memo};
pub(super) use pages::{PAGE_ACCOUNTS, put_page, read_pages};
pub(super) use payment_ids::{PaymentIds, payment_ids_at, prune, read_payment_ids};

use super::movement::MovementRef;
use crate::store::{Batch, Snapshot, StoreError, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    encode::{decode, encode},
    genesis::Genesis,
    ledger::{Head, Position},
};
use std::path::PathBuf;

const GENESIS_KEY: &[u8] = b"genesis";
const HEAD_KEY: &[u8] = b"head";
const CHECKPOINT_KEY: &[u8] = b"checkpoint";
const RECORDS_KEY: &[u8] = b"records";

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

/// What the pages of accounts hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Kept {
    /// Every page holds what happened up to here; some know more.
    pub position: Position,
    /// How many there are.
    pub pages: u32,
}

pub(super) fn put_checkpoint(kept: &Kept, batch: &mut Batch) {
    batch.put(Table::Meta, CHECKPOINT_KEY, encode(kept));
}

pub(super) fn checkpoint(from: &dyn Snapshot) -> Result<Option<Kept>, StoreError> {
    from.get(Table::Meta, CHECKPOINT_KEY)?.map(|bytes| read(Table::Meta, &bytes)).transpose()
}

/// How many records the log has, so that none can be missing at its end without being missed.
pub(super) fn put_records_count(count: u64, batch: &mut Batch) {
    batch.put(Table::Meta, RECORDS_KEY, encode(&count));
}

pub(super) fn records_count(from: &dyn Snapshot) -> Result<u64, StoreError> {
    from.get(Table::Meta, RECORDS_KEY)?.map_or(Ok(0), |bytes| read(Table::Meta, &bytes))
}

/// Decodes what a table holds. Bytes that do not decode were not written by this program.
pub(super) fn read<T: BorshDeserialize>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    decode(bytes).map_err(|error| corrupt(table, error.to_string()))
}

pub(super) fn corrupt(table: Table, detail: impl Into<String>) -> StoreError {
    StoreError::Corrupt { path: PathBuf::from(table.name()), detail: detail.into() }
}

pub(super) fn missing_movement(movement: MovementRef) -> StoreError {
    corrupt(Table::Log, format!("movement {movement} is missing"))
}

pub(super) fn missing_record(number: u64) -> StoreError {
    corrupt(Table::Log, format!("record {number} is missing"))
}
