//! The audit log: what was done with more than a member's rights, written in the same commit as what it records.
//!
//! An entry carries the hash of the one before, and a row of its own the hash of the last one, so that `qoin verify`
//! finds whatever was changed afterwards. The entry itself is core's [`AuditEntry`].

use crate::store::{Batch, Entry, Order, Snapshot, StoreError, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    audit::{AuditAction, AuditActor, AuditChange, AuditEntry, AuditFault, AuditTarget, AuditWalk},
    encode::{DecodeError, decode, encode},
    hash::AuditHash,
};
use std::net::IpAddr;
use std::ops::Bound;
use thiserror::Error;

/// The key in [`Table::Meta`] under which the log's end stands.
const HEAD_KEY: &[u8] = b"audit_head";
/// The version of the head's row.
const HEAD_VERSION: u8 = 1;
/// How many entries are read at a time.
const ROWS: usize = 1_024;

/// Something that is done, as it will be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub what: AuditAction,
    /// To what.
    pub target: AuditTarget,
    /// What it changes.
    pub changes: Vec<AuditChange>,
    /// Why.
    pub reason: String,
}

impl Action {
    /// An action that changes no field, without a reason.
    pub fn new(what: AuditAction, target: AuditTarget) -> Self {
        Self { what, target, changes: Vec::new(), reason: String::new() }
    }

    /// The same with what it changes.
    pub fn changing(mut self, changes: impl IntoIterator<Item = AuditChange>) -> Self {
        self.changes.extend(changes);
        self
    }

    /// The same with a reason.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// Where the log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct AuditHead {
    /// How many entries there are.
    pub count: u64,
    /// The hash of the last one; zeros before the first.
    pub hash: AuditHash,
}

/// Why the log cannot be read.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What stands in it is no log.
    #[error(transparent)]
    Fault(#[from] AuditFault),
    /// The row that says where it ends is damaged.
    #[error("the end of the audit log cannot be read: {0}")]
    Head(#[from] DecodeError),
    /// The row that says where it ends is of a newer release.
    #[error("the end of the audit log has version {0}, which needs a newer release")]
    NewerHead(u8),
    /// The log ends elsewhere than was written down.
    #[error("the audit log has {found} entries where {expected} were written: the last ones were taken away or added")]
    OtherEnd {
        /// As written down.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// The last entry is not the one that was written.
    #[error("entry {0} of the audit log, the last one, was changed")]
    OtherLast(u64),
}

/// Adds entries to the log: they are written with `batch`, to which `snapshot` is the state before.
///
/// # Errors
/// When the log's end cannot be read.
pub fn record(
    snapshot: &dyn Snapshot,
    batch: &mut Batch,
    who: AuditActor,
    from: Option<IpAddr>,
    at_ms: u64,
    actions: impl IntoIterator<Item = Action>,
) -> Result<(), AuditError> {
    let before = head(snapshot)?;
    let mut head = before;
    for Action { what, target, changes, reason } in actions {
        let entry = AuditEntry {
            number: head.count,
            previous: head.hash,
            at_ms,
            who,
            from: from.map(|address| address.to_canonical()),
            what,
            target,
            changes,
            reason,
        };
        let bytes = entry.to_bytes();
        head = AuditHead { count: head.count + 1, hash: entry.hash() };
        batch.put(Table::Audit, entry.number.to_be_bytes(), bytes);
    }
    if head != before {
        let mut bytes = vec![HEAD_VERSION];
        bytes.extend(encode(&head));
        batch.put(Table::Meta, HEAD_KEY, bytes);
    }
    Ok(())
}

/// Where the log ends.
///
/// # Errors
/// When that cannot be read.
pub fn head(snapshot: &dyn Snapshot) -> Result<AuditHead, AuditError> {
    match snapshot.get(Table::Meta, HEAD_KEY)?.as_deref().map(<[u8]>::split_first) {
        None => Ok(AuditHead::default()),
        Some(Some((&HEAD_VERSION, bytes))) => Ok(decode(bytes)?),
        Some(Some((&newer, _))) => Err(AuditError::NewerHead(newer)),
        Some(None) => Ok(decode(&[])?),
    }
}

/// Up to `limit` entries before the one with the number `before`, newest first.
///
/// # Errors
/// When one cannot be read.
pub fn entries_before(
    snapshot: &dyn Snapshot,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<AuditEntry>, AuditError> {
    let key = before.map(u64::to_be_bytes);
    let below = key.as_ref().map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()));
    let rows = snapshot.range(Table::Audit, Bound::Unbounded, below, Order::Descending, limit)?;
    rows.iter().map(|(key, bytes)| Ok(read(key, bytes)?)).collect()
}

/// Up to `limit` entries from the number `from` on, oldest first.
///
/// # Errors
/// When one cannot be read.
pub fn entries_from(snapshot: &dyn Snapshot, from: u64, limit: usize) -> Result<Vec<AuditEntry>, AuditError> {
    rows_from(snapshot, from, limit)?.iter().map(|(key, bytes)| Ok(read(key, bytes)?)).collect()
}

/// Walks the whole log and checks that nothing was changed in it; answers where it ends.
///
/// # Errors
/// The first entry that is broken.
pub fn verify(snapshot: &dyn Snapshot) -> Result<AuditHead, AuditError> {
    let mut walk = AuditWalk::default();
    loop {
        let rows = rows_from(snapshot, walk.count(), ROWS)?;
        for (key, bytes) in &rows {
            walk.take(number(key), bytes)?;
        }
        if rows.len() < ROWS {
            break;
        }
    }
    let (found, expected) = (AuditHead { count: walk.count(), hash: walk.head() }, head(snapshot)?);
    if found.count != expected.count {
        return Err(AuditError::OtherEnd { expected: expected.count, found: found.count });
    }
    if found != expected {
        return Err(AuditError::OtherLast(found.count.saturating_sub(1)));
    }
    Ok(found)
}

fn rows_from(snapshot: &dyn Snapshot, from: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let from = from.to_be_bytes();
    snapshot.range(Table::Audit, Bound::Included(&from), Bound::Unbounded, Order::Ascending, limit)
}

/// The number that a key stands for; one that is none stands for a number that no log reaches.
fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(u64::MAX, u64::from_be_bytes)
}

fn read(key: &[u8], bytes: &[u8]) -> Result<AuditEntry, AuditFault> {
    AuditEntry::from_bytes(bytes).map_err(|reason| AuditFault::Unreadable { number: number(key), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Store};
    use qoin_core::api::capabilities::Capability;

    fn action(reason: &str) -> Action {
        Action::new(AuditAction::Refused, AuditTarget::Right { right: Capability::Issue }).because(reason)
    }

    fn store_with(commits: &[&[&str]]) -> MemoryStore {
        let store = MemoryStore::new();
        let epoch = store.claim().unwrap();
        for reasons in commits {
            let mut batch = Batch::new();
            let actions = reasons.iter().map(|reason| action(reason));
            record(&*store.snapshot().unwrap(), &mut batch, AuditActor::Operator, None, 7, actions).unwrap();
            store.commit(epoch, &batch).unwrap();
        }
        store
    }

    fn tampered(commits: &[&[&str]], tamper: impl FnOnce(&mut Batch)) -> Result<AuditHead, AuditError> {
        let store = store_with(commits);
        let mut batch = Batch::new();
        tamper(&mut batch);
        store.commit(store.claim().unwrap(), &batch).unwrap();
        verify(&*store.snapshot().unwrap())
    }

    #[test]
    fn entries_of_one_and_of_several_commits_are_one_log() {
        let store = store_with(&[&["a", "b"], &[], &["c"]]);
        let snapshot = store.snapshot().unwrap();
        let checked = verify(&*snapshot).unwrap();
        assert_eq!(checked, head(&*snapshot).unwrap());
        assert_eq!(checked.count, 3);
        let reasons = |entries: Vec<AuditEntry>| entries.into_iter().map(|entry| entry.reason).collect::<Vec<_>>();
        assert_eq!(reasons(entries_before(&*snapshot, None, 2).unwrap()), ["c", "b"]);
        assert_eq!(reasons(entries_before(&*snapshot, Some(1), 9).unwrap()), ["a"]);
        assert_eq!(reasons(entries_from(&*snapshot, 1, 9).unwrap()), ["b", "c"]);
        assert_eq!(verify(&*store_with(&[]).snapshot().unwrap()).unwrap(), AuditHead::default());
    }

    #[test]
    fn the_first_entry_that_was_changed_is_named() {
        let changed = |number: u64, of: &'static [&'static str]| {
            let store = store_with(&[of]);
            let mut entry = entries_from(&*store.snapshot().unwrap(), number, 1).unwrap().remove(0);
            entry.reason = "forged".into();
            tampered(&[of], |batch| {
                batch.put(Table::Audit, number.to_be_bytes(), entry.to_bytes());
            })
            .unwrap_err()
            .to_string()
        };
        assert!(changed(0, &["a", "b", "c"]).starts_with("entry 1 of the audit log does not follow"));
        assert!(changed(2, &["a", "b", "c"]).starts_with("entry 2 of the audit log, the last one"));
        let taken = |number: u64| {
            tampered(&[&["a", "b", "c"]], |batch| {
                batch.delete(Table::Audit, number.to_be_bytes());
            })
        };
        assert!(taken(1).unwrap_err().to_string().starts_with("entry 1 of the audit log is missing"));
        assert!(matches!(taken(2).unwrap_err(), AuditError::OtherEnd { expected: 3, found: 2 }));
        let broken = tampered(&[&["a", "b"]], |batch| {
            batch.put(Table::Audit, 1u64.to_be_bytes(), [1, 2]);
        });
        assert!(broken.unwrap_err().to_string().starts_with("entry 1 of the audit log cannot be read"));
    }
}
