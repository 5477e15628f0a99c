//! What administrators do.

use super::Leader;
use super::diagnose::read_payment;
use super::error::ApiError;
use super::extract::{Body, Json};
use super::transactions::accepted;
use crate::identity::{Granted, right};
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::admin::{ADMIN_MEMBERS_PATH, CREDITS_PATH, CreateMember, Credit};
use qoin_core::api::members::MemberView;
use qoin_core::api::problem::Problem;
use qoin_core::api::transactions::AcceptedView;
use std::sync::Arc;

/// Makes a member with a first password, which the member replaces at the first sign-in.
#[utoipa::path(
    post,
    path = ADMIN_MEMBERS_PATH,
    tag = "administration",
    request_body = CreateMember,
    security(("session" = ["create_member"]), ("operator" = [])),
    responses((status = 201, body = MemberView), (status = "4XX", body = Problem)),
)]
pub async fn create_member(
    granted: Granted<right::CreateMember>,
    Json(request): Json<CreateMember>,
) -> Result<(StatusCode, axum::Json<MemberView>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(granted.create_member(request).await?)))
}

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
