//! Orders: what the system account is to do, exactly once, recorded, and above the limit by two.

use super::error::{Refusal, TreasuryError};
use super::record::{CameTo, CauseRecord, OrderRecord, ProposalRecord, Record, RefundRecord, Row, RowsRecord, Wish};
use super::refund;
use crate::audit::Action;
use crate::identity::{self, Granted, Identity, IdentityError, Right, right};
use crate::ledger::{Accepted, Paid, SystemPayment};
use crate::store::{Batch, Order as Sort, Snapshot, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::admin::{Credit, treasury::ChangeSupply},
    audit::{AuditAction, AuditActor, AuditChange, AuditTarget},
    decimals::Decimals,
    encode::encode,
    hash::tagged_sha256d,
    limits::PROPOSALS_OPEN_MAX,
    memo::Memo,
    payment_id::PaymentId,
    reward,
    transaction::Operation,
};
use std::ops::Bound;

/// How long a proposal can be approved: seven days.
const PROPOSAL_LIFETIME_MS: u64 = 7 * 86_400_000;
/// How many rows of a file stand in one record.
const ROWS_OF_RECORD: usize = 1_000;

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was paid now.
    Paid(Accepted),
    /// It was paid before.
    PaidBefore(Accepted),
    /// It waits, as the proposal of this number, for a second administrator.
    Waiting(u64),
}

/// What is ordered.
pub(super) struct Order {
    /// Its name for ever. A single payment has it as its payment id.
    pub id: PaymentId,
    pub wish: Wish,
    /// Of a file.
    pub rows: Vec<Row>,
    pub reason: String,
}

impl Order {
    /// What the same order always is, whoever sends it again.
    pub fn content(&self) -> [u8; 32] {
        match &self.wish {
            // Whom its rows name now is another question.
            Wish::CreditFile { hash, .. } => tagged_sha256d("qoin/treasury/file", &[hash]),
            wish => tagged_sha256d("qoin/treasury/order", &[&encode(wish)]),
        }
    }
}

/// A reason as it is recorded.
///
/// # Errors
/// When it cannot be one.
pub(super) fn reason(text: Option<String>) -> Result<String, IdentityError> {
    Ok(identity::reason(text.as_deref().unwrap_or_default())?)
}

impl Granted<right::Credit> {
    /// Pays a member out of the system account.
    ///
    /// # Errors
    /// When there is not enough, the id was used for something else, or the right is gone.
    pub async fn credit(&self, request: Credit) -> Result<Outcome, TreasuryError> {
        let Credit { recipient, amount, payment_id: id, memo } = request;
        let wish = Wish::Credit { recipient, amount, memo };
        self.order(Order { id, wish, rows: Vec::new(), reason: String::new() }).await
    }
}

impl Granted<right::Issue> {
    /// Makes money on the system account.
    ///
    /// # Errors
    /// When there cannot be that much, the id was used for something else, or the right is gone.
    pub async fn issue(&self, request: ChangeSupply) -> Result<Outcome, TreasuryError> {
        let ChangeSupply { amount, payment_id: id, reason: why } = request;
        self.order(Order { id, wish: Wish::Issue { amount }, rows: Vec::new(), reason: reason(why)? }).await
    }
}

impl Granted<right::Burn> {
    /// Destroys money of the system account.
    ///
    /// # Errors
    /// When there is not enough, the id was used for something else, or the right is gone.
    pub async fn burn(&self, request: ChangeSupply) -> Result<Outcome, TreasuryError> {
        let ChangeSupply { amount, payment_id: id, reason: why } = request;
        self.order(Order { id, wish: Wish::Burn { amount }, rows: Vec::new(), reason: reason(why)? }).await
    }
}

impl<R: Right> Granted<R> {
    /// Does what is ordered, or proposes it if it is above the limit. What was ordered before is answered as it came out.
    pub(super) async fn order(&self, order: Order) -> Result<Outcome, TreasuryError> {
        let identity = self.identity().clone();
        let content = order.content();
        match check_known(&*identity.ledger().read().snapshot()?, &order.id.to_bytes(), content) {
            Err(TreasuryError::Known(known)) => return came_to(&identity, *known),
            checked => checked?,
        }
        let needs_second = approval_limit(&identity).is_some_and(|limit| order.wish.total() > limit);
        let done = if needs_second { self.propose(order).await } else { self.pay(order).await };
        match done {
            // It came twice at once, and the other one was first.
            Err(TreasuryError::Known(known)) => came_to(&identity, *known),
            done => done,
        }
    }

    async fn pay(&self, order: Order) -> Result<Outcome, TreasuryError> {
        let identity = self.identity();
        let payments = payments(identity, &order.wish, &order.rows, Some(order.id))?;
        let (actor, content) = (self.actor(), order.content());
        let decimals = identity.ledger().genesis().genesis.decimals;
        let paid = self
            .submit_with(payments, move |snapshot, first| {
                check_known(snapshot, &order.id.to_bytes(), content)?;
                let mut batch = Batch::new();
                let record = OrderRecord { content, came_to: CameTo::Paid { first } };
                batch.put(Table::Orders, order.id.to_bytes(), record.to_bytes());
                let cause = cause(&order.wish, actor.who(), None);
                execute(snapshot, &mut batch, decimals, &order.wish, first, &cause)?;
                let action = action(&order.wish, AuditTarget::Transaction { number: first }).because(order.reason);
                Ok::<_, TreasuryError>((batch, (), vec![action]))
            })
            .await?;
        Ok(match paid {
            Paid::Now(accepted, ()) => Outcome::Paid(accepted),
            Paid::Before(accepted) => Outcome::PaidBefore(accepted),
        })
    }

    async fn propose(&self, order: Order) -> Result<Outcome, TreasuryError> {
        let identity = self.identity().clone();
        if matches!(order.wish, Wish::Credit { .. } | Wish::CreditFile { .. } | Wish::Burn { .. } | Wish::Refund { .. })
        {
            check_available(&identity, order.wish.total())?;
        }
        let (actor, content) = (self.actor(), order.content());
        let proposed_ms = identity.ledger().now_ms();
        let decimals = identity.ledger().genesis().genesis.decimals;
        let number = self
            .commit(move |snapshot| {
                check_known(snapshot, &order.id.to_bytes(), content)?;
                if let Wish::Refund { original, of, amount, .. } = &order.wish {
                    refund::check_left(snapshot, decimals, *original, *of, *amount)?;
                }
                if open_count(snapshot, proposed_ms)? >= PROPOSALS_OPEN_MAX {
                    return Err(TreasuryError::from(Refusal::TooManyProposals));
                }
                let number = next_number(snapshot, Table::Proposals)?;
                let proposal = ProposalRecord {
                    order: order.id.to_bytes(),
                    wish: order.wish.clone(),
                    reason: order.reason.clone(),
                    proposed_by: actor.who(),
                    proposed_ms,
                    expires_ms: proposed_ms + PROPOSAL_LIFETIME_MS,
                    decision: None,
                };
                let mut batch = Batch::new();
                batch.put(Table::Proposals, number.to_be_bytes(), proposal.to_bytes());
                for (part, rows) in (0_u32..).zip(order.rows.chunks(ROWS_OF_RECORD)) {
                    batch.put(
                        Table::ProposedRows,
                        rows_key(number, part),
                        RowsRecord { rows: rows.to_vec() }.to_bytes(),
                    );
                }
                let record = OrderRecord { content, came_to: CameTo::Proposed { number } };
                batch.put(Table::Orders, order.id.to_bytes(), record.to_bytes());
                let action = requested(&order.wish, number).because(order.reason);
                Ok(super::recorded(batch, number, vec![action]))
            })
            .await?;
        Ok(Outcome::Waiting(number))
    }
}

/// Above which amount a second administrator decides.
pub(super) fn approval_limit(identity: &Identity) -> Option<Amount> {
    identity.settings().approval_limit.limit(identity.ledger().genesis().genesis.decimals)
}

/// What stays on the system account for the rewards of the blocks that wait.
pub(super) fn reserve(identity: &Identity) -> Amount {
    let reader = identity.ledger().read();
    let (supply, position, tip) = (reader.supply(), reader.position(), reader.tip());
    let circulating = supply.issued.checked_sub(supply.burned).unwrap_or(Amount::ZERO);
    reward::reserve(
        circulating,
        identity.ledger().genesis().genesis.decimals,
        position.records.saturating_sub(tip.sealed),
    )
}

/// What can be paid out of the system account now: what it has less what is going out and what stays for rewards.
pub(super) fn available(identity: &Identity) -> Amount {
    let system = identity.ledger().read().account(&identity.ledger().genesis().system);
    let available = system.map_or(Amount::ZERO, |system| system.account.available());
    available.checked_sub(reserve(identity)).unwrap_or(Amount::ZERO)
}

/// Refuses what is more than can be paid.
pub(super) fn check_available(identity: &Identity, amount: Amount) -> Result<(), Refusal> {
    let available = available(identity);
    if amount <= available {
        return Ok(());
    }
    let decimals = identity.ledger().genesis().genesis.decimals;
    Err(Refusal::BeyondSystemAccount {
        amount: amount.display(decimals).to_string(),
        available: available.display(decimals).to_string(),
    })
}

/// The payments that a wish stands for. A single one that is not proposed has its order's id.
pub(super) fn payments(
    identity: &Identity,
    wish: &Wish,
    rows: &[Row],
    id: Option<PaymentId>,
) -> Result<Vec<SystemPayment>, TreasuryError> {
    if matches!(wish, Wish::Credit { .. } | Wish::CreditFile { .. } | Wish::Burn { .. } | Wish::Refund { .. }) {
        check_available(identity, wish.total())?;
    }
    let now_ms = identity.ledger().now_ms();
    let own = |operation, memo| -> Result<Vec<SystemPayment>, TreasuryError> {
        let payment_id = id.map_or_else(|| Ok::<_, TreasuryError>(PaymentId::new(now_ms, random()?)), Ok)?;
        Ok(vec![SystemPayment { operation, payment_id, memo }])
    };
    let transfer = |to: &Address, amount: &Amount| Operation::Transfer { to: *to, amount: *amount };
    match wish {
        Wish::Credit { recipient, amount, memo } => own(transfer(recipient, amount), memo.clone()),
        Wish::Refund { original, recipient, amount, memo: given, .. } => {
            let given =
                given.clone().map_or_else(|| Ok(memo(&format!("Reversal of record {original}"), random()?)), Ok);
            own(transfer(recipient, amount), Some(given.map_err(|error: getrandom::Error| error)?))
        }
        Wish::Issue { amount } => own(Operation::Issue { amount: *amount }, None),
        Wish::Burn { amount } => own(Operation::Burn { amount: *amount }, None),
        Wish::CreditFile { .. } => {
            // One draw for the file: its rows count up from there.
            let start: [u8; 10] = random()?;
            let row = |(index, row): (u32, &Row)| {
                let mut tail = start;
                for (place, byte) in tail[6..].iter_mut().zip(index.to_be_bytes()) {
                    *place = byte;
                }
                let memo = row.memo.as_ref().map(|text| Ok::<_, TreasuryError>(memo(text, random()?))).transpose()?;
                let operation = transfer(&row.recipient, &row.amount);
                Ok(SystemPayment { operation, payment_id: PaymentId::new(now_ms, tail), memo })
            };
            (0..).zip(rows).map(row).collect()
        }
    }
}

/// A memo whose text was checked before.
pub(super) fn memo(text: &str, salt: [u8; 32]) -> Memo {
    Memo::new(text, salt).expect("the text was checked when it was read")
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Who caused the records that come of a wish.
pub(super) fn cause(wish: &Wish, who: AuditActor, approved_by: Option<AuditActor>) -> CauseRecord {
    let count = if let Wish::CreditFile { count, .. } = wish { *count } else { 1 };
    let refund_of = if let Wish::Refund { original, .. } = wish { Some(*original) } else { None };
    CauseRecord { who, approved_by, count, refund_of }
}

/// What is written beside the payments of a wish, whose first record is `first`.
pub(super) fn execute(
    snapshot: &dyn Snapshot,
    batch: &mut Batch,
    decimals: Decimals,
    wish: &Wish,
    first: u64,
    cause: &CauseRecord,
) -> Result<(), TreasuryError> {
    batch.put(Table::Causes, first.to_be_bytes(), cause.to_bytes());
    match wish {
        Wish::Refund { original, of, amount, .. } => {
            refund::check_left(snapshot, decimals, *original, *of, *amount)?;
            batch.put(Table::Refunds, refund::key(*original, first), RefundRecord { amount: *amount }.to_bytes());
        }
        // When a file of this content was paid last, by the hash of its content.
        Wish::CreditFile { hash, .. } => drop(batch.put(Table::Orders, hash.as_slice(), first.to_be_bytes())),
        Wish::Credit { .. } | Wish::Issue { .. } | Wish::Burn { .. } => {}
    }
    Ok(())
}

/// What a wish is in the audit log.
pub(super) fn action(wish: &Wish, target: AuditTarget) -> Action {
    let (what, changes) = described(wish);
    Action::new(what, target).changing(changes)
}

fn requested(wish: &Wish, number: u64) -> Action {
    let (what, changes) = described(wish);
    let target = AuditTarget::Request { number };
    let asked = AuditChange::made("action", what);
    Action::new(AuditAction::ApprovalRequested, target).changing([asked]).changing(changes)
}

/// A wish as the audit log tells it; amounts in smallest units.
fn described(wish: &Wish) -> (AuditAction, Vec<AuditChange>) {
    let amount = AuditChange::made("amount", wish.total());
    match wish {
        Wish::Credit { recipient, .. } => {
            (AuditAction::Credited, vec![AuditChange::made("recipient", recipient), amount])
        }
        Wish::CreditFile { hash, count, .. } => (
            AuditAction::CreditsImported,
            vec![AuditChange::made("count", count), amount, AuditChange::made("file_sha256", hex::encode(hash))],
        ),
        Wish::Issue { .. } => (AuditAction::Issued, vec![amount]),
        Wish::Burn { .. } => (AuditAction::Burned, vec![amount]),
        Wish::Refund { original, recipient, .. } => (
            AuditAction::Reversed,
            vec![AuditChange::made("original", original), AuditChange::made("recipient", recipient), amount],
        ),
    }
}

/// Refuses an order whose id is known: as [`TreasuryError::Known`] if it is the same, else as a conflict.
pub(super) fn check_known(snapshot: &dyn Snapshot, id: &[u8; 16], content: [u8; 32]) -> Result<(), TreasuryError> {
    match OrderRecord::get(snapshot, Table::Orders, id)? {
        None => Ok(()),
        Some(order) if order.content == content => Err(TreasuryError::Known(Box::new(order))),
        Some(_) => Err(Refusal::OtherOrder.into()),
    }
}

/// What came of an order that was sent before.
pub(super) fn came_to(identity: &Identity, order: OrderRecord) -> Result<Outcome, TreasuryError> {
    let snapshot = identity.ledger().read().snapshot()?;
    let first = match order.came_to {
        CameTo::Paid { first } => first,
        CameTo::Proposed { number } => {
            let proposal = ProposalRecord::get(&*snapshot, Table::Proposals, &number.to_be_bytes())?;
            match proposal.and_then(|proposal| proposal.decision).map(|decision| decision.verdict) {
                Some(super::record::Verdict::Approved { first }) => first,
                _ => return Ok(Outcome::Waiting(number)),
            }
        }
    };
    let reader = identity.ledger().read();
    let stored = reader.record(first)?.ok_or(Refusal::NoRecord(first))?;
    Ok(Outcome::PaidBefore(Accepted {
        number: first,
        accepted_us: stored.record.accepted_us,
        id: stored.record.signed.transaction.id(&identity.ledger().genesis().hash),
        block: reader.height_of(first),
        repeated: true,
    }))
}

/// How many proposals wait at a moment.
pub(super) fn open_count(snapshot: &dyn Snapshot, now_ms: u64) -> Result<usize, TreasuryError> {
    // None is older than its lifetime and still open; numbers grow with time.
    let mut count = 0;
    let mut below = None;
    loop {
        let key = below.map(u64::to_be_bytes);
        let to = key.as_ref().map_or(Bound::Unbounded, |key: &[u8; 8]| Bound::Excluded(key.as_slice()));
        let page = snapshot.range(Table::Proposals, Bound::Unbounded, to, Sort::Descending, PROPOSALS_OPEN_MAX)?;
        for (key, bytes) in &page {
            let proposal = ProposalRecord::from_bytes(bytes)?;
            if proposal.expires_ms <= now_ms {
                return Ok(count);
            }
            count += usize::from(proposal.decision.is_none());
            below = Some(number_of(key));
        }
        if page.len() < PROPOSALS_OPEN_MAX {
            return Ok(count);
        }
    }
}

/// The key of a run of a proposal's rows.
pub(super) fn rows_key(number: u64, part: u32) -> Vec<u8> {
    [number.to_be_bytes().as_slice(), &part.to_be_bytes()].concat()
}

/// The number that a table's next entry gets.
pub(super) fn next_number(snapshot: &dyn Snapshot, table: Table) -> Result<u64, TreasuryError> {
    let last = snapshot.range(table, Bound::Unbounded, Bound::Unbounded, Sort::Descending, 1)?;
    Ok(last.first().map_or(0, |(key, _)| number_of(key).saturating_add(1)))
}

/// The number that a key begins with.
pub(super) fn number_of(key: &[u8]) -> u64 {
    key.first_chunk().map_or(u64::MAX, |bytes| u64::from_be_bytes(*bytes))
}
