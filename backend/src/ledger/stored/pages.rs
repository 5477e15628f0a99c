//! The pages of accounts: each a run of accounts in the order of opening, exact at a position of its own.

use super::super::movement::MovementRef;
use super::{corrupt, read};
use crate::store::{Batch, Order, Snapshot, StoreError, Table};
use borsh::BorshDeserialize;
use qoin_core::{
    address::Address,
    encode::encode,
    ledger::{Account, Position},
};
use std::ops::Bound;

/// How many accounts share a page: with what few of them keep besides, 16 kB.
pub(in crate::ledger) const PAGE_ACCOUNTS: u32 = 180;

/// An account with its latest movement.
pub(in crate::ledger) type PageEntry = (Address, Account, Option<MovementRef>);

/// A page as it was read.
pub(in crate::ledger) struct AccountPage {
    pub exact: Position,
    pub accounts: Vec<PageEntry>,
}

/// Writes a page whose accounts are as of `exact`.
pub(in crate::ledger) fn put_page<'a>(
    number: u32,
    exact: Position,
    accounts: impl Iterator<Item = (Address, &'a Account, Option<MovementRef>)>,
    batch: &mut Batch,
) {
    let mut page = Vec::with_capacity(16 * 1024);
    page.extend_from_slice(&encode(&exact));
    for (address, account, last) in accounts {
        borsh::to_writer(&mut page, &(address, account, last)).expect("writing to memory cannot fail");
    }
    batch.put(Table::AccountPages, number.to_be_bytes(), page);
}

/// Reads all pages in order, giving each to `each`.
pub(in crate::ledger) fn read_pages(from: &dyn Snapshot, mut each: impl FnMut(AccountPage)) -> Result<(), StoreError> {
    const STEP: usize = 256;
    let mut next = 0u32;
    loop {
        let key = next.to_be_bytes();
        let found = from.range(Table::AccountPages, Bound::Included(&key), Bound::Unbounded, Order::Ascending, STEP)?;
        let last = found.len() < STEP;
        for (key, bytes) in found {
            if key != next.to_be_bytes() {
                return Err(corrupt(Table::AccountPages, format!("page {next} is missing")));
            }
            each(read_page(&bytes)?);
            next += 1;
        }
        if last {
            return Ok(());
        }
    }
}

fn read_page(bytes: &[u8]) -> Result<AccountPage, StoreError> {
    const POSITION_BYTES: usize = 12;
    let (exact, mut rest) =
        bytes.split_at_checked(POSITION_BYTES).ok_or_else(|| corrupt(Table::AccountPages, "a page is cut off"))?;
    let exact = read(Table::AccountPages, exact)?;
    let mut accounts = Vec::with_capacity(PAGE_ACCOUNTS as usize);
    while !rest.is_empty() {
        let entry = read_entry(&mut rest).map_err(|error| corrupt(Table::AccountPages, error.to_string()))?;
        accounts.push(entry);
    }
    Ok(AccountPage { exact, accounts })
}

fn read_entry(rest: &mut &[u8]) -> std::io::Result<PageEntry> {
    let address = Address::deserialize(rest)?;
    // The keys were points of the curve when they were accepted; to find that again would take seconds for a million.
    let account = Account::deserialize_kept(rest)?;
    Ok((address, account, Option::deserialize(rest)?))
}
