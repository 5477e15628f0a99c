//! Signing in and out. The password itself never crosses: the client derives an authentication key from it.

use super::bytes::Bytes;
use crate::{
    address::Address,
    transaction::SignedTransaction,
    vault::{KdfParameters, Vault},
};
use serde::{Deserialize, Serialize};

/// `POST` [`ParametersRequest`], answers [`PasswordParameters`].
pub const PARAMETERS_PATH: &str = "/api/v1/auth/parameters";
/// `POST` [`SignIn`], answers [`SessionOpened`].
pub const SESSIONS_PATH: &str = "/api/v1/sessions";
/// `GET` answers [`SessionView`]; `DELETE` signs out.
pub const CURRENT_SESSION_PATH: &str = "/api/v1/sessions/current";
/// `POST` [`ReplacePassword`], answers [`SessionView`].
pub const PASSWORD_PATH: &str = "/api/v1/account/password";

/// Asks how an account's keys are derived from its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ParametersRequest {
    /// The e-mail address; an unknown one gets a stable answer all the same.
    pub email: String,
}

/// How an account's keys are derived from its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordParameters {
    /// The account's salt.
    pub salt: Bytes<16>,
    /// Argon2id's cost.
    pub parameters: KdfParameters,
}

/// Opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The e-mail address.
    pub email: String,
    /// Derived from the password; see [`crate::vault`].
    pub authentication_key: Bytes<32>,
}

/// A new session with its token. The website keeps the token in a sealed cookie and leaves it out here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionOpened {
    /// For `Authorization: Bearer`; absent behind the website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The session.
    pub session: SessionView,
}

/// A live session, as its own member sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Whose session it is.
    pub member: Me,
    /// When it ends by itself.
    pub expires_ms: u64,
    /// This session's share of the key under which the browser keeps the seed over a reload.
    pub share: Bytes<32>,
    /// How the wrapping key is derived.
    pub password: PasswordParameters,
    /// The seed, sealed under the wrapping key.
    pub vault: Vault,
}

/// The signed-in member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The name that others see.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The account.
    pub address: Address,
    /// What the member may do.
    pub role: Role,
    /// Whether the password was set by an administrator and must be replaced, with a new key, before anything else.
    pub first_password: bool,
}

/// What a member may do; [`super::capabilities`] says what that is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = true)]
pub enum Role {
    /// Holds a wallet.
    #[default]
    Member = 0,
    /// Also keeps the treasury.
    Treasurer = 2,
    /// May do everything.
    Administrator = 1,
}

impl Role {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Treasurer => "treasurer",
            Self::Administrator => "administrator",
        }
    }
}

/// Sets a new password, and at the first sign-in with an administrator's password a new key as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplacePassword {
    /// Derived from the password so far.
    pub current_authentication_key: Bytes<32>,
    /// What the new password makes.
    pub secrets: NewSecrets,
    /// The rotation to a new key, signed by the old one; required when a first password is replaced.
    pub rotation: Option<SignedTransaction>,
}

/// What a new password makes: all that the leader ever sees of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSecrets {
    /// How the keys are derived from the password.
    pub password: PasswordParameters,
    /// The authentication key, of which the leader stores a hash.
    pub authentication_key: Bytes<32>,
    /// The seed, sealed under the wrapping key.
    pub vault: Vault,
}
