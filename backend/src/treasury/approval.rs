//! The second administrator: what waits above the limit is approved or declined by someone else, or withdrawn.

use super::error::{Refusal, TreasuryError};
use super::order::{self, cause, execute, number_of, payments, reason, rows_key};
use super::record::{DecisionRecord, ProposalRecord, Record, Row, RowsRecord, Verdict, Wish};
use super::recorded;
use super::view::{actor_name, row_view};
use crate::audit::Action;
use crate::identity::{Granted, Identity, Right, right};
use crate::ledger::Paid;
use crate::store::{Batch, Entry, Order as Sort, Snapshot, Table};
use qoin_core::{
    api::admin::treasury::{Decide, ProposalState, ProposalView, ProposalsPage, ProposedView},
    audit::{AuditAction, AuditActor, AuditChange, AuditTarget},
};
use std::ops::Bound;

/// How many rows of a file a proposal shows.
const ROWS_SHOWN: usize = 20;
/// How many proposals are read at a time.
const PAGE: usize = 256;

/// Which proposals to list.
#[derive(Debug, Clone, Copy)]
pub struct ProposalQuery {
    /// Only those that wait.
    pub open: bool,
    /// Only those before the one with this number.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: usize,
}

impl Granted<right::ViewTreasury> {
    /// Proposals, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn proposals(&self, query: ProposalQuery) -> Result<ProposalsPage, TreasuryError> {
        let identity = self.identity();
        let now_ms = identity.ledger().now_ms();
        let snapshot = identity.ledger().read().snapshot()?;
        let mut found = Vec::new();
        let mut before = query.before;
        'pages: loop {
            let key = before.map(u64::to_be_bytes);
            let to = key.as_ref().map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()));
            let page = snapshot.range(Table::Proposals, Bound::Unbounded, to, Sort::Descending, PAGE)?;
            for (key, bytes) in &page {
                let proposal = ProposalRecord::from_bytes(bytes)?;
                before = Some(number_of(key));
                if query.open && proposal.expires_ms <= now_ms {
                    // Those before have expired, too.
                    break 'pages;
                }
                if !query.open || proposal.decision.is_none() {
                    found.push((number_of(key), proposal));
                }
                if found.len() > query.limit {
                    break 'pages;
                }
            }
            if page.len() < PAGE {
                break;
            }
        }
        let has_more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = found.last().filter(|_| has_more).map(|(number, _)| *number);
        let who = self.actor().who();
        let view = |(number, proposal)| view(identity, &*snapshot, &who, now_ms, number, proposal);
        Ok(ProposalsPage { proposals: found.into_iter().map(view).collect::<Result<_, _>>()?, next })
    }
}

impl<R: Right> Granted<R> {
    /// A proposal.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub fn proposal(&self, number: u64) -> Result<ProposalView, TreasuryError> {
        let identity = self.identity();
        let snapshot = identity.ledger().read().snapshot()?;
        let proposal = get(&*snapshot, number)?;
        view(identity, &*snapshot, &self.actor().who(), identity.ledger().now_ms(), number, proposal)
    }

    /// Ends a proposal without doing what it says.
    async fn end(&self, number: u64, decide: Decide, verdict: Verdict) -> Result<ProposalView, TreasuryError> {
        let reason = reason(decide.reason)?;
        let (by, at_ms) = (self.actor().who(), self.identity().ledger().now_ms());
        self.commit(move |snapshot| {
            let proposal = get(snapshot, number)?;
            check_open(number, &proposal, at_ms)?;
            match verdict {
                Verdict::Withdrawn if proposal.proposed_by != by => return Err(Refusal::ForeignProposal.into()),
                Verdict::Declined if proposal.proposed_by == by => return Err(Refusal::OwnProposal.into()),
                _ => {}
            }
            let mut batch = Batch::new();
            decided(snapshot, &mut batch, number, proposal, DecisionRecord { verdict, by, at_ms })?;
            let verdict = if verdict == Verdict::Withdrawn { "withdrawn" } else { "declined" };
            let change = AuditChange::new("state", "open", verdict);
            let target = AuditTarget::Request { number };
            let action = Action::new(AuditAction::ApprovalRefused, target).changing([change]).because(reason);
            Ok::<_, TreasuryError>(recorded(batch, (), vec![action]))
        })
        .await?;
        self.proposal(number)
    }
}

impl Granted<right::Approve> {
    /// Approves what somebody else proposed: it is done in the same commit.
    ///
    /// # Errors
    /// When it does not wait any more, is one's own, cannot be paid, or the right is gone.
    pub async fn approve(&self, number: u64, decide: Decide) -> Result<ProposalView, TreasuryError> {
        let reason = reason(decide.reason)?;
        let identity = self.identity();
        let (by, at_ms) = (self.actor().who(), identity.ledger().now_ms());
        let snapshot = identity.ledger().read().snapshot()?;
        let proposal = get(&*snapshot, number)?;
        check_approvable(number, &proposal, &by, at_ms)?;
        let rows = rows(&*snapshot, number, usize::MAX)?;
        drop(snapshot);
        // What is proposed never changes, so that it can be signed before the writer looks at how it stands.
        let payments = payments(identity, &proposal.wish, &rows, None)?;
        let decimals = identity.ledger().genesis().genesis.decimals;
        let paid = self
            .submit_with(payments, move |snapshot, first| {
                let proposal = get(snapshot, number)?;
                check_approvable(number, &proposal, &by, at_ms)?;
                let mut batch = Batch::new();
                let cause = cause(&proposal.wish, proposal.proposed_by, Some(by));
                execute(snapshot, &mut batch, decimals, &proposal.wish, first, &cause)?;
                let approved = Action::new(AuditAction::Approved, AuditTarget::Request { number })
                    .changing([AuditChange::new("state", "open", "approved"), AuditChange::made("record", first)])
                    .because(reason);
                let done = order::action(&proposal.wish, AuditTarget::Transaction { number: first })
                    .because(proposal.reason.clone());
                let decision = DecisionRecord { verdict: Verdict::Approved { first }, by, at_ms };
                decided(snapshot, &mut batch, number, proposal, decision)?;
                Ok::<_, TreasuryError>((batch, (), vec![approved, done]))
            })
            .await?;
        debug_assert!(matches!(paid, Paid::Now(..)), "its ids are new");
        self.proposal(number)
    }

    /// Declines what somebody else proposed.
    ///
    /// # Errors
    /// When it does not wait any more, is one's own, or the right is gone.
    pub async fn decline(&self, number: u64, decide: Decide) -> Result<ProposalView, TreasuryError> {
        self.end(number, decide, Verdict::Declined).await
    }
}

impl Granted<right::Credit> {
    /// Withdraws what one proposed oneself.
    ///
    /// # Errors
    /// When it does not wait any more, somebody else proposed it, or the right is gone.
    pub async fn withdraw_proposal(&self, number: u64, decide: Decide) -> Result<ProposalView, TreasuryError> {
        self.end(number, decide, Verdict::Withdrawn).await
    }
}

fn get(snapshot: &dyn Snapshot, number: u64) -> Result<ProposalRecord, TreasuryError> {
    let proposal = ProposalRecord::get(snapshot, Table::Proposals, &number.to_be_bytes())?;
    proposal.ok_or_else(|| Refusal::NoProposal(number).into())
}

fn state(proposal: &ProposalRecord, now_ms: u64) -> ProposalState {
    match proposal.decision.as_ref().map(|decision| decision.verdict) {
        Some(Verdict::Approved { .. }) => ProposalState::Approved,
        Some(Verdict::Declined) => ProposalState::Declined,
        Some(Verdict::Withdrawn) => ProposalState::Withdrawn,
        None if proposal.expires_ms <= now_ms => ProposalState::Expired,
        None => ProposalState::Open,
    }
}

fn check_open(number: u64, proposal: &ProposalRecord, now_ms: u64) -> Result<(), Refusal> {
    match state(proposal, now_ms) {
        ProposalState::Open => Ok(()),
        state => Err(Refusal::decided(number, state)),
    }
}

fn check_approvable(number: u64, proposal: &ProposalRecord, by: &AuditActor, now_ms: u64) -> Result<(), Refusal> {
    check_open(number, proposal, now_ms)?;
    if proposal.proposed_by == *by { Err(Refusal::OwnProposal) } else { Ok(()) }
}

/// Writes down how a proposal was decided, and forgets its rows.
fn decided(
    snapshot: &dyn Snapshot,
    batch: &mut Batch,
    number: u64,
    proposal: ProposalRecord,
    decision: DecisionRecord,
) -> Result<(), TreasuryError> {
    let proposal = ProposalRecord { decision: Some(decision), ..proposal };
    batch.put(Table::Proposals, number.to_be_bytes(), proposal.to_bytes());
    if matches!(proposal.wish, Wish::CreditFile { .. }) {
        for (key, _) in row_records(snapshot, number, usize::MAX)? {
            batch.delete(Table::ProposedRows, key);
        }
    }
    Ok(())
}

fn row_records(snapshot: &dyn Snapshot, number: u64, max: usize) -> Result<Vec<Entry>, TreasuryError> {
    let (from, to) = (rows_key(number, 0), rows_key(number, u32::MAX));
    let (from, to) = (Bound::Included(from.as_slice()), Bound::Included(to.as_slice()));
    Ok(snapshot.range(Table::ProposedRows, from, to, Sort::Ascending, max)?)
}

fn rows(snapshot: &dyn Snapshot, number: u64, records_max: usize) -> Result<Vec<Row>, TreasuryError> {
    let mut rows = Vec::new();
    for (_, bytes) in row_records(snapshot, number, records_max)? {
        rows.extend(RowsRecord::from_bytes(&bytes)?.rows);
    }
    Ok(rows)
}

fn view(
    identity: &Identity,
    snapshot: &dyn Snapshot,
    who: &AuditActor,
    now_ms: u64,
    number: u64,
    proposal: ProposalRecord,
) -> Result<ProposalView, TreasuryError> {
    let what = match &proposal.wish {
        Wish::Credit { recipient, memo, .. } => ProposedView::Credit {
            recipient: identity.party(recipient),
            memo: memo.as_ref().map(|memo| memo.text().to_owned()),
        },
        Wish::CreditFile { count, .. } => {
            let rows = rows(snapshot, number, 1)?;
            let rows = rows.into_iter().take(ROWS_SHOWN).map(|row| row_view(identity, row)).collect();
            ProposedView::CreditFile { count: *count, rows }
        }
        Wish::Issue { .. } => ProposedView::Issue,
        Wish::Burn { .. } => ProposedView::Burn,
        Wish::Refund { original, recipient, .. } => {
            ProposedView::Refund { original: *original, recipient: identity.party(recipient) }
        }
    };
    let decision = proposal.decision.as_ref();
    Ok(ProposalView {
        number,
        what,
        total: proposal.wish.total(),
        reason: (!proposal.reason.is_empty()).then(|| proposal.reason.clone()),
        proposed_by: actor_name(identity, &proposal.proposed_by),
        is_own: proposal.proposed_by == *who,
        proposed_ms: proposal.proposed_ms,
        expires_ms: proposal.expires_ms,
        state: state(&proposal, now_ms),
        decided_by: decision.map(|decision| actor_name(identity, &decision.by)),
        decided_ms: decision.map(|decision| decision.at_ms),
        record: decision.and_then(|decision| match decision.verdict {
            Verdict::Approved { first } => Some(first),
            Verdict::Declined | Verdict::Withdrawn => None,
        }),
    })
}
