//! The first rule that a chain breaks, and where.

use crate::{
    block::BlockFault, chain_file::FileFault, genesis::GenesisError, hash::TransactionId, ledger::Refusal,
    transaction::WrongSignature,
};
use std::fmt;
use thiserror::Error;

/// Where a chain is wrong, and why.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{place}: {rule}")]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// Why.
    pub rule: BrokenRule,
}

/// A place in a chain. Heights count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The currency's parameters.
    Genesis,
    /// A log record.
    Record {
        /// The height of the block that seals it, or would.
        height: u32,
        /// Its number, as it says itself.
        number: u64,
        /// Its transaction's name.
        transaction: TransactionId,
    },
    /// A block.
    Block {
        /// Its place in the chain.
        height: u32,
    },
    /// Between two items, where the bytes could not be read.
    Between {
        /// The height of the block that would come next.
        height: u32,
        /// The number of the log record that would come next.
        number: u64,
    },
}

/// A rule that a chain breaks.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum BrokenRule {
    /// The bytes are not those of a chain.
    #[error(transparent)]
    File(#[from] FileFault),
    /// No currency can begin like this.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A number is missing from the log, or there twice.
    #[error("the record's number is {found}, not {expected}")]
    RecordNumber {
        /// The next number.
        expected: u64,
        /// The record's.
        found: u64,
    },
    /// The signature is not by a key that may sign this.
    #[error(transparent)]
    Signature(#[from] WrongSignature),
    /// A rule of the ledger.
    #[error(transparent)]
    Ledger(#[from] Refusal),
    /// A rule of blocks.
    #[error(transparent)]
    Block(#[from] BlockFault),
    /// The balances do not add up to the money there is.
    #[error("the balances do not add up to what was issued less what was burned")]
    Conservation,
}

impl Place {
    /// The height, and the log record's number, as far as the place has them.
    pub fn numbers(&self) -> (Option<u32>, Option<u64>) {
        match *self {
            Self::Genesis => (None, None),
            Self::Record { height, number, .. } | Self::Between { height, number } => (Some(height), Some(number)),
            Self::Block { height } => (Some(height), None),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Genesis => write!(f, "at the genesis"),
            Self::Record { height, number, transaction } => {
                write!(f, "at height {height}, log record {number}, transaction {transaction}")
            }
            Self::Block { height } => write!(f, "at height {height}, the block itself"),
            Self::Between { height, number } => write!(f, "at height {height}, before log record {number}"),
        }
    }
}

impl BrokenRule {
    /// The rule's name, stable over releases, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File(fault) => file_name(fault),
            Self::Genesis(error) => genesis_name(error),
            Self::RecordNumber { .. } => "record_number",
            Self::Signature(WrongSignature) => "signature",
            Self::Ledger(refusal) => ledger_name(refusal),
            Self::Block(fault) => block_name(fault),
            Self::Conservation => "conservation",
        }
    }
}

fn file_name(fault: &FileFault) -> &'static str {
    use crate::file_head::HeadError;
    match fault {
        FileFault::Head(HeadError::Foreign { .. }) => "not_a_chain",
        FileFault::Head(HeadError::Version { .. }) => "file_version",
        FileFault::Truncated(_) => "truncated",
        FileFault::ItemLength { .. } => "item_length",
        FileFault::Malformed { .. } => "malformed",
        FileFault::GenesisPlace(_) => "genesis_place",
        FileFault::EndMismatch { .. } => "end_mismatch",
        FileFault::AfterEnd(_) => "after_end",
    }
}

fn genesis_name(error: &GenesisError) -> &'static str {
    match error {
        GenesisError::RulesVersion(_) => "rules_version",
        GenesisError::Name(_) => "currency_name",
        GenesisError::Symbol(_) => "currency_symbol",
        GenesisError::BlockInterval(_) => "block_interval",
        GenesisError::RecoveryDelay(_) => "recovery_delay",
        GenesisError::Target(_) => "genesis_target",
    }
}

fn ledger_name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownVersion(_) => "transaction_version",
        Refusal::PaymentIdConflict => "payment_id_conflict",
        Refusal::Expired => "expired",
        Refusal::FromFuture => "from_future",
        Refusal::ClockNotIncreasing { .. } => "accepted_time",
        Refusal::UnknownSigner => "unknown_signer",
        Refusal::WrongKey => "wrong_key",
        Refusal::AddressMismatch => "address_mismatch",
        Refusal::AlreadyOpen => "already_open",
        Refusal::ZeroAmount => "zero_amount",
        Refusal::ToSelf => "to_self",
        Refusal::UnknownRecipient => "unknown_recipient",
        Refusal::InsufficientFunds { .. } => "insufficient_funds",
        Refusal::SystemOnly => "system_only",
        Refusal::NotRecoverable => "not_recoverable",
        Refusal::NoPendingRotation => "no_pending_rotation",
        Refusal::SameKey => "same_key",
        Refusal::SupplyOverflow => "supply_overflow",
        Refusal::StaleBlock => "stale_block",
    }
}

fn block_name(fault: &BlockFault) -> &'static str {
    match fault {
        BlockFault::Height { .. } => "height",
        BlockFault::Previous => "previous",
        BlockFault::Version(_) => "header_version",
        BlockFault::Run { .. } => "run",
        BlockFault::TooManyRecords(_) => "too_many_records",
        BlockFault::EqualLeaves => "equal_leaves",
        BlockFault::MerkleRoot => "merkle_root",
        BlockFault::PreviousSolved { .. } => "previous_solved",
        BlockFault::TimeOrder { .. } => "time_order",
        BlockFault::HeaderTime(_) => "header_time",
        BlockFault::Target { .. } => "target",
        BlockFault::ProofOfWork => "proof_of_work",
        BlockFault::Uncovered => "uncovered",
        BlockFault::Reward => "reward",
        BlockFault::Rewarded => "rewarded",
        BlockFault::Seal => "seal",
    }
}
