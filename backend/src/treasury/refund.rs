//! Refunds: the system account gives back what a member paid in, linked to the original and never above it.

use super::error::{Refusal, TreasuryError};
use super::order::{Order, Outcome, reason};
use super::record::{Record, RefundRecord, Wish};
use crate::identity::{Granted, right};
use crate::store::{Order as Sort, Snapshot, Table};
use qoin_core::{amount::Amount, api::admin::treasury::Refund, decimals::Decimals, transaction::Operation};
use std::ops::Bound;

impl Granted<right::Reverse> {
    /// Gives back what a member paid into the system account, in whole or in part.
    ///
    /// # Errors
    /// When the original is no such payment, less of it is left, the system account has not enough, or the right is gone.
    pub async fn refund(&self, request: Refund) -> Result<Outcome, TreasuryError> {
        let Refund { original, amount, payment_id: id, memo, reason: why } = request;
        let ledger = self.identity().ledger();
        let stored = ledger.read().record(original)?.ok_or(Refusal::NoRecord(original))?;
        let transaction = &stored.record.signed.transaction;
        let system = ledger.genesis().system;
        let of = match &transaction.operation {
            Operation::Transfer { to, amount } if *to == system && transaction.signer != system => *amount,
            _ => return Err(Refusal::NotPaidIn(original).into()),
        };
        let wish = Wish::Refund { original, of, recipient: transaction.signer, amount, memo };
        self.order(Order { id, wish, rows: Vec::new(), reason: reason(why)? }).await
    }
}

/// The key of a refund.
pub(super) fn key(original: u64, refund: u64) -> Vec<u8> {
    [original.to_be_bytes(), refund.to_be_bytes()].concat()
}

/// How much of a payment was given back.
pub(super) fn refunded(snapshot: &dyn Snapshot, original: u64) -> Result<Amount, TreasuryError> {
    let (from, to) = (key(original, 0), key(original, u64::MAX));
    let (from, to) = (Bound::Included(from.as_slice()), Bound::Included(to.as_slice()));
    let refunds = snapshot.range(Table::Refunds, from, to, Sort::Ascending, usize::MAX)?;
    refunds.iter().try_fold(Amount::ZERO, |sum, (_, bytes)| {
        Ok(sum.checked_add(RefundRecord::from_bytes(bytes)?.amount).unwrap_or(Amount::MAX))
    })
}

/// Refuses a refund that would give back more than was paid in, `of` in all.
pub(super) fn check_left(
    snapshot: &dyn Snapshot,
    decimals: Decimals,
    original: u64,
    of: Amount,
    amount: Amount,
) -> Result<(), TreasuryError> {
    check_within(decimals, original, of, refunded(snapshot, original)?, amount)
}

/// Refuses what is more than is left of an original.
pub(super) fn check_within(
    decimals: Decimals,
    original: u64,
    of: Amount,
    reversed: Amount,
    amount: Amount,
) -> Result<(), TreasuryError> {
    let left = of.checked_sub(reversed).unwrap_or(Amount::ZERO);
    if amount <= left {
        return Ok(());
    }
    Err(Refusal::AboveOriginal { original, left: left.display(decimals).to_string() }.into())
}
