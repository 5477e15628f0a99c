//! Joining without an invitation, where the administrators allow it.

use super::sessions::NewSecrets;
use crate::transaction::SignedTransaction;
use serde::{Deserialize, Serialize};

/// `POST` [`Register`], answers [`super::sessions::SessionOpened`], without a session.
pub const REGISTRATION_PATH: &str = "/api/v1/registration";

/// Who can join.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Everyone.
    Open,
    /// Whoever was invited.
    #[default]
    Invitation,
    /// Nobody, not even with an invitation.
    Closed,
}

/// Joins: member, vault and account come into being together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The name that others will see.
    pub name: String,
    /// The e-mail address to sign in with.
    pub email: String,
    /// What the chosen password makes.
    pub secrets: NewSecrets,
    /// Opens the account with the key made in the browser.
    pub open_account: SignedTransaction,
}
