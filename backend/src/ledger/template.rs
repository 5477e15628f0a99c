//! Work for miners: what the next block is made of, and the solution that comes back.

use qoin_core::{
    address::Address,
    amount::Amount,
    block::{BlockFault, TIME_ROLL_MAX_S},
    coinbase::Coinbase,
    hash::{BlockHash, MerkleNode},
    header::{HEADER_VERSION, Header},
    merkle,
    target::CompactTarget,
};
use thiserror::Error;

/// The next block but for its coinbase's owner and extranonce, and the nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The height.
    pub height: u32,
    /// The hash of the block before.
    pub previous: BlockHash,
    /// When the block before was solved, in milliseconds since 1970.
    pub previous_solved_ms: u64,
    /// The number of the first log record.
    pub first: u64,
    /// How many log records.
    pub count: u32,
    /// The reward if a member's miner solves it.
    pub reward: Amount,
    /// The coinbase's path to the Merkle root.
    pub branch: Vec<MerkleNode>,
    /// The target.
    pub bits: CompactTarget,
    /// When this height's work first went to a miner, in milliseconds since 1970.
    pub opened_ms: u64,
    /// When this template was made, in milliseconds since 1970; also the header's time.
    pub issued_ms: u64,
    /// When the target becomes easier, in milliseconds since 1970, if it can.
    pub easing_ms: Option<u64>,
}

impl Template {
    /// The coinbase of a job for a miner of `owner`; an anonymous one earns nothing.
    pub fn coinbase(&self, owner: Option<Address>, extranonce: [u8; 8]) -> Coinbase {
        Coinbase {
            height: self.height,
            extranonce,
            reward: if owner.is_some() { self.reward } else { Amount::ZERO },
            opened_ms: self.opened_ms,
            issued_ms: self.issued_ms,
            previous_solved_ms: self.previous_solved_ms,
            rewarded: owner,
        }
    }

    /// The header's time as the template has it, in seconds since 1970.
    pub fn time(&self) -> u32 {
        u32::try_from(self.issued_ms / 1000).unwrap_or(u32::MAX)
    }

    /// Whether a miner may use this time.
    pub fn allows_time(&self, time: u32) -> bool {
        (self.time()..=self.time().saturating_add(TIME_ROLL_MAX_S)).contains(&time)
    }

    /// The header over a coinbase of this template.
    pub fn header(&self, coinbase: &Coinbase, time: u32, nonce: u32) -> Header {
        Header {
            version: HEADER_VERSION,
            previous: self.previous,
            merkle_root: merkle::fold_branch(coinbase.hash(), &self.branch),
            time,
            bits: self.bits,
            nonce,
        }
    }

    /// The solution of this template that a miner found.
    pub fn solution(&self, coinbase: Coinbase, header: Header) -> Solution {
        Solution { header, coinbase, first: self.first, count: self.count }
    }
}

/// A header that meets its target, with what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The header.
    pub header: Header,
    /// Its coinbase.
    pub coinbase: Coinbase,
    /// The number of the first log record.
    pub first: u64,
    /// How many log records.
    pub count: u32,
}

/// Why a solution made no block.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SolveError {
    /// Another block was faster, or the work was opened anew.
    #[error("the work is stale")]
    Stale,
    /// It breaks a rule.
    #[error("the block is not valid: {0}")]
    Fault(#[from] BlockFault),
    /// The ledger does not take blocks now.
    #[error("the ledger does not take blocks now")]
    Closed,
}
