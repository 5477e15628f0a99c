//! Invitations: how a new member comes to an account whose key only they hold.

use super::sessions::NewSecrets;
use crate::transaction::SignedTransaction;
use serde::{Deserialize, Serialize};

/// `POST` [`Invite`], answers [`InvitationMade`]; `GET` answers [`InvitationsPage`]. For administrators.
/// `DELETE` below it with an id withdraws one.
pub const INVITATIONS_PATH: &str = "/api/v1/invitations";
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

/// The open invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationsPage {
    /// Newest first.
    pub invitations: Vec<InvitationView>,
}

/// An invitation that waits to be used.
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
