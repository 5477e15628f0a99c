//! Opening: the first commit of a new ledger, and putting together what a store holds.

use super::{
    checkpoint::Checkpoint,
    movement::MovementRef,
    stored::{self, BlockEnds, Kept, Log, PAGE_ACCOUNTS, StoredBlock},
    writer::Opened,
};
use crate::store::{Batch, Epoch, Order, Snapshot, Store, StoreError, Table};
use qoin_core::{
    address::Address,
    genesis::Genesis,
    hash::{BlockHash, StateHash},
    ledger::{AccountNumber, Head, KeptIds, Position, Restore, State},
    log::LogRecord,
    transaction::Operation,
};
use std::thread;

/// Writes the first commit: the currency's parameters and the system account.
pub(super) fn begin(store: &dyn Store, epoch: Epoch, genesis: Genesis) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    stored::put_genesis(&genesis, &mut batch);
    let state = State::new(genesis);
    stored::put_head(state.head(), &mut batch);
    let (system, account) = state.numbered(AccountNumber::SYSTEM);
    stored::put_page(0, state.position(), std::iter::once((system, account, None)), &mut batch);
    stored::put_checkpoint(&Kept { position: state.position(), pages: 1 }, &mut batch);
    stored::put_records_count(0, &mut batch);
    store.commit(epoch, &batch)
}

/// The ledger that a store holds: its accounts from their pages, brought to the end along the log.
pub(super) fn restore(from: &dyn Snapshot) -> Result<Opened, StoreError> {
    let missing = |what: &str| stored::corrupt(Table::Meta, format!("no {what}"));
    let genesis = stored::genesis(from)?.ok_or_else(|| missing("genesis"))?;
    let head = stored::head(from)?.ok_or_else(|| missing("head"))?;
    let Kept { position: checkpoint, pages } = stored::checkpoint(from)?.ok_or_else(|| missing("checkpoint"))?;
    let ends = BlockEnds::read(from)?;
    // The first block to be sealed again may hold records that the pages have seen accepted.
    let first = checkpoint.records.min(ends.end_of(checkpoint.blocks)).min(head.sealed);
    let mut ending = Ending::new(genesis, head, first);
    let last = whole_log(from)?;
    let now_us = last.map_or(0, |(_, accepted_us)| accepted_us);
    let kept = thread::scope(|scope| {
        let kept = scope.spawn(|| kept_ids(from, last));
        ending.read_accounts(from, pages)?;
        kept.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    ending.restore.payment_ids(kept);
    ending.replay(from, first, checkpoint)?;
    let Ending { restore, last: movements, touched, .. } = ending;
    let mut dirty = Checkpoint::default();
    let state = restore.finish(last.map(|_| now_us));
    let before = super::checkpoint::Moment {
        position: checkpoint,
        progress: checkpoint.records + ends.end_of(checkpoint.blocks),
    };
    touched.into_iter().for_each(|account| dirty.touch(account, before));
    Ok(Opened { state, last: movements, ends, checkpoint: dirty, pages })
}

/// The number of the log's last record and when it was accepted, if none is missing behind it.
fn whole_log(from: &dyn Snapshot) -> Result<Option<(u64, u64)>, StoreError> {
    let count = stored::records_count(from)?;
    let last = stored::last_accepted_us(from)?;
    let found = last.map_or(0, |(number, _)| number + 1);
    if found != count {
        return Err(stored::corrupt(Table::Log, format!("it ends after {found} records, not {count}")));
    }
    Ok(last)
}

/// Where the payment ids of the last day are kept. A run of records ends with the log's last, and none is left out: an id that
/// was missing could be used again.
fn kept_ids(from: &dyn Snapshot, last: Option<(u64, u64)>) -> Result<KeptIds, StoreError> {
    let now_us = last.map_or(0, |(_, accepted_us)| accepted_us);
    let mut kept = KeptIds::default();
    let (mut next, mut gap) = (None, None);
    stored::read_payment_ids(from, now_us, |id, row, number| {
        if next.is_some_and(|next| next != number) {
            gap = next;
        }
        next = Some(number + 1);
        kept.push(id, row);
    })?;
    match gap.or_else(|| last.map(|(number, _)| number + 1).filter(|end| next != Some(*end))) {
        Some(missing) => Err(stored::corrupt(Table::PaymentIds, format!("an id is missing about record {missing}"))),
        None => Ok(kept),
    }
}

/// What a store's data is, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The currency.
    pub genesis: Genesis,
    /// The last block's height; 0 before the first.
    pub height: u32,
    /// The last block's hash; before the first the genesis hash.
    pub hash: BlockHash,
    /// How many log records are sealed.
    pub sealed: u64,
    /// How many log records there are, sealed or not.
    pub records: u64,
}

/// What the data of a snapshot is; none if no currency has begun in it.
///
/// # Errors
/// When the store cannot be read.
pub fn summary(from: &dyn Snapshot) -> Result<Option<Summary>, StoreError> {
    let (Some(genesis), Some(head)) = (stored::genesis(from)?, stored::head(from)?) else { return Ok(None) };
    let records = stored::last_accepted_us(from)?.map_or(0, |(last, _)| last + 1);
    Ok(Some(Summary { genesis, height: head.height, hash: head.hash, sealed: head.sealed, records }))
}

/// The digest of the ledger's state that a store holds; see [`State::hash`].
///
/// # Errors
/// When the store cannot be read, or holds no ledger.
pub fn state_hash(from: &dyn Snapshot) -> Result<StateHash, StoreError> {
    Ok(restore(from)?.state.hash())
}

/// The walk along the log's end: accounts by core's rules, and beside them each account's latest movement.
struct Ending {
    restore: Restore,
    last: Vec<Option<MovementRef>>,
    exact: Vec<Position>,
    system: Address,
    touched: Vec<AccountNumber>,
}

impl Ending {
    fn new(genesis: Genesis, head: Head, first: u64) -> Self {
        let system = genesis.system_address();
        let restore = Restore::begin(genesis, head, first);
        Self { restore, last: Vec::new(), exact: Vec::new(), system, touched: Vec::new() }
    }

    /// Takes in the accounts as their pages hold them.
    fn read_accounts(&mut self, from: &dyn Snapshot, pages: u32) -> Result<(), StoreError> {
        self.restore.reserve(pages.saturating_mul(PAGE_ACCOUNTS));
        let mut found = 0;
        stored::read_pages(from, |page| {
            found += 1;
            for (address, account, last) in page.accounts {
                self.restore.account(address, account, page.exact);
                self.last.push(last);
                self.exact.push(page.exact);
            }
        })?;
        if found == pages {
            Ok(())
        } else {
            Err(stored::corrupt(Table::AccountPages, format!("{found} pages are there, not {pages}")))
        }
    }

    fn replay(&mut self, from: &dyn Snapshot, first: u64, checkpoint: Position) -> Result<(), StoreError> {
        const BLOCKS: usize = 256;
        let mut blocks = std::collections::VecDeque::new();
        let mut height = checkpoint.blocks;
        let mut next_block = |blocks: &mut std::collections::VecDeque<StoredBlock>| {
            if blocks.is_empty() {
                let found = StoredBlock::range(from, height + 1, u32::MAX, Order::Ascending, BLOCKS)?;
                height += u32::try_from(found.len()).expect("few blocks");
                blocks.extend(found);
            }
            Ok::<_, StoreError>(())
        };
        next_block(&mut blocks)?;
        let mut log = Log::of(from);
        let mut seal_until = |ending: &mut Self, number: u64| {
            while blocks.front().is_some_and(|stored| stored.records <= number) {
                let stored = blocks.pop_front().expect("looked at");
                ending.block(&stored);
                next_block(&mut blocks)?;
            }
            Ok::<_, StoreError>(())
        };
        seal_until(self, first)?;
        log.each_from(first, |record, _| {
            self.record(&record);
            seal_until(self, record.number + 1)?;
            Ok(true)
        })
    }

    fn record(&mut self, record: &LogRecord) {
        self.restore.record(record);
        let movement = MovementRef::Record(record.number);
        let transaction = &record.signed.transaction;
        let parties = match &transaction.operation {
            Operation::Transfer { to, .. } => [Some(transaction.signer), Some(*to)],
            _ => [Some(transaction.signer), None],
        };
        for address in parties.into_iter().flatten() {
            self.moved(&address, |exact| record.number >= exact.records, movement);
        }
    }

    fn block(&mut self, stored: &StoredBlock) {
        self.restore.block(&stored.block);
        let height = stored.height();
        let coinbase = &stored.block.coinbase;
        if let (Some(miner), false) = (coinbase.rewarded, coinbase.reward.is_zero()) {
            for address in [self.system, miner] {
                self.moved(&address, |exact| height > exact.blocks, MovementRef::Reward(height));
            }
        }
    }

    fn moved(&mut self, address: &Address, is_after: impl FnOnce(&Position) -> bool, movement: MovementRef) {
        let number = self.restore.number_of(address).expect("a log's accounts are there");
        let index = number.index() as usize;
        if self.last.len() <= index {
            self.last.resize(index + 1, None);
            self.exact.resize(index + 1, Position::default());
        }
        if is_after(&self.exact[index]) {
            self.last[index] = Some(movement);
        }
        self.touched.push(number);
    }
}
