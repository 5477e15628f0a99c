//! What a `QWINNER` does: it rewards contributions.

use super::services::ServiceBudget;
use super::transactions::AcceptedView;
use crate::{address::Address, amount::Amount};
use serde::{Deserialize, Serialize};

/// `POST` [`Contribute`], answers [`ContributionView`]; takes a `QWINNER`'s key for a token.
pub const CONTRIBUTIONS_PATH: &str = "/api/v1/contributions";

/// The most characters that a contribution's name can have.
pub const CONTRIBUTION_ID_CHARACTERS_MAX: usize = 200;

/// Credits a member for a contribution out of the system account, within the service's budget of the day. Sent again it
/// pays once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Contribute {
    /// Who contributed: a member's e-mail address, or the address of its account.
    pub to: String,
    /// How much it is worth.
    pub amount: Amount,
    /// What for, which the member sees: one line of at most 140 characters, as a memo.
    pub reason: String,
    /// Names the contribution among all of the service, for ever: one line of 1 to 200 characters.
    pub contribution_id: String,
}

/// A rewarded contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContributionView {
    /// The account that was credited.
    pub recipient: Address,
    /// With how much.
    pub amount: Amount,
    /// The payment.
    pub accepted: AcceptedView,
    /// What the service may still give.
    pub budget: ServiceBudget,
}
