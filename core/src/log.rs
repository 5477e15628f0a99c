//! The ledger's one log, numbered in the order of acceptance.

use crate::{
    encode::encode,
    hash::{MerkleNode, sha256d},
    ledger::Refusal,
    transaction::{SignedTransaction, VerifiedTransaction},
};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// One accepted transaction at its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogRecord {
    /// Its place, counted from 0.
    pub number: u64,
    /// When the leader accepted it: its clock in microseconds since 1970, strictly increasing along the log.
    pub accepted_us: u64,
    /// What was accepted.
    pub signed: SignedTransaction,
}

impl LogRecord {
    /// Its leaf in the tree of the block that seals it: SHA-256d of its canonical bytes.
    pub fn leaf(&self) -> MerkleNode {
        Self::leaf_of(&encode(self))
    }

    /// The leaf of the record with these canonical bytes.
    pub fn leaf_of(bytes: &[u8]) -> MerkleNode {
        MerkleNode::from_bytes(sha256d(bytes))
    }

    /// Whether a transaction with the same signer and payment id is this record's, sent again, and so gets its answer.
    ///
    /// # Errors
    /// When it is another one: the payment id was used for something else.
    pub fn answers(&self, again: &VerifiedTransaction) -> Result<(), Refusal> {
        if self.signed.transaction == *again.transaction() { Ok(()) } else { Err(Refusal::PaymentIdConflict) }
    }
}
