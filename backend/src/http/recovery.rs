//! A forgotten password.

use super::Leader;
use super::error::ApiError;
use super::extract::Json;
use crate::identity::Guest;
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::problem::Problem;
use qoin_core::api::recovery::{CHALLENGE_PATH, RECOVERY_PATH, Recover, RecoveryChallenge, RecoveryRequest};
use qoin_core::api::sessions::SessionOpened;
use std::sync::Arc;

/// What the key that the recovery words give has to sign.
#[utoipa::path(
    post,
    path = CHALLENGE_PATH,
    tag = "recovery",
    request_body = RecoveryRequest,
    security(()),
    responses((status = 200, body = RecoveryChallenge), (status = "4XX", body = Problem)),
)]
pub async fn make_challenge(
    guest: Guest,
    Json(request): Json<RecoveryRequest>,
) -> Result<axum::Json<RecoveryChallenge>, ApiError> {
    Ok(axum::Json(guest.recovery_challenge(&request)?))
}

/// Proves the key and sets a new password; all other sessions of the member end.
#[utoipa::path(
    post,
    path = RECOVERY_PATH,
    tag = "recovery",
    request_body = Recover,
    security(()),
    responses((status = 201, body = SessionOpened), (status = "4XX", body = Problem)),
)]
pub async fn recover(
    State(leader): State<Arc<Leader>>,
    guest: Guest,
    Json(request): Json<Recover>,
) -> Result<(StatusCode, axum::Json<SessionOpened>), ApiError> {
    let opened = guest.recover(request).await?;
    leader.metrics.session_opened();
    Ok((StatusCode::CREATED, axum::Json(opened)))
}
