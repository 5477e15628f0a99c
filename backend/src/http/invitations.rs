//! Invitations.

use super::Leader;
use super::error::ApiError;
use super::extract::{Json, Name};
use crate::identity::{AdministratorSession, Guest};
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::invitations::{
    ACCEPT_INVITATION_PATH, AcceptInvitation, INVITATIONS_PATH, InvitationMade, InvitationOpened, InvitationToken,
    InvitationsPage, Invite, OPEN_INVITATION_PATH,
};
use qoin_core::api::problem::Problem;
use qoin_core::api::sessions::SessionOpened;
use std::sync::Arc;

const INVITATION_PATH: &str = "/api/v1/invitations/{id}";

/// Invites someone. A new invitation for the same e-mail address replaces the one before.
#[utoipa::path(
    post,
    path = INVITATIONS_PATH,
    tag = "invitations",
    request_body = Invite,
    security(("session" = [])),
    responses((status = 201, body = InvitationMade), (status = "4XX", body = Problem)),
)]
pub async fn invite(
    session: AdministratorSession,
    Json(request): Json<Invite>,
) -> Result<(StatusCode, axum::Json<InvitationMade>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(session.invite(request).await?)))
}

/// The open invitations, newest first.
#[utoipa::path(
    get,
    path = INVITATIONS_PATH,
    tag = "invitations",
    security(("session" = [])),
    responses((status = 200, body = InvitationsPage), (status = "4XX", body = Problem)),
)]
pub async fn list_invitations(session: AdministratorSession) -> Result<axum::Json<InvitationsPage>, ApiError> {
    Ok(axum::Json(session.invitations()?))
}

/// Withdraws an invitation.
#[utoipa::path(
    delete,
    path = INVITATION_PATH,
    tag = "invitations",
    params(("id" = String, Path, description = "Its name, as listed")),
    security(("session" = [])),
    responses((status = 204), (status = "4XX", body = Problem)),
)]
pub async fn withdraw_invitation(
    session: AdministratorSession,
    Name(id): Name<String>,
) -> Result<StatusCode, ApiError> {
    session.withdraw_invitation(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation says.
#[utoipa::path(
    post,
    path = OPEN_INVITATION_PATH,
    tag = "invitations",
    request_body = InvitationToken,
    responses((status = 200, body = InvitationOpened), (status = "4XX", body = Problem)),
)]
pub async fn open_invitation(
    guest: Guest,
    Json(request): Json<InvitationToken>,
) -> Result<axum::Json<InvitationOpened>, ApiError> {
    Ok(axum::Json(guest.open_invitation(&request)?))
}

/// Uses an invitation: member, vault, account and a first session come into being together or not at all.
#[utoipa::path(
    post,
    path = ACCEPT_INVITATION_PATH,
    tag = "invitations",
    request_body = AcceptInvitation,
    responses((status = 201, body = SessionOpened), (status = "4XX", body = Problem)),
)]
pub async fn accept_invitation(
    State(leader): State<Arc<Leader>>,
    guest: Guest,
    Json(request): Json<AcceptInvitation>,
) -> Result<(StatusCode, axum::Json<SessionOpened>), ApiError> {
    let opened = guest.accept_invitation(request).await?;
    leader.metrics.session_opened();
    Ok((StatusCode::CREATED, axum::Json(opened)))
}
