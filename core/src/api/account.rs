//! The member's own account: its balance and its history.

use super::blocks::Tip;
use crate::{
    address::Address, amount::Amount, hash::TransactionId, keys::PublicKey, memo::Memo, payment_id::PaymentId,
};
use serde::{Deserialize, Serialize};

/// `GET`: the session's account.
pub const ACCOUNT_PATH: &str = "/api/v1/account";
/// `GET` with `before` and `limit`: its history, newest first.
pub const HISTORY_PATH: &str = "/api/v1/account/history";

/// An account at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountView {
    /// Its address.
    pub address: Address,
    /// The confirmed balance.
    pub balance: Amount,
    /// What can be spent now: the balance less `outgoing`.
    pub available: Amount,
    /// Accepted payments to others that no block has sealed yet.
    pub outgoing: Amount,
    /// Accepted payments from others that no block has sealed yet.
    pub incoming: Amount,
    /// The key that signs for it.
    pub public_key: PublicKey,
    /// Whether the system key may rotate the key, with a delay.
    pub recoverable: bool,
    /// A rotation by the system key that waits for its delay.
    pub rotation: Option<RotationView>,
    /// Where the event stream resumes so that nothing after this view is missed.
    pub position: String,
    /// The chain's end at this moment.
    pub tip: Tip,
    /// Whether the ledger accepts nothing until its operator has looked at it, because its books do not balance.
    #[serde(default)]
    pub read_only: bool,
}

/// A rotation that waits for its delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotationView {
    /// The key that will sign.
    pub public_key: PublicKey,
    /// From when on.
    pub effective_ms: u64,
}

/// A page of history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The movements, newest first.
    pub movements: Vec<Movement>,
    /// What to pass as `before` for the next page; absent at the end.
    pub next: Option<String>,
}

/// One change of an account, as the account's member sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Movement {
    /// Its name within the history; also a cursor for `before`.
    pub cursor: String,
    /// What happened.
    pub kind: MovementKind,
    /// The sum moved, where one was.
    pub amount: Option<Amount>,
    /// The other side, where there is one.
    pub party: Option<Party>,
    /// The memo, for the two parties.
    pub memo: Option<Memo>,
    /// When: accepted by the leader, or for a reward the block's solution.
    pub at_us: u64,
    /// The block that sealed it; absent while it is pending.
    pub block: Option<u32>,
    /// The log record's number; absent for a reward.
    pub number: Option<u64>,
    /// The transaction's name; absent for a reward.
    pub transaction_id: Option<TransactionId>,
    /// The id that its payer chose; absent for a reward.
    pub payment_id: Option<PaymentId>,
}

/// What a movement was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// A payment to another account.
    Sent,
    /// A payment from another account.
    Received,
    /// The reward for a solved block: received by its miner, paid by the system account.
    Reward,
    /// The account was opened.
    AccountOpened,
    /// The key was changed, or will be after the recovery delay.
    KeyRotated,
    /// A waiting rotation was cancelled.
    RotationCancelled,
    /// The choice whether the account is recoverable was made.
    RecoverableSet,
    /// Money was made on the system account.
    Issued,
    /// Money of the system account was destroyed.
    Burned,
    /// The leader's key was replaced.
    LeaderReplaced,
}

/// The other side of a movement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Party {
    /// Its account.
    pub address: Address,
    /// The member's name, as the leader knows it.
    pub name: Option<String>,
    /// The member's e-mail address; absent for the system account.
    pub email: Option<String>,
}
