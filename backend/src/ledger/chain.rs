//! The whole chain out of the store, and receipts of single transactions: the ledger's only reads that serve verifiers.

use super::{
    GenesisContext, Reader,
    stored::{self, Log, StoredBlock, StoredRecord, corrupt, missing_record},
};
use crate::store::{Order, RedbReader, Snapshot, StoreError, Table};
use qoin_core::{
    block::{Block, Unchecked, seal_message},
    chain_file::{self, End, Item},
    genesis::Genesis,
    keys::Purpose,
    log::LogRecord,
    receipt::Receipt,
    transaction::Operation,
};

/// How many bytes a piece of a chain has at least, but for the last one; with a run of records behind, it may have a megabyte.
const PIECE_BYTES: usize = 128 * 1024;
/// How many log records are read at once.
const RUN_MAX: usize = 4_096;

/// Gives the store as of its latest commit.
type Snapshots = Box<dyn Fn() -> Result<Box<dyn Snapshot>, StoreError> + Send>;

/// A chain on its way out, in the form of [`chain_file`], from the genesis to the end that it had when this was made.
/// What is in the chain never changes, so that each piece is read from the store as it is then, and none is held open.
pub struct Export {
    snapshots: Snapshots,
    genesis: Genesis,
    end: End,
    /// What was given so far.
    given: End,
    /// The next block, once its records are on their way.
    block: Option<Block<Unchecked>>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Items,
    Ended,
}

impl Reader {
    /// The chain as it is now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn export(&self) -> Result<Export, StoreError> {
        let reader = self.clone();
        Export::of(Box::new(move || reader.snapshot()))
    }

    /// The proof that a block seals a log record, with its memo if it is wanted; none while the record waits, or if the key
    /// that sealed its block is neither the first nor the current leader's.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn receipt(
        &self,
        genesis: &GenesisContext,
        stored: StoredRecord,
        with_memo: bool,
    ) -> Result<Option<Receipt>, StoreError> {
        let StoredRecord { record, memo, .. } = stored;
        let Some((StoredBlock { block, .. }, proof)) = self.sealed(record.number)? else { return Ok(None) };
        let current = stored::head(&*self.snapshot()?)?.map(|head| head.leader_key);
        let message = seal_message(&block.header, block.coinbase.height, block.solved_ms);
        let sealed_by = [Some(genesis.genesis.leader_key), current]
            .into_iter()
            .flatten()
            .find(|key| key.verifies(Purpose::Seal, &genesis.hash, &message, &block.seal));
        let Some(leader_key) = sealed_by else { return Ok(None) };
        let transaction = &record.signed.transaction;
        let signer_key = match transaction.operation {
            Operation::OpenAccount { public_key } => Some(public_key),
            _ => self.account(&transaction.signer).map(|now| now.account.key_at(record.accepted_us)),
        };
        // A key that was changed since did not sign it, and the one that did is not at hand.
        let signer_key = signer_key.filter(|key| record.signed.clone().verify(key, &genesis.hash).is_ok());
        Ok(Some(Receipt {
            genesis: genesis.genesis.clone(),
            record,
            memo: memo.filter(|_| with_memo),
            signer_key,
            header: block.header,
            proof,
            height: block.coinbase.height,
            solved_ms: block.solved_ms,
            leader_key,
            seal: block.seal,
        }))
    }
}

impl Export {
    /// The chain of a data folder that no leader has open.
    ///
    /// # Errors
    /// When the store cannot be read, or holds no chain.
    pub fn of_store(store: RedbReader) -> Result<Self, StoreError> {
        Self::of(Box::new(move || store.snapshot()))
    }

    fn of(snapshots: Snapshots) -> Result<Self, StoreError> {
        let snapshot = snapshots()?;
        let genesis = stored::genesis(&*snapshot)?.ok_or_else(|| corrupt(Table::Meta, "there is no genesis"))?;
        let end = End { blocks: blocks_count(&*snapshot)?, records: records_count(&*snapshot)? };
        Ok(Self { snapshots, genesis, end, given: End::default(), block: None, stage: Stage::Start })
    }

    /// How much it holds.
    pub fn end(&self) -> End {
        self.end
    }

    fn piece(&mut self) -> Result<Vec<u8>, StoreError> {
        let snapshot = (self.snapshots)()?;
        let mut piece = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        if self.stage == Stage::Start {
            piece = chain_file::start(&self.genesis);
            self.stage = Stage::Items;
        }
        while piece.len() < PIECE_BYTES && self.stage != Stage::Ended {
            self.put_next(&*snapshot, &mut piece)?;
        }
        Ok(piece)
    }

    fn put_next(&mut self, snapshot: &dyn Snapshot, piece: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.block.is_none() && self.given.blocks < self.end.blocks {
            self.block = Some(block(snapshot, self.given.blocks + 1)?);
        }
        let run_end = self.block.as_ref().map_or(self.end.records, |block| block.first + u64::from(block.count));
        let left = run_end.saturating_sub(self.given.records);
        if left > 0 {
            let limit = usize::try_from(left).unwrap_or(usize::MAX).min(RUN_MAX);
            for record in records(snapshot, self.given.records, limit)? {
                chain_file::put(piece, &Item::Record(Box::new(record)));
                self.given.records += 1;
            }
        } else if let Some(block) = self.block.take() {
            chain_file::put(piece, &Item::Block(Box::new(block)));
            self.given.blocks += 1;
        } else {
            chain_file::put(piece, &Item::End(self.end));
            self.stage = Stage::Ended;
        }
        Ok(())
    }
}

impl Iterator for Export {
    type Item = Result<Vec<u8>, StoreError>;

    /// The next piece; none behind the end or an error.
    fn next(&mut self) -> Option<Self::Item> {
        if self.stage == Stage::Ended {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            self.stage = Stage::Ended;
        }
        Some(piece)
    }
}

fn blocks_count(snapshot: &dyn Snapshot) -> Result<u32, StoreError> {
    let last = StoredBlock::range(snapshot, 0, u32::MAX, Order::Descending, 1)?;
    Ok(last.first().map_or(0, StoredBlock::height))
}

fn records_count(snapshot: &dyn Snapshot) -> Result<u64, StoreError> {
    Ok(stored::last_accepted_us(snapshot)?.map_or(0, |(number, _)| number + 1))
}

fn block(snapshot: &dyn Snapshot, height: u32) -> Result<Block<Unchecked>, StoreError> {
    let stored = StoredBlock::get(snapshot, height)?;
    Ok(stored.ok_or_else(|| corrupt(Table::Blocks, format!("block {height} is missing")))?.block)
}

/// Up to `limit` log records from number `first` on; at least one.
fn records(snapshot: &dyn Snapshot, first: u64, limit: usize) -> Result<Vec<LogRecord>, StoreError> {
    let mut records = Vec::with_capacity(limit);
    Log::of(snapshot).each_from(first, |record, _| {
        records.push(record);
        Ok(records.len() < limit)
    })?;
    if records.is_empty() { Err(missing_record(first)) } else { Ok(records) }
}
