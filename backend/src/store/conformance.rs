//! What every store must do. A store runs it all with one line in its tests: `conformance_tests!(|check| ...)`, where
//! the function opens an empty store and hands it to `check`.

use std::collections::BTreeMap;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Batch, EPOCH_KEY, Entry, FORMAT, FORMAT_KEY, Order, Snapshot, Store, StoreError, Table};

/// Makes one test of each check.
macro_rules! conformance_tests {
    ($with_store:expr) => {
        crate::store::conformance::conformance_tests!($with_store;
            a_commit_is_read_back, a_delete_removes, the_last_write_of_a_batch_counts, tables_are_apart,
            ranges_go_both_ways, crossed_bounds_enclose_nothing, empty_keys_and_values_are_kept, large_values_are_kept,
            an_unclaimed_store_takes_no_commit, a_superseded_writer_changes_nothing, the_store_keeps_its_own_keys,
            a_snapshot_does_not_change, settling_changes_nothing, readers_never_see_half_a_commit, random_batches_agree_with_a_plain_map);
    };
    ($with_store:expr; $($check:ident),+) => {
        mod conformance {
            #[allow(unused_imports)]
            use super::*;
            $(#[test]
            fn $check() {
                let with_store: fn(fn(&dyn $crate::store::Store)) = $with_store;
                with_store($crate::store::conformance::$check);
            })+
        }
    };
}
pub(super) use conformance_tests;

fn all(store: &dyn Store, table: Table) -> Vec<Entry> {
    store.range(table, Unbounded, Unbounded, Order::Ascending, usize::MAX).unwrap()
}

fn entry(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Entry {
    (key.into(), value.into())
}

pub fn a_commit_is_read_back(store: &dyn Store) {
    assert_eq!(store.get(Table::Accounts, b"key").unwrap(), None);
    let epoch = store.claim().unwrap();
    store.commit(epoch, Batch::new().put(Table::Accounts, "key", "value")).unwrap();
    assert_eq!(store.get(Table::Accounts, b"key").unwrap().unwrap(), b"value");
    assert_eq!(store.get(Table::Accounts, b"ke").unwrap(), None);
    store.commit(epoch, Batch::new().put(Table::Accounts, "key", "other")).unwrap();
    assert_eq!(all(store, Table::Accounts), [entry("key", "other")]);
    store.commit(epoch, &Batch::new()).unwrap();
    assert_eq!(all(store, Table::Accounts), [entry("key", "other")]);
}

pub fn settling_changes_nothing(store: &dyn Store) {
    let first = store.claim().unwrap();
    store.commit(first, Batch::new().put(Table::Emails, "a", "1")).unwrap();
    store.settle(first).unwrap();
    store.settle(first).unwrap();
    assert_eq!(all(store, Table::Emails), [entry("a", "1")]);
    store.commit(first, Batch::new().put(Table::Emails, "a", "2")).unwrap();
    assert_eq!(all(store, Table::Emails), [entry("a", "2")]);
    let second = store.claim().unwrap();
    let refusal = store.settle(first).unwrap_err();
    assert!(matches!(refusal, StoreError::Superseded { held, newest } if held == first && newest == second));
}

pub fn a_delete_removes(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    store.commit(epoch, Batch::new().put(Table::Emails, "a", "1").put(Table::Emails, "b", "2")).unwrap();
    store.commit(epoch, Batch::new().delete(Table::Emails, "a").delete(Table::Emails, "never there")).unwrap();
    assert_eq!(store.get(Table::Emails, b"a").unwrap(), None);
    assert_eq!(all(store, Table::Emails), [entry("b", "2")]);
}

pub fn the_last_write_of_a_batch_counts(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let mut batch = Batch::new();
    batch.put(Table::Records, "twice", "1").put(Table::Records, "twice", "2");
    batch.put(Table::Records, "gone", "1").delete(Table::Records, "gone");
    batch.delete(Table::Records, "back").put(Table::Records, "back", "1");
    store.commit(epoch, &batch).unwrap();
    assert_eq!(all(store, Table::Records), [entry("back", "1"), entry("twice", "2")]);
}

pub fn tables_are_apart(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let mut batch = Batch::new();
    for table in Table::ALL {
        batch.put(table, "key", table.name());
    }
    store.commit(epoch, &batch).unwrap();
    for table in Table::ALL {
        assert_eq!(store.get(table, b"key").unwrap().unwrap(), table.name().as_bytes());
    }
}

pub fn ranges_go_both_ways(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let mut batch = Batch::new();
    // Neither inserted in order nor of one length: the order is that of the bytes.
    for key in ["c", "a", "bb", "b", "d"] {
        batch.put(Table::Blocks, key, key);
    }
    store.commit(epoch, &batch).unwrap();
    let keys = |from: Bound<&str>, to: Bound<&str>, order, limit| -> Vec<String> {
        let (from, to) = (from.map(str::as_bytes), to.map(str::as_bytes));
        let entries = store.range(Table::Blocks, from, to, order, limit).unwrap();
        entries.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
    };
    use Order::{Ascending, Descending};
    assert_eq!(keys(Unbounded, Unbounded, Ascending, 9), ["a", "b", "bb", "c", "d"]);
    assert_eq!(keys(Unbounded, Unbounded, Descending, 9), ["d", "c", "bb", "b", "a"]);
    assert_eq!(keys(Included("b"), Included("c"), Ascending, 9), ["b", "bb", "c"]);
    assert_eq!(keys(Excluded("b"), Excluded("c"), Ascending, 9), ["bb"]);
    assert_eq!(keys(Included("b"), Unbounded, Ascending, 2), ["b", "bb"]);
    assert_eq!(keys(Unbounded, Excluded("c"), Descending, 2), ["bb", "b"]);
    assert_eq!(keys(Included("ba"), Included("x"), Descending, 9), ["d", "c", "bb"]);
    assert_eq!(keys(Included("c"), Included("c"), Descending, 9), ["c"]);
    assert!(keys(Unbounded, Unbounded, Ascending, 0).is_empty());
    assert!(keys(Excluded("d"), Unbounded, Ascending, 9).is_empty());
}

pub fn crossed_bounds_enclose_nothing(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    store.commit(epoch, Batch::new().put(Table::Blocks, "a", "").put(Table::Blocks, "b", "")).unwrap();
    let (a, b): (&[u8], &[u8]) = (b"a", b"b");
    for (from, to) in [
        (Included(b), Included(a)),
        (Excluded(b), Excluded(a)),
        (Excluded(a), Excluded(a)),
        (Included(a), Excluded(a)),
        (Excluded(a), Included(a)),
        (Excluded(a), Excluded(b)),
    ] {
        for order in [Order::Ascending, Order::Descending] {
            assert_eq!(store.range(Table::Blocks, from, to, order, 9).unwrap(), [], "{from:?} {to:?}");
        }
    }
}

pub fn empty_keys_and_values_are_kept(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    store.commit(epoch, Batch::new().put(Table::Vaults, "", "nameless").put(Table::Vaults, "empty", "")).unwrap();
    assert_eq!(store.get(Table::Vaults, b"").unwrap().unwrap(), b"nameless");
    assert_eq!(store.get(Table::Vaults, b"empty").unwrap().unwrap(), b"");
    assert_eq!(all(store, Table::Vaults), [entry("", "nameless"), entry("empty", "")]);
    store.commit(epoch, Batch::new().delete(Table::Vaults, "")).unwrap();
    assert_eq!(all(store, Table::Vaults), [entry("empty", "")]);
}

pub fn large_values_are_kept(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let value: Vec<u8> = (0..8u32 << 20).map(|i| (i % 251) as u8).collect();
    let key = vec![7; 4000];
    store.commit(epoch, Batch::new().put(Table::Memos, key.clone(), value.clone())).unwrap();
    assert!(store.get(Table::Memos, &key).unwrap() == Some(value));
}

pub fn an_unclaimed_store_takes_no_commit(store: &dyn Store) {
    // An epoch of another store, to have one that this store never gave.
    let foreign = super::MemoryStore::new().claim().unwrap();
    let refusal = store.commit(foreign, Batch::new().put(Table::Members, "key", "value")).unwrap_err();
    assert!(matches!(refusal, StoreError::Superseded { .. }), "{refusal}");
    assert_eq!(all(store, Table::Members), []);
}

pub fn a_superseded_writer_changes_nothing(store: &dyn Store) {
    let old = store.claim().unwrap();
    store.commit(old, Batch::new().put(Table::Members, "key", "old").put(Table::Members, "kept", "")).unwrap();
    let new = store.claim().unwrap();
    assert!(new > old);
    let mut batch = Batch::new();
    batch.put(Table::Members, "key", "late").put(Table::Sessions, "key", "late").delete(Table::Members, "kept");
    for batch in [batch, Batch::new()] {
        let refusal = store.commit(old, &batch).unwrap_err();
        assert!(matches!(refusal, StoreError::Superseded { held, newest } if held == old && newest == new));
    }
    assert_eq!(all(store, Table::Members), [entry("kept", ""), entry("key", "old")]);
    assert_eq!(all(store, Table::Sessions), []);
    store.commit(new, Batch::new().put(Table::Members, "key", "new")).unwrap();
    assert_eq!(store.get(Table::Members, b"key").unwrap().unwrap(), b"new");
}

pub fn the_store_keeps_its_own_keys(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let before = all(store, Table::Meta);
    assert_eq!(store.get(Table::Meta, FORMAT_KEY).unwrap().unwrap(), FORMAT.to_le_bytes());
    for key in [FORMAT_KEY, EPOCH_KEY] {
        for batch in [Batch::new().put(Table::Meta, key, "mine"), Batch::new().delete(Table::Meta, key)] {
            let refusal = store.commit(epoch, batch.put(Table::Meta, "other", "value")).unwrap_err();
            assert!(matches!(refusal, StoreError::Reserved { .. }), "{refusal}");
        }
        store.commit(epoch, Batch::new().put(Table::Members, key, "in another table")).unwrap();
    }
    assert_eq!(all(store, Table::Meta), before);
}

pub fn a_snapshot_does_not_change(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    store.commit(epoch, Batch::new().put(Table::Accounts, "a", "1").put(Table::Blocks, "b", "1")).unwrap();
    let snapshot = store.snapshot().unwrap();
    store.commit(epoch, Batch::new().put(Table::Accounts, "a", "2").delete(Table::Blocks, "b")).unwrap();
    store.commit(epoch, Batch::new().put(Table::Accounts, "c", "2")).unwrap();
    assert_eq!(snapshot.get(Table::Accounts, b"a").unwrap().unwrap(), b"1");
    assert_eq!(snapshot.get(Table::Blocks, b"b").unwrap().unwrap(), b"1");
    assert_eq!(entries(&*snapshot, Table::Accounts), [entry("a", "1")]);
    assert_eq!(all(store, Table::Accounts), [entry("a", "2"), entry("c", "2")]);
    assert_eq!(all(store, Table::Blocks), []);
}

pub fn readers_never_see_half_a_commit(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let (ready, finished) = (Barrier::new(3), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    ready.wait();
                    while !finished.load(Ordering::Relaxed) {
                        let snapshot = store.snapshot().unwrap();
                        let first = snapshot.get(Table::Accounts, b"key").unwrap();
                        let second = snapshot.get(Table::Services, b"key").unwrap();
                        assert_eq!(first, second);
                    }
                })
            })
            .collect();
        ready.wait();
        for round in 0..50u8 {
            store
                .commit(epoch, Batch::new().put(Table::Accounts, "key", [round]).put(Table::Services, "key", [round]))
                .unwrap();
        }
        finished.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

type Model = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Few tables and short keys out of few bytes, so that writes meet.
fn any_batch() -> impl Strategy<Value = Batch> {
    let table = proptest::sample::select(MODEL_TABLES.as_slice());
    let value = proptest::option::weighted(0.7, proptest::collection::vec(any::<u8>(), 0..40));
    proptest::collection::vec((table, any_key(), value), 0..24).prop_map(|writes| {
        let mut batch = Batch::new();
        for (table, key, value) in writes {
            match value {
                Some(value) => batch.put(table, key, value),
                None => batch.delete(table, key),
            };
        }
        batch
    })
}

const MODEL_TABLES: [Table; 3] = [Table::Accounts, Table::Records, Table::Services];

fn any_key() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(proptest::sample::select([0u8, 1, 255].as_slice()), 0..4)
}

fn any_bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![Just(Unbounded), any_key().prop_map(Included), any_key().prop_map(Excluded)]
}

pub fn random_batches_agree_with_a_plain_map(store: &dyn Store) {
    let epoch = store.claim().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let cases = (proptest::collection::vec(any_batch(), 1..8), any_bound(), any_bound(), 0..6usize);
    let result = runner.run(&cases, |(batches, from, to, limit)| {
        let mut clear = Batch::new();
        for table in MODEL_TABLES {
            for (key, _) in all(store, table) {
                clear.delete(table, key);
            }
        }
        store.commit(epoch, &clear).unwrap();

        let mut model = Model::new();
        let mut moments = Vec::new();
        for batch in &batches {
            store.commit(epoch, batch).unwrap();
            for write in batch.writes().iter().cloned() {
                match write.value {
                    Some(value) => model.insert((write.table, write.key), value),
                    None => model.remove(&(write.table, write.key)),
                };
            }
            moments.push((store.snapshot().unwrap(), model.clone()));
        }
        // Each snapshot still shows its own moment, whatever came after it.
        for (snapshot, model) in &moments {
            for table in MODEL_TABLES {
                check_moment(&**snapshot, model, table, (&from, &to), limit)?;
            }
        }
        Ok(())
    });
    result.unwrap();
}

fn check_moment(
    snapshot: &dyn Snapshot,
    model: &Model,
    table: Table,
    (from, to): (&Bound<Vec<u8>>, &Bound<Vec<u8>>),
    limit: usize,
) -> Result<(), TestCaseError> {
    let expected: Vec<Entry> = model
        .iter()
        .filter(|((of, _), _)| *of == table)
        .map(|((_, key), value)| entry(key.clone(), value.clone()))
        .collect();
    prop_assert_eq!(&entries(snapshot, table), &expected);
    for (key, value) in &expected {
        prop_assert_eq!(snapshot.get(table, key).unwrap(), Some(value.clone()));
    }
    let is_after = |key: &Vec<u8>| match from {
        Included(from) => key >= from,
        Excluded(from) => key > from,
        Unbounded => true,
    };
    let is_before = |key: &Vec<u8>| match to {
        Included(to) => key <= to,
        Excluded(to) => key < to,
        Unbounded => true,
    };
    let mut within: Vec<Entry> = expected.into_iter().filter(|(key, _)| is_after(key) && is_before(key)).collect();
    let (from, to) = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
    let ascending = snapshot.range(table, from, to, Order::Ascending, limit).unwrap();
    prop_assert_eq!(&ascending[..], &within[..limit.min(within.len())]);
    within.reverse();
    let descending = snapshot.range(table, from, to, Order::Descending, limit).unwrap();
    prop_assert_eq!(&descending[..], &within[..limit.min(within.len())]);
    Ok(())
}

fn entries(snapshot: &dyn Snapshot, table: Table) -> Vec<Entry> {
    snapshot.range(table, Unbounded, Unbounded, Order::Ascending, usize::MAX).unwrap()
}
