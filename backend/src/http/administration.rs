//! Looking after members.

use super::error::ApiError;
use super::extract::{Json, Name, Parameters, page_entries};
use crate::identity::{Granted, Guest, MembersFilter, right};
use axum::http::StatusCode;
use qoin_core::address::Address;
use qoin_core::api::admin::members::{
    AdminMemberView, AdminMembersPage, Edit, MemberOrder, MemberState, OPEN_RECOVERY_PATH, RecoveryOpened,
    RecoveryStarted, RecoveryToken, RecoveryUsed, SetRole, USE_RECOVERY_PATH, UseRecovery,
};
use qoin_core::api::admin::{ADMIN_MEMBERS_PATH, CreateMember};
use qoin_core::api::problem::Problem;
use qoin_core::api::sessions::Role;
use serde::Deserialize;
use utoipa::IntoParams;

const MEMBER_PATH: &str = "/api/v1/admin/members/{address}";
const SUSPEND_PATH: &str = "/api/v1/admin/members/{address}/suspend";
const RESUME_PATH: &str = "/api/v1/admin/members/{address}/resume";
const ROLE_PATH: &str = "/api/v1/admin/members/{address}/role";
const ERASE_PATH: &str = "/api/v1/admin/members/{address}/erase";
const RECOVERY_PATH: &str = "/api/v1/admin/members/{address}/recovery";

/// Which members, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Only those whose name or e-mail address contains this, in any case.
    query: Option<String>,
    /// By what they are ordered; by name if absent.
    #[serde(default)]
    order: MemberOrder,
    /// Whether the last come first.
    #[serde(default)]
    descending: bool,
    /// Only those with this role.
    role: Option<Role>,
    /// Only those in this state; all but the erased if absent.
    state: Option<MemberState>,
    /// How many to pass over; none if absent.
    offset: Option<u32>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// Members, with how many match and how many there are.
#[utoipa::path(
    get,
    path = ADMIN_MEMBERS_PATH,
    tag = "administration",
    params(MembersQuery),
    security(("session" = ["view_members"]), ("operator" = [])),
    responses((status = 200, body = AdminMembersPage), (status = "4XX", body = Problem)),
)]
pub async fn list_members(
    granted: Granted<right::ViewMembers>,
    Parameters(query): Parameters<MembersQuery>,
) -> Result<axum::Json<AdminMembersPage>, ApiError> {
    let MembersQuery { query, order, descending, role, state, offset, limit } = query;
    let filter = MembersFilter {
        query: query.unwrap_or_default(),
        order,
        descending,
        role,
        state,
        offset: offset.unwrap_or_default() as usize,
        limit: page_entries(limit)?,
    };
    // All members are looked at: not on a thread that others wait for.
    let page = tokio::task::spawn_blocking(move || granted.members(filter)).await;
    Ok(axum::Json(page.map_err(ApiError::internal)?))
}

/// A member.
#[utoipa::path(
    get,
    path = MEMBER_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    security(("session" = ["view_members"]), ("operator" = [])),
    responses((status = 200, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn show_member(
    granted: Granted<right::ViewMembers>,
    Name(address): Name<Address>,
) -> Result<axum::Json<AdminMemberView>, ApiError> {
    Ok(axum::Json(granted.member(&address)?))
}

/// Makes a member with a first password, which the member replaces at the first sign-in.
#[utoipa::path(
    post,
    path = ADMIN_MEMBERS_PATH,
    tag = "administration",
    request_body = CreateMember,
    security(("session" = ["create_member"]), ("operator" = [])),
    responses((status = 201, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn create_member(
    granted: Granted<right::CreateMember>,
    Json(request): Json<CreateMember>,
) -> Result<(StatusCode, axum::Json<AdminMemberView>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(granted.create_member(request).await?)))
}

/// Suspends a member: all sessions end, nobody signs in, nothing is paid, and the balance stays.
#[utoipa::path(
    post,
    path = SUSPEND_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    request_body = Edit,
    security(("session" = ["suspend"]), ("operator" = [])),
    responses((status = 200, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn suspend_member(
    granted: Granted<right::Suspend>,
    Name(address): Name<Address>,
    Json(edit): Json<Edit>,
) -> Result<axum::Json<AdminMemberView>, ApiError> {
    Ok(axum::Json(granted.suspend(address, edit).await?))
}

/// Lets a suspended member back in.
#[utoipa::path(
    post,
    path = RESUME_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    request_body = Edit,
    security(("session" = ["suspend"]), ("operator" = [])),
    responses((status = 200, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn resume_member(
    granted: Granted<right::Suspend>,
    Name(address): Name<Address>,
    Json(edit): Json<Edit>,
) -> Result<axum::Json<AdminMemberView>, ApiError> {
    Ok(axum::Json(granted.resume(address, edit).await?))
}

/// Gives a member another role.
#[utoipa::path(
    post,
    path = ROLE_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    request_body = SetRole,
    security(("session" = ["set_roles"]), ("operator" = [])),
    responses((status = 200, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn set_role(
    granted: Granted<right::SetRoles>,
    Name(address): Name<Address>,
    Json(request): Json<SetRole>,
) -> Result<axum::Json<AdminMemberView>, ApiError> {
    Ok(axum::Json(granted.set_role(address, request).await?))
}

/// Erases the personal data of a member who left. The chain stays, and with it the account and what it holds.
#[utoipa::path(
    post,
    path = ERASE_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    request_body = Edit,
    security(("session" = ["erase"]), ("operator" = [])),
    responses((status = 200, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn erase_member(
    granted: Granted<right::Erase>,
    Name(address): Name<Address>,
    Json(edit): Json<Edit>,
) -> Result<axum::Json<AdminMemberView>, ApiError> {
    Ok(axum::Json(granted.erase(address, edit).await?))
}

/// Makes a link by which a member who lost the key gets another one.
#[utoipa::path(
    post,
    path = RECOVERY_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    request_body = Edit,
    security(("session" = ["recover"]), ("operator" = [])),
    responses((status = 201, body = RecoveryStarted), (status = "4XX", body = Problem)),
)]
pub async fn start_recovery(
    granted: Granted<right::Recover>,
    Name(address): Name<Address>,
    Json(edit): Json<Edit>,
) -> Result<(StatusCode, axum::Json<RecoveryStarted>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(granted.start_recovery(address, edit).await?)))
}

/// Withdraws that link. A rotation that its use began goes on: only the old key cancels that.
#[utoipa::path(
    delete,
    path = RECOVERY_PATH,
    tag = "administration",
    params(("address" = String, Path, description = "The account")),
    security(("session" = ["recover"]), ("operator" = [])),
    responses((status = 200, body = AdminMemberView), (status = "4XX", body = Problem)),
)]
pub async fn withdraw_recovery(
    granted: Granted<right::Recover>,
    Name(address): Name<Address>,
) -> Result<axum::Json<AdminMemberView>, ApiError> {
    Ok(axum::Json(granted.withdraw_recovery(address).await?))
}

/// What a recovery's link says.
#[utoipa::path(
    post,
    path = OPEN_RECOVERY_PATH,
    tag = "recovery",
    request_body = RecoveryToken,
    security(()),
    responses((status = 200, body = RecoveryOpened), (status = "4XX", body = Problem)),
)]
pub async fn open_recovery(
    guest: Guest,
    Json(request): Json<RecoveryToken>,
) -> Result<axum::Json<RecoveryOpened>, ApiError> {
    Ok(axum::Json(guest.open_recovery(&request)?))
}

/// Uses a recovery's link: the account's rotation to the new key is accepted and waits for the currency's delay.
#[utoipa::path(
    post,
    path = USE_RECOVERY_PATH,
    tag = "recovery",
    request_body = UseRecovery,
    security(()),
    responses((status = 200, body = RecoveryUsed), (status = "4XX", body = Problem)),
)]
pub async fn use_recovery(
    guest: Guest,
    Json(request): Json<UseRecovery>,
) -> Result<axum::Json<RecoveryUsed>, ApiError> {
    Ok(axum::Json(guest.use_recovery(request).await?))
}
