//! What administrators do.

pub mod audit;
pub mod members;
pub mod network;
pub mod settings;
pub mod treasury;

use super::sessions::Role;
use crate::{address::Address, amount::Amount, memo::Memo, payment_id::PaymentId};
use serde::{Deserialize, Serialize};

/// `POST` [`CreateMember`], answers [`members::AdminMemberView`]; `GET` with `query`, `order`, `descending`, `role`,
/// `state`, `offset` and `limit` answers [`members::AdminMembersPage`]. Below it stand the members; see
/// [`members::member_path`].
pub const ADMIN_MEMBERS_PATH: &str = "/api/v1/admin/members";
/// `POST` [`Credit`], answers [`treasury::TreasuryAnswer`].
pub const CREDITS_PATH: &str = "/api/v1/admin/credits";

/// Makes a member with a first password, which the member replaces at the first sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateMember {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The first password. Until it is replaced, whoever set it could act for the member.
    pub password: String,
    /// What the member may do. Whoever gives more than a member's rights needs the right to set roles.
    #[serde(default)]
    pub role: Role,
}

/// Pays a member out of the system account. Sent again with the same payment id it pays once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Who is paid.
    pub recipient: Address,
    /// How much.
    pub amount: Amount,
    /// Chosen by the caller; see [`PaymentId`].
    pub payment_id: PaymentId,
    /// What for.
    #[serde(default)]
    pub memo: Option<Memo>,
}
