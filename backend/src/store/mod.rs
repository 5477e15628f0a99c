//! Where the leader keeps its data: a small synchronous trait over bytes, and the stores that implement it.
//!
//! A store knows tables of byte keys in lexicographic order, atomic durable batches, and consistent snapshots; what the
//! bytes mean is the business of those who write them. Numbers in keys are big endian, so that their order is the
//! numeric one; values are borsh. Every store runs the same suite, `conformance`.

mod checked;
#[cfg(test)]
mod conformance;
#[cfg(test)]
pub(crate) mod faulty;
mod memory;
mod rebuild;
mod redb;

use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::PathBuf;

pub use memory::MemoryStore;
pub use rebuild::Rebuild;
pub use redb::{RedbReader, RedbStore};

/// The version of the layout of everything in a store. It changes when an older program could no longer read the data.
pub const FORMAT: u32 = 2;

/// The oldest format that is read: the ledger brings its data to the current one.
const FORMAT_OLDEST: u32 = 1;

/// The last format whose rows have no check behind them.
const FORMAT_UNCHECKED: u32 = 1;

/// The key in [`Table::Meta`] under which a store keeps its [`FORMAT`] (u32, little endian). Only the store writes it.
pub const FORMAT_KEY: &[u8] = b"format";

/// The key in [`Table::Meta`] under which a store keeps its newest [`Epoch`] (u64, little endian). Only the store
/// writes it.
pub const EPOCH_KEY: &[u8] = b"epoch";

/// The tables of a store. Adding one is a line here and one in [`Table::ALL`] and [`Table::name`]; data written before
/// is read as if the new one were empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// What exists once. Key: its name (`format` and `epoch` are the store's own); value: whatever that name holds.
    Meta,
    /// The log of format 1, a record a row; read by the migration only.
    Records,
    /// The chain. Key: the height (u64, big endian); value: the sealed block, its records as a run of numbers.
    Blocks,
    /// The accounts of format 1, one a row; read by the migration only.
    Accounts,
    /// The log. Key: the number of the row's first record (u64, big endian); value: as many records as fill a page.
    Log,
    /// The ledger's state. Key: the page's number (u32, big endian); value: a run of accounts in the order of opening.
    AccountPages,
    /// The payment ids of the last day. Key: the number of the row's first record (u64, big endian); value: the ids.
    PaymentIds,
    /// Where blocks end. Key: the row's number (u64, big endian); value: the numbers after the blocks' last records.
    BlockEnds,
    /// Texts kept off the chain. Key: the number of the payment's record (u64, big endian); value: salt and text.
    Memos,
    /// The people. Key: the member's number (u64, big endian); value: the member.
    Members,
    /// Who has an e-mail address. Key: the address in its compared form (UTF-8); value: the member's number.
    Emails,
    /// The sealed seeds. Key: the member's number (u64, big endian); value: the vault.
    Vaults,
    /// Who is signed in. Key: the hash of the token (32 bytes); value: the session.
    Sessions,
    /// Who may join. Key: the hash of the token (32 bytes); value: the invitation.
    Invitations,
    /// What acts for members. Key: the service's number (u64, big endian); value: the service.
    Services,
    /// The contributions that services rewarded. Key: the service's number (u64, big endian) and the hash of the
    /// contribution's name (32 bytes); value: what was paid.
    Contributions,
    /// What miners have earned. Key: 0, or 1 and the owner's address (20 bytes), then the miner's name; value: the count.
    Workers,
    /// What was done with more than a member's rights. Key: the entry's number (u64, big endian); value: the entry.
    Audit,
    /// Links by which a lost key is replaced. Key: the member's number (u64, big endian); value: the recovery.
    Recoveries,
    /// What the system account was to do. Key: the order's id (16 bytes); value: what came of it. Key: the hash of a file of
    /// credits (32 bytes); value: the number of the first record that paid it last (u64, big endian).
    Orders,
    /// What waits, or waited, for a second administrator. Key: its number (u64, big endian); value: the proposal.
    Proposals,
    /// The rows of proposed files of credits. Key: the proposal's number (u64, big endian) and the run's (u32, big endian);
    /// value: the rows.
    ProposedRows,
    /// Who caused the system account's payments. Key: the number of the first record (u64, big endian); value: the cause.
    Causes,
    /// What was given back. Key: the numbers of the original and of the refund's record (u64 each, big endian); value: how
    /// much.
    Refunds,
    /// What was asked back. Key: the request's number (u64, big endian); value: the request.
    Repayments,
    /// Requests for repayment by what they ask back, the withdrawn ones left out. Key: the numbers of the record and of the
    /// request (u64 each, big endian); value: nothing.
    RepaymentsOfRecord,
    /// Open requests for repayment by who is asked. Key: the address (20 bytes) and the request's number (u64, big endian);
    /// value: nothing.
    RepaymentsOfMember,
}

impl Table {
    /// Every table, in the order of their declaration.
    pub const ALL: [Table; 27] = [
        Table::Meta,
        Table::Records,
        Table::Blocks,
        Table::Accounts,
        Table::Log,
        Table::AccountPages,
        Table::PaymentIds,
        Table::BlockEnds,
        Table::Memos,
        Table::Members,
        Table::Emails,
        Table::Vaults,
        Table::Sessions,
        Table::Invitations,
        Table::Services,
        Table::Contributions,
        Table::Workers,
        Table::Audit,
        Table::Recoveries,
        Table::Orders,
        Table::Proposals,
        Table::ProposedRows,
        Table::Causes,
        Table::Refunds,
        Table::Repayments,
        Table::RepaymentsOfRecord,
        Table::RepaymentsOfMember,
    ];

    /// The name under which the table is stored; part of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Meta => "meta",
            Table::Records => "records",
            Table::Blocks => "blocks",
            Table::Accounts => "accounts",
            Table::Log => "log",
            Table::AccountPages => "account_pages",
            Table::PaymentIds => "payment_ids",
            Table::BlockEnds => "block_ends",
            Table::Memos => "memos",
            Table::Members => "members",
            Table::Emails => "emails",
            Table::Vaults => "vaults",
            Table::Sessions => "sessions",
            Table::Invitations => "invitations",
            Table::Services => "services",
            Table::Contributions => "contributions",
            Table::Workers => "workers",
            Table::Audit => "audit",
            Table::Recoveries => "recoveries",
            Table::Orders => "orders",
            Table::Proposals => "proposals",
            Table::ProposedRows => "proposed_rows",
            Table::Causes => "causes",
            Table::Refunds => "refunds",
            Table::Repayments => "repayments",
            Table::RepaymentsOfRecord => "repayments_of_record",
            Table::RepaymentsOfMember => "repayments_of_member",
        }
    }
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The table that holds the key.
    pub table: Table,
    /// The key; may be empty.
    pub key: Vec<u8>,
    /// The new value (may be empty), or none to delete the key.
    pub value: Option<Vec<u8>>,
}

/// Changes that happen together or not at all. Of several writes to one key the last one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    writes: Vec<Write>,
}

impl Batch {
    /// A batch without changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, whether it was there or not.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.push(table, key.into(), Some(value.into()))
    }

    /// Removes a key; one that is not there is no error.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) -> &mut Self {
        self.push(table, key.into(), None)
    }

    /// Adds the changes of another batch behind these.
    pub fn append(&mut self, other: Batch) -> &mut Self {
        self.writes.extend(other.writes);
        self
    }

    /// The changes in the order in which they were added.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    fn push(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) -> &mut Self {
        self.writes.push(Write { table, key, value });
        self
    }

    /// Refuses a batch that touches the store's own keys.
    fn check_reserved(&self) -> Result<(), StoreError> {
        let is_reserved = |write: &&Write| write.table == Table::Meta && [FORMAT_KEY, EPOCH_KEY].contains(&&*write.key);
        match self.writes.iter().find(is_reserved) {
            Some(write) => Err(StoreError::Reserved { key: String::from_utf8_lossy(&write.key).into_owned() }),
            None => Ok(()),
        }
    }
}

/// Which writer a commit comes from. Each [`Store::claim`] gives a greater one and supersedes all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of a store that nobody has claimed.
    const NONE: Epoch = Epoch(0);

    fn next(self) -> Epoch {
        Epoch(self.0 + 1)
    }

    fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Epoch> {
        Some(Epoch(u64::from_le_bytes(bytes.try_into().ok()?)))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The direction of a [`Snapshot::range`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Greatest key first.
    Descending,
}

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// What a store answers when it cannot do as asked. Except for `Superseded` and `Reserved` nothing is known about the
/// commit that failed: the writer stops, and a new one reads what is there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused to read or write.
    #[error(
        "cannot read or write the data in {path}: {source}; check that the disk has space and the folder may be written"
    )]
    Io {
        /// The data file.
        path: PathBuf,
        /// What the operating system, or the database on top of it, said.
        source: io::Error,
    },
    /// The file is not what this program wrote.
    #[error("the data in {path} is damaged or not Qoin's: {detail}; restore it from a backup")]
    Corrupt {
        /// The data file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process has the file open.
    #[error("the data in {path} is in use by another process; stop that one first, or choose another data folder")]
    Locked {
        /// The data file.
        path: PathBuf,
    },
    /// The last process that had the file open did not close it, and reading alone does not mend that.
    #[error("the data in {path} was not closed properly; start its leader once, which mends that, and stop it again")]
    NotClosed {
        /// The data file.
        path: PathBuf,
    },
    /// The data come from a program before this one, and reading alone does not bring them up to date.
    #[error(
        "the data in {path} was written by an older version (format {found}); start its leader once, which brings it up to date, and stop it again"
    )]
    OlderFormat {
        /// The data file.
        path: PathBuf,
        /// The format it was written in.
        found: u32,
    },
    /// The data come from a program after this one.
    #[error("the data in {path} was written by a newer version (format {found}); this program reads format {FORMAT}")]
    NewerFormat {
        /// The data file.
        path: PathBuf,
        /// The format it was written in.
        found: u32,
    },
    /// Another writer has claimed the store since; nothing was changed.
    #[error("writer {held} was superseded by writer {newest}; it must stop writing")]
    Superseded {
        /// The epoch of the refused commit.
        held: Epoch,
        /// The epoch that may write.
        newest: Epoch,
    },
    /// The batch writes a key that belongs to the store itself; nothing was changed.
    #[error("the key {key:?} of the meta table belongs to the store itself; choose another name")]
    Reserved {
        /// The key.
        key: String,
    },
}

/// The data at one moment: later commits do not show in it. Drop it soon, for a store keeps what it shows from being
/// reclaimed.
pub trait Snapshot: Send + Sync {
    /// The value under a key.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The first `limit` entries between two bounds in the given order; bounds that cross enclose nothing.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;
}

/// A place for the leader's data. One writer at a time, any number of readers, none of which waits for the writer.
pub trait Store: Send + Sync + 'static {
    /// Makes the caller the only writer, durably: commits under older epochs are refused from now on.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    fn claim(&self) -> Result<Epoch, StoreError>;

    /// Applies a batch, all of it or nothing; when it returns, the batch is visible and survives a loss of power.
    ///
    /// # Errors
    /// `Superseded` if `epoch` is not the newest, `Reserved`, `Io` and `Corrupt`.
    fn commit(&self, epoch: Epoch, batch: &Batch) -> Result<(), StoreError>;

    /// Makes the store quick to open again even if the process is killed, until the next commit: for when there is time.
    /// What it holds stays as it is.
    ///
    /// # Errors
    /// `Superseded` if `epoch` is not the newest, `Io` and `Corrupt`.
    fn settle(&self, epoch: Epoch) -> Result<(), StoreError>;

    /// The data as of the latest commit, to read several things that belong together.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// [`Snapshot::get`] on the latest commit.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.snapshot()?.get(table, key)
    }

    /// [`Snapshot::range`] on the latest commit.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.snapshot()?.range(table, from, to, order, limit)
    }
}

/// Whether no key can lie between two bounds. Ordered maps differ in what they make of such bounds, so stores ask here.
fn encloses_nothing(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
    }
}
