//! Backups: everything in a store at one moment, and the keys of its data folder, in one file.
//!
//! A backup is made of tables, keys and values, whatever they mean, out of one snapshot and in bounded memory. So it can
//! be made while the leader works, and holds exactly what was committed at one moment.
//!
//! The file, numbers in little endian:
//!
//! | what | bytes |
//! | --- | --- |
//! | magic | `qoinback` |
//! | version of this layout | u32 |
//! | description ([`Description`], borsh) | u32 length, then the bytes |
//! | sections: `keys` if it has them, then each table, in the order of [`Table::ALL`](crate::store::Table::ALL) | each as below |
//! | end of sections | one zero byte |
//! | SHA-256 of all bytes before | 32 |
//!
//! A section is its name (u8 length, then the text), its chunks, a u32 of zero, how many entries and bytes it has (u64
//! each), and the SHA-256 of its bytes before compression. A chunk is its length compressed and not (u32 each), and its
//! bytes by raw deflate: whole entries, each a key and a value with a u32 length before either.

mod description;
mod file;
mod format;
mod live;
mod offline;
mod read;
mod restore;
mod restores;
#[cfg(test)]
mod tests;
mod write;

pub use description::Description;
pub use file::UnfinishedFile;
pub use live::{BackupBusy, BackupStream, Live};
pub use offline::{OfflineError, write_offline};
pub use read::{Content, Report, Section, verify};
pub use restore::{RestoreError, Restored, restore};
pub use restores::restores;
pub use write::write;

use crate::leader::keys::KeysError;
use crate::store::{FORMAT, StoreError};
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a backup begins with.
const MAGIC: &[u8; 8] = b"qoinback";

/// The version of the file's layout. A newer one is refused by name.
pub const VERSION: u32 = 1;

/// Why a backup cannot be made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data cannot be read, or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys cannot be read, or written.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// There is nothing to back up.
    #[error("there is no currency in the data yet")]
    Empty,
    /// The backup cannot be written.
    #[error("cannot write the backup: {0}")]
    Write(io::Error),
    /// The backup cannot be read.
    #[error("cannot read the backup: {0}")]
    Read(io::Error),
    /// A file or folder cannot be used.
    #[error("cannot write {path}: {source}")]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is there already.
    #[error("{0} is there already: choose another name, or say --force to replace it")]
    Exists(PathBuf),
    /// It begins with something else.
    #[error("this is not a backup of Qoin")]
    NotABackup,
    /// A later program wrote it, in a later layout.
    #[error("the backup has version {0} of its layout, this program reads version {VERSION}: use a newer program")]
    NewerVersion(u32),
    /// A later program wrote the data in it.
    #[error("the backup holds data of format {0}, this program reads up to format {FORMAT}: use a newer program")]
    NewerStore(u32),
    /// A later program wrote something that this one does not know.
    #[error("the backup holds a section {0:?}, which this program does not know: use a newer program")]
    UnknownSection(String),
    /// It ends before its end.
    #[error("the backup is cut off: it ends before its last byte; take another copy of it, or another backup")]
    Truncated,
    /// It is not what was written.
    #[error("the backup is damaged: {0}; take another copy of it, or another backup")]
    Damaged(&'static str),
    /// An entry larger than any that is ever stored.
    #[error("an entry of {0} bytes is more than a backup holds")]
    EntryTooLarge(usize),
}

/// This host's clock, in milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
