//! The members.

use super::Leader;
use super::error::ApiError;
use super::extract::{Parameters, page_entries};
use crate::identity::MemberSession;
use axum::Json;
use axum::extract::State;
use qoin_core::address::Address;
use qoin_core::api::members::{MEMBERS_PATH, MembersPage};
use qoin_core::api::problem::Problem;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Only those whose name or e-mail address contains this, in any case.
    query: Option<String>,
    /// Only those behind the one that an earlier answer named as `next`.
    after: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// Members by name. Where the settings say so, members find only whose whole e-mail address they ask for.
#[utoipa::path(
    get,
    path = MEMBERS_PATH,
    tag = "members",
    params(MembersQuery),
    security(("session" = [])),
    responses((status = 200, body = MembersPage), (status = "4XX", body = Problem)),
)]
pub async fn list_members(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Parameters(query): Parameters<MembersQuery>,
) -> Result<Json<MembersPage>, ApiError> {
    let limit = page_entries(query.limit)?;
    let unknown = || ApiError::malformed("after is not what an earlier answer named as next");
    let after = query.after.as_deref().map(str::parse::<Address>).transpose().map_err(|_| unknown())?;
    let query = query.query.unwrap_or_default();
    if !session.sees_everyone() {
        // Whoever knows the whole address may know whose it is.
        let members = leader.identity.member_of_email(&query).into_iter().collect();
        return Ok(Json(MembersPage { members, next: None }));
    }
    let page = leader.identity.members(&query, after.as_ref(), limit);
    page.map(Json).ok_or_else(unknown)
}
