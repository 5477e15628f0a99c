//! What holds of every backup: it is read back as it was, and nothing that happened to it goes unnoticed.

use super::format::{self, CHUNK_BYTES, CHUNK_BYTES_MAX};
use super::read::Backup;
use super::*;
use crate::leader::keys::{DataFolder, KeyFile};
use crate::ledger::{self, Keys, Ledger, Settings};
use crate::store::{Batch, Entry, MemoryStore, RedbStore, Snapshot, Store, Table};
use proptest::prelude::*;
use qoin_core::amount::Amount;
use qoin_core::decimals::Decimals;
use qoin_core::genesis::{Genesis, RULES_VERSION};
use qoin_core::keys::SecretKey;
use qoin_core::target::Work;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

const MADE_MS: u64 = 1_800_000_000_000;

/// A store in which a currency has begun, with these writes beside the ledger's.
fn store_with(writes: &[(Table, Vec<u8>, Vec<u8>)]) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let keys = Keys { system: SecretKey::from_seed(&[1; 32]), leader: SecretKey::from_seed(&[2; 32]) };
    let easy = Work::from_hashes(16).to_target().to_compact();
    let genesis = Genesis {
        rules_version: RULES_VERSION,
        name: "Acorn".into(),
        symbol: "A".into(),
        decimals: Decimals::try_from(2).unwrap(),
        genesis_amount: Amount::from_units(100_000_000),
        block_interval_ms: 10_000,
        recovery_delay_ms: 1_000,
        system_key: keys.system.public_key(),
        leader_key: keys.leader.public_key(),
        starting_target: easy,
        easiest_target: easy,
        time_ms: 1_700_000_000_000,
    };
    let (ledger, writer) = Ledger::open(store.clone(), genesis, keys, Settings::default()).unwrap();
    drop(ledger);
    writer.join().unwrap();
    let mut batch = Batch::new();
    for (table, key, value) in writes {
        batch.put(*table, key.clone(), value.clone());
    }
    let epoch = store.claim().unwrap();
    store.commit(epoch, &batch).unwrap();
    store
}

fn key_files() -> Vec<KeyFile> {
    ["leader.key", "system.key", "website.secret"]
        .map(|name| KeyFile { name: name.into(), content: Zeroizing::new(format!("{name}'s content\n").into_bytes()) })
        .into()
}

fn backup_of(store: &dyn Store, keys: Option<&[KeyFile]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, &*store.snapshot().unwrap(), MADE_MS, keys).unwrap();
    bytes
}

/// Values by their place and key.
type Everything = BTreeMap<(Content, Vec<u8>), Vec<u8>>;

/// All that a backup holds.
fn read(bytes: &[u8]) -> Result<Everything, BackupError> {
    let mut content = BTreeMap::new();
    Backup::begin(bytes)?.read(|place, entries| {
        content.extend(entries.into_iter().map(|(key, value)| ((place, key), value)));
        Ok::<(), BackupError>(())
    })?;
    Ok(content)
}

fn all(snapshot: &dyn Snapshot, table: Table) -> Vec<Entry> {
    use std::ops::Bound::Unbounded;
    snapshot.range(table, Unbounded, Unbounded, crate::store::Order::Ascending, usize::MAX).unwrap()
}

/// A file of these bytes in a folder that is gone with it.
fn file_of(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.backup");
    std::fs::write(&path, bytes).unwrap();
    (root, path)
}

fn any_write() -> impl Strategy<Value = (Table, Vec<u8>, Vec<u8>)> {
    let table = proptest::sample::select(&[Table::Memos, Table::Sessions, Table::Services, Table::Vaults][..]);
    (table, proptest::collection::vec(any::<u8>(), 0..40), proptest::collection::vec(any::<u8>(), 0..4000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_is_what_was_stored(writes in proptest::collection::vec(any_write(), 0..600)) {
        let store = store_with(&writes);
        let content = read(&backup_of(&*store, Some(&key_files()))).unwrap();
        let snapshot = store.snapshot().unwrap();
        let mut expected = BTreeMap::new();
        for file in key_files() {
            expected.insert((Content::Keys, file.name.into_bytes()), file.content.to_vec());
        }
        for table in Table::ALL {
            expected.extend(all(&*snapshot, table).into_iter().map(|(key, value)| ((Content::Table(table), key), value)));
        }
        prop_assert!(content == expected);
    }
}

#[test]
fn large_entries_and_many_chunks_are_kept() {
    let large: Vec<u8> = (0..3 * CHUNK_BYTES as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut writes = vec![(Table::Memos, vec![0], large.clone()), (Table::Memos, vec![1], Vec::new())];
    writes.extend((0..3_000u32).map(|i| (Table::Sessions, i.to_be_bytes().to_vec(), large[..1_000].to_vec())));
    let store = store_with(&writes);
    let content = read(&backup_of(&*store, None)).unwrap();
    assert!(content[&(Content::Table(Table::Memos), vec![0])] == large);
    assert_eq!(content.keys().filter(|(place, _)| *place == Content::Table(Table::Sessions)).count(), 3_000);
    assert!(!content.keys().any(|(place, _)| *place == Content::Keys));
}

#[test]
fn a_file_is_verified_and_described() {
    let bytes = backup_of(&*store_with(&[(Table::Memos, vec![1], b"text".to_vec())]), Some(&key_files()));
    let (_root, path) = file_of(&bytes);
    let report = verify(&path).unwrap();
    assert_eq!((&*report.description.currency, report.description.made_ms), ("Acorn", MADE_MS));
    let names: Vec<&str> = report.sections.iter().map(|section| &*section.name).collect();
    assert_eq!((names[0], names.len()), ("keys", 1 + Table::ALL.len()));
    let memos = report.sections.iter().find(|section| section.name == "memos").unwrap();
    assert_eq!((memos.entries, memos.bytes), (1, 8 + 1 + 4));
    let (_root, path) = file_of(&bytes[..bytes.len() - 1]);
    assert!(matches!(verify(&path), Err(BackupError::Truncated)));
}

#[test]
fn every_flipped_byte_is_noticed() {
    let bytes = backup_of(&*store_with(&[(Table::Memos, vec![1], b"text".repeat(20))]), Some(&key_files()));
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            assert!(read(&damaged).is_err(), "byte {at} of {} ^ {flip:#x}", bytes.len());
        }
    }
}

#[test]
fn every_missing_or_added_byte_is_noticed() {
    let bytes = backup_of(&*store_with(&[]), Some(&key_files()));
    for length in 0..bytes.len() {
        assert!(matches!(read(&bytes[..length]), Err(BackupError::Truncated)), "{length} of {}", bytes.len());
    }
    assert!(matches!(read(&[&*bytes, &[0]].concat()), Err(BackupError::Damaged(_))));
}

/// Puts the right hash under bytes that were altered, as someone would who means to deceive.
fn signed_over(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 32;
    let total: [u8; 32] = Sha256::digest(&bytes[..at]).into();
    bytes[at..].copy_from_slice(&total);
    bytes
}

#[test]
fn what_a_newer_program_wrote_is_refused_by_name() {
    let bytes = backup_of(&*store_with(&[]), None);
    let altered = |at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        read(&signed_over(bytes)).unwrap_err().to_string()
    };
    assert!(altered(8, &2u32.to_le_bytes()).contains("version 2 of its layout"));
    assert!(altered(8, &0u32.to_le_bytes()).contains("damaged"));
    let program = 4 + env!("CARGO_PKG_VERSION").len();
    assert!(altered(16 + program, &99u32.to_le_bytes()).contains("data of format 99"));
    let memos = bytes.windows(6).position(|window| window == b"\x05memos").unwrap();
    assert!(altered(memos + 1, b"mimos").contains("\"mimos\""));
    assert!(altered(memos + 1, b"vault").contains("\"vault\""));
    assert_eq!(altered(0, b"somebook"), "this is not a backup of Qoin");
}

#[test]
fn lengths_that_cannot_be_are_refused_before_anything_is_taken() {
    let mut input = format::Input::new(&[0xff; 8][..]);
    let length = input.take_u32().unwrap();
    assert!(matches!(format::inflate(&mut input, length), Err(BackupError::Damaged(_))));
    // A chunk that would become larger than it says.
    let packed = format::deflate(&vec![0; CHUNK_BYTES_MAX]);
    let mut bytes = 100u32.to_le_bytes().to_vec();
    bytes.extend(&packed);
    let mut input = format::Input::new(&*bytes);
    assert!(format::inflate(&mut input, u32::try_from(packed.len()).unwrap()).is_err());
    for chunk in [&[1, 0, 0, 0][..], &[1, 0, 0, 0, 7], &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1], &[1]] {
        assert!(matches!(format::entries(chunk), Err(BackupError::Damaged(_))), "{chunk:?}");
    }
}

#[test]
fn nothing_is_backed_up_where_no_currency_has_begun() {
    let store = MemoryStore::new();
    let made = write(Vec::new(), &*store.snapshot().unwrap(), MADE_MS, None);
    assert!(matches!(made, Err(BackupError::Empty)));
}

fn entries_of(path: &Path, table: Table) -> Vec<Entry> {
    let store = RedbStore::open(path).unwrap();
    all(&*store.snapshot().unwrap(), table)
}

#[test]
fn a_restored_folder_holds_the_same_and_says_that_it_was_restored() {
    let store = store_with(&[(Table::Memos, vec![7], b"seven".to_vec())]);
    let (root, path) = file_of(&backup_of(&*store, Some(&key_files())));
    let data = root.path().join("deep/data");
    let restored = restore(&path, &data, MADE_MS + 1).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(restored.state_hash, ledger::state_hash(&*snapshot).unwrap());
    let folder = DataFolder::at(&data);
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Meta) {
        assert_eq!(entries_of(&folder.ledger(), table), all(&*snapshot, table), "{table:?}");
    }
    let kept: Vec<_> = folder.key_files().unwrap().into_iter().map(|file| (file.name, file.content.to_vec())).collect();
    let given: Vec<_> = key_files().into_iter().map(|file| (file.name, file.content.to_vec())).collect();
    assert_eq!(kept, given);
    assert_eq!(std::fs::read_dir(data.parent().unwrap()).unwrap().count(), 1, "nothing is left beside");

    // Restored once more from a backup of what was restored, it tells of both.
    let again = backup_of(&RedbStore::open(folder.ledger()).unwrap(), None);
    std::fs::write(&path, again).unwrap();
    let second = root.path().join("second");
    std::fs::create_dir(&second).unwrap();
    restore(&path, &second, MADE_MS + 2).unwrap();
    let store = RedbStore::open(DataFolder::at(&second).ledger()).unwrap();
    let times = restores(&*store.snapshot().unwrap()).unwrap().into_iter().map(|notice| notice.restored_ms);
    assert_eq!(times.collect::<Vec<_>>(), [MADE_MS + 1, MADE_MS + 2]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&folder.ledger())), (0o700, 0o600));
        assert_eq!(mode(&data.join("keys/system.key")), 0o600);
    }
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let (root, path) = file_of(&backup_of(&*store_with(&[]), None));
    let data = root.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("mine"), "mine").unwrap();
    assert!(matches!(restore(&path, &data, MADE_MS), Err(RestoreError::NotEmpty(_))));
    assert!(matches!(restore(&path, &data.join("mine"), MADE_MS), Err(RestoreError::NotEmpty(_))));
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1);
    std::fs::create_dir(root.path().join("other.restoring")).unwrap();
    assert!(matches!(restore(&path, &root.path().join("other"), MADE_MS), Err(RestoreError::Leftover(_))));
}

#[test]
fn a_backup_that_is_not_whole_restores_nothing() {
    let bytes = backup_of(&*store_with(&[]), Some(&key_files()));
    for length in [0, 20, bytes.len() / 2, bytes.len() - 1] {
        let (root, path) = file_of(&bytes[..length]);
        let data = root.path().join("data");
        let refused = restore(&path, &data, MADE_MS).unwrap_err();
        assert!(matches!(refused, RestoreError::Backup(BackupError::Truncated)), "{refused}");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1, "only the backup itself is there");
    }
}

#[test]
fn keys_are_files_of_their_folder_and_nothing_else() {
    for name in ["../system.key", "system", "a/b.key", "SYSTEM.key", ".key", "x.part"] {
        let file = KeyFile { name: name.into(), content: Zeroizing::new(vec![1]) };
        let (root, path) = file_of(&backup_of(&*store_with(&[]), Some(&[file])));
        assert!(restore(&path, &root.path().join("data"), MADE_MS).is_err(), "{name}");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_file_has_its_name_only_once_it_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.backup");
    let count = || std::fs::read_dir(root.path()).unwrap().count();
    let unfinished = UnfinishedFile::begin(&path, false).unwrap();
    assert!(!path.exists());
    drop(unfinished);
    assert_eq!(count(), 0);
    UnfinishedFile::begin(&path, false).unwrap().finish().unwrap();
    assert!(path.exists());
    assert!(matches!(UnfinishedFile::begin(&path, false), Err(BackupError::Exists(_))));
    std::fs::write(&path, "before").unwrap();
    drop(UnfinishedFile::begin(&path, true).unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    UnfinishedFile::begin(&path, true).unwrap().finish().unwrap();
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), count()), ("", 1));
    assert!(UnfinishedFile::begin(root.path(), true).is_err());
}
