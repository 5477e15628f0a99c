//! The chain: sealed blocks, their records as a run of numbers.

use super::super::movement::Links;
use super::read;
use crate::store::{Batch, Order, Snapshot, StoreError, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    block::{Block, Unchecked},
    encode::encode,
};
use std::ops::Bound;

/// A block as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StoredBlock {
    /// The block. It was checked before it was stored.
    pub block: Block<Unchecked>,
    pub(in crate::ledger) links: Links,
    /// How many records the log had when it was sealed: its place among the movements.
    pub(in crate::ledger) records: u64,
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

    pub(in crate::ledger) fn put(&self, batch: &mut Batch) {
        batch.put(Table::Blocks, u64::from(self.height()).to_be_bytes(), encode(self));
    }

    pub(in crate::ledger) fn get(from: &dyn Snapshot, height: u32) -> Result<Option<Self>, StoreError> {
        let bytes = from.get(Table::Blocks, &u64::from(height).to_be_bytes())?;
        bytes.map(|bytes| read(Table::Blocks, &bytes)).transpose()
    }

    /// Up to `limit` blocks between two heights, both included.
    pub(in crate::ledger) fn range(
        snapshot: &dyn Snapshot,
        from: u32,
        to: u32,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Self>, StoreError> {
        let [from, to] = [from, to].map(|height| u64::from(height).to_be_bytes());
        let found = snapshot.range(Table::Blocks, Bound::Included(&from), Bound::Included(&to), order, limit)?;
        found.iter().map(|(_, bytes)| read(Table::Blocks, bytes)).collect()
    }
}
