//! Whether the leader's data was ever restored from a backup.

use super::Leader;
use crate::identity::MemberSession;
use axum::Json;
use axum::extract::State;
use qoin_core::api::problem::Problem;
use qoin_core::api::restores::{RESTORES_PATH, RestoresView};
use std::sync::Arc;

/// All restorations of the leader's data, each under the system key's signature.
#[utoipa::path(
    get,
    path = RESTORES_PATH,
    tag = "currency",
    security(("session" = [])),
    responses((status = 200, body = RestoresView), (status = "4XX", body = Problem)),
)]
pub async fn list_restores(State(leader): State<Arc<Leader>>, _: MemberSession) -> Json<RestoresView> {
    Json(RestoresView { notices: leader.restores.clone() })
}
