//! Requests for repayment: a mistaken credit is asked back, and the member's own wallet pays it.
//!
//! Nobody but the member can move the member's money, the leader neither. So all that can be done about a mistaken credit
//! is to ask: the request names the credit, is never above it, and is paid by a transfer that the member signs.

use super::error::{Refusal, TreasuryError};
use super::order::{next_number, number_of, reason};
use super::record::{CauseRecord, Record, RepaymentRecord, Standing};
use super::refund::check_within;
use super::{recorded, view::actor_name};
use crate::audit::Action;
use crate::identity::{self, Granted, Identity, MemberSession, right};
use crate::ledger::{Accepted, Paid};
use crate::store::{Batch, Order as Sort, Snapshot, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        admin::treasury::{Decide, RepaymentState, RepaymentView, RepaymentsPage, RequestRepayment},
        transactions::SubmitTransaction,
    },
    audit::{AuditAction, AuditChange, AuditTarget},
    limits::REPAYMENTS_OPEN_MAX,
    transaction::Operation,
};
use std::ops::Bound;

impl Granted<right::Reverse> {
    /// Asks a member to pay back a credit, in whole or in part.
    ///
    /// # Errors
    /// When the original is no credit, less of it is left, too many requests to the member are open, or the right is gone.
    pub async fn request_repayment(&self, request: RequestRepayment) -> Result<RepaymentView, TreasuryError> {
        let RequestRepayment { original, amount, reason: why } = request;
        let identity = self.identity().clone();
        let ledger = identity.ledger();
        let (decimals, system) = (ledger.genesis().genesis.decimals, ledger.genesis().system);
        let stored = ledger.read().record(original)?.ok_or(Refusal::NoRecord(original))?;
        let transaction = &stored.record.signed.transaction;
        let (member, of) = match &transaction.operation {
            Operation::Transfer { to, amount } if transaction.signer == system => (*to, *amount),
            _ => return Err(Refusal::NotPaidOut(original).into()),
        };
        let why = reason(Some(why))?;
        if why.is_empty() {
            return Err(Refusal::NoReason.into());
        }
        if amount.is_zero() {
            return Err(crate::ledger::LedgerError::from(qoin_core::ledger::Refusal::ZeroAmount).into());
        }
        let (requested_by, requested_ms) = (self.actor().who(), ledger.now_ms());
        let (number, record) = self
            .commit(move |snapshot| {
                check_within(decimals, original, of, asked_back(snapshot, original)?, amount)?;
                if open_of(snapshot, &member)?.len() >= REPAYMENTS_OPEN_MAX {
                    return Err(TreasuryError::from(Refusal::TooManyRepayments));
                }
                let number = next_number(snapshot, Table::Repayments)?;
                let standing = Standing::Open;
                let record = RepaymentRecord {
                    original,
                    member,
                    amount,
                    reason: why.clone(),
                    requested_by,
                    requested_ms,
                    standing,
                };
                let mut batch = Batch::new();
                batch.put(Table::Repayments, number.to_be_bytes(), record.to_bytes());
                batch.put(Table::RepaymentsOfRecord, pair(original.to_be_bytes(), number), []);
                batch.put(Table::RepaymentsOfMember, pair(member.to_bytes(), number), []);
                let changes = [
                    AuditChange::made("repayment_request", number),
                    AuditChange::made("member", member),
                    AuditChange::made("amount", amount),
                ];
                let target = AuditTarget::Transaction { number: original };
                let action = Action::new(AuditAction::RepaymentRequested, target).changing(changes).because(why);
                Ok(recorded(batch, (number, record), vec![action]))
            })
            .await?;
        Ok(view(&identity, number, record))
    }

    /// Withdraws a request that was not paid.
    ///
    /// # Errors
    /// When there is none, it is not open, or the right is gone.
    pub async fn withdraw_repayment(&self, number: u64, decide: Decide) -> Result<RepaymentView, TreasuryError> {
        let identity = self.identity().clone();
        let (by, at_ms) = (self.actor().who(), identity.ledger().now_ms());
        let why = reason(decide.reason)?;
        let record = self
            .commit(move |snapshot| {
                let record = open(snapshot, number)?;
                let record = RepaymentRecord { standing: Standing::Withdrawn { by, at_ms }, ..record };
                let mut batch = Batch::new();
                batch.put(Table::Repayments, number.to_be_bytes(), record.to_bytes());
                batch.delete(Table::RepaymentsOfRecord, pair(record.original.to_be_bytes(), number));
                batch.delete(Table::RepaymentsOfMember, pair(record.member.to_bytes(), number));
                let target = AuditTarget::Transaction { number: record.original };
                let change = AuditChange::gone("repayment_request", number);
                let action = Action::new(AuditAction::RepaymentWithdrawn, target).changing([change]).because(why);
                Ok::<_, TreasuryError>(recorded(batch, record, vec![action]))
            })
            .await?;
        Ok(view(&identity, number, record))
    }
}

impl Granted<right::ViewTreasury> {
    /// Up to `limit` requests before the one with the number `before`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn repayments(&self, before: Option<u64>, limit: usize) -> Result<RepaymentsPage, TreasuryError> {
        let snapshot = self.identity().ledger().read().snapshot()?;
        let key = before.map(u64::to_be_bytes);
        let to = key.as_ref().map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()));
        let mut page = snapshot.range(Table::Repayments, Bound::Unbounded, to, Sort::Descending, limit + 1)?;
        let has_more = page.len() > limit;
        page.truncate(limit);
        let next = page.last().filter(|_| has_more).map(|(key, _)| number_of(key));
        let view = |(key, bytes): (Vec<u8>, Vec<u8>)| {
            Ok(view(self.identity(), number_of(&key), RepaymentRecord::from_bytes(&bytes)?))
        };
        Ok(RepaymentsPage { repayments: page.into_iter().map(view).collect::<Result<_, TreasuryError>>()?, next })
    }
}

impl MemberSession {
    /// The open requests to this member, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn repayments(&self) -> Result<RepaymentsPage, TreasuryError> {
        let identity = self.identity();
        let snapshot = identity.ledger().read().snapshot()?;
        let mut numbers = open_of(&*snapshot, &self.address())?;
        numbers.reverse();
        let view = |number| Ok(view(identity, number, open(&*snapshot, number)?));
        let repayments = numbers.into_iter().map(view).collect::<Result<_, TreasuryError>>()?;
        Ok(RepaymentsPage { repayments, next: None })
    }

    /// Pays a request, with a transfer that the member has signed. Sent again, it is answered as the first time.
    ///
    /// # Errors
    /// When it is not open, the transfer is not what it asks for, or the ledger refuses it.
    pub async fn pay_repayment(&self, number: u64, request: SubmitTransaction) -> Result<Accepted, TreasuryError> {
        let SubmitTransaction { transaction: signed, memo } = request;
        let identity = self.identity();
        let ledger = identity.ledger();
        let (own, system) = (self.address(), ledger.genesis().system);
        let signer = signed.transaction.signer;
        if signer != own {
            return Err(identity::IdentityError::from(identity::Refusal::ForeignSigner { signer, account: own }).into());
        }
        let snapshot = ledger.read().snapshot()?;
        let record = RepaymentRecord::get(&*snapshot, Table::Repayments, &number.to_be_bytes())?;
        let record = record.filter(|record| record.member == own).ok_or(Refusal::NoRepayment(number))?;
        let is_asked = matches!(signed.transaction.operation, Operation::Transfer { to, amount } if to == system && amount == record.amount);
        if !is_asked {
            let amount = record.amount.display(ledger.genesis().genesis.decimals).to_string();
            return Err(Refusal::OtherPayment { number, amount }.into());
        }
        if let Standing::Paid { record: paid } = record.standing
            && let Some(stored) = ledger.read().record(paid)?
            && stored.record.signed == signed
        {
            let id = signed.transaction.id(&ledger.genesis().hash);
            let (accepted_us, block) = (stored.record.accepted_us, ledger.read().height_of(paid));
            return Ok(Accepted { number: paid, accepted_us, id, block, repeated: true });
        }
        let reservation = self.reserve_payments(1).map_err(identity::IdentityError::from)?;
        let who = self.audit_actor();
        let paid = ledger
            .submit_with(vec![(signed, memo)], move |snapshot, first| {
                let record = open(snapshot, number)?;
                let cause = CauseRecord { who, approved_by: None, count: 1, refund_of: Some(record.original) };
                let record = RepaymentRecord { standing: Standing::Paid { record: first }, ..record };
                let mut batch = Batch::new();
                batch.put(Table::Repayments, number.to_be_bytes(), record.to_bytes());
                batch.delete(Table::RepaymentsOfMember, pair(record.member.to_bytes(), number));
                batch.put(Table::Causes, first.to_be_bytes(), cause.to_bytes());
                Ok::<_, TreasuryError>((batch, ()))
            })
            .await?;
        Ok(match paid {
            Paid::Now(accepted, ()) => {
                reservation.keep(1);
                accepted
            }
            Paid::Before(accepted) => accepted,
        })
    }
}

/// What was asked back of a credit, by requests that are open or paid.
pub(super) fn asked_back(snapshot: &dyn Snapshot, original: u64) -> Result<Amount, TreasuryError> {
    let numbers = numbers_under(snapshot, Table::RepaymentsOfRecord, &original.to_be_bytes())?;
    numbers
        .into_iter()
        .try_fold(Amount::ZERO, |sum, number| Ok(sum.checked_add(get(snapshot, number)?.amount).unwrap_or(Amount::MAX)))
}

fn open_of(snapshot: &dyn Snapshot, member: &Address) -> Result<Vec<u64>, TreasuryError> {
    numbers_under(snapshot, Table::RepaymentsOfMember, &member.to_bytes())
}

fn numbers_under(snapshot: &dyn Snapshot, table: Table, prefix: &[u8]) -> Result<Vec<u64>, TreasuryError> {
    let (from, to) = ([prefix, &[0; 8]].concat(), [prefix, &[0xff; 8]].concat());
    let (from, to) = (Bound::Included(from.as_slice()), Bound::Included(to.as_slice()));
    let found = snapshot.range(table, from, to, Sort::Ascending, usize::MAX)?;
    Ok(found.iter().map(|(key, _)| number_of(&key[prefix.len()..])).collect())
}

fn pair(prefix: impl AsRef<[u8]>, number: u64) -> Vec<u8> {
    [prefix.as_ref(), &number.to_be_bytes()].concat()
}

fn get(snapshot: &dyn Snapshot, number: u64) -> Result<RepaymentRecord, TreasuryError> {
    let record = RepaymentRecord::get(snapshot, Table::Repayments, &number.to_be_bytes())?;
    record.ok_or_else(|| Refusal::NoRepayment(number).into())
}

fn open(snapshot: &dyn Snapshot, number: u64) -> Result<RepaymentRecord, TreasuryError> {
    let record = get(snapshot, number)?;
    let state = match record.standing {
        Standing::Open => return Ok(record),
        Standing::Paid { .. } => "paid",
        Standing::Withdrawn { .. } => "withdrawn",
    };
    Err(Refusal::RepaymentDone { number, state }.into())
}

fn view(identity: &Identity, number: u64, record: RepaymentRecord) -> RepaymentView {
    let (state, paid_by) = match record.standing {
        Standing::Open => (RepaymentState::Open, None),
        Standing::Paid { record } => (RepaymentState::Paid, Some(record)),
        Standing::Withdrawn { .. } => (RepaymentState::Withdrawn, None),
    };
    RepaymentView {
        number,
        original: record.original,
        member: identity.party(&record.member),
        amount: record.amount,
        reason: record.reason,
        requested_by: actor_name(identity, &record.requested_by),
        requested_ms: record.requested_ms,
        state,
        paid_by,
    }
}
