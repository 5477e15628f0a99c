//! What administrators do.

use super::Leader;
use super::diagnose::read_payment;
use super::error::ApiError;
use super::extract::Body;
use super::transactions::accepted;
use crate::identity::{Granted, right};
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::admin::{CREDITS_PATH, Credit};
use qoin_core::api::problem::Problem;
use qoin_core::api::transactions::AcceptedView;
use std::sync::Arc;

/// Pays a member out of the system account. Sent again with the same payment id, it is answered as the first time.
#[utoipa::path(
    post,
    path = CREDITS_PATH,
    tag = "administration",
    request_body = Credit,
    security(("session" = ["credit"]), ("operator" = [])),
    responses(
        (status = 201, description = "Accepted now", body = AcceptedView),
        (status = 200, description = "Accepted before", body = AcceptedView),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn credit_member(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::Credit>,
    Body(body): Body,
) -> Result<(StatusCode, axum::Json<AcceptedView>), ApiError> {
    let Credit { recipient, amount, payment_id, memo } = read_payment(&body)?;
    accepted(&leader, leader.ledger.credit(recipient, amount, payment_id, memo).await)
}
