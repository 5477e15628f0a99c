//! The ledger engine: one writer thread over core's rules and a store, the async door to it, and reads.
//!
//! [`Ledger`] is the door. A payment goes through [`verify`](self) workers to the writer, which applies a whole
//! batch, commits it once, and only then answers and publishes.

mod clock;
mod handle;
mod read;
mod stored;
mod template;
mod verify;
mod work;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use clock::Clock;
pub use handle::{Accepted, Change, ChangeError, GenesisContext, Keys, Ledger, LedgerError, OpenError, Settings};
pub use read::{AccountSnapshot, Entry, EntryKind, Reader, Supply};
pub use stored::{MovementRef, Position, PositionError, StoredBlock, StoredRecord};
pub use template::{Solution, SolveError, Template};
pub use work::{MinerGuard, Work, WorkHub};
pub use writer::{BlockSummary, Published};

pub use crate::store::StoreError;
