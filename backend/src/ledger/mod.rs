//! The ledger engine: one writer thread over core's rules and a store, the async door to it, and reads.
//!
//! [`Ledger`] is the door. A payment goes through [`verify`](self) workers to the writer, which applies a whole batch, and
//! on to the committer, which makes it durable with one commit, and only then publishes and answers.

mod chain;
mod checkpoint;
mod clock;
mod committed;
mod committer;
mod handle;
mod migrate;
mod movement;
mod open;
mod read;
mod stored;
mod template;
mod verify;
mod work;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use chain::Export;
pub use clock::Clock;
pub use handle::{
    Accepted, Change, ChangeError, GenesisContext, Keys, Ledger, LedgerError, OpenError, Paid, Settings, SystemPayment,
};
pub use migrate::bring_up_to_date;
pub use movement::MovementRef;
pub use open::{Summary, state_hash, summary};
pub use qoin_core::ledger::{Position, PositionError};
pub use read::{AccountSnapshot, Entry, EntryKind, Reader, Supply};
pub use stored::{StoredBlock, StoredRecord};
pub use template::{Solution, SolveError, Template};
pub use work::{MinerGuard, Work, WorkHub};
pub use writer::{BlockSummary, Published, Touched};

pub use crate::store::StoreError;
