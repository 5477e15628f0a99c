//! Blocks: a header, its coinbase, a run of the log, and the leader's seal.
//!
//! A block comes as `Block<Unchecked>`. [`Block::check`] holds it against the state that it follows and
//! makes it a `Block<Checked>`, the only kind that the ledger seals with.

use crate::{
    amount::Amount,
    coinbase::Coinbase,
    encode::encode,
    genesis::Genesis,
    hash::{GenesisHash, MerkleNode},
    header::{HEADER_VERSION, Header},
    keys::{Purpose, SecretKey, Signature},
    ledger::State,
    limits::BLOCK_RECORDS_MAX,
    merkle, retarget,
    target::CompactTarget,
};
use borsh::{BorshDeserialize, BorshSerialize};
use std::marker::PhantomData;
use thiserror::Error;

/// How far a miner may roll a header's time forward from the moment its job was issued, in seconds.
pub const TIME_ROLL_MAX_S: u32 = 60;

/// Nobody has held the block against the rules yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchecked {}

/// The block keeps every rule, on top of the state it was checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {}

/// A block. Its log records stand in the log: it seals `count` of them from `first` on.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block<S> {
    /// The header, whose hash meets the target.
    pub header: Header,
    /// The first leaf of its tree.
    pub coinbase: Coinbase,
    /// The number of its first log record.
    pub first: u64,
    /// How many log records it seals.
    pub count: u32,
    /// When the leader took the solution, in milliseconds since 1970.
    pub solved_ms: u64,
    /// The leader's signature; see [`seal_message`].
    pub seal: Signature,
    #[borsh(skip)]
    state: PhantomData<S>,
}

/// The first rule that a block breaks.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum BlockFault {
    /// Another height than the next.
    #[error("the height is {found}, not {expected}")]
    Height {
        /// The next height.
        expected: u32,
        /// The block's.
        found: u32,
    },
    /// It follows another block.
    #[error("the previous hash is not that of the last block")]
    Previous,
    /// Another version of headers.
    #[error("the header's version is {0:#010x}, not {HEADER_VERSION:#010x}")]
    Version(u32),
    /// It does not seal the next run of the log.
    #[error("the block seals {count} records from {first}, but the next of {waiting} that wait is {next}")]
    Run {
        /// The block's first record.
        first: u64,
        /// The block's count.
        count: u32,
        /// The number of the next record to seal.
        next: u64,
        /// How many records wait.
        waiting: usize,
    },
    /// More records than a block holds.
    #[error("the block seals {0} records, more than {BLOCK_RECORDS_MAX}")]
    TooManyRecords(u32),
    /// Two equal leaves in its tree.
    #[error("two leaves of the tree are equal")]
    EqualLeaves,
    /// The tree over coinbase and records has another root.
    #[error("the Merkle root is not that of the coinbase and the records")]
    MerkleRoot,
    /// The coinbase names another time for the previous block.
    #[error("the previous block was solved at {expected} ms, not at {found} ms")]
    PreviousSolved {
        /// When it was.
        expected: u64,
        /// What the coinbase says.
        found: u64,
    },
    /// Times out of order.
    #[error(
        "the times are out of order: previous solved {previous}, opened {opened}, issued {issued}, solved {solved} ms"
    )]
    TimeOrder {
        /// When the previous block was solved.
        previous: u64,
        /// When work on this height began.
        opened: u64,
        /// When the job was made.
        issued: u64,
        /// When its solution was taken.
        solved: u64,
    },
    /// The header's time is not that of the job, rolled forward by at most a minute.
    #[error("the header's time {0} s is not within a minute after the job was issued")]
    HeaderTime(u32),
    /// Another target than the rule asks for.
    #[error("the target is {found}, not {expected}")]
    Target {
        /// What the rule asks for.
        expected: CompactTarget,
        /// The header's.
        found: CompactTarget,
    },
    /// The hash is above the target.
    #[error("the hash does not meet the target")]
    ProofOfWork,
    /// The system account pays more in this block than it has. A leader that leaves no reserve for rewards gets there.
    #[error("the system account's payments in the block exceed its balance")]
    Uncovered,
    /// Another reward than the rule gives.
    #[error("the reward is not the one that the rule gives")]
    Reward,
    /// The rewarded address has no account.
    #[error("no account is open at the rewarded address")]
    Rewarded,
    /// The seal is not by the leader's key.
    #[error("the seal is not by the leader's key")]
    Seal,
}

/// What the leader's seal signs: the canonical bytes of height, block hash and solved.
pub fn seal_message(header: &Header, height: u32, solved_ms: u64) -> Vec<u8> {
    encode(&(height, header.hash(), solved_ms))
}

impl<S> Block<S> {
    /// Whether its job was made easier for having waited.
    pub fn is_eased(&self, genesis: &Genesis) -> bool {
        retarget::easing_steps(self.coinbase.opened_ms, self.coinbase.issued_ms, genesis.block_interval_ms) > 0
    }

    fn with_state<T>(self) -> Block<T> {
        let Self { header, coinbase, first, count, solved_ms, seal, state: _ } = self;
        Block { header, coinbase, first, count, solved_ms, seal, state: PhantomData }
    }
}

impl Block<Unchecked> {
    /// A solved block under the leader's seal.
    pub fn seal(
        header: Header,
        coinbase: Coinbase,
        run: std::ops::Range<u64>,
        solved_ms: u64,
        leader: &SecretKey,
        genesis: &GenesisHash,
    ) -> Self {
        let seal = leader.sign(Purpose::Seal, genesis, &seal_message(&header, coinbase.height, solved_ms));
        let count = u32::try_from(run.end - run.start).expect("a run is at most what a block holds");
        Self { header, coinbase, first: run.start, count, solved_ms, seal, state: PhantomData }
    }

    /// Holds the block against every rule, on top of `state`, in which its records wait.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(self, state: &State) -> Result<Block<Checked>, BlockFault> {
        self.check_place(state)?;
        self.check_tree(state)?;
        self.check_times(state)?;
        self.check_work(state)?;
        self.check_reward(state)?;
        let message = seal_message(&self.header, self.coinbase.height, self.solved_ms);
        if !state.head().leader_key.verifies(Purpose::Seal, &state.genesis_hash(), &message, &self.seal) {
            return Err(BlockFault::Seal);
        }
        Ok(self.with_state())
    }

    fn check_place(&self, state: &State) -> Result<(), BlockFault> {
        let head = state.head();
        if self.coinbase.height != head.height + 1 {
            return Err(BlockFault::Height { expected: head.height + 1, found: self.coinbase.height });
        }
        if self.header.previous != head.hash {
            return Err(BlockFault::Previous);
        }
        if self.header.version != HEADER_VERSION {
            return Err(BlockFault::Version(self.header.version));
        }
        if self.count > BLOCK_RECORDS_MAX {
            return Err(BlockFault::TooManyRecords(self.count));
        }
        let waiting = state.pending_count();
        if self.first != head.sealed || self.count as usize > waiting {
            return Err(BlockFault::Run { first: self.first, count: self.count, next: head.sealed, waiting });
        }
        Ok(())
    }

    fn check_tree(&self, state: &State) -> Result<(), BlockFault> {
        let leaves: Vec<MerkleNode> =
            std::iter::once(self.coinbase.hash()).chain(state.pending_leaves().take(self.count as usize)).collect();
        if merkle::has_duplicates(&leaves) {
            return Err(BlockFault::EqualLeaves);
        }
        if merkle::root(&leaves) != self.header.merkle_root {
            return Err(BlockFault::MerkleRoot);
        }
        Ok(())
    }

    fn check_times(&self, state: &State) -> Result<(), BlockFault> {
        let previous = state.head().solved_ms;
        let Coinbase { opened_ms: opened, issued_ms: issued, previous_solved_ms, .. } = self.coinbase;
        if previous_solved_ms != previous {
            return Err(BlockFault::PreviousSolved { expected: previous, found: previous_solved_ms });
        }
        let solved = self.solved_ms;
        if !(previous <= opened && opened <= issued && issued <= solved) {
            return Err(BlockFault::TimeOrder { previous, opened, issued, solved });
        }
        let rolled_s = u64::from(self.header.time).checked_sub(issued / 1000);
        if rolled_s.is_none_or(|rolled_s| rolled_s > u64::from(TIME_ROLL_MAX_S)) {
            return Err(BlockFault::HeaderTime(self.header.time));
        }
        Ok(())
    }

    fn check_work(&self, state: &State) -> Result<(), BlockFault> {
        let expected = state.target(self.coinbase.opened_ms, self.coinbase.issued_ms);
        if self.header.bits != expected {
            return Err(BlockFault::Target { expected, found: self.header.bits });
        }
        let target = expected.expand().expect("the rule gives targets");
        if target.is_met_by(&self.header.hash()) { Ok(()) } else { Err(BlockFault::ProofOfWork) }
    }

    fn check_reward(&self, state: &State) -> Result<(), BlockFault> {
        let reward = state.reward_for(self.count).ok_or(BlockFault::Uncovered)?;
        let expected = match self.coinbase.rewarded {
            None => Amount::ZERO,
            Some(address) if !state.can_be_rewarded(&address, self.count) => return Err(BlockFault::Rewarded),
            Some(_) => reward,
        };
        if self.coinbase.reward == expected { Ok(()) } else { Err(BlockFault::Reward) }
    }
}

impl State {
    /// The target of a job for the next block, issued at `issued_ms` for a height opened at `opened_ms`.
    ///
    /// # Panics
    /// Never: genesis was checked, and so was every block whose target counts.
    pub fn target(&self, opened_ms: u64, issued_ms: u64) -> CompactTarget {
        let (genesis, easiest) = (self.genesis(), self.genesis().easiest());
        retarget::eased(self.required_target(), opened_ms, issued_ms, genesis.block_interval_ms, easiest)
            .expect("checked targets expand")
    }

    /// The next block's target before any easing.
    ///
    /// # Panics
    /// Never, as [`Self::target`].
    pub fn required_target(&self) -> CompactTarget {
        let (genesis, past) = (self.genesis(), self.head().past.iter().copied().collect::<Vec<_>>());
        retarget::required(&past, genesis.block_interval_ms, genesis.starting_target, genesis.easiest())
            .expect("checked targets expand")
    }
}
