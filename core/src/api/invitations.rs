//! Invitations: how a new member comes to an account whose key only they hold.

use super::{
    members::MemberView,
    problem::ProblemCode,
    sessions::{NewSecrets, Role},
};
use crate::transaction::SignedTransaction;
use serde::{Deserialize, Serialize};

/// `POST` [`Invite`], answers [`InvitationMade`]; `GET` with `state`, `query`, `offset` and `limit` answers
/// [`InvitationsPage`]. For administrators. `DELETE` below it with an id withdraws one.
pub const INVITATIONS_PATH: &str = "/api/v1/invitations";
/// `POST` a file of invitations ([`INVITATION_FILE_BYTES_MAX`](crate::limits::INVITATION_FILE_BYTES_MAX) at most) with
/// `dry_run`: [`InvitationFileAnswer`]. Each line is `name,email[,role]`.
pub const INVITATION_FILES_PATH: &str = "/api/v1/invitations/files";
/// `POST` [`InvitationToken`], answers [`InvitationOpened`], without a session.
pub const OPEN_INVITATION_PATH: &str = "/api/v1/invitations/open";
/// `POST` [`AcceptInvitation`], answers [`super::sessions::SessionOpened`], without a session.
pub const ACCEPT_INVITATION_PATH: &str = "/api/v1/invitations/accept";

/// Invites someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// The name to suggest.
    pub name: String,
    /// The e-mail address that the account will have.
    pub email: String,
    /// What the member may do. Whoever gives more than a member's rights needs the right to set roles.
    #[serde(default)]
    pub role: Role,
}

/// A new invitation. The token is told this once; the leader keeps its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationMade {
    /// The invitation's name, for withdrawing it.
    pub id: String,
    /// What the link carries behind `#`: the page is `/join#TOKEN` on the website.
    pub token: String,
    /// When it expires.
    pub expires_ms: u64,
}

/// A part of the invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationsPage {
    /// Newest first.
    pub invitations: Vec<InvitationView>,
    /// How many match, on all pages.
    pub total: u64,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// It waits to be used.
    Open,
    /// Someone joined with it.
    Used,
    /// An administrator withdrew it, or invited the same e-mail address anew.
    Withdrawn,
    /// Nobody used it in time.
    Expired,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationView {
    /// Its name, for withdrawing it.
    pub id: String,
    /// Who is invited.
    pub name: String,
    /// The e-mail address that the account will have.
    pub email: String,
    /// When it expires.
    pub expires_ms: u64,
    /// What the member may do.
    pub role: Role,
    /// What became of it.
    pub state: InvitationState,
    /// When it was made.
    pub created_ms: u64,
    /// The name of the member who invited; absent for a command, a script, or someone who left.
    pub invited_by: Option<String>,
    /// Who used it.
    pub used_by: Option<MemberView>,
    /// When it was used or withdrawn.
    pub ended_ms: Option<u64>,
}

/// What became of a file of invitations. Its good rows were invited together, or not at all; a dry run invites nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationFileAnswer {
    /// How many rows are good.
    pub good: u32,
    /// How many are not.
    pub bad: u32,
    /// What is wrong with the first of those that are not, at most 1,000.
    pub faults: Vec<InvitationRowFault>,
    /// Whether there were more rows than a file may have; they were not all looked at, and nobody was invited.
    pub too_many: bool,
    /// The invitations, in the order of the rows; none after a dry run.
    pub made: Vec<InvitationRowMade>,
    /// When they expire.
    pub expires_ms: u64,
}

/// A row that invites nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationRowFault {
    /// Its line in the file, from 1.
    pub line: u32,
    /// What is wrong, for programs.
    pub code: ProblemCode,
    /// What is wrong and what to do, for people.
    pub detail: String,
}

/// A row that became an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationRowMade {
    /// Its line in the file, from 1.
    pub line: u32,
    /// The invitation's name, for withdrawing it.
    pub id: String,
    /// Who is invited.
    pub name: String,
    /// The e-mail address that the account will have.
    pub email: String,
    /// What the link carries behind `#`.
    pub token: String,
}

/// Shows an invitation's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    /// The token.
    pub token: String,
}

/// What an invitation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationOpened {
    /// The suggested name.
    pub name: String,
    /// The e-mail address that the account will have.
    pub email: String,
    /// When it expires.
    pub expires_ms: u64,
}

/// Uses an invitation: member, vault and account come into being together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The token.
    pub token: String,
    /// The name that others will see.
    pub name: String,
    /// What the chosen password makes.
    pub secrets: NewSecrets,
    /// Opens the account with the key made in the browser.
    pub open_account: SignedTransaction,
}
