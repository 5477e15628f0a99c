//! The chain's end, and everything that changes with blocks only.

use crate::{
    amount::Amount,
    genesis::Genesis,
    hash::BlockHash,
    keys::PublicKey,
    retarget::{Past, WINDOW},
};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::VecDeque;

/// The chain's end. Kept once a block, it is all that opening a chain needs besides accounts and the log's end.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Head {
    /// The last block's height; 0 before the first.
    pub height: u32,
    /// The last block's hash; before the first the genesis hash.
    pub hash: BlockHash,
    /// When the last block was solved, in milliseconds since 1970; before the first the time of genesis.
    pub solved_ms: u64,
    /// How many log records are sealed.
    pub sealed: u64,
    /// The money ever made, as far as sealed.
    pub issued: Amount,
    /// The money ever destroyed, as far as sealed.
    pub burned: Amount,
    /// The key that seals the next block.
    pub leader_key: PublicKey,
    /// The blocks that decide the next target, oldest first.
    pub past: VecDeque<Past>,
}

impl Head {
    pub(super) fn at_genesis(genesis: &Genesis) -> Self {
        Self {
            height: 0,
            hash: genesis.as_previous_block(),
            solved_ms: genesis.time_ms,
            sealed: 0,
            issued: genesis.genesis_amount,
            burned: Amount::ZERO,
            leader_key: genesis.leader_key,
            past: VecDeque::with_capacity(WINDOW),
        }
    }

    /// The money there is, as far as sealed.
    pub fn supply(&self) -> Amount {
        self.issued.checked_sub(self.burned).expect("only money that was issued is burned")
    }

    pub(super) fn remember(&mut self, block: Past) {
        if self.past.len() == WINDOW {
            self.past.pop_front();
        }
        self.past.push_back(block);
    }
}
