//! The payment ids of the last day, a row a commit, so that a start need not read a day of the log.
//!
//! A row: when its last record was accepted (microseconds, u64), then for each record the payment id (16 bytes) and the
//! signer's account (u32); little endian. Its key is the number of its first record.

use super::corrupt;
use crate::store::{Batch, Order, Snapshot, StoreError, Table};
use qoin_core::{
    ledger::{AccountNumber, State},
    payment_id::PaymentId,
};
use std::ops::Bound;

/// How many ids a row holds at most.
const ROW_IDS: usize = 4_096;
const ID_BYTES: usize = 20;
const TIME_BYTES: usize = 8;

/// The ids of one commit.
#[derive(Default)]
pub(in crate::ledger) struct PaymentIds {
    first: u64,
    last_us: u64,
    ids: Vec<u8>,
}

impl PaymentIds {
    pub fn push(&mut self, number: u64, accepted_us: u64, id: PaymentId, signer: AccountNumber, batch: &mut Batch) {
        if self.ids.len() == ROW_IDS * ID_BYTES {
            self.finish(batch);
        }
        if self.ids.is_empty() {
            self.first = number;
        }
        self.last_us = accepted_us;
        self.ids.extend_from_slice(&id.to_bytes());
        self.ids.extend_from_slice(&signer.index().to_le_bytes());
    }

    pub fn finish(&mut self, batch: &mut Batch) {
        if self.ids.is_empty() {
            return;
        }
        let mut row = Vec::with_capacity(TIME_BYTES + self.ids.len());
        row.extend_from_slice(&self.last_us.to_le_bytes());
        row.append(&mut self.ids);
        batch.put(Table::PaymentIds, self.first.to_be_bytes(), row);
    }
}

/// The ids whose rows are young enough to come again at `now_us`, in order; each with the key of its row and the number of
/// its record.
pub(in crate::ledger) fn read_payment_ids(
    from: &dyn Snapshot,
    now_us: u64,
    mut each: impl FnMut(PaymentId, u64, u64),
) -> Result<(), StoreError> {
    const STEP: usize = 64;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let found = from.range(Table::PaymentIds, start, Bound::Unbounded, Order::Ascending, STEP)?;
        let last = found.len() < STEP;
        for (key, row) in &found {
            let first = number(key)?;
            let (last_us, ids) = split(row)?;
            if last_us.saturating_add(State::RECENT_US) >= now_us {
                ids.iter().zip(first..).for_each(|(id, number)| each(parts(id).0, first, number));
            }
        }
        if last {
            return Ok(());
        }
        after = found.into_iter().next_back().map(|(key, _)| key);
    }
}

/// What one row holds: each id with its signer and the number of its record. Nothing, if its ids were too old and it was
/// deleted with all rows before it.
pub(in crate::ledger) fn payment_ids_at(
    from: &dyn Snapshot,
    first: u64,
) -> Result<Vec<(AccountNumber, PaymentId, u64)>, StoreError> {
    let Some(row) = from.get(Table::PaymentIds, &first.to_be_bytes())? else {
        let oldest = from.range(Table::PaymentIds, Bound::Unbounded, Bound::Unbounded, Order::Ascending, 1)?;
        let is_deleted = oldest.first().map(|(key, _)| number(key)).transpose()?.is_none_or(|oldest| first < oldest);
        return if is_deleted {
            Ok(Vec::new())
        } else {
            Err(corrupt(Table::PaymentIds, format!("row {first} is missing")))
        };
    };
    let (_, ids) = split(&row)?;
    let ids = ids.iter().zip(first..).map(|(bytes, number)| {
        let (id, signer) = parts(bytes);
        (signer, id, number)
    });
    Ok(ids.collect())
}

/// Deletes the oldest rows that are too old to come again at `now_us`, a few at a time.
pub(in crate::ledger) fn prune(from: &dyn Snapshot, now_us: u64, batch: &mut Batch) -> Result<(), StoreError> {
    const STEP: usize = 512;
    let oldest = from.range(Table::PaymentIds, Bound::Unbounded, Bound::Unbounded, Order::Ascending, STEP)?;
    for (key, row) in oldest {
        if split(&row)?.0.saturating_add(State::RECENT_US) >= now_us {
            break;
        }
        batch.delete(Table::PaymentIds, key);
    }
    Ok(())
}

fn number(key: &[u8]) -> Result<u64, StoreError> {
    let number = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
    number.map_err(|_| corrupt(Table::PaymentIds, "a key is not a record's number"))
}

fn parts(bytes: &[u8; ID_BYTES]) -> (PaymentId, AccountNumber) {
    let (id, signer) = bytes.split_first_chunk::<16>().expect("an id has 20 bytes");
    let signer = u32::from_le_bytes(signer.try_into().expect("4 bytes are left"));
    (PaymentId::from_bytes(*id), AccountNumber::new(signer))
}

fn split(row: &[u8]) -> Result<(u64, &[[u8; ID_BYTES]]), StoreError> {
    let damaged = || corrupt(Table::PaymentIds, "a row is cut off");
    let (last_us, ids) = row.split_first_chunk::<TIME_BYTES>().ok_or_else(damaged)?;
    let (ids, rest) = ids.as_chunks::<ID_BYTES>();
    if rest.is_empty() { Ok((u64::from_le_bytes(*last_us), ids)) } else { Err(damaged()) }
}
