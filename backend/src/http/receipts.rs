//! Receipts: the proof of one transaction, to be handed on and checked without the leader.

use super::Leader;
use super::error::ApiError;
use super::extract::{Name, Parameters};
use crate::identity::MemberSession;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use qoin_core::api::chain::FILE_MEDIA_TYPE;
use qoin_core::api::problem::{Problem, ProblemCode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const RECEIPT_PATH: &str = "/api/v1/transactions/{number}/receipt";

/// What the receipt shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReceiptQuery {
    /// Whether the memo is in it, which only the two parties may ask for; false if absent.
    memo: Option<bool>,
}

/// The receipt of a transaction that a block has sealed: a file for `qoin verify --receipt`. Whoever gets it can read
/// everything in it, so that the memo is only put in for a party that asks for it.
#[utoipa::path(
    get,
    path = RECEIPT_PATH,
    tag = "transactions",
    params(("number" = u64, Path, description = "Its place in the log"), ReceiptQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "The receipt; docs/chain.md says how it is laid out",
            content_type = "application/octet-stream", body = Vec<u8>),
        (status = "4XX", body = Problem),
    ),
)]
pub async fn download_receipt(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Name(number): Name<u64>,
    Parameters(query): Parameters<ReceiptQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let reader = leader.ledger.read();
    let missing = || ApiError::not_found(format_args!("transaction {number}"));
    let stored = reader.record(number)?.ok_or_else(missing)?;
    let with_memo = query.memo == Some(true);
    if with_memo && !stored.concerns(&session.address()) {
        return Err(ApiError::new(ProblemCode::Forbidden, "a memo is shown to the two parties of its payment only"));
    }
    let receipt = reader.receipt(leader.ledger.genesis(), stored, with_memo)?;
    let unsealed = || ApiError::not_found(format_args!("receipt of transaction {number} until a block has sealed it"));
    let bytes = receipt.ok_or_else(unsealed)?.to_file();
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(FILE_MEDIA_TYPE))], bytes))
}
