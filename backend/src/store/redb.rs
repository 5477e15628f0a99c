//! The embedded store: one file, kept by the redb database. Only this file and `rebuild` name it.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ::redb::{
    Builder, Database, DatabaseError, Durability, Error, ReadOnlyDatabase, ReadOnlyTable, ReadTransaction,
    ReadableDatabase, ReadableTable, StorageError, TableDefinition, WriteTransaction,
};

use super::checked::{checked, with_check};
use super::{
    Batch, EPOCH_KEY, Entry, Epoch, FORMAT, FORMAT_KEY, FORMAT_OLDEST, FORMAT_UNCHECKED, Order, Snapshot, Store,
    StoreError, Table, Write,
};

/// How much of the file is kept in memory, in bytes; the operating system caches the rest.
const CACHE_BYTES: usize = 64 << 20;

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;
type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

pub(super) fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

/// A store in one file, locked against other processes while it is open.
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
    path: Arc<Path>,
}

impl RedbStore {
    /// Opens the file, or makes one that only its owner may read. Its folder must be there. After a crash this walks
    /// through the whole file once to check it, unless it was settled after its last commit.
    ///
    /// # Errors
    /// `Locked`, `NewerFormat`, `Corrupt` and `Io`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path: Arc<Path> = path.into().into();
        create_file(&path).map_err(|source| StoreError::Io { path: path.to_path_buf(), source })?;
        Self::open_with(path, CACHE_BYTES, |builder, path| builder.create(path))
    }

    /// Opens the file that a backend stands for; nothing of it is kept in memory, so that each read reaches the backend.
    #[cfg(test)]
    pub(super) fn on(backend: impl ::redb::StorageBackend) -> Result<Self, StoreError> {
        Self::open_with(Path::new("the disk").into(), 0, |builder, _| builder.create_with_backend(backend))
    }

    fn open_with(
        path: Arc<Path>,
        cache_bytes: usize,
        create: impl FnOnce(&Builder, &Path) -> Result<Database, DatabaseError>,
    ) -> Result<Self, StoreError> {
        let mut builder = Database::builder();
        builder.set_cache_size(cache_bytes);
        let repaired = path.clone();
        builder.set_repair_callback(move |session| {
            let percent = session.progress() * 100.0;
            tracing::warn!(path = %repaired.display(), "the data was not closed properly: checking it ({percent:.0} %)");
        });
        let database = create(&builder, &path).map_err(|error| failure(&path, error))?;
        let store = Self { database, path };
        store.prepare()?;
        Ok(store)
    }

    /// Checks the format, writes it into a file that is new or older, and makes the tables that are not there yet.
    fn prepare(&self) -> Result<(), StoreError> {
        let transaction = self.begin_write()?;
        let is_new = transaction.list_tables().map_err(|error| self.failure(error))?.next().is_none();
        let format = if is_new { None } else { Some(self.check_format(&transaction)?) };
        if format != Some(FORMAT) {
            if format == Some(FORMAT_UNCHECKED) {
                self.add_checks(&transaction)?;
            }
            self.put_meta(&transaction, FORMAT_KEY, &FORMAT.to_le_bytes())?;
        }
        for table in Table::ALL {
            transaction.open_table(definition(table)).map_err(|error| self.failure(error))?;
        }
        transaction.commit().map_err(|error| self.failure(error))
    }

    /// Rows of format 1 have no check behind them.
    fn add_checks(&self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        for name in Table::ALL {
            let mut table = transaction.open_table(definition(name)).map_err(|error| self.failure(error))?;
            let rows: Result<Vec<Entry>, StorageError> = table
                .iter()
                .map_err(|error| self.failure(error))?
                .map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())))
                .collect();
            for (key, value) in rows.map_err(|error| self.failure(error))? {
                let value = with_check(name, &key, &value);
                table.insert(key.as_slice(), value.as_slice()).map_err(|error| self.failure(error))?;
            }
        }
        Ok(())
    }

    fn check_format(&self, transaction: &WriteTransaction) -> Result<u32, StoreError> {
        format_of(&self.path, self.meta(transaction, FORMAT_KEY)?.as_deref())
    }

    fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        let mut transaction = self.database.begin_write().map_err(|error| self.failure(error))?;
        transaction.set_durability(Durability::Immediate).map_err(|error| self.failure(error))?;
        Ok(transaction)
    }

    /// Begins a transaction of the writer that holds this epoch, if none has come after it. One that is dropped before its
    /// commit is undone.
    fn begin_commit(&self, epoch: Epoch) -> Result<WriteTransaction, StoreError> {
        let transaction = self.begin_write()?;
        let newest = self.newest_epoch(&transaction)?;
        if epoch == newest { Ok(transaction) } else { Err(StoreError::Superseded { held: epoch, newest }) }
    }

    fn newest_epoch(&self, transaction: &WriteTransaction) -> Result<Epoch, StoreError> {
        match self.meta(transaction, EPOCH_KEY)? {
            Some(bytes) => Epoch::from_bytes(&bytes).ok_or_else(|| self.corrupt(format!("its epoch is {bytes:?}"))),
            None => Ok(Epoch::NONE),
        }
    }

    fn meta(&self, transaction: &WriteTransaction, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let meta = transaction.open_table(definition(Table::Meta)).map_err(|error| self.failure(error))?;
        let value = meta.get(key).map_err(|error| self.failure(error))?;
        value.map(|value| read_row(&self.path, Table::Meta, key, value.value())).transpose()
    }

    fn put_meta(&self, transaction: &WriteTransaction, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let mut meta = transaction.open_table(definition(Table::Meta)).map_err(|error| self.failure(error))?;
        let value = with_check(Table::Meta, key, value);
        meta.insert(key, value.as_slice()).map_err(|error| self.failure(error))?;
        Ok(())
    }

    fn apply(&self, transaction: &WriteTransaction, writes: &[&Write]) -> Result<(), StoreError> {
        for run in writes.chunk_by(|one, next| one.table == next.table) {
            let mut table = transaction.open_table(definition(run[0].table)).map_err(|error| self.failure(error))?;
            for write in run {
                match &write.value {
                    Some(value) => {
                        let value = with_check(write.table, &write.key, value);
                        table.insert(write.key.as_slice(), value.as_slice())
                    }
                    None => table.remove(write.key.as_slice()),
                }
                .map_err(|error| self.failure(error))?;
            }
        }
        Ok(())
    }

    fn failure(&self, error: impl Into<Error>) -> StoreError {
        failure(&self.path, error)
    }

    fn corrupt(&self, detail: String) -> StoreError {
        StoreError::Corrupt { path: self.path.to_path_buf(), detail }
    }
}

impl Store for RedbStore {
    fn claim(&self) -> Result<Epoch, StoreError> {
        let transaction = self.begin_write()?;
        let epoch = self.newest_epoch(&transaction)?.next();
        self.put_meta(&transaction, EPOCH_KEY, &epoch.to_bytes())?;
        transaction.commit().map_err(|error| self.failure(error))?;
        Ok(epoch)
    }

    fn commit(&self, epoch: Epoch, batch: &Batch) -> Result<(), StoreError> {
        batch.check_reserved()?;
        let writes = in_key_order(batch);
        let transaction = self.begin_commit(epoch)?;
        self.apply(&transaction, &writes)?;
        transaction.commit().map_err(|error| self.failure(error))
    }

    fn settle(&self, epoch: Epoch) -> Result<(), StoreError> {
        let mut transaction = self.begin_commit(epoch)?;
        // Which pages of the file are free is written down, too, and need not be found out by a walk through all of it.
        transaction.set_quick_repair(true);
        transaction.commit().map_err(|error| self.failure(error))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let transaction = self.database.begin_read().map_err(|error| self.failure(error))?;
        Ok(Box::new(RedbSnapshot::new(transaction, self.path.clone())))
    }
}

/// The same file, read without writing anything to it. While it is open, no leader can open it.
pub struct RedbReader {
    database: ReadOnlyDatabase,
    path: Arc<Path>,
}

impl RedbReader {
    /// Opens a file that is there.
    ///
    /// # Errors
    /// `Locked`, `NotClosed`, `OlderFormat`, `NewerFormat`, `Corrupt` and `Io`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path: Arc<Path> = path.into().into();
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let database = builder.open_read_only(&path).map_err(|error| match error {
            DatabaseError::RepairAborted => StoreError::NotClosed { path: path.to_path_buf() },
            error => failure(&path, error),
        })?;
        let reader = Self { database, path };
        match format_of(&reader.path, reader.snapshot()?.get(Table::Meta, FORMAT_KEY)?.as_deref())? {
            FORMAT => Ok(reader),
            found => Err(StoreError::OlderFormat { path: reader.path.to_path_buf(), found }),
        }
    }

    /// The data as of the latest commit.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    pub fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let transaction = self.database.begin_read().map_err(|error| failure(&self.path, error))?;
        Ok(Box::new(RedbSnapshot::new(transaction, self.path.clone())))
    }
}

/// The format that a file tells, if this program reads it.
fn format_of(path: &Path, stored: Option<&[u8]>) -> Result<u32, StoreError> {
    let format = stored.and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)));
    match format {
        Some(found @ FORMAT_OLDEST..=FORMAT) => Ok(found),
        Some(found) if found > FORMAT => Err(StoreError::NewerFormat { path: path.to_path_buf(), found }),
        _ => Err(StoreError::Corrupt { path: path.to_path_buf(), detail: format!("its format is {stored:?}") }),
    }
}

struct RedbSnapshot {
    transaction: ReadTransaction,
    path: Arc<Path>,
    /// The tables that were read from, by [`Table`]: to open one takes as long as to read a row.
    opened: [OnceLock<Rows>; Table::ALL.len()],
}

impl RedbSnapshot {
    fn new(transaction: ReadTransaction, path: Arc<Path>) -> Self {
        Self { transaction, path, opened: [const { OnceLock::new() }; Table::ALL.len()] }
    }

    fn rows(&self, table: Table) -> Result<&Rows, StoreError> {
        let place = &self.opened[table as usize];
        if let Some(rows) = place.get() {
            return Ok(rows);
        }
        let rows = self.transaction.open_table(definition(table)).map_err(|error| failure(&self.path, error))?;
        Ok(place.get_or_init(|| rows))
    }
}

impl Snapshot for RedbSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.rows(table)?;
        let value = rows.get(key).map_err(|error| failure(&self.path, error))?;
        value.map(|value| read_row(&self.path, table, key, value.value())).transpose()
    }

    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        if super::encloses_nothing(from, to) {
            return Ok(Vec::new());
        }
        let rows = self.rows(table)?;
        let range = rows.range::<&[u8]>((from, to)).map_err(|error| failure(&self.path, error))?;
        let entries = range.map(|entry| {
            let (key, value) = entry.map_err(|error| failure(&self.path, error))?;
            Ok((key.value().to_vec(), read_row(&self.path, table, key.value(), value.value())?))
        });
        match order {
            Order::Ascending => entries.take(limit).collect(),
            Order::Descending => entries.rev().take(limit).collect(),
        }
    }
}

/// The writes by table and key, of several to one key only the last: each table is opened once, each of its pages
/// written once.
fn in_key_order(batch: &Batch) -> Vec<&Write> {
    let mut writes: Vec<&Write> = batch.writes().iter().rev().collect();
    writes.sort_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
    writes.dedup_by(|later, first| (later.table, &later.key) == (first.table, &first.key));
    writes
}

fn read_row(path: &Path, table: Table, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    checked(table, key, bytes).ok_or_else(|| StoreError::Corrupt {
        path: path.to_path_buf(),
        detail: format!("the row {} of the table {} is not as it was written", hex::encode(key), table.name()),
    })
}

/// Makes the file if it is not there, readable only by its owner, with its name in the folder as durable as its content.
fn create_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Also when the file was there already: its maker may have stopped before this step.
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

pub(super) fn failure(path: &Path, error: impl Into<Error>) -> StoreError {
    let path = path.to_path_buf();
    match error.into() {
        Error::DatabaseAlreadyOpen | Error::LockProtocolMismatch => StoreError::Locked { path },
        Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => {
            StoreError::Corrupt { path, detail: source.to_string() }
        }
        Error::Io(source) => StoreError::Io { path, source },
        error @ (Error::Corrupted(_)
        | Error::UpgradeRequired(_)
        | Error::TableTypeMismatch { .. }
        | Error::TableDoesNotExist(_)) => StoreError::Corrupt { path, detail: error.to_string() },
        error => StoreError::Io { path, source: io::Error::other(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    crate::store::conformance::conformance_tests!(|check| {
        let folder = TempDir::new().unwrap();
        check(&RedbStore::open(folder.path().join("data")).unwrap());
    });

    #[test]
    fn reopening_keeps_everything() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let store = RedbStore::open(&path).unwrap();
        let first = store.claim().unwrap();
        store.commit(first, Batch::new().put(Table::Records, [1], "one").put(Table::Memos, "", "")).unwrap();
        drop(store);

        let store = RedbStore::open(&path).unwrap();
        assert_eq!(store.get(Table::Records, &[1]).unwrap().unwrap(), b"one");
        assert_eq!(store.get(Table::Memos, b"").unwrap().unwrap(), b"");
        store.commit(first, Batch::new().put(Table::Records, [2], "two")).unwrap();
        let second = store.claim().unwrap();
        assert!(second > first);
        let refusal = store.commit(first, Batch::new().put(Table::Records, [3], "three")).unwrap_err();
        assert!(matches!(refusal, StoreError::Superseded { held, newest } if held == first && newest == second));
    }

    #[test]
    fn a_new_file_has_the_format_and_is_private() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(store.get(Table::Meta, FORMAT_KEY).unwrap().unwrap(), FORMAT.to_le_bytes());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o600);
    }

    fn with_format(bytes: &[u8]) -> (TempDir, StoreError) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let store = RedbStore::open(&path).unwrap();
        let transaction = store.begin_write().unwrap();
        transaction.open_table(definition(Table::Meta)).unwrap().insert(FORMAT_KEY, bytes).unwrap();
        transaction.commit().unwrap();
        drop(store);
        let error = RedbStore::open(&path).unwrap_err();
        (folder, error)
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let (folder, error) = with_format(&3u32.to_le_bytes());
        let path = folder.path().join("data");
        let expected = format!(
            "the data in {} was written by a newer version (format 3); this program reads format 2",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn rows_of_format_1_get_their_checks() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let store = RedbStore::open(&path).unwrap();
        let epoch = store.claim().unwrap();
        store.commit(epoch, Batch::new().put(Table::Records, [1], "one").put(Table::Memos, "", "")).unwrap();
        let transaction = store.begin_write().unwrap();
        for name in Table::ALL {
            let mut table = transaction.open_table(definition(name)).unwrap();
            let owned = |row: Result<_, StorageError>| {
                let (key, value): (::redb::AccessGuard<'_, &[u8]>, ::redb::AccessGuard<'_, &[u8]>) = row.unwrap();
                (key.value().to_vec(), value.value().to_vec())
            };
            let rows: Vec<Entry> = table.iter().unwrap().map(owned).collect();
            for (key, value) in rows {
                let value = checked(name, &key, &value).unwrap();
                table.insert(key.as_slice(), value.as_slice()).unwrap();
            }
        }
        transaction.open_table(definition(Table::Meta)).unwrap().insert(FORMAT_KEY, [1, 0, 0, 0].as_slice()).unwrap();
        transaction.commit().unwrap();
        assert!(store.get(Table::Records, &[1]).unwrap_err().to_string().contains("not as it was written"));
        drop(store);

        let store = RedbStore::open(&path).unwrap();
        assert_eq!(store.get(Table::Records, &[1]).unwrap().unwrap(), b"one");
        assert_eq!(store.get(Table::Memos, b"").unwrap().unwrap(), b"");
        assert!(store.claim().unwrap() > epoch);
        assert_eq!(store.get(Table::Meta, FORMAT_KEY).unwrap().unwrap(), FORMAT.to_le_bytes());
    }

    #[test]
    fn a_format_that_never_was_is_refused() {
        for bytes in [&[][..], &[0; 4], &[1], &[1; 5]] {
            let (_folder, error) = with_format(bytes);
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        }
    }

    #[test]
    fn a_second_opener_is_refused() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let _first = RedbStore::open(&path).unwrap();
        let error = RedbStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    }

    #[test]
    fn a_reader_changes_nothing_and_waits_for_no_one() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        assert!(matches!(RedbReader::open(&path).err(), Some(StoreError::Io { .. })) && !path.exists());
        let store = RedbStore::open(&path).unwrap();
        let epoch = store.claim().unwrap();
        store.commit(epoch, Batch::new().put(Table::Records, [1], "one")).unwrap();
        assert!(matches!(RedbReader::open(&path).err(), Some(StoreError::Locked { .. })));
        drop(store);
        let before = std::fs::read(&path).unwrap();
        let reader = RedbReader::open(&path).unwrap();
        assert_eq!(reader.snapshot().unwrap().get(Table::Records, &[1]).unwrap().unwrap(), b"one");
        assert!(matches!(RedbStore::open(&path).unwrap_err(), StoreError::Locked { .. }));
        drop(reader);
        assert!(std::fs::read(&path).unwrap() == before);
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_alone() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let text = "not a database ".repeat(1000);
        std::fs::write(&path, &text).unwrap();
        let error = RedbStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("missing").join("data");
        let error = RedbStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Io { .. }));
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }

    #[test]
    fn a_table_added_later_starts_empty() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("data");
        let store = RedbStore::open(&path).unwrap();
        let transaction = store.begin_write().unwrap();
        assert!(transaction.delete_table(definition(Table::Services)).unwrap());
        transaction.commit().unwrap();
        drop(store);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(store.get(Table::Services, b"key").unwrap(), None);
    }
}
