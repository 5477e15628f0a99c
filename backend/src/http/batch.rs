//! Handing in many transactions at once: the canonical bytes in, the result of each out.

use super::Leader;
use super::error::ApiError;
use super::extract::read_body;
use super::transactions::check_version;
use super::views;
use crate::identity::{AmountReservation, MemberSession, Refusal};
use crate::ledger::{Accepted, LedgerError};
use axum::Json;
use axum::extract::{Request, State};
use qoin_core::api::problem::Problem;
use qoin_core::api::transactions::{BATCH_PATH, BatchAnswer, BatchEntry, BatchResult};
use qoin_core::encode::decode;
use qoin_core::limits::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BATCHES_MAX};
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The places for batches that are read and handled at the same time, so that their memory is bounded.
#[derive(Debug)]
pub struct Batches(Semaphore);

impl Default for Batches {
    fn default() -> Self {
        Self(Semaphore::new(BATCHES_MAX))
    }
}

impl Batches {
    pub(super) fn place(&self) -> Result<SemaphorePermit<'_>, LedgerError> {
        self.0.try_acquire().map_err(|_| LedgerError::Busy)
    }
}

/// Hands in up to 8,000 signed transactions, each with its memo. They are accepted in their order, as far as each is;
/// the answer tells the result of each, in that order. Sent again, the batch is answered as the first time.
///
/// A member hands in transactions of the session's account, each of which counts for `payments_per_minute`: a batch with
/// more than are left is refused as a whole. An administrator may hand in anyone's, and without that limit.
#[utoipa::path(
    post,
    path = BATCH_PATH,
    tag = "transactions",
    request_body(
        content = String,
        content_type = "application/octet-stream",
        description = "The canonical bytes (borsh) of a list of pairs: a signed transaction, and optionally its memo. \
            At most 8,000 pairs and 6 MiB.",
    ),
    security(("session" = [])),
    responses(
        (status = 200, description = "The result of each transaction", body = BatchAnswer),
        (status = "4XX", body = Problem),
        (status = 503, description = "Too much waits already: none was handed in", body = Problem),
    ),
)]
pub async fn submit_batch(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    request: Request,
) -> Result<Json<BatchAnswer>, ApiError> {
    let _place = leader.batches.place()?;
    let body = read_body(request.into_body(), BATCH_BYTES_MAX).await?;
    // Thousands of keys take a while to check: not on a thread that others wait for.
    let read = tokio::task::spawn_blocking(move || read_entries(&body)).await;
    let entries = read.map_err(ApiError::internal)??;
    let mut faults = Vec::with_capacity(entries.len());
    let mut good = Vec::with_capacity(entries.len());
    let mut amounts = Vec::with_capacity(faults.capacity());
    for entry in entries {
        match check(&session, &entry).await {
            Ok(amount) => {
                amounts.push(amount);
                good.push(entry);
                faults.push(None);
            }
            Err(fault) => faults.push(Some(fault)),
        }
    }
    let reservation = session.reserve_batch(u32::try_from(good.len()).unwrap_or(u32::MAX))?;
    let answers = leader.ledger.submit_batch(good).await;
    let made = answers.iter().flatten().filter(|accepted| !accepted.repeated).count();
    reservation.keep(u32::try_from(made).unwrap_or(u32::MAX));
    for (amount, answer) in amounts.into_iter().zip(&answers) {
        if answer.as_ref().is_ok_and(|accepted| !accepted.repeated) {
            amount.keep();
        }
    }
    if !answers.is_empty() && answers.iter().all(|answer| *answer == Err(LedgerError::Busy)) {
        leader.metrics.queue_full();
        return Err(LedgerError::Busy.into());
    }
    let mut answers = answers.into_iter();
    let results = faults.into_iter().map(|fault| match fault {
        Some(fault) => BatchResult::Refused(fault.into_problem()),
        None => result(answers.next().unwrap_or(Err(LedgerError::Stopped))),
    });
    Ok(Json(BatchAnswer { results: results.collect() }))
}

/// Reads a batch; its length first, so that a long one is refused before it takes memory.
fn read_entries(body: &[u8]) -> Result<Vec<BatchEntry>, ApiError> {
    let count = body.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    if count > BATCH_ENTRIES_MAX {
        let detail = format_args!("a batch has at most {BATCH_ENTRIES_MAX} transactions, this one has {count}");
        return Err(ApiError::malformed(detail));
    }
    decode(body).map_err(|error| ApiError::malformed(format_args!("the body is no list of transactions: {error}")))
}

async fn check(session: &MemberSession, (signed, _): &BatchEntry) -> Result<AmountReservation, ApiError> {
    let transaction = &signed.transaction;
    check_version(transaction)?;
    if !session.may_hand_in(&transaction.signer) {
        return Err(Refusal::ForeignSigner { signer: transaction.signer, account: session.address() }.into());
    }
    Ok(session.reserve_amount(transaction).await?)
}

fn result(answer: Result<Accepted, LedgerError>) -> BatchResult {
    match answer {
        Ok(accepted) if accepted.repeated => BatchResult::Repeated(views::accepted(&accepted)),
        Ok(accepted) => BatchResult::Accepted(views::accepted(&accepted)),
        Err(error) => BatchResult::Refused(ApiError::from(error).into_problem()),
    }
}
