//! A forgotten password: the recovery words prove the key.

use super::{bytes::Bytes, sessions::NewSecrets};
use crate::{address::Address, keys::Signature};
use serde::{Deserialize, Serialize};

/// `POST` [`RecoveryRequest`], answers [`RecoveryChallenge`], without a session.
pub const CHALLENGE_PATH: &str = "/api/v1/recovery/challenge";
/// `POST` [`Recover`], answers [`super::sessions::SessionOpened`], without a session. All other sessions end.
pub const RECOVERY_PATH: &str = "/api/v1/recovery";

/// Asks for a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// The e-mail address; an unknown one gets an answer all the same.
    pub email: String,
}

/// What the key has to sign, with [`crate::keys::Purpose::Recovery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryChallenge {
    /// Fresh bytes, the message to sign; valid once, for a few minutes.
    pub challenge: Bytes<32>,
    /// The account's address, which the new vault names.
    pub address: Address,
}

/// Proves the key and sets a new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// The e-mail address.
    pub email: String,
    /// The challenge.
    pub challenge: Bytes<32>,
    /// The current key's signature over it.
    pub signature: Signature,
    /// What the new password makes.
    pub secrets: NewSecrets,
}
