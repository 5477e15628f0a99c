//! The currency and its supply.

use super::registration::Registration;
use crate::{amount::Amount, genesis::Genesis, hash::GenesisHash};
use serde::{Deserialize, Serialize};

/// `GET`: the currency, without a session.
pub const CURRENCY_PATH: &str = "/api/v1/currency";
/// `GET`: how much money there is.
pub const SUPPLY_PATH: &str = "/api/v1/supply";

/// The currency, and what a client needs before it can sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CurrencyView {
    /// The fixed parameters.
    pub genesis: Genesis,
    /// Their hash, part of everything that is signed.
    pub genesis_hash: GenesisHash,
    /// The leader's clock, which new payment ids use.
    pub leader_time_ms: u64,
    /// The leader's version.
    pub version: String,
    /// Who can join.
    #[serde(default)]
    pub registration: Registration,
    /// What the administrators tell everyone; empty when there is nothing to tell.
    #[serde(default)]
    pub banner: String,
}

/// How much money there is. `issued - burned = system + members`, pending payments counted where they still are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SupplyView {
    /// All that was ever made, the genesis amount included.
    pub issued: Amount,
    /// All that was destroyed.
    pub burned: Amount,
    /// What the system account holds.
    pub system: Amount,
    /// What all other accounts hold together.
    pub members: Amount,
    /// How many accounts are open, the system account included.
    pub accounts: u64,
}
