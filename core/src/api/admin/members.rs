//! Members, as those see them who look after them.

use super::super::sessions::{NewSecrets, Role};
use crate::{address::Address, amount::Amount, keys::PublicKey, keys::Signature};
use serde::{Deserialize, Serialize};

/// The path of a member. `GET` answers [`AdminMemberView`]. Below it, by `POST`: `/suspend` and `/resume` ([`Edit`]),
/// `/role` ([`SetRole`]), `/erase` ([`Edit`]), each of which answers [`AdminMemberView`]; `/recovery` ([`Edit`]) answers
/// [`RecoveryStarted`], and `DELETE` there withdraws the link.
pub fn member_path(address: &Address) -> String {
    format!("{}/{address}", super::ADMIN_MEMBERS_PATH)
}

/// `POST` [`RecoveryToken`], answers [`RecoveryOpened`], without a session.
pub const OPEN_RECOVERY_PATH: &str = "/api/v1/recovery/link/open";
/// `POST` [`UseRecovery`], answers [`RecoveryUsed`], without a session.
pub const USE_RECOVERY_PATH: &str = "/api/v1/recovery/link/use";

/// A part of the list of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdminMembersPage {
    /// The members, in the order asked for.
    pub members: Vec<AdminMemberView>,
    /// How many match, on all pages.
    pub total: u64,
    /// How many there are in each state, whatever was asked for.
    pub counts: MemberCounts,
}

/// How many members there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberCounts {
    /// Those who can use their accounts, with a first password or their own.
    pub active: u64,
    /// Of those, the ones who have not replaced their first password yet.
    pub first_password: u64,
    /// Those who cannot use them for now.
    pub suspended: u64,
    /// Those who left and whose personal data were erased.
    pub erased: u64,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdminMemberView {
    /// The account.
    pub address: Address,
    /// The name; empty once erased.
    pub name: String,
    /// The e-mail address; empty once erased.
    pub email: String,
    /// What the member may do.
    pub role: Role,
    /// Whether the member can use the account.
    pub state: MemberState,
    /// Since when, and why, where it cannot be used.
    pub stopped: Option<Stopped>,
    /// Grows with every change; an edit names the one that it was made on.
    pub version: u64,
    /// When the member joined.
    pub joined_ms: u64,
    /// When the member last signed in; absent before the first time.
    pub last_signed_in_ms: Option<u64>,
    /// The confirmed balance.
    pub balance: Amount,
    /// Whether the account allows its recovery.
    pub recoverable: bool,
    /// A recovery that was started.
    pub recovery: Option<RecoveryView>,
}

/// Since when, and why, an account cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stopped {
    /// Since when.
    pub since_ms: u64,
    /// Why; may be empty.
    pub reason: String,
}

/// Whether a member can use the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Yes.
    Active,
    /// Yes, once the first password is replaced.
    FirstPassword,
    /// Not until an administrator lets the member back in.
    Suspended,
    /// Never again.
    Erased,
}

/// By what the list is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberOrder {
    /// The name, without regard to case.
    #[default]
    Name,
    /// The e-mail address.
    Email,
    /// When they joined.
    Joined,
    /// The balance.
    Balance,
    /// When they last signed in.
    LastSignedIn,
}

/// A change of a member that needs nothing but its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The version that was looked at; if the member has another one by now, nothing is changed.
    pub version: u64,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Gives a member another role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// The version that was looked at; if the member has another one by now, nothing is changed.
    pub version: u64,
    /// The role.
    pub role: Role,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// How far a recovery is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RecoveryView {
    /// The link waits to be used.
    Open {
        /// Until when.
        expires_ms: u64,
    },
    /// It was used: the new key counts from then on, unless the old one cancels.
    Waiting {
        /// The new key.
        public_key: PublicKey,
        /// From when on.
        effective_ms: u64,
    },
}

/// A recovery's link. The token is told this once; the leader keeps its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryStarted {
    /// What the link carries behind `#`: the page is `/recover#TOKEN` on the website.
    pub token: String,
    /// When it expires.
    pub expires_ms: u64,
    /// The member as it is now.
    pub member: AdminMemberView,
}

/// Shows a recovery's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoveryToken {
    /// The token.
    pub token: String,
}

/// What a recovery's link says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryOpened {
    /// Whose account it is.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The account.
    pub address: Address,
    /// When the link expires.
    pub expires_ms: u64,
    /// How long the new key waits once the link was used.
    pub delay_ms: u64,
}

/// Uses a recovery's link: the leader rotates the account to the new key, visibly on the chain; the password and the
/// vault become the member's when the key counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UseRecovery {
    /// The token.
    pub token: String,
    /// What the new password makes, with the new seed sealed for the account.
    pub secrets: NewSecrets,
    /// The new key.
    pub public_key: PublicKey,
    /// The new key's signature over the token's bytes, for [`crate::keys::Purpose::Recovery`].
    pub signature: Signature,
}

/// A recovery that waits for its delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryUsed {
    /// From when on the new password opens the account.
    pub effective_ms: u64,
}
