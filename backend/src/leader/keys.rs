//! The keys of a data folder: random, made at the first start, each in a file that only its owner can read.

use crate::config::Secret;
use crate::ledger::Keys;
use qoin_core::keys::SecretKey;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const SYSTEM_KEY: &str = "system.key";
const LEADER_KEY: &str = "leader.key";
/// The first administrator's password, until it is used.
const FIRST_PASSWORD: &str = "administrator.secret";
/// The most that a file of keys has, in bytes.
const KEY_BYTES_MAX: u64 = 4096;

/// A file of the keys' folder. Its content is wiped from memory when dropped.
pub struct KeyFile {
    /// The file's name.
    pub name: String,
    /// What it holds.
    pub content: Zeroizing<Vec<u8>>,
}

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The operating system refused.
    #[error("cannot read or write {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No randomness.
    #[error("the system gives no randomness: {0}")]
    Random(getrandom::Error),
    /// A file does not hold what was written to it.
    #[error("the key in {0} is damaged: restore the file from a backup")]
    Damaged(PathBuf),
    /// A key of the ledger is not there.
    #[error("there is no key {0}: without it the data cannot be used; put it back, or leave the keys out")]
    Missing(PathBuf),
    /// A backup names a file of keys that cannot be one.
    #[error("{0:?} is not a file of keys")]
    NoKey(String),
}

/// A leader's data folder.
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// The folder at `root`. One that is not there is made, readable by its owner alone; so is the one for the keys in
    /// any case.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn open(root: &Path) -> Result<Self, KeysError> {
        let folder = Self::at(root);
        for path in [root.to_owned(), folder.keys()] {
            make_private_folder(&path).map_err(|source| KeysError::Io { path, source })?;
        }
        Ok(folder)
    }

    /// The folder at `root` as it is, which may be not at all.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The file that holds the ledger.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.redb")
    }

    /// The file in which a running leader tells the commands of its host where it is.
    pub fn operator(&self) -> PathBuf {
        self.root.join("operator.json")
    }

    /// The ledger's keys, made at the first call.
    ///
    /// # Errors
    /// When they cannot be read or made.
    pub fn ledger_keys(&self) -> Result<Keys, KeysError> {
        let key = |name| -> Result<SecretKey, KeysError> { Ok(SecretKey::from_seed(&*self.key::<32>(name)?)) };
        Ok(Keys { system: key(SYSTEM_KEY)?, leader: key(LEADER_KEY)? })
    }

    /// The secret key of one role of this host, made at the first call; for `qoin run`, which has no configuration.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn secret(&self, role: &str) -> Result<Secret, KeysError> {
        let name = format!("{role}.secret");
        let digits = Zeroizing::new(hex::encode(*self.key::<16>(&name)?));
        Secret::parse(&digits).map_err(|_| KeysError::Damaged(self.keys().join(name)))
    }

    /// The first administrator's password, made at the first call.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub(super) fn first_password(
        &self,
        make: impl FnOnce() -> Result<Zeroizing<String>, getrandom::Error>,
    ) -> Result<Zeroizing<String>, KeysError> {
        let path = self.keys().join(FIRST_PASSWORD);
        if !path.exists() {
            let password = make().map_err(KeysError::Random)?;
            write_once(&path, password.as_bytes()).map_err(|source| KeysError::Io { path: path.clone(), source })?;
        }
        self.kept_first_password()?.ok_or(KeysError::Damaged(path))
    }

    /// The first administrator's password, if it is still kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn kept_first_password(&self) -> Result<Option<Zeroizing<String>>, KeysError> {
        let path = self.keys().join(FIRST_PASSWORD);
        match fs::read_to_string(&path) {
            Ok(password) => Ok(Some(Zeroizing::new(password))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(KeysError::Io { path, source }),
        }
    }

    /// Keeps it no longer.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(super) fn forget_first_password(&self) -> Result<(), KeysError> {
        let path = self.keys().join(FIRST_PASSWORD);
        fs::remove_file(&path).map_err(|source| KeysError::Io { path, source })
    }

    /// All the files of keys, as they are, for a backup.
    ///
    /// # Errors
    /// When they cannot be read, or the ledger's own are not among them.
    pub fn key_files(&self) -> Result<Vec<KeyFile>, KeysError> {
        let failed = |source| KeysError::Io { path: self.keys(), source };
        let mut files = Vec::new();
        for entry in fs::read_dir(self.keys()).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| is_key_name(name)) else {
                continue;
            };
            let failed = |source| KeysError::Io { path: path.clone(), source };
            if fs::metadata(&path).map_err(failed)?.len() > KEY_BYTES_MAX {
                return Err(KeysError::Damaged(path));
            }
            files.push(KeyFile { name: name.to_owned(), content: Zeroizing::new(fs::read(&path).map_err(failed)?) });
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        for name in [SYSTEM_KEY, LEADER_KEY] {
            if !files.iter().any(|file| file.name == name) {
                return Err(KeysError::Missing(self.keys().join(name)));
            }
        }
        Ok(files)
    }

    /// Writes a file of keys out of a backup; one that is there already stays.
    ///
    /// # Errors
    /// When it is none, or cannot be written.
    pub fn put_key_file(&self, file: &KeyFile) -> Result<(), KeysError> {
        if !is_key_name(&file.name) || file.content.len() as u64 > KEY_BYTES_MAX {
            return Err(KeysError::NoKey(file.name.chars().take(80).collect()));
        }
        let path = self.keys().join(&file.name);
        write_once(&path, &file.content).map_err(|source| KeysError::Io { path, source })
    }

    fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The random bytes of a file, which holds them in hexadecimal.
    fn key<const N: usize>(&self, name: &str) -> Result<Zeroizing<[u8; N]>, KeysError> {
        let path = self.keys().join(name);
        let failed = |source| KeysError::Io { path: path.clone(), source };
        if !path.exists() {
            let mut key = Zeroizing::new([0; N]);
            getrandom::fill(&mut *key).map_err(KeysError::Random)?;
            let text = Zeroizing::new(format!("{}\n", hex::encode(*key)));
            write_once(&path, text.as_bytes()).map_err(failed)?;
        }
        // Read back even where it was just written: another process may have been faster.
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(failed)?);
        let mut key = Zeroizing::new([0; N]);
        hex::decode_to_slice(text.trim(), &mut *key).map_err(|_| KeysError::Damaged(path.clone()))?;
        Ok(key)
    }
}

/// Whether a file of the keys' folder has such a name: no path, and none of those that are being written.
fn is_key_name(name: &str) -> bool {
    let stem = name.strip_suffix(".key").or_else(|| name.strip_suffix(".secret"));
    stem.is_some_and(|stem| (1..=40).contains(&stem.len()) && stem.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn make_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file that only its owner can read, whole or not at all. One that is there already stays.
fn write_once(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    // A link, unlike a rename, never replaces what is there.
    let linked = fs::hard_link(&part, path);
    fs::remove_file(&part)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(path),
    }
}

/// Makes a file's name durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(folder) => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("new/data");
        let first = DataFolder::open(&data).unwrap().ledger_keys().unwrap();
        let again = DataFolder::open(&data).unwrap().ledger_keys().unwrap();
        assert_eq!(first.system.public_key(), again.system.public_key());
        assert_ne!(first.system.public_key(), first.leader.public_key());
        let folder = DataFolder::open(&data).unwrap();
        assert!(folder.secret("server").unwrap().equals(&folder.secret("server").unwrap()));
        assert!(!folder.secret("server").unwrap().equals(&folder.secret("website").unwrap()));
        assert_eq!(fs::read_dir(data.join("keys")).unwrap().count(), 4, "only the keys themselves are left");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        DataFolder::open(&data).unwrap().ledger_keys().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        assert_eq!(mode(&data.join("keys")), 0o700);
        assert_eq!(mode(&data.join("keys/system.key")), 0o600);
    }

    #[test]
    fn a_damaged_key_is_told_and_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(root.path()).unwrap();
        fs::write(root.path().join("keys/system.key"), "half").unwrap();
        assert!(matches!(folder.ledger_keys(), Err(KeysError::Damaged(_))));
        assert_eq!(fs::read_to_string(root.path().join("keys/system.key")).unwrap(), "half");
    }
}
