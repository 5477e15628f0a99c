//! Services that act for a member with a key of their own.

use super::error::ApiError;
use super::extract::{Json, Name};
use crate::identity::MemberSession;
use axum::http::StatusCode;
use qoin_core::api::problem::Problem;
use qoin_core::api::services::{
    DeclareService, SERVICE_KEY_PATH, SERVICE_PATH, SERVICES_PATH, ServiceDeclared, ServicesPage,
};

/// Declares a service of the session's member. Its key is told this once.
#[utoipa::path(
    post,
    path = SERVICES_PATH,
    tag = "services",
    request_body = DeclareService,
    security(("session" = [])),
    responses((status = 201, body = ServiceDeclared), (status = "4XX", body = Problem)),
)]
pub async fn declare_service(
    session: MemberSession,
    Json(request): Json<DeclareService>,
) -> Result<(StatusCode, axum::Json<ServiceDeclared>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(session.declare_service(request).await?)))
}

/// The session's member's services, oldest first.
#[utoipa::path(
    get,
    path = SERVICES_PATH,
    tag = "services",
    security(("session" = [])),
    responses((status = 200, body = ServicesPage), (status = "4XX", body = Problem)),
)]
pub async fn list_services(session: MemberSession) -> Result<axum::Json<ServicesPage>, ApiError> {
    Ok(axum::Json(session.services()))
}

/// Gives a service a new key, which is told this once. Whoever is connected with the old one is cut off.
#[utoipa::path(
    post,
    path = SERVICE_KEY_PATH,
    tag = "services",
    params(("id" = u64, Path, description = "Its number, as listed")),
    security(("session" = [])),
    responses((status = 200, body = ServiceDeclared), (status = "4XX", body = Problem)),
)]
pub async fn refresh_service_key(
    session: MemberSession,
    Name(number): Name<u64>,
) -> Result<axum::Json<ServiceDeclared>, ApiError> {
    Ok(axum::Json(session.refresh_service_key(number).await?))
}

/// Ends a service. Whoever is connected with its key is cut off.
#[utoipa::path(
    delete,
    path = SERVICE_PATH,
    tag = "services",
    params(("id" = u64, Path, description = "Its number, as listed")),
    security(("session" = [])),
    responses((status = 204), (status = "4XX", body = Problem)),
)]
pub async fn revoke_service(session: MemberSession, Name(number): Name<u64>) -> Result<StatusCode, ApiError> {
    session.revoke_service(number).await?;
    Ok(StatusCode::NO_CONTENT)
}
