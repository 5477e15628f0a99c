//! What `QWINNER`s and those who give them budgets do.

use super::diagnose::read_payment;
use super::error::ApiError;
use super::extract::{Body, Json, Name, Parameters, page_entries};
use super::views;
use crate::identity::{Contributed, Granted, Qwinner, right};
use axum::http::StatusCode;
use qoin_core::api::contributions::{CONTRIBUTIONS_PATH, Contribute, ContributionView};
use qoin_core::api::problem::Problem;
use qoin_core::api::services::{
    ADMIN_SERVICES_PATH, DeclaredService, DeclaredServicesPage, SERVICE_BUDGET_PATH, SetBudget,
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Credits a member for a contribution, out of the system account and within the service's budget of the day. Sent again
/// with the same `contribution_id`, it is answered as the first time.
#[utoipa::path(
    post,
    path = CONTRIBUTIONS_PATH,
    tag = "services",
    request_body = Contribute,
    security(("service" = [])),
    responses(
        (status = 201, description = "Paid now", body = ContributionView),
        (status = 200, description = "Paid before", body = ContributionView),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn reward_contribution(
    qwinner: Qwinner,
    Body(body): Body,
) -> Result<(StatusCode, axum::Json<ContributionView>), ApiError> {
    let Contributed { recipient, amount, accepted, budget } = qwinner.contribute(read_payment(&body)?).await?;
    let status = if accepted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let accepted = views::accepted(&accepted);
    Ok((status, axum::Json(ContributionView { recipient, amount, accepted, budget })))
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServicesQuery {
    /// Only services behind the one with this number.
    after: Option<u64>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// All members' services, oldest first.
#[utoipa::path(
    get,
    path = ADMIN_SERVICES_PATH,
    tag = "administration",
    params(ServicesQuery),
    security(("session" = ["view_network"]), ("operator" = [])),
    responses((status = 200, body = DeclaredServicesPage), (status = "4XX", body = Problem)),
)]
pub async fn list_declared_services(
    granted: Granted<right::ViewNetwork>,
    Parameters(query): Parameters<ServicesQuery>,
) -> Result<axum::Json<DeclaredServicesPage>, ApiError> {
    Ok(axum::Json(granted.declared_services(query.after, page_entries(query.limit)?)))
}

/// Sets what a `QWINNER` may give in a day.
#[utoipa::path(
    put,
    path = SERVICE_BUDGET_PATH,
    tag = "administration",
    params(("id" = u64, Path, description = "The service's number, as listed")),
    request_body = SetBudget,
    security(("session" = ["set_budgets"]), ("operator" = [])),
    responses((status = 200, body = DeclaredService), (status = "4XX", body = Problem)),
)]
pub async fn set_budget(
    granted: Granted<right::SetBudgets>,
    Name(number): Name<u64>,
    Json(request): Json<SetBudget>,
) -> Result<axum::Json<DeclaredService>, ApiError> {
    Ok(axum::Json(granted.set_budget(number, request).await?))
}
