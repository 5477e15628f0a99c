//! Reading and writing the records about people.

use super::error::{Failure, IdentityError, Refusal};
use super::people::People;
use super::record::{
    MemberRecord, Record, RecoveryRecord, ServiceRecord, SessionRecord, VaultRecord, from_bytes, to_bytes,
};
use super::token::TokenHash;
use crate::store::{Batch, Order, Snapshot, Table};
use qoin_core::vault::Vault;
use std::ops::Bound;

/// The record under a key.
pub(super) fn one<T: Record>(snapshot: &dyn Snapshot, table: Table, key: &[u8]) -> Result<Option<T>, Failure> {
    snapshot.get(table, key)?.map(|bytes| from_bytes(&bytes)).transpose()
}

/// All records of a table with their keys, smallest key first.
pub(super) fn all<T: Record>(snapshot: &dyn Snapshot, table: Table) -> Result<Vec<(Vec<u8>, T)>, Failure> {
    let entries = snapshot.range(table, Bound::Unbounded, Bound::Unbounded, Order::Ascending, usize::MAX)?;
    entries.into_iter().map(|(key, bytes)| Ok((key, from_bytes(&bytes)?))).collect()
}

/// The number that a table's next entry gets.
pub(super) fn next_number(snapshot: &dyn Snapshot, table: Table) -> Result<u64, Failure> {
    let last = snapshot.range(table, Bound::Unbounded, Bound::Unbounded, Order::Descending, 1)?;
    last.first().map_or(Ok(0), |(key, _)| Ok(number(key)? + 1))
}

fn number(key: &[u8]) -> Result<u64, Failure> {
    let bytes = key.try_into().map_err(|_| Failure::Missing(format!("the number in the key {}", hex::encode(key))))?;
    Ok(u64::from_be_bytes(bytes))
}

/// All members with their numbers.
pub(super) fn members(snapshot: &dyn Snapshot) -> Result<Vec<(u64, MemberRecord)>, Failure> {
    all(snapshot, Table::Members)?.into_iter().map(|(key, member)| Ok((number(&key)?, member))).collect()
}

/// All services with their numbers.
pub(super) fn services(snapshot: &dyn Snapshot) -> Result<Vec<(u64, ServiceRecord)>, Failure> {
    all(snapshot, Table::Services)?.into_iter().map(|(key, service)| Ok((number(&key)?, service))).collect()
}

/// All recoveries with the numbers of their members.
pub(super) fn recoveries(snapshot: &dyn Snapshot) -> Result<Vec<(u64, RecoveryRecord)>, Failure> {
    all(snapshot, Table::Recoveries)?.into_iter().map(|(key, recovery)| Ok((number(&key)?, recovery))).collect()
}

/// The member with this number.
pub(super) fn member(snapshot: &dyn Snapshot, number: u64) -> Result<MemberRecord, Failure> {
    one(snapshot, Table::Members, &number.to_be_bytes())?.ok_or_else(|| Failure::Missing(format!("member {number}")))
}

/// The vault of the member with this number.
pub(super) fn vault(snapshot: &dyn Snapshot, number: u64) -> Result<Vault, Failure> {
    let record: Option<VaultRecord> = one(snapshot, Table::Vaults, &number.to_be_bytes())?;
    record.map(|record| record.vault).ok_or_else(|| Failure::Missing(format!("the vault of member {number}")))
}

/// Adds a new member with its vault and answers its number.
///
/// # Errors
/// When the e-mail address is taken, or the store fails.
pub(super) fn add_member(
    snapshot: &dyn Snapshot,
    batch: &mut Batch,
    member: &MemberRecord,
    vault: Vault,
) -> Result<u64, IdentityError> {
    if snapshot.get(Table::Emails, member.email.as_bytes())?.is_some() {
        return Err(Refusal::EmailTaken(member.email.clone()).into());
    }
    let number = next_number(snapshot, Table::Members)?;
    batch.put(Table::Emails, member.email.as_bytes(), number.to_be_bytes());
    put_member(batch, number, member, vault);
    Ok(number)
}

/// The number of the member with this e-mail address.
pub(super) fn number_of_email(snapshot: &dyn Snapshot, email: &str) -> Result<Option<u64>, Failure> {
    snapshot.get(Table::Emails, email.as_bytes())?.map(|bytes| number(&bytes)).transpose()
}

/// Writes a member, and leaves its vault as it is.
pub(super) fn put_record(batch: &mut Batch, number: u64, member: &MemberRecord) {
    batch.put(Table::Members, number.to_be_bytes(), to_bytes(member));
}

/// Writes a member and its vault.
pub(super) fn put_member(batch: &mut Batch, number: u64, member: &MemberRecord, vault: Vault) {
    put_record(batch, number, member);
    batch.put(Table::Vaults, number.to_be_bytes(), to_bytes(&VaultRecord { vault }));
}

/// Writes a session.
pub(super) fn put_session(batch: &mut Batch, hash: &TokenHash, session: &SessionRecord) {
    batch.put(Table::Sessions, hash.as_slice(), to_bytes(session));
}

/// Shows the live sessions and answers those that are over.
pub(super) fn load_sessions(
    snapshot: &dyn Snapshot,
    people: &mut People,
    now_ms: u64,
) -> Result<Vec<TokenHash>, Failure> {
    let mut live = Vec::new();
    let mut over = Vec::new();
    for (key, session) in all::<SessionRecord>(snapshot, Table::Sessions)? {
        let hash: TokenHash =
            key.as_slice().try_into().map_err(|_| Failure::Missing(format!("the hash {}", hex::encode(&key))))?;
        let is_current = people.member(session.member).is_some_and(|it| it.record.credentials == session.credentials);
        if is_current && session.expires_ms > now_ms {
            live.push((hash, session));
        } else {
            over.push(hash);
        }
    }
    live.sort_by_key(|(_, session)| session.created_ms);
    for (hash, session) in live {
        people.show_session(hash, session);
    }
    Ok(over)
}
