//! A file of credits: looked over, then paid as a whole or not at all.

use super::error::{Refusal, TreasuryError};
use super::order::{Order, Outcome, approval_limit, available, came_to, check_available, check_known, reason};
use super::record::Wish;
use super::rows::{self, Rows, shown};
use super::view::row_view;
use crate::identity::{Failure, Granted, Identity, IdentityError, right};
use crate::store::Table;
use hyper::body::Bytes;
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        admin::treasury::{CreditFileAnswer, CreditFileOutcome},
        problem::ProblemCode,
    },
    payment_id::PaymentId,
};
use sha2::{Digest, Sha256};

/// How many good rows are shown.
const ROWS_SHOWN: usize = 100;

/// A file of credits, and what to do with it.
pub struct CreditFile {
    /// Its name for ever: the same file under the same name is paid once.
    pub batch: PaymentId,
    /// `email-or-address,amount[,memo]`, a credit a line.
    pub content: Bytes,
    /// Why.
    pub reason: Option<String>,
    /// Whether to tell only what would come of it.
    pub dry_run: bool,
}

impl Granted<right::Credit> {
    /// Pays a file of credits, all of it in one commit or nothing; or tells what would come of it.
    ///
    /// # Errors
    /// When rows are bad, there is not enough, the batch's name was used for another file, or the right is gone.
    pub async fn credit_file(&self, file: CreditFile) -> Result<CreditFileAnswer, TreasuryError> {
        let CreditFile { batch: id, content, reason: why, dry_run } = file;
        let why = reason(why)?;
        let identity = self.identity().clone();
        let reading = tokio::task::spawn_blocking(move || {
            let hash: [u8; 32] = Sha256::digest(&content).into();
            let decimals = identity.ledger().genesis().genesis.decimals;
            (hash, rows::read(&content, decimals, |name| find(&identity, name)))
        });
        let (hash, rows) = reading.await.map_err(|_| IdentityError::from(Failure::Stopping))?;
        let identity = self.identity();
        let answer = answer(identity, &hash, &rows)?;
        if dry_run {
            return Ok(answer);
        }
        let total = rows.total.unwrap_or(Amount::MAX);
        let count = u32::try_from(rows.good.len()).unwrap_or(u32::MAX);
        let order = Order { id, wish: Wish::CreditFile { hash, count, total }, rows: rows.good, reason: why };
        let snapshot = identity.ledger().read().snapshot()?;
        match check_known(&*snapshot, &id.to_bytes(), order.content()) {
            Err(TreasuryError::Known(known)) => return Ok(told(answer, came_to(identity, *known)?)),
            checked => checked?,
        }
        drop(snapshot);
        if let Some(fault) = answer.faults.first() {
            let (line, first) = (fault.line, fault.detail.clone());
            return Err(Refusal::Rows { faults: answer.faults_count, rows: answer.rows_count, line, first }.into());
        }
        if rows.too_many {
            return Err(Refusal::TooManyRows.into());
        }
        if count == 0 {
            return Err(Refusal::NoRows.into());
        }
        check_available(identity, total)?;
        let outcome = self.order(order).await?;
        Ok(told(answer, outcome))
    }
}

/// What a file would come to.
fn answer(identity: &Identity, hash: &[u8; 32], rows: &Rows) -> Result<CreditFileAnswer, TreasuryError> {
    let reader = identity.ledger().read();
    let available = available(identity);
    let total = rows.total.unwrap_or(Amount::MAX);
    let good = u32::try_from(rows.good.len()).unwrap_or(u32::MAX);
    let is_payable = rows.faults_count == 0 && !rows.too_many && good > 0 && total <= available;
    let before = reader.snapshot()?.get(Table::Orders, hash)?;
    let before = before.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
    let before = before.map(|first| reader.record(first)).transpose()?.flatten();
    Ok(CreditFileAnswer {
        outcome: if is_payable { CreditFileOutcome::Payable } else { CreditFileOutcome::NotPayable },
        rows_count: good.saturating_add(rows.faults_count),
        faults_count: rows.faults_count,
        total,
        available,
        approval_limit: approval_limit(identity),
        rows: rows.good.iter().take(ROWS_SHOWN).map(|row| row_view(identity, row.clone())).collect(),
        faults: rows.faults.clone(),
        same_file_paid_ms: before.map(|stored| stored.record.accepted_us / 1_000),
        first_record: None,
        proposal: None,
    })
}

fn told(answer: CreditFileAnswer, outcome: Outcome) -> CreditFileAnswer {
    let (outcome, first_record, proposal) = match outcome {
        Outcome::Paid(first) => (CreditFileOutcome::Paid, Some(first.number), None),
        Outcome::PaidBefore(first) => (CreditFileOutcome::PaidBefore, Some(first.number), None),
        Outcome::Waiting(number) => (CreditFileOutcome::Waiting, None, Some(number)),
    };
    CreditFileAnswer { outcome, first_record, proposal, ..answer }
}

/// Whom a cell names: a member by e-mail address, or an open account by address.
fn find(identity: &Identity, name: &str) -> Result<Address, (ProblemCode, String)> {
    if name.contains('@') {
        let found = identity.member_of_email(name).map(|member| member.address);
        return found.ok_or_else(|| (ProblemCode::UnknownRecipient, format!("{} is no member", shown(name))));
    }
    let address = name.parse::<Address>().map_err(|error| {
        (ProblemCode::InvalidAddress, format!("{:?} is neither an e-mail address nor an address: {error}", shown(name)))
    })?;
    if address == identity.ledger().genesis().system {
        return Err((ProblemCode::PaymentToSelf, "the system account cannot pay itself".into()));
    }
    let is_open = identity.ledger().read().account(&address).is_some();
    let missing = || (ProblemCode::UnknownRecipient, "no account is open at this address".to_owned());
    is_open.then_some(address).ok_or_else(missing)
}
