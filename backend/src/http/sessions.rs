//! Signing in and out, and the password.

use super::Leader;
use super::error::ApiError;
use super::extract::Json;
use crate::identity::{Guest, OpenSession};
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::problem::Problem;
use qoin_core::api::sessions::{
    CURRENT_SESSION_PATH, PARAMETERS_PATH, PASSWORD_PATH, ParametersRequest, PasswordParameters, ReplacePassword,
    SESSIONS_PATH, SessionOpened, SessionView, SignIn,
};
use std::sync::Arc;

/// How an account's keys are derived from its password.
#[utoipa::path(
    post,
    path = PARAMETERS_PATH,
    tag = "sessions",
    request_body = ParametersRequest,
    security(()),
    responses((status = 200, body = PasswordParameters), (status = "4XX", body = Problem)),
)]
pub async fn show_password_parameters(
    guest: Guest,
    Json(request): Json<ParametersRequest>,
) -> Result<axum::Json<PasswordParameters>, ApiError> {
    Ok(axum::Json(guest.password_parameters(&request).await?))
}

/// Opens a session.
#[utoipa::path(
    post,
    path = SESSIONS_PATH,
    tag = "sessions",
    request_body = SignIn,
    security(()),
    responses((status = 201, body = SessionOpened), (status = "4XX", body = Problem)),
)]
pub async fn open_session(
    State(leader): State<Arc<Leader>>,
    guest: Guest,
    Json(request): Json<SignIn>,
) -> Result<(StatusCode, axum::Json<SessionOpened>), ApiError> {
    let opened = guest.sign_in(request).await?;
    leader.metrics.session_opened();
    Ok((StatusCode::CREATED, axum::Json(opened)))
}

/// The session that asks.
#[utoipa::path(
    get,
    path = CURRENT_SESSION_PATH,
    tag = "sessions",
    security(("session" = [])),
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)),
)]
pub async fn show_session(session: OpenSession) -> Result<axum::Json<SessionView>, ApiError> {
    Ok(axum::Json(session.view()?))
}

/// Ends the session that asks.
#[utoipa::path(
    delete,
    path = CURRENT_SESSION_PATH,
    tag = "sessions",
    security(("session" = [])),
    responses((status = 204), (status = "4XX", body = Problem)),
)]
pub async fn end_session(session: OpenSession) -> Result<StatusCode, ApiError> {
    session.sign_out().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a new password; all other sessions of the member end.
#[utoipa::path(
    post,
    path = PASSWORD_PATH,
    tag = "sessions",
    request_body = ReplacePassword,
    security(("session" = [])),
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)),
)]
pub async fn replace_password(
    session: OpenSession,
    Json(request): Json<ReplacePassword>,
) -> Result<axum::Json<SessionView>, ApiError> {
    Ok(axum::Json(session.replace_password(request).await?))
}
