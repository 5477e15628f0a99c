//! Restoring a backup into a data folder of its own.

use super::file::sync_folder_of;
use super::read::{Backup, open};
use super::restores::{self, RESTORES_KEY};
use super::{BackupError, Content, Description};
use crate::leader::keys::{DataFolder, KeyFile};
use crate::ledger;
use crate::store::{Rebuild, RedbStore, Store, Table};
use qoin_core::hash::StateHash;
use qoin_core::restore_notice::RestoreNotice;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a backup is not restored. The data folder is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder holds something.
    #[error("{0} is not empty: a backup is restored into an empty or new folder, so that nothing is overwritten")]
    NotEmpty(PathBuf),
    /// Another restoration was interrupted, or is going on.
    #[error("{0} is there, perhaps from an interrupted restoration: remove it and try again")]
    Leftover(PathBuf),
    /// The restored data is not that of which the backup told.
    #[error("the restored data is not what the backup describes: {0}")]
    Mismatch(String),
    /// The backup is not usable, or the folder not writable.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup said of itself.
    pub description: Description,
    /// The digest of the restored ledger's state.
    pub state_hash: StateHash,
}

/// Restores a backup into a folder that is empty or not there. It is written into one beside, which gets the folder's
/// name at the end, when every hash was found right and the ledger could be opened.
///
/// # Errors
/// Why it was not restored; nothing is left behind then.
pub fn restore(backup: &Path, data: &Path, now_ms: u64) -> Result<Restored, RestoreError> {
    if fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) || data.is_file() {
        return Err(RestoreError::NotEmpty(data.to_owned()));
    }
    let opened = open(backup)?;
    let place = Place::beside(data)?;
    let description = opened.description.clone();
    fill(opened, &place.folder, now_ms)?;
    let state_hash = check(&description, &place.folder)?;
    place.give_name(data).map_err(|source| BackupError::File { path: data.to_owned(), source })?;
    Ok(Restored { description, state_hash })
}

/// Writes what the backup holds, and that it was restored.
fn fill(backup: Backup<impl Read>, folder: &Path, now_ms: u64) -> Result<(), BackupError> {
    let Description { height, hash, records, made_ms, store_format, .. } = backup.description;
    let folder = DataFolder::open(folder)?;
    let rebuild = Rebuild::begin(folder.ledger(), store_format)?;
    let mut before = None;
    backup.read(|content, mut entries| {
        match content {
            Content::Keys => {
                for (name, content) in entries {
                    let content = Zeroizing::new(content);
                    let name = String::from_utf8(name).map_err(|_| BackupError::Damaged("a key's name is no text"))?;
                    folder.put_key_file(&KeyFile { name, content })?;
                }
            }
            Content::Table(table) => {
                if table == Table::Meta {
                    before = entries.extract_if(.., |(key, _)| key == RESTORES_KEY).next().or(before.take());
                }
                rebuild.put(table, &entries)?;
            }
        }
        Ok::<(), BackupError>(())
    })?;
    let notice = RestoreNotice { height, hash, records, backup_ms: made_ms, restored_ms: now_ms };
    let restores = restores::with(before.as_ref().map(|(_, value)| &**value), notice)?;
    rebuild.put(Table::Meta, &[(RESTORES_KEY.to_vec(), restores)])?;
    Ok(())
}

/// Opens the restored ledger, in whatever format it was, and looks whether it is what the backup told of.
fn check(description: &Description, folder: &Path) -> Result<StateHash, RestoreError> {
    let store = RedbStore::open(DataFolder::at(folder).ledger()).map_err(BackupError::from)?;
    ledger::bring_up_to_date(&store).map_err(BackupError::from)?;
    let snapshot = store.snapshot().map_err(BackupError::from)?;
    let found = Description::of(&*snapshot, description.made_ms, description.keys)?;
    let found = Description { program: description.program.clone(), store_format: description.store_format, ..found };
    if found != *description {
        return Err(RestoreError::Mismatch(format!("block {} and {} records", found.height, found.records)));
    }
    Ok(ledger::state_hash(&*snapshot).map_err(BackupError::from)?)
}

/// The folder that is filled, beside the one that it becomes. Dropped before that, it is gone.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn beside(data: &Path) -> Result<Self, RestoreError> {
        let failed = |source| BackupError::File { path: data.to_owned(), source };
        let mut name: OsString = data.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?.to_owned();
        name.push(".restoring");
        let folder = data.with_file_name(name);
        if let Some(parent) = data.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        match fs::create_dir(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(RestoreError::Leftover(folder)),
            Err(error) => return Err(failed(error).into()),
        }
        let place = Self { folder };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
        Ok(place)
    }

    fn give_name(self, data: &Path) -> io::Result<()> {
        fs::File::open(&self.folder)?.sync_all()?;
        // An empty folder gives way; that it is empty was asked, and the system asks again.
        if data.is_dir() {
            fs::remove_dir(data)?;
        }
        fs::rename(&self.folder, data)?;
        sync_folder_of(data)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Named, it is not here any more and this fails.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
