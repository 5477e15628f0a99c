//! The audit log.

use crate::{audit::AuditEntry, hash::AuditHash};
use serde::{Deserialize, Serialize};

/// `GET` with `who`, `what`, `target`, `from_ms`, `to_ms`, `before` and `limit`: [`AuditPage`].
pub const AUDIT_PATH: &str = "/api/v1/admin/audit";
/// `GET` with the same (but `before` and `limit`) and `format=csv` or `format=jsonl`: the entries, oldest first, as a file.
pub const AUDIT_EXPORT_PATH: &str = "/api/v1/admin/audit/export";

/// A part of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The entries that match, newest first.
    pub entries: Vec<AuditEntryView>,
    /// What to pass as `before` to look further; absent at the log's beginning. A page may have fewer entries than asked
    /// for, or none, and there may still be more behind it: a request looks at so many entries only.
    pub next: Option<u64>,
    /// How many entries the log has.
    pub count: u64,
    /// The last entry's hash: compare it with one that you noted before, or with what `qoin verify` says.
    pub head: AuditHash,
}

/// An entry with what is known of whom it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntryView {
    /// The entry as it was written.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// Its hash.
    pub hash: AuditHash,
    /// The name of who did it, where it is a member.
    pub who_name: Option<String>,
    /// The name of what it was done to, where it is a member or an invitation that is still known.
    pub target_name: Option<String>,
}
