//! Transactions: handing one in, and looking one up with its proof.

use super::{bytes::Bytes, problem::Problem};
use crate::{
    hash::TransactionId, keys::Signature, log::LogRecord, memo::Memo, merkle::Proof, transaction::SignedTransaction,
};
use serde::{Deserialize, Serialize};

/// `POST` [`SubmitTransaction`], answers [`AcceptedView`] (201 when new, 200 when it was there already);
/// `GET` below it with a record's number answers [`TransactionView`].
pub const TRANSACTIONS_PATH: &str = "/api/v1/transactions";

/// Hands in a signed transaction of the session's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmitTransaction {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// The memo whose hash it carries.
    #[serde(default)]
    pub memo: Option<Memo>,
}

/// An accepted transaction: durable, and seen by both parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptedView {
    /// Its place in the log.
    pub number: u64,
    /// When it was accepted.
    pub accepted_us: u64,
    /// Its name.
    pub transaction_id: TransactionId,
    /// The block that sealed it; absent while it is pending.
    pub block: Option<u32>,
}

/// `POST` with the canonical bytes (borsh) of a list of at most
/// [`BATCH_ENTRIES_MAX`](crate::limits::BATCH_ENTRIES_MAX) [`BatchEntry`]s; answers [`BatchAnswer`].
pub const BATCH_PATH: &str = "/api/v1/transactions/batch";

/// A signed transaction with the memo whose hash it carries.
pub type BatchEntry = (SignedTransaction, Option<Memo>);

/// What each entry of a batch came to, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchAnswer {
    /// As many as the batch has entries.
    pub results: Vec<BatchResult>,
}

/// What one entry of a batch came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatchResult {
    /// Accepted now: what 201 says for a single one.
    Accepted(AcceptedView),
    /// Accepted before: what 200 says for a single one.
    Repeated(AcceptedView),
    /// Not accepted.
    Refused(Problem),
}

/// A transaction with what proves its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransactionView {
    /// The log record.
    pub record: LogRecord,
    /// Its name.
    pub transaction_id: TransactionId,
    /// The memo, for the two parties only.
    pub memo: Option<Memo>,
    /// The proof; absent while the transaction is pending.
    pub sealed: Option<SealedView>,
}

/// The proof that a block seals a log record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedView {
    /// The block's height.
    pub height: u32,
    /// The block's header.
    pub header: Bytes<80>,
    /// The path from the record's leaf to the header's Merkle root.
    pub proof: Proof,
    /// When the leader took the solution; part of what the seal covers.
    pub solved_ms: u64,
    /// The leader's signature under the block.
    pub seal: Signature,
}
