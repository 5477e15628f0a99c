//! The leader's own host: its disk, its memory, and where its backups go.

mod backups;
mod measure;

pub use backups::{BackupRefusal, Noted, stamp};
pub use measure::{disk, memory_bytes};

use crate::operator::OperatorDoor;
use std::path::PathBuf;
use std::sync::Arc;

/// The host. Clones are the same.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    door: OperatorDoor,
    backup_folder: Option<PathBuf>,
    started_ms: u64,
}

impl Host {
    /// The host of the leader with this door, which started at a moment and puts its backups into a folder, if any.
    pub fn new(door: OperatorDoor, backup_folder: Option<PathBuf>, started_ms: u64) -> Self {
        Self(Arc::new(Inner { door, backup_folder, started_ms }))
    }

    /// Where the ledger is.
    pub fn ledger(&self) -> PathBuf {
        self.0.door.folder().ledger()
    }

    /// When the leader started, in milliseconds since 1970.
    pub fn started_ms(&self) -> u64 {
        self.0.started_ms
    }
}
