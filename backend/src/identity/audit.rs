//! Reading the audit log, with the names of whom it names.

use super::error::IdentityError;
use super::granted::{Granted, right};
use super::record::InvitationRecord;
use super::{Identity, stored};
use crate::audit;
use crate::store::{Order, Snapshot, Table};
use qoin_core::{
    address::Address,
    api::admin::audit::{AuditEntryView, AuditPage},
    audit::{AuditAction, AuditActor, AuditEntry, AuditTarget},
};
use std::ops::Bound;

/// The entries that one request looks at.
const LOOKED_AT_MAX: usize = 20_000;
/// The entries that are read at a time.
const READ_AT_ONCE: usize = 500;

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only what this member did.
    pub member: Option<Address>,
    /// Only what this kind of actor did.
    pub kind: Option<String>,
    /// Only this action.
    pub what: Option<AuditAction>,
    /// Only what was done to this, in its text form, or to what is of this kind.
    pub target: Option<String>,
    /// Only from this time on.
    pub from_ms: Option<u64>,
    /// Only before this time.
    pub to_ms: Option<u64>,
}

impl AuditFilter {
    fn takes(&self, entry: &AuditEntry) -> bool {
        let by_member =
            |member: &Address| matches!(entry.who, AuditActor::Member { address, .. } if address == *member);
        self.member.as_ref().is_none_or(by_member)
            && self.kind.as_deref().is_none_or(|kind| kind == entry.who.kind())
            && self.what.is_none_or(|what| what == entry.what)
            && self.target.as_deref().is_none_or(|target| {
                let text = entry.target.text();
                text == target || text.split(':').next() == Some(target)
            })
            && self.from_ms.is_none_or(|from_ms| from_ms <= entry.at_ms)
            && self.to_ms.is_none_or(|to_ms| entry.at_ms < to_ms)
    }
}

/// The log on its way out, oldest entry first, as it was when it began.
pub struct AuditExport {
    identity: Identity,
    filter: AuditFilter,
    next: u64,
    end: u64,
}

impl AuditExport {
    /// The next entries that match, perhaps none of those that were looked at; nothing at the end.
    ///
    /// # Errors
    /// When the store fails or the log is broken.
    pub fn next_entries(&mut self) -> Result<Option<Vec<AuditEntryView>>, IdentityError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let snapshot = self.identity.0.ledger.read().snapshot()?;
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let entries = audit::entries_from(&*snapshot, self.next, left.min(READ_AT_ONCE))?;
        self.next = entries.last().map_or(self.end, |entry| entry.number + 1);
        let matching = entries.into_iter().filter(|entry| self.filter.takes(entry));
        matching.map(|entry| self.identity.audit_view(&*snapshot, entry)).collect::<Result<_, _>>().map(Some)
    }
}

impl Granted<right::ViewAudit> {
    /// Entries that match, newest first, before the one with the number `before`.
    ///
    /// # Errors
    /// When the store fails or the log is broken.
    pub fn audit(&self, filter: &AuditFilter, before: Option<u64>, limit: usize) -> Result<AuditPage, IdentityError> {
        let snapshot = self.identity.0.ledger.read().snapshot()?;
        let head = audit::head(&*snapshot)?;
        let (mut entries, mut next, mut looked_at) = (Vec::new(), before, 0);
        'pages: while looked_at < LOOKED_AT_MAX {
            let page = audit::entries_before(&*snapshot, next, READ_AT_ONCE)?;
            if page.is_empty() {
                next = None;
                break;
            }
            looked_at += page.len();
            for entry in page {
                let number = entry.number;
                if filter.from_ms.is_some_and(|from_ms| entry.at_ms < from_ms) {
                    next = None;
                    break 'pages;
                }
                next = Some(number);
                if filter.takes(&entry) {
                    entries.push(self.identity.audit_view(&*snapshot, entry)?);
                    if entries.len() == limit {
                        break 'pages;
                    }
                }
            }
        }
        let next = next.filter(|next| *next > 0);
        Ok(AuditPage { entries, next, count: head.count, head: head.hash })
    }

    /// The entries that match, oldest first, in pieces. That they were taken away is itself no entry: a log that grew by
    /// being read would never end.
    ///
    /// # Errors
    /// When the store fails.
    pub fn export_audit(&self, filter: AuditFilter) -> Result<AuditExport, IdentityError> {
        let head = audit::head(&*self.identity.0.ledger.read().snapshot()?)?;
        Ok(AuditExport { identity: self.identity.clone(), filter, next: 0, end: head.count })
    }
}

impl Identity {
    fn audit_view(&self, snapshot: &dyn Snapshot, entry: AuditEntry) -> Result<AuditEntryView, IdentityError> {
        let name_of = |number: u64| self.people().member(number).map(|member| member.name().to_owned());
        let who_name = match entry.who {
            AuditActor::Member { number, .. } => name_of(number),
            _ => None,
        };
        let target_name = match &entry.target {
            AuditTarget::Member { number, .. } => name_of(*number),
            AuditTarget::Invitation { id } => invited(snapshot, id)?,
            _ => None,
        };
        Ok(AuditEntryView { hash: entry.hash(), entry, who_name, target_name })
    }
}

/// Whom an invitation with this name invited, as long as it is kept.
fn invited(snapshot: &dyn Snapshot, id: &str) -> Result<Option<String>, IdentityError> {
    let Ok(start) = hex::decode(id) else { return Ok(None) };
    let found = snapshot.range(Table::Invitations, Bound::Included(&start), Bound::Unbounded, Order::Ascending, 1)?;
    match found.first().filter(|(key, _)| key.starts_with(&start)) {
        Some((key, _)) => {
            let record = stored::one::<InvitationRecord>(snapshot, Table::Invitations, key)?;
            Ok(record.map(|record| record.email).filter(|email| !email.is_empty()))
        }
        None => Ok(None),
    }
}
