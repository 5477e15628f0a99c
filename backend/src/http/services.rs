//! Services that act for a member with a key of their own.

use super::error::ApiError;
use super::extract::Json;
use crate::identity::MemberSession;
use axum::http::StatusCode;
use qoin_core::api::problem::Problem;
use qoin_core::api::services::{DeclareService, SERVICES_PATH, ServiceDeclared, ServicesPage};

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
