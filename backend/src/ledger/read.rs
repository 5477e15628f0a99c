//! Reads of what is committed: synchronous and cheap, from the store and the last published view.

use super::{
    committed::{Committed, CommittedAccount, View},
    movement::{Links, MovementRef},
    stored::{self, Log, StoredBlock, StoredRecord},
};
use crate::store::{Order, Snapshot, Store, StoreError};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::blocks::Tip,
    hash::{GenesisHash, MerkleNode, TransactionId},
    ledger::{Account, Position},
    log::LogRecord,
    merkle::{Proof, prove},
    payment_id::PaymentId,
};
use std::sync::Arc;

/// Answers from committed data only.
#[derive(Clone)]
pub struct Reader {
    pub(super) store: Arc<dyn Store>,
    pub(super) committed: Arc<Committed>,
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
        self.committed.view()
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
    pub fn account(&self, address: &Address) -> Option<AccountSnapshot> {
        // The view first: what is committed in between is then told again by the event stream, never missed.
        let View { position, tip, .. } = self.view();
        let account = self.committed.account(address)?.account;
        Some(AccountSnapshot { account, position, tip })
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
            if entry.at.is_within(after) {
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
        Log::of(&*self.snapshot()?).get(number)
    }

    /// The block that seals a log record, with the proof that it does; none while the record waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sealed(&self, number: u64) -> Result<Option<(StoredBlock, Proof)>, StoreError> {
        let Some(height) = self.height_of(number) else { return Ok(None) };
        let snapshot = self.snapshot()?;
        let Some(block) = StoredBlock::get(&*snapshot, height)? else { return Ok(None) };
        let mut leaves: Vec<MerkleNode> = vec![block.block.coinbase.hash()];
        let count = block.block.count as usize;
        Log::of(&*snapshot).each_from(block.block.first, |record, _| {
            leaves.push(record.leaf());
            Ok(leaves.len() <= count)
        })?;
        if leaves.len() <= count {
            return Err(stored::missing_record(block.block.first + leaves.len() as u64 - 1));
        }
        let index = usize::try_from(number - block.block.first).expect("a block holds few records") + 1;
        Ok(prove(&leaves, index).map(|proof| (block, proof)))
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
        let to = before.map_or(u32::MAX, |before| before.saturating_sub(1));
        StoredBlock::range(&*self.snapshot()?, 0, to, Order::Descending, limit)
    }

    /// Up to `limit` blocks from a height on, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn blocks_from(&self, from: u32, limit: usize) -> Result<Vec<StoredBlock>, StoreError> {
        StoredBlock::range(&*self.snapshot()?, from, u32::MAX, Order::Ascending, limit)
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
    pub fn height_of(&self, number: u64) -> Option<u32> {
        self.committed.height_of(number)
    }

    /// Why nothing more is accepted, after an invariant was violated.
    pub fn read_only(&self) -> Option<String> {
        self.view().read_only
    }
}

/// A walk along an account's movements, newest first.
struct Walk<'a> {
    reader: &'a Reader,
    snapshot: Box<dyn Snapshot>,
    /// What is in the snapshot at the least.
    end: Position,
    address: &'a Address,
    next: Option<MovementRef>,
}

impl<'a> Walk<'a> {
    fn start(reader: &'a Reader, address: &'a Address, before: Option<MovementRef>) -> Result<Self, StoreError> {
        // Before the snapshot: what the account names is in it then.
        let end = reader.position();
        let last = reader.committed.account(address).and_then(|CommittedAccount { last, .. }| last);
        let mut walk = Self { reader, snapshot: reader.snapshot()?, end, address, next: last };
        if let Some(before) = before {
            // A cursor of another account's history leads nowhere.
            walk.next = walk.entry(before)?.and_then(|(entry, links)| walk.link_of(&entry, &links)).flatten();
        }
        Ok(walk)
    }

    fn next(&mut self) -> Result<Option<Entry>, StoreError> {
        let Some(at) = self.next else { return Ok(None) };
        // What an account or a movement names is there, unless the disk has lost it.
        let found = self.entry(at)?;
        let (entry, links) = found.ok_or_else(|| stored::missing_movement(at))?;
        self.next = self.link_of(&entry, &links).flatten();
        Ok(Some(entry))
    }

    /// The movement before an entry in the account's history; outer none if the entry is not in it. In a reward the system
    /// account is the payer.
    fn link_of(&self, entry: &Entry, links: &Links) -> Option<Option<MovementRef>> {
        let address = self.address;
        match &entry.what {
            EntryKind::Record { stored, .. } if stored.record.signed.transaction.signer == *address => {
                Some(links.payer)
            }
            EntryKind::Record { stored, .. } => (stored.recipient() == Some(*address)).then_some(links.payee),
            EntryKind::Reward { to, .. } if to == address => Some(links.payee),
            EntryKind::Reward { .. } => (*address == self.reader.system).then_some(links.payer),
        }
    }

    fn entry(&self, at: MovementRef) -> Result<Option<(Entry, Links)>, StoreError> {
        match at {
            MovementRef::Record(number) => {
                let Some(stored) = Log::of(&*self.snapshot).get(number)? else { return self.absent(at) };
                let (links, block) = (stored.links, self.reader.height_of(number));
                Ok(Some((Entry { at, what: EntryKind::Record { stored: Box::new(stored), block } }, links)))
            }
            MovementRef::Reward(height) => {
                let Some(stored) = StoredBlock::get(&*self.snapshot, height)? else { return self.absent(at) };
                let coinbase = &stored.block.coinbase;
                let Some(to) = coinbase.rewarded else { return Ok(None) };
                let what = EntryKind::Reward { height, amount: coinbase.reward, to, solved_ms: stored.block.solved_ms };
                Ok(Some((Entry { at, what }, stored.links)))
            }
        }
    }

    /// There is no such movement, unless the disk has lost it. A cursor may name what never was.
    fn absent<T>(&self, at: MovementRef) -> Result<Option<T>, StoreError> {
        let never_was = at == MovementRef::Reward(0) || !at.is_within(self.end);
        if never_was { Ok(None) } else { Err(stored::missing_movement(at)) }
    }
}
