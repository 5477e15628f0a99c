//! Reads of what is committed: synchronous and cheap, from the store and the last published view.

use super::{
    stored::{self, MovementRef, Position, StoredAccount, StoredBlock, StoredRecord},
    writer::View,
};
use crate::store::{Order, Snapshot, Store, StoreError, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::blocks::Tip,
    hash::{GenesisHash, MerkleNode, TransactionId},
    ledger::Account,
    log::LogRecord,
    merkle::{Proof, prove},
    payment_id::PaymentId,
};
use std::{
    ops::Bound,
    sync::{Arc, RwLock},
};

/// Answers from committed data only.
#[derive(Clone)]
pub struct Reader {
    pub(super) store: Arc<dyn Store>,
    pub(super) view: Arc<RwLock<View>>,
    pub(super) system: Address,
}

/// An account at one moment.
#[derive(Debug, Clone)]
pub struct AccountSnapshot {
    /// The account.
    pub account: Account,
    /// Where the event stream resumes so that nothing after this is missed.
    pub position: Position,
    /// The chain's end.
    pub tip: Tip,
}

/// A movement of an account.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name in the history.
    pub at: MovementRef,
    /// What it was.
    pub what: EntryKind,
}

/// What a movement was.
#[derive(Debug, Clone)]
pub enum EntryKind {
    /// A log record in which the account takes part.
    Record {
        /// The record.
        stored: Box<StoredRecord>,
        /// The block that sealed it.
        block: Option<u32>,
    },
    /// A block's reward, paid by the system account.
    Reward {
        /// The block's height.
        height: u32,
        /// How much.
        amount: Amount,
        /// Who was rewarded.
        to: Address,
        /// When the block was solved, in milliseconds since 1970.
        solved_ms: u64,
    },
}

/// How much money there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// All that was ever made.
    pub issued: Amount,
    /// All that was destroyed.
    pub burned: Amount,
    /// What the system account holds.
    pub system: Amount,
    /// How many accounts are open.
    pub accounts: u64,
}

impl Reader {
    /// The store as of the latest commit, for the tables of others than the ledger.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.store.snapshot()
    }

    fn view(&self) -> View {
        self.view.read().expect("no one panics while publishing").clone()
    }

    /// How far the ledger is.
    pub fn position(&self) -> Position {
        self.view().position
    }

    /// The chain's end.
    pub fn tip(&self) -> Tip {
        self.view().tip
    }

    /// How much money there is.
    pub fn supply(&self) -> Supply {
        self.view().supply
    }

    /// An account; none if it is not open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn account(&self, address: &Address) -> Result<Option<AccountSnapshot>, StoreError> {
        // The view first: what is committed in between is then told again by the event stream, never missed.
        let View { position, tip, .. } = self.view();
        let stored = StoredAccount::get(&*self.snapshot()?, address)?;
        Ok(stored.map(|stored| AccountSnapshot { account: stored.account, position, tip }))
    }

    /// Up to `limit` movements of an account, newest first, from the one before `before`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn history(
        &self,
        address: &Address,
        before: Option<MovementRef>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut walk = Walk::start(self, address, before)?;
        let mut entries = Vec::new();
        while entries.len() < limit {
            match walk.next()? {
                Some(entry) => entries.push(entry),
                None => break,
            }
        }
        Ok(entries)
    }

    /// The movements of an account that a client at `after` has not seen, oldest first; none if there are more than `max`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn history_after(
        &self,
        address: &Address,
        after: Position,
        max: usize,
    ) -> Result<Option<Vec<Entry>>, StoreError> {
        let mut walk = Walk::start(self, address, None)?;
        let mut entries = Vec::new();
        // A record's and a reward's numbers grow apart, so the walk ends at the first movement that was seen.
        while let Some(entry) = walk.next()? {
            if after.includes(entry.at) {
                break;
            }
            if entries.len() == max {
                return Ok(None);
            }
            entries.push(entry);
        }
        entries.reverse();
        Ok(Some(entries))
    }

    /// A log record.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record(&self, number: u64) -> Result<Option<StoredRecord>, StoreError> {
        StoredRecord::get(&*self.snapshot()?, number)
    }

    /// The block that seals a log record, with the proof that it does; none while the record waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sealed(&self, number: u64) -> Result<Option<(StoredBlock, Proof)>, StoreError> {
        let snapshot = self.snapshot()?;
        let Some(height) = Heights::default().of(&*snapshot, number)? else { return Ok(None) };
        let Some(stored) = StoredBlock::get(&*snapshot, height)? else { return Ok(None) };
        let mut leaves: Vec<MerkleNode> = vec![stored.block.coinbase.hash()];
        let (from, to) = (stored.block.first.to_be_bytes(), stored.end().to_be_bytes());
        let run = snapshot.range(
            Table::Records,
            Bound::Included(&from),
            Bound::Excluded(&to),
            Order::Ascending,
            stored.block.count as usize,
        )?;
        for (_, bytes) in run {
            let (record, _): (LogRecord, stored::Links) = stored::read(Table::Records, &bytes)?;
            leaves.push(record.leaf());
        }
        let index = usize::try_from(number - stored.block.first).expect("a block holds few records") + 1;
        Ok(prove(&leaves, index).map(|proof| (stored, proof)))
    }

    /// A block by its height.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn block(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        StoredBlock::get(&*self.snapshot()?, height)
    }

    /// Up to `limit` blocks below `before` (all, if absent), newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn blocks_before(&self, before: Option<u32>, limit: usize) -> Result<Vec<StoredBlock>, StoreError> {
        let before = before.map(|before| u64::from(before).to_be_bytes());
        let to = before.as_ref().map_or(Bound::Unbounded, |before| Bound::Excluded(before.as_slice()));
        decode_blocks(self.snapshot()?.range(Table::Blocks, Bound::Unbounded, to, Order::Descending, limit)?)
    }

    /// Up to `limit` blocks from a height on, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn blocks_from(&self, from: u32, limit: usize) -> Result<Vec<StoredBlock>, StoreError> {
        let from = u64::from(from).to_be_bytes();
        let blocks =
            self.snapshot()?.range(Table::Blocks, Bound::Included(&from), Bound::Unbounded, Order::Ascending, limit)?;
        decode_blocks(blocks)
    }

    /// The record of a payment however long ago, found in its signer's history. Only payments that were accepted while
    /// their id was valid are looked at.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_payment(
        &self,
        signer: &Address,
        payment_id: PaymentId,
        genesis: &GenesisHash,
    ) -> Result<Option<(LogRecord, TransactionId)>, StoreError> {
        let earliest_us = payment_id.created_ms().saturating_sub(PaymentId::AHEAD_MAX_MS).saturating_mul(1000);
        let mut walk = Walk::start(self, signer, None)?;
        while let Some(Entry { what, .. }) = walk.next()? {
            let EntryKind::Record { stored, .. } = what else { continue };
            if stored.record.accepted_us < earliest_us {
                break;
            }
            let transaction = &stored.record.signed.transaction;
            if transaction.signer == *signer && transaction.payment_id == payment_id {
                let id = transaction.id(genesis);
                return Ok(Some((stored.record, id)));
            }
        }
        Ok(None)
    }

    /// The height of the block that seals a log record; none while the record waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn height_of(&self, number: u64) -> Result<Option<u32>, StoreError> {
        Heights::default().of(&*self.snapshot()?, number)
    }
}

fn decode_blocks(entries: Vec<crate::store::Entry>) -> Result<Vec<StoredBlock>, StoreError> {
    entries.iter().map(|(_, bytes)| stored::read(Table::Blocks, bytes)).collect()
}

/// A walk along an account's movements, newest first.
struct Walk<'a> {
    snapshot: Box<dyn Snapshot>,
    system: Address,
    address: &'a Address,
    next: Option<MovementRef>,
    heights: Heights,
}

impl<'a> Walk<'a> {
    fn start(reader: &Reader, address: &'a Address, before: Option<MovementRef>) -> Result<Self, StoreError> {
        let snapshot = reader.snapshot()?;
        let mut heights = Heights::default();
        let next = match before {
            // A cursor of another account's history leads nowhere.
            Some(before) => entry(&*snapshot, before, &mut heights)?
                .and_then(|(entry, links)| link_of(&entry, &links, address, &reader.system))
                .flatten(),
            None => StoredAccount::get(&*snapshot, address)?.and_then(|stored| stored.last),
        };
        Ok(Self { snapshot, system: reader.system, address, next, heights })
    }

    fn next(&mut self) -> Result<Option<Entry>, StoreError> {
        let Some(at) = self.next else { return Ok(None) };
        let Some((entry, links)) = entry(&*self.snapshot, at, &mut self.heights)? else { return Ok(None) };
        self.next = link_of(&entry, &links, self.address, &self.system).flatten();
        Ok(Some(entry))
    }
}

/// The movement before an entry in an account's history; outer none if the entry is not in it. In a reward
/// the system account is the payer.
fn link_of(entry: &Entry, links: &stored::Links, address: &Address, system: &Address) -> Option<Option<MovementRef>> {
    match &entry.what {
        EntryKind::Record { stored, .. } if stored.record.signed.transaction.signer == *address => Some(links.payer),
        EntryKind::Record { stored, .. } => (stored.recipient() == Some(*address)).then_some(links.payee),
        EntryKind::Reward { to, .. } if to == address => Some(links.payee),
        EntryKind::Reward { .. } => (address == system).then_some(links.payer),
    }
}

fn entry(
    snapshot: &dyn Snapshot,
    at: MovementRef,
    heights: &mut Heights,
) -> Result<Option<(Entry, stored::Links)>, StoreError> {
    match at {
        MovementRef::Record(number) => {
            let Some(stored) = StoredRecord::get(snapshot, number)? else { return Ok(None) };
            let (links, block) = (stored.links, heights.of(snapshot, number)?);
            Ok(Some((Entry { at, what: EntryKind::Record { stored: Box::new(stored), block } }, links)))
        }
        MovementRef::Reward(height) => {
            let Some(stored) = StoredBlock::get(snapshot, height)? else { return Ok(None) };
            let coinbase = &stored.block.coinbase;
            let Some(to) = coinbase.rewarded else { return Ok(None) };
            let what = EntryKind::Reward { height, amount: coinbase.reward, to, solved_ms: stored.block.solved_ms };
            Ok(Some((Entry { at, what }, stored.links)))
        }
    }
}

/// Finds the block of a record by halving the chain, remembering the last answer, since neighbours are asked together.
#[derive(Default)]
struct Heights {
    found: Option<(std::ops::Range<u64>, u32)>,
}

impl Heights {
    fn of(&mut self, snapshot: &dyn Snapshot, number: u64) -> Result<Option<u32>, StoreError> {
        if let Some((run, height)) = &self.found
            && run.contains(&number)
        {
            return Ok(Some(*height));
        }
        let last = snapshot.range(Table::Blocks, Bound::Unbounded, Bound::Unbounded, Order::Descending, 1)?;
        let Some(last) = decode_blocks(last)?.pop() else { return Ok(None) };
        if number >= last.end() {
            return Ok(None);
        }
        let (mut low, mut high) = (1, last.height());
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(stored) = StoredBlock::get(snapshot, middle)? else { return Ok(None) };
            if stored.end() > number { high = middle } else { low = middle + 1 }
        }
        let Some(stored) = StoredBlock::get(snapshot, low)? else { return Ok(None) };
        self.found = Some((stored.block.first..stored.end(), low));
        Ok(Some(low))
    }
}
