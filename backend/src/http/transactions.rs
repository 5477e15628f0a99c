//! Handing a transaction in, and looking one up with its proof.

use super::Leader;
use super::diagnose::read_payment;
use super::error::ApiError;
use super::extract::{Body, Name};
use super::views;
use crate::identity::{MemberSession, Refusal};
use crate::ledger::{Accepted, LedgerError};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::bytes::Bytes;
use qoin_core::api::problem::{Problem, ProblemCode};
use qoin_core::api::transactions::{AcceptedView, SealedView, SubmitTransaction, TRANSACTIONS_PATH, TransactionView};
use qoin_core::transaction::{TRANSACTION_VERSION, Transaction};
use std::sync::Arc;

const TRANSACTION_PATH: &str = "/api/v1/transactions/{number}";

/// Hands in a signed transaction of the session's account. Sent again, it is answered as the first time.
#[utoipa::path(
    post,
    path = TRANSACTIONS_PATH,
    tag = "transactions",
    request_body = SubmitTransaction,
    security(("session" = [])),
    responses(
        (status = 201, description = "Accepted now", body = AcceptedView),
        (status = 200, description = "Accepted before", body = AcceptedView),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn submit_transaction(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Body(body): Body,
) -> Result<(StatusCode, Json<AcceptedView>), ApiError> {
    let SubmitTransaction { transaction: signed, memo } = read_payment(&body)?;
    let transaction = &signed.transaction;
    check_version(transaction)?;
    if transaction.signer != session.address() {
        return Err(Refusal::ForeignSigner { signer: transaction.signer, account: session.address() }.into());
    }
    let reservation = session.reserve_payments(1)?;
    let amount = session.reserve_amount(transaction).await?;
    let answer = leader.ledger.submit(signed, memo).await;
    if answer.as_ref().is_ok_and(|accepted| !accepted.repeated) {
        reservation.keep(1);
        amount.keep();
    }
    accepted(&leader, answer)
}

/// Refuses what a later version's clients sign.
pub(super) fn check_version(transaction: &Transaction) -> Result<(), ApiError> {
    if transaction.version == TRANSACTION_VERSION {
        return Ok(());
    }
    let detail = format_args!("transactions of version {} are not known here", transaction.version);
    Err(ApiError::new(ProblemCode::UnknownVersion, detail))
}

/// What an accepted transaction is answered: 201 when it is new.
pub(super) fn accepted(
    leader: &Leader,
    answer: Result<Accepted, LedgerError>,
) -> Result<(StatusCode, Json<AcceptedView>), ApiError> {
    if answer == Err(LedgerError::Busy) {
        leader.metrics.queue_full();
    }
    let accepted = answer?;
    let status = if accepted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(views::accepted(&accepted))))
}

/// A transaction with the proof of its place in the chain. Its memo is shown to the two parties only.
#[utoipa::path(
    get,
    path = TRANSACTION_PATH,
    tag = "transactions",
    params(("number" = u64, Path, description = "Its place in the log")),
    security(("session" = [])),
    responses((status = 200, body = TransactionView), (status = "4XX", body = Problem)),
)]
pub async fn show_transaction(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Name(number): Name<u64>,
) -> Result<Json<TransactionView>, ApiError> {
    let reader = leader.ledger.read();
    let missing = || ApiError::not_found(format_args!("transaction {number}"));
    let stored = reader.record(number)?.ok_or_else(missing)?;
    let sealed = reader.sealed(number)?.map(|(block, proof)| SealedView {
        height: block.height(),
        header: Bytes(block.block.header.to_bytes()),
        proof,
        solved_ms: block.block.solved_ms,
        seal: block.block.seal,
    });
    let is_party = stored.concerns(&session.address());
    Ok(Json(TransactionView {
        transaction_id: stored.record.signed.transaction.id(&leader.ledger.genesis().hash),
        memo: stored.memo.filter(|_| is_party),
        record: stored.record,
        sealed,
    }))
}
