//! The audit log: what was done with more than a member's rights, each entry linked to the one before by its hash.
//!
//! An entry names members by their number and account only, so that a member's personal data can be erased while the
//! log stays as it was written.

use crate::{
    address::Address,
    api::capabilities::Capability,
    encode::{DecodeError, decode, encode},
    hash::{AuditHash, tagged_sha256d},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::net::IpAddr;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// The version of an entry's bytes.
const VERSION: u8 = 1;
/// The longest reason, in characters.
pub const REASON_CHARACTERS_MAX: usize = 300;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its place in the log, from 0.
    pub number: u64,
    /// The hash of the entry before; zeros for the first.
    pub previous: AuditHash,
    /// When, by the leader's clock.
    pub at_ms: u64,
    /// Who did it.
    pub who: AuditActor,
    /// From where; absent where it was not over the network.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub from: Option<IpAddr>,
    /// What was done.
    pub what: AuditAction,
    /// To what.
    pub target: AuditTarget,
    /// What it changed, field by field.
    pub changes: Vec<AuditChange>,
    /// Why, in the words of who did it; may be empty.
    pub reason: String,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AuditActor {
    /// A member.
    Member {
        /// The number within the leader.
        number: u64,
        /// The account.
        address: Address,
    },
    /// Whoever may read the leader's data folder, by a command on its host.
    Operator,
    /// Whoever holds the master key of the Python interface.
    MasterKey,
    /// The leader by itself.
    System,
}

impl AuditActor {
    /// Its text form: the kind, or the account of a member.
    pub fn text(&self) -> String {
        match self {
            Self::Member { address, .. } => address.to_string(),
            other => other.kind().into(),
        }
    }

    /// The name of its kind on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Member { .. } => "member",
            Self::Operator => "operator",
            Self::MasterKey => "master_key",
            Self::System => "system",
        }
    }
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AuditTarget {
    /// The leader or the currency as a whole.
    Leader,
    /// A member.
    Member {
        /// The number within the leader.
        number: u64,
        /// The account.
        address: Address,
    },
    /// An invitation.
    Invitation {
        /// Its name.
        id: String,
    },
    /// A setting.
    Setting {
        /// Its name.
        name: String,
    },
    /// A transaction.
    Transaction {
        /// Its place in the ledger's log.
        number: u64,
    },
    /// What waits for a second administrator.
    Request {
        /// Its number.
        number: u64,
    },
    /// A service.
    Service {
        /// Its number.
        number: u64,
    },
    /// A right that was asked for.
    Right {
        /// Which.
        right: Capability,
    },
}

impl AuditTarget {
    /// Its text form: the kind, and behind a colon what names it.
    pub fn text(&self) -> String {
        match self {
            Self::Leader => "leader".into(),
            Self::Member { address, .. } => format!("member:{address}"),
            Self::Invitation { id } => format!("invitation:{id}"),
            Self::Setting { name } => format!("setting:{name}"),
            Self::Transaction { number } => format!("transaction:{number}"),
            Self::Request { number } => format!("request:{number}"),
            Self::Service { number } => format!("service:{number}"),
            Self::Right { right } => format!("right:{right}"),
        }
    }
}

/// A field that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditChange {
    /// Its name.
    pub field: String,
    /// What it was; absent where there was nothing.
    pub before: Option<String>,
    /// What it is; absent where there is nothing any more.
    pub after: Option<String>,
}

impl AuditChange {
    /// A field that was something and is something else.
    pub fn new(field: &str, before: impl fmt::Display, after: impl fmt::Display) -> Self {
        Self { field: field.into(), before: Some(before.to_string()), after: Some(after.to_string()) }
    }

    /// A field that came into being.
    pub fn made(field: &str, after: impl fmt::Display) -> Self {
        Self { field: field.into(), before: None, after: Some(after.to_string()) }
    }

    /// A field that is no more.
    pub fn gone(field: &str, before: impl fmt::Display) -> Self {
        Self { field: field.into(), before: Some(before.to_string()), after: None }
    }
}

impl AuditEntry {
    /// The bytes that are stored and hashed: a version, then the canonical form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(encode(self));
        bytes
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// When a newer release wrote it, or the bytes are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AuditDecodeError> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => Ok(decode(rest)?),
            Some((&newer, _)) => Err(AuditDecodeError::Newer(newer)),
            None => Err(AuditDecodeError::Empty),
        }
    }

    /// Its hash: the tagged SHA-256d of its bytes.
    pub fn hash(&self) -> AuditHash {
        AuditHash::from_bytes(tagged_sha256d("qoin/audit-entry", &[&self.to_bytes()]))
    }
}

/// Bytes that are no entry of the audit log.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum AuditDecodeError {
    /// Nothing.
    #[error("the entry is empty")]
    Empty,
    /// Of a newer release.
    #[error("an entry of version {0} needs a newer release")]
    Newer(u8),
    /// Damaged.
    #[error(transparent)]
    Damaged(#[from] DecodeError),
}

/// Declares the actions, each with its name on the wire.
macro_rules! actions {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal;)+) => {
        /// What can be done with more than a member's rights.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum AuditAction {
            $($(#[doc = $meaning])+ #[serde(rename = $name)] $variant,)+
        }

        impl AuditAction {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

// The order is part of what is stored: new ones come last.
actions! {
    /// A right that the session does not have was asked for.
    Refused = "refused";
    /// Someone was invited.
    MemberInvited = "member_invited";
    /// Many were invited at once.
    MembersInvited = "members_invited";
    /// An invitation was withdrawn.
    InvitationWithdrawn = "invitation_withdrawn";
    /// A member was made.
    MemberCreated = "member_created";
    /// A member was suspended.
    MemberSuspended = "member_suspended";
    /// A suspended member was let back in.
    MemberResumed = "member_resumed";
    /// A member's role was changed.
    RoleChanged = "role_changed";
    /// A member's personal data were erased.
    MemberErased = "member_erased";
    /// A link was made by which a member who lost the key gets another one.
    RecoveryStarted = "recovery_started";
    /// That link was withdrawn.
    RecoveryWithdrawn = "recovery_withdrawn";
    /// That link was used: the rotation to the new key waits on the chain.
    RecoveryUsed = "recovery_used";
    /// A setting was changed.
    SettingChanged = "setting_changed";
    /// A member was paid out of the system account.
    Credited = "credited";
    /// Many were paid out of the system account at once.
    CreditsImported = "credits_imported";
    /// New money was made.
    Issued = "issued";
    /// Money was destroyed.
    Burned = "burned";
    /// A payment was given back.
    Reversed = "reversed";
    /// Something was asked for that needs a second administrator.
    ApprovalRequested = "approval_requested";
    /// A second administrator approved.
    Approved = "approved";
    /// A second administrator refused, or who asked took it back.
    ApprovalRefused = "approval_refused";
    /// What a service may pay was changed.
    BudgetSet = "budget_set";
    /// A backup was made.
    BackupMade = "backup_made";
    /// The master key was made anew.
    MasterKeyReplaced = "master_key_replaced";
    /// The currency was set up.
    SetUp = "set_up";
    /// What others had signed was handed in.
    HandedIn = "handed_in";
    /// A member was asked to pay a credit back.
    RepaymentRequested = "repayment_requested";
    /// That was withdrawn.
    RepaymentWithdrawn = "repayment_withdrawn";
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no action.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no action is named {0:?}")]
pub struct AuditActionError(String);

impl FromStr for AuditAction {
    type Err = AuditActionError;

    fn from_str(text: &str) -> Result<Self, AuditActionError> {
        let found = Self::ALL.iter().copied().find(|action| action.name() == text);
        found.ok_or_else(|| AuditActionError(text.chars().take(80).collect()))
    }
}

/// Why a run of entries is not a part of one log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditFault {
    /// An entry cannot be read.
    #[error("entry {number} of the audit log cannot be read: {reason}")]
    Unreadable {
        /// Where.
        number: u64,
        /// Why.
        reason: AuditDecodeError,
    },
    /// An entry is missing, or stands under another's number.
    #[error("entry {number} of the audit log is missing; entry {found} stands there")]
    Missing {
        /// Where.
        number: u64,
        /// What stands there.
        found: u64,
    },
    /// An entry does not name the hash of the one before.
    #[error("entry {number} of the audit log does not follow the entry before: one of them was changed")]
    Unlinked {
        /// Where.
        number: u64,
    },
}

/// Walks along a log and checks that each entry follows the one before.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditWalk {
    next: u64,
    head: AuditHash,
}

impl AuditWalk {
    /// Takes the next entry, as it is stored under `number`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, number: u64, bytes: &[u8]) -> Result<AuditEntry, AuditFault> {
        let Self { next, head } = *self;
        if number != next {
            return Err(AuditFault::Missing { number: next, found: number });
        }
        let entry = AuditEntry::from_bytes(bytes).map_err(|reason| AuditFault::Unreadable { number, reason })?;
        if entry.number != number {
            return Err(AuditFault::Missing { number, found: entry.number });
        }
        if entry.previous != head {
            return Err(AuditFault::Unlinked { number });
        }
        *self = Self { next: number + 1, head: entry.hash() };
        Ok(entry)
    }

    /// The hash of the last entry; zeros before the first.
    pub fn head(&self) -> AuditHash {
        self.head
    }

    /// How many entries were taken.
    pub fn count(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, previous: AuditHash) -> AuditEntry {
        AuditEntry {
            number,
            previous,
            at_ms: 1_000 + number,
            who: AuditActor::Member { number: 3, address: Address::from_bytes([3; 20]) },
            from: Some("2001:db8::1".parse().unwrap()),
            what: AuditAction::RoleChanged,
            target: AuditTarget::Member { number: 4, address: Address::from_bytes([4; 20]) },
            changes: vec![AuditChange::new("role", "member", "treasurer")],
            reason: "keeps the books".into(),
        }
    }

    fn log(count: u64) -> Vec<AuditEntry> {
        let mut log: Vec<AuditEntry> = Vec::new();
        for number in 0..count {
            log.push(entry(number, log.last().map_or_else(AuditHash::default, AuditEntry::hash)));
        }
        log
    }

    fn walk(log: &[AuditEntry]) -> Result<AuditWalk, AuditFault> {
        let mut walk = AuditWalk::default();
        for (number, entry) in (0..).zip(log) {
            walk.take(number, &entry.to_bytes())?;
        }
        Ok(walk)
    }

    #[test]
    fn a_log_is_walked_to_its_head() {
        let log = log(3);
        let walk = walk(&log).unwrap();
        assert_eq!((walk.count(), walk.head()), (3, log[2].hash()));
    }

    #[test]
    fn whatever_is_changed_is_found_at_the_next_entry() {
        for tamper in [
            |entry: &mut AuditEntry| entry.reason.push('!'),
            |entry: &mut AuditEntry| entry.at_ms += 1,
            |entry: &mut AuditEntry| entry.who = AuditActor::System,
            |entry: &mut AuditEntry| entry.from = None,
            |entry: &mut AuditEntry| entry.changes.clear(),
        ] {
            let mut log = log(3);
            tamper(&mut log[1]);
            assert_eq!(walk(&log).unwrap_err(), AuditFault::Unlinked { number: 2 });
        }
        let mut log = log(3);
        log.remove(1);
        assert_eq!(walk(&log).unwrap_err(), AuditFault::Missing { number: 1, found: 2 });
    }

    #[test]
    fn an_entry_of_a_newer_release_is_refused_by_its_version() {
        let mut bytes = entry(0, AuditHash::default()).to_bytes();
        bytes[0] = 2;
        assert_eq!(AuditEntry::from_bytes(&bytes), Err(AuditDecodeError::Newer(2)));
        assert_eq!(AuditEntry::from_bytes(&[]), Err(AuditDecodeError::Empty));
        assert!(matches!(AuditEntry::from_bytes(&bytes[..1]), Err(AuditDecodeError::Newer(2))));
    }

    #[test]
    fn actions_are_read_back_by_the_name_on_the_wire() {
        for action in AuditAction::ALL {
            assert_eq!(action.name().parse(), Ok(*action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
    }
}
