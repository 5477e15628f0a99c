//! From format 1 to the current one, in one commit: a record and an account a row become rows and pages of many.

use super::{
    movement::{Links, MovementRef},
    stored::{self, BlockEnds, PAGE_ACCOUNTS, PaymentIds, RowWriter, StoredBlock, corrupt, read},
};
use crate::store::{Batch, Entry, Epoch, Order, Snapshot, Store, StoreError, Table};
use borsh::BorshDeserialize;
use qoin_core::{
    address::Address,
    block::{Block, Unchecked},
    encode::encode,
    ledger::{Account, AccountNumber, Position, State},
    log::LogRecord,
    transaction::Operation,
};
use std::{collections::HashMap, ops::Bound};

/// An account as format 1 kept it.
#[derive(BorshDeserialize)]
struct AccountOfFormat1 {
    account: Account,
    last: Option<MovementRef>,
}

/// A block as format 1 kept it.
#[derive(BorshDeserialize)]
struct BlockOfFormat1 {
    block: Block<Unchecked>,
    links: Links,
}

/// Brings data that no ledger uses to the current format, if it is of an earlier one.
///
/// # Errors
/// When the store fails.
pub fn bring_up_to_date(store: &dyn Store) -> Result<(), StoreError> {
    to_current(store, store.claim()?)
}

/// Brings a store of an earlier format to the current one; does nothing to any other.
pub(super) fn to_current(store: &dyn Store, epoch: Epoch) -> Result<(), StoreError> {
    let snapshot = store.snapshot()?;
    let accounts = all(&*snapshot, Table::Accounts)?;
    if accounts.is_empty() {
        return Ok(());
    }
    tracing::info!("bringing the data to the current format");
    let mut batch = Batch::new();
    let order = put_log(&*snapshot, &mut batch)?;
    put_accounts(&*snapshot, accounts, &order, &mut batch)?;
    put_blocks(&*snapshot, &mut batch)?;
    store.commit(epoch, &batch)
}

fn all(from: &dyn Snapshot, table: Table) -> Result<Vec<Entry>, StoreError> {
    from.range(table, Bound::Unbounded, Bound::Unbounded, Order::Ascending, usize::MAX)
}

/// Packs the records and the ids of the last day; gives the accounts in the order of opening.
fn put_log(from: &dyn Snapshot, batch: &mut Batch) -> Result<Vec<Address>, StoreError> {
    let genesis = stored::genesis(from)?.ok_or_else(|| corrupt(Table::Meta, "no genesis"))?;
    let mut order = vec![genesis.system_address()];
    let mut numbers = HashMap::from([(order[0], AccountNumber::SYSTEM)]);
    let mut records = Vec::new();
    for (key, bytes) in all(from, Table::Records)? {
        records.push(read::<(LogRecord, Links)>(Table::Records, &bytes)?);
        batch.delete(Table::Records, key);
    }
    let last_us = records.last().map_or(0, |(record, _)| record.accepted_us);
    let (mut rows, mut ids) = (RowWriter::default(), PaymentIds::default());
    for (record, links) in &records {
        let transaction = &record.signed.transaction;
        if matches!(transaction.operation, Operation::OpenAccount { .. }) {
            let number = u32::try_from(order.len()).map_err(|_| corrupt(Table::Accounts, "too many accounts"))?;
            numbers.insert(transaction.signer, AccountNumber::new(number));
            order.push(transaction.signer);
        }
        rows.push_bytes(record.number, &encode(record), links, batch);
        if record.accepted_us.saturating_add(State::RECENT_US) >= last_us {
            let signer = numbers.get(&transaction.signer);
            let signer = *signer.ok_or_else(|| corrupt(Table::Records, "a signer has no account"))?;
            ids.push(record.number, record.accepted_us, transaction.payment_id, signer, batch);
        }
    }
    rows.finish(batch);
    ids.finish(batch);
    Ok(order)
}

fn put_accounts(from: &dyn Snapshot, kept: Vec<Entry>, order: &[Address], batch: &mut Batch) -> Result<(), StoreError> {
    let mut accounts = HashMap::new();
    for (key, bytes) in kept {
        accounts.insert(key.clone(), read::<AccountOfFormat1>(Table::Accounts, &bytes)?);
        batch.delete(Table::Accounts, key);
    }
    let head = stored::head(from)?.ok_or_else(|| corrupt(Table::Meta, "no head"))?;
    let last = from.range(Table::Records, Bound::Unbounded, Bound::Unbounded, Order::Descending, 1)?;
    let records = match last.first() {
        Some((_, bytes)) => read::<(LogRecord, Links)>(Table::Records, bytes)?.0.number + 1,
        None => 0,
    };
    let position = Position { records, blocks: head.height };
    for (number, page) in (0..).zip(order.chunks(PAGE_ACCOUNTS as usize)) {
        let mut entries = Vec::with_capacity(page.len());
        for address in page {
            let kept = accounts.get(address.to_bytes().as_slice());
            let kept = kept.ok_or_else(|| corrupt(Table::Accounts, format!("no account at {address}")))?;
            entries.push((*address, &kept.account, kept.last));
        }
        stored::put_page(number, position, entries.into_iter(), batch);
    }
    stored::put_checkpoint(&stored::Kept { position, pages: number_of_pages(order.len()) }, batch);
    stored::put_records_count(records, batch);
    Ok(())
}

fn number_of_pages(accounts: usize) -> u32 {
    u32::try_from(accounts.div_ceil(PAGE_ACCOUNTS as usize)).expect("fewer accounts than 32 bits count")
}

fn put_blocks(from: &dyn Snapshot, batch: &mut Batch) -> Result<(), StoreError> {
    let mut ends = BlockEnds::default();
    for (_, bytes) in all(from, Table::Blocks)? {
        let BlockOfFormat1 { block, links } = read(Table::Blocks, &bytes)?;
        // When it was sealed is asked only of blocks that pages of accounts have not seen; all have seen these.
        let records = block.first + u64::from(block.count);
        let stored = StoredBlock { block, links, records };
        ends.push(stored.end());
        stored.put(batch);
    }
    ends.put_all(batch);
    Ok(())
}
