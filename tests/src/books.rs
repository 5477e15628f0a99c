//! Books that do not balance, for the tests that look at what a leader makes of them.

use anyhow::{Context, Result};
use qoin::store::{Batch, RedbStore, Store, Table};
use qoin_core::amount::Amount;
use qoin_core::encode::{decode, encode};
use qoin_core::ledger::Head;
use std::path::Path;

/// Has the ledger in a data folder say that one unit more was issued than all accounts hold together. No leader may be
/// running there.
///
/// # Errors
/// When there is no ledger, or it is in use.
pub fn unbalance(data: &Path) -> Result<()> {
    let store = RedbStore::open(data.join("ledger.redb"))?;
    let bytes = store.get(Table::Meta, b"head")?.context("a ledger has a head")?;
    let mut head: Head = decode(&bytes).context("the ledger's head")?;
    head.issued = head.issued.checked_add(Amount::from_units(1)).context("as much as there can be")?;
    let mut batch = Batch::new();
    batch.put(Table::Meta, "head", encode(&head));
    Ok(store.commit(store.claim()?, &batch)?)
}
