//! What the operator's commands ask of the leader while it runs.

use super::Leader;
use super::error::ApiError;
use super::extract::Parameters;
use crate::identity::{Actor, right};
use crate::operator::Operator;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use qoin_core::api::operator::{MasterKeyView, OPERATOR_BACKUP_PATH, OPERATOR_MASTER_KEY_PATH};
use qoin_core::api::problem::Problem;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// What goes into a backup.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BackupQuery {
    /// Whether the keys do, too; `true` if absent.
    keys: Option<bool>,
}

/// A backup of everything, made while the leader works. Its last bytes are the hash of all others: without them it is
/// not whole.
#[utoipa::path(
    post,
    path = OPERATOR_BACKUP_PATH,
    tag = "operation",
    params(BackupQuery),
    security(("operator" = [])),
    responses(
        (status = 200, description = "The backup", content_type = "application/octet-stream", body = String),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn make_backup(
    State(leader): State<Arc<Leader>>,
    operator: Operator,
    Parameters(query): Parameters<BackupQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let with_keys = query.keys.unwrap_or(true);
    let granted = operator.grant::<right::Backup>(&leader.identity);
    let backup = granted.stream_backup(&leader.host, with_keys, &leader.stopping)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(backup)))
}

/// Which master key.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MasterKeyQuery {
    /// Whether a new one takes its place, so that the one before is worthless; `false` if absent.
    replace: Option<bool>,
}

/// The master key, which allows the master calls of the Python interface.
#[utoipa::path(
    post,
    path = OPERATOR_MASTER_KEY_PATH,
    tag = "operation",
    params(MasterKeyQuery),
    security(("operator" = [])),
    responses((status = 200, body = MasterKeyView), (status = "4XX", body = Problem), (status = 503, body = Problem)),
)]
pub async fn tell_master_key(
    State(leader): State<Arc<Leader>>,
    _: Operator,
    Parameters(query): Parameters<MasterKeyQuery>,
) -> Result<Json<MasterKeyView>, ApiError> {
    let key = match query.replace {
        Some(true) => leader.identity.replace_master_key(Actor::operator()).await?,
        _ => leader.identity.master_key(),
    };
    Ok(Json(MasterKeyView { key: key.to_string() }))
}
