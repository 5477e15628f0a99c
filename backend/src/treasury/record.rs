//! What the store holds about the treasury: a version byte, then borsh. Each kind of record has a version of its own.

use super::error::TreasuryError;
use crate::store::{Snapshot, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    address::Address,
    amount::Amount,
    audit::AuditActor,
    encode::{decode, encode},
    memo::Memo,
};

/// A record with the version of its bytes.
pub(super) trait Record: BorshSerialize + BorshDeserialize {
    /// The version that is written.
    const VERSION: u8 = 1;

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![Self::VERSION];
        bytes.extend(encode(self));
        bytes
    }

    /// # Errors
    /// When a newer release wrote it, or the bytes are damaged.
    fn from_bytes(bytes: &[u8]) -> Result<Self, TreasuryError> {
        match bytes.split_first() {
            Some((version, rest)) if *version == Self::VERSION => Ok(decode(rest)?),
            Some((newer, _)) => Err(TreasuryError::NewerRecord(*newer)),
            None => Ok(decode(bytes)?),
        }
    }

    /// The record under a key.
    fn get(snapshot: &dyn Snapshot, table: Table, key: &[u8]) -> Result<Option<Self>, TreasuryError> {
        snapshot.get(table, key)?.map(|bytes| Self::from_bytes(&bytes)).transpose()
    }
}

/// What the system account is to do.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Wish {
    /// Pay a member.
    Credit { recipient: Address, amount: Amount, memo: Option<Memo> },
    /// Pay many. The rows stand elsewhere; `hash` is that of the file.
    CreditFile { hash: [u8; 32], count: u32, total: Amount },
    /// Make money.
    Issue { amount: Amount },
    /// Destroy money.
    Burn { amount: Amount },
    /// Give back what a member paid in, `of` in all.
    Refund { original: u64, of: Amount, recipient: Address, amount: Amount, memo: Option<Memo> },
}

impl Wish {
    /// How much in all.
    pub const fn total(&self) -> Amount {
        match self {
            Self::Credit { amount, .. }
            | Self::Issue { amount }
            | Self::Burn { amount }
            | Self::Refund { amount, .. } => *amount,
            Self::CreditFile { total, .. } => *total,
        }
    }
}

/// An order, by its id: what it was, so that the same one is known again, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OrderRecord {
    /// The hash of what was wished.
    pub(super) content: [u8; 32],
    pub(super) came_to: CameTo,
}

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum CameTo {
    /// It was paid from this log record on.
    Paid { first: u64 },
    /// It became this proposal.
    Proposed { number: u64 },
}

/// A proposal, by its number.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct ProposalRecord {
    pub order: [u8; 16],
    pub wish: Wish,
    pub reason: String,
    pub proposed_by: AuditActor,
    pub proposed_ms: u64,
    pub expires_ms: u64,
    pub decision: Option<DecisionRecord>,
}

/// How somebody decided about a proposal.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct DecisionRecord {
    pub verdict: Verdict,
    pub by: AuditActor,
    pub at_ms: u64,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Verdict {
    /// It was paid from this log record on.
    Approved {
        first: u64,
    },
    Declined,
    Withdrawn,
}

/// A run of a file's rows, by the number of its proposal and the number of the run.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct RowsRecord {
    pub rows: Vec<Row>,
}

/// A good row of a file of credits.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Row {
    /// Where it begins in the file, from 1.
    pub line: u32,
    pub recipient: Address,
    pub amount: Amount,
    pub memo: Option<String>,
}

/// Who caused a run of log records, by the number of the first.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct CauseRecord {
    pub who: AuditActor,
    /// Who approved it, where that was needed.
    pub approved_by: Option<AuditActor>,
    /// How many records.
    pub count: u32,
    /// What the only one gives back.
    pub refund_of: Option<u64>,
}

/// A refund, by the original's number and its own.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct RefundRecord {
    pub amount: Amount,
}

/// A request for repayment, by its number.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct RepaymentRecord {
    pub original: u64,
    pub member: Address,
    pub amount: Amount,
    pub reason: String,
    pub requested_by: AuditActor,
    pub requested_ms: u64,
    pub standing: Standing,
}

/// How a request for repayment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Standing {
    Open,
    Paid { record: u64 },
    Withdrawn { by: AuditActor, at_ms: u64 },
}

impl Record for OrderRecord {}
impl Record for ProposalRecord {}
impl Record for RowsRecord {}
impl Record for CauseRecord {}
impl Record for RefundRecord {}
impl Record for RepaymentRecord {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_a_newer_version_and_refuse_damage() {
        let record = OrderRecord { content: [7; 32], came_to: CameTo::Proposed { number: 3 } };
        let mut bytes = record.to_bytes();
        assert_eq!(OrderRecord::from_bytes(&bytes).unwrap(), record);
        assert!(matches!(OrderRecord::from_bytes(&bytes[..5]), Err(TreasuryError::Record(_))));
        assert!(matches!(OrderRecord::from_bytes(&[]), Err(TreasuryError::Record(_))));
        bytes[0] = 2;
        assert!(matches!(OrderRecord::from_bytes(&bytes), Err(TreasuryError::NewerRecord(2))));
    }
}
