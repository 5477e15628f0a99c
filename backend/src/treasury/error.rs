//! Why the treasury says no, and what can fail while finding out.

use crate::identity::IdentityError;
use crate::ledger::{ChangeError, LedgerError};
use crate::store::StoreError;
use qoin_core::api::admin::treasury::ProposalState;
use qoin_core::encode::DecodeError;
use qoin_core::limits::{CREDIT_ROWS_MAX, PROPOSALS_OPEN_MAX, REPAYMENTS_OPEN_MAX};
use thiserror::Error;

/// A request that the treasury's rules do not allow. A normal result.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The id was used for another order.
    #[error("this id was used for something else; make a new one for every order")]
    OtherOrder,
    /// More than can be paid out of the system account.
    #[error("this is {amount}, but only {available} can be paid out of the system account now; issue more first")]
    BeyondSystemAccount {
        /// What was asked for.
        amount: String,
        /// What there is, less what stays for rewards.
        available: String,
    },
    /// Some rows of a file are bad, so none of it was paid.
    #[error("{faults} of {rows} rows are bad, the first in line {line}: {first}; nothing was paid")]
    Rows {
        /// How many are bad.
        faults: u32,
        /// Of how many.
        rows: u32,
        /// Where the first is.
        line: u32,
        /// What is wrong with it.
        first: String,
    },
    /// There is no credit in the file.
    #[error("the file holds no credit: each line is an e-mail address or an address, a comma and an amount")]
    NoRows,
    /// Too many rows.
    #[error("a file holds at most {CREDIT_ROWS_MAX} credits; split it")]
    TooManyRows,
    /// No such record.
    #[error("there is no record {0} in the log")]
    NoRecord(u64),
    /// A record that cannot be given back.
    #[error(
        "record {0} is not a payment of a member into the system account; only such can be given back. What the system \
         account paid out can be asked back: request its repayment"
    )]
    NotPaidIn(u64),
    /// A record that cannot be asked back.
    #[error("record {0} is not a payment of the system account to a member")]
    NotPaidOut(u64),
    /// More than the original.
    #[error("of record {original} only {left} is left to be reversed")]
    AboveOriginal {
        /// The record.
        original: u64,
        /// What is left.
        left: String,
    },
    /// No such proposal.
    #[error("there is no proposal {0}")]
    NoProposal(u64),
    /// Somebody has decided.
    #[error("proposal {number} is {state} already")]
    Decided {
        /// Which.
        number: u64,
        /// How it stands.
        state: &'static str,
    },
    /// One's own proposal.
    #[error("you proposed this yourself: another administrator approves or declines it; you can withdraw it")]
    OwnProposal,
    /// Somebody else's proposal.
    #[error("only who proposed it can withdraw it; decline it instead")]
    ForeignProposal,
    /// Too many wait.
    #[error("{PROPOSALS_OPEN_MAX} proposals wait already; have some decided first")]
    TooManyProposals,
    /// No such request.
    #[error("there is no request {0} for repayment")]
    NoRepayment(u64),
    /// It is not open any more.
    #[error("request {number} for repayment is {state} already")]
    RepaymentDone {
        /// Which.
        number: u64,
        /// How it stands.
        state: &'static str,
    },
    /// Not the payment that was asked for.
    #[error("request {number} is paid by a transfer of exactly {amount} from its member to the system account")]
    OtherPayment {
        /// Which.
        number: u64,
        /// How much.
        amount: String,
    },
    /// Too many wait.
    #[error("{REPAYMENTS_OPEN_MAX} requests to this member are open already; withdraw some first")]
    TooManyRepayments,
    /// No reason where somebody reads it.
    #[error("the member reads why the credit is asked back: give a reason")]
    NoReason,
}

impl Refusal {
    pub(super) fn decided(number: u64, state: ProposalState) -> Self {
        let state = match state {
            ProposalState::Open => "open",
            ProposalState::Approved => "approved",
            ProposalState::Declined => "declined",
            ProposalState::Withdrawn => "withdrawn",
            ProposalState::Expired => "expired",
        };
        Self::Decided { number, state }
    }
}

/// The ways in which the treasury does not do what it is asked for.
#[derive(Debug, Error)]
pub enum TreasuryError {
    /// Its rules do not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The rules about people do not, or something about them broke.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The ledger does not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record in the store is not what this release writes.
    #[error("a record of the treasury is not readable: {0}")]
    Record(#[from] DecodeError),
    /// A record of a newer release.
    #[error("a record of version {0} needs a newer release")]
    NewerRecord(u8),
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
    /// The order is known already. Never leaves this module.
    #[error("known already")]
    Known(Box<super::record::OrderRecord>),
}

impl From<ChangeError<TreasuryError>> for TreasuryError {
    fn from(error: ChangeError<TreasuryError>) -> Self {
        match error {
            ChangeError::Refused(error) => error,
            ChangeError::Ledger(error) => Self::Ledger(error),
        }
    }
}
