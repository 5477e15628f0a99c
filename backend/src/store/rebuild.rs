//! Filling a new store's file with the content of another, whatever its format: the store's own keys are content here.

use super::checked::with_check;
use super::redb::{definition, failure};
use super::{Entry, FORMAT_UNCHECKED, StoreError, Table};
use ::redb::{Database, Durability};
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is being filled. It becomes a store when it is dropped and opened as one.
pub struct Rebuild {
    database: Database,
    path: PathBuf,
    has_checks: bool,
}

impl Rebuild {
    /// A new file, for its owner alone, that will hold content of a format. Its folder must be there.
    ///
    /// # Errors
    /// `Io`, also when the file is there already.
    pub fn begin(path: impl Into<PathBuf>, format: u32) -> Result<Self, StoreError> {
        let path = path.into();
        create(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        let database = Database::create(&path).map_err(|error| failure(&path, error))?;
        Ok(Self { database, path, has_checks: format > FORMAT_UNCHECKED })
    }

    /// Puts entries into a table, durably.
    ///
    /// # Errors
    /// `Io`.
    pub fn put(&self, table: Table, entries: &[Entry]) -> Result<(), StoreError> {
        let failed = |error: ::redb::Error| failure(&self.path, error);
        let mut transaction = self.database.begin_write().map_err(|error| failed(error.into()))?;
        transaction.set_durability(Durability::Immediate).map_err(|error| failed(error.into()))?;
        {
            let mut rows = transaction.open_table(definition(table)).map_err(|error| failed(error.into()))?;
            for (key, value) in entries {
                let checked = self.has_checks.then(|| with_check(table, key, value));
                let value = checked.as_ref().unwrap_or(value);
                rows.insert(key.as_slice(), value.as_slice()).map_err(|error| failed(error.into()))?;
            }
        }
        transaction.commit().map_err(|error| failed(error.into()))
    }
}

fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
