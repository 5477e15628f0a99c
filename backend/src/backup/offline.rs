//! A backup of data that no leader uses.

use super::{BackupError, write};
use crate::leader::keys::DataFolder;
use crate::store::{RedbStore, Store};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why no backup can be made.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// There is no data folder, or an empty one.
    #[error("{0} holds no ledger: name the data folder with --data, or the server's configuration with -c")]
    NoLedger(PathBuf),
    /// Making it failed.
    #[error(transparent)]
    Failed(#[from] BackupError),
}

/// Writes a backup of a data folder that no process uses.
///
/// # Errors
/// When there is no data, it is in use, or cannot be read, or `out` cannot be written.
pub fn write_offline(data: &Path, with_keys: bool, made_ms: u64, out: impl Write) -> Result<(), OfflineError> {
    // Opening it would make what is not there.
    let folder = DataFolder::at(data);
    if !folder.ledger().is_file() {
        return Err(OfflineError::NoLedger(data.to_owned()));
    }
    let store = RedbStore::open(folder.ledger()).map_err(BackupError::from)?;
    crate::ledger::bring_up_to_date(&store).map_err(BackupError::from)?;
    let keys = with_keys.then(|| folder.key_files()).transpose().map_err(BackupError::from)?;
    let snapshot = store.snapshot().map_err(BackupError::from)?;
    Ok(write(out, &*snapshot, made_ms, keys.as_deref())?)
}
