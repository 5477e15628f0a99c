//! The ledger's one log, numbered in the order of acceptance.

use crate::{
    encode::encode,
    hash::{MerkleNode, sha256d},
    transaction::SignedTransaction,
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
        MerkleNode::from_bytes(sha256d(&encode(self)))
    }
}
