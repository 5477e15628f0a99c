//! Invitations.

use super::Leader;
use super::error::ApiError;
use super::extract::{Json, Name, Parameters, page_entries, read_body};
use crate::identity::{Granted, Guest, InvitationFilter, right};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use qoin_core::api::invitations::{
    ACCEPT_INVITATION_PATH, AcceptInvitation, INVITATION_FILES_PATH, INVITATIONS_PATH, InvitationFileAnswer,
    InvitationMade, InvitationOpened, InvitationState, InvitationToken, InvitationsPage, Invite, OPEN_INVITATION_PATH,
};
use qoin_core::api::problem::Problem;
use qoin_core::api::registration::{REGISTRATION_PATH, Register};
use qoin_core::api::sessions::SessionOpened;
use qoin_core::limits::INVITATION_FILE_BYTES_MAX;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const INVITATION_PATH: &str = "/api/v1/invitations/{id}";

/// Invites someone. A new invitation for the same e-mail address replaces the one before.
#[utoipa::path(
    post,
    path = INVITATIONS_PATH,
    tag = "invitations",
    request_body = Invite,
    security(("session" = ["invite"]), ("operator" = [])),
    responses((status = 201, body = InvitationMade), (status = "4XX", body = Problem)),
)]
pub async fn invite(
    granted: Granted<right::Invite>,
    Json(request): Json<Invite>,
) -> Result<(StatusCode, axum::Json<InvitationMade>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(granted.invite(request).await?)))
}

/// Which invitations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvitationsQuery {
    /// Only those of which this became; the open ones if absent.
    state: Option<InvitationState>,
    /// All of them, whatever became of them.
    #[serde(default)]
    all: bool,
    /// Only those whose name or e-mail address contains this, in any case.
    query: Option<String>,
    /// How many to pass over; none if absent.
    offset: Option<u32>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// Invitations, newest first. Those that are over are kept for 90 days.
#[utoipa::path(
    get,
    path = INVITATIONS_PATH,
    tag = "invitations",
    params(InvitationsQuery),
    security(("session" = ["invite"]), ("operator" = [])),
    responses((status = 200, body = InvitationsPage), (status = "4XX", body = Problem)),
)]
pub async fn list_invitations(
    granted: Granted<right::Invite>,
    Parameters(query): Parameters<InvitationsQuery>,
) -> Result<axum::Json<InvitationsPage>, ApiError> {
    let filter = InvitationFilter {
        state: query.state.or((!query.all).then_some(InvitationState::Open)),
        query: query.query.unwrap_or_default(),
        offset: query.offset.unwrap_or_default() as usize,
        limit: page_entries(query.limit)?,
    };
    Ok(axum::Json(granted.invitations(&filter)?))
}

/// What is done with a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// Whether the file is only looked at; `false` if absent.
    #[serde(default)]
    dry_run: bool,
}

/// Invites everyone whom a file names: a CSV in UTF-8 with `name,email` or `name,email,role` a line, at most 100,000 lines
/// and 16 MiB. Its good rows are invited in one commit, or none is; what is wrong with the others is told by line.
#[utoipa::path(
    post,
    path = INVITATION_FILES_PATH,
    tag = "invitations",
    params(FileQuery),
    request_body(content = String, content_type = "text/csv"),
    security(("session" = ["invite"]), ("operator" = [])),
    responses((status = 200, body = InvitationFileAnswer), (status = "4XX", body = Problem)),
)]
pub async fn invite_all(
    granted: Granted<right::Invite>,
    Parameters(query): Parameters<FileQuery>,
    request: Request,
) -> Result<axum::Json<InvitationFileAnswer>, ApiError> {
    let file = read_body(request.into_body(), INVITATION_FILE_BYTES_MAX).await?;
    Ok(axum::Json(granted.invite_all(file.into(), query.dry_run).await?))
}

/// Joins without an invitation, where the settings let everyone in.
#[utoipa::path(
    post,
    path = REGISTRATION_PATH,
    tag = "invitations",
    request_body = Register,
    security(()),
    responses((status = 201, body = SessionOpened), (status = "4XX", body = Problem)),
)]
pub async fn register(
    State(leader): State<Arc<Leader>>,
    guest: Guest,
    Json(request): Json<Register>,
) -> Result<(StatusCode, axum::Json<SessionOpened>), ApiError> {
    let opened = guest.register(request).await?;
    leader.metrics.session_opened();
    Ok((StatusCode::CREATED, axum::Json(opened)))
}

/// Withdraws an invitation.
#[utoipa::path(
    delete,
    path = INVITATION_PATH,
    tag = "invitations",
    params(("id" = String, Path, description = "Its name, as listed")),
    security(("session" = ["invite"]), ("operator" = [])),
    responses((status = 204), (status = "4XX", body = Problem)),
)]
pub async fn withdraw_invitation(
    granted: Granted<right::Invite>,
    Name(id): Name<String>,
) -> Result<StatusCode, ApiError> {
    granted.withdraw_invitation(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation says.
#[utoipa::path(
    post,
    path = OPEN_INVITATION_PATH,
    tag = "invitations",
    request_body = InvitationToken,
    security(()),
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
    security(()),
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
