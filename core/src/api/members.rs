//! The members of the currency, as other members see them.

use crate::address::Address;
use serde::{Deserialize, Serialize};

/// `GET` with `query`, `after` and `limit`: members by name.
pub const MEMBERS_PATH: &str = "/api/v1/members";

/// A page of members, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MembersPage {
    /// The members.
    pub members: Vec<MemberView>,
    /// What to pass as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// A member, as other members see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The account.
    pub address: Address,
}
