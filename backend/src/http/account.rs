//! The session's own account.

use super::Leader;
use super::error::ApiError;
use super::extract::{Parameters, page_entries};
use super::views;
use crate::identity::MemberSession;
use crate::ledger::MovementRef;
use axum::Json;
use axum::extract::State;
use qoin_core::api::account::{ACCOUNT_PATH, AccountView, HISTORY_PATH, HistoryPage};
use qoin_core::api::problem::Problem;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The session's account.
#[utoipa::path(
    get,
    path = ACCOUNT_PATH,
    tag = "account",
    security(("session" = [])),
    responses((status = 200, body = AccountView), (status = "4XX", body = Problem)),
)]
pub async fn show_account(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
) -> Result<Json<AccountView>, ApiError> {
    let (view, _) = views::account(&leader, session.address())?;
    Ok(Json(view))
}

/// Which part of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Only movements before the one with this cursor.
    before: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// The account's history, newest first.
#[utoipa::path(
    get,
    path = HISTORY_PATH,
    tag = "account",
    params(HistoryQuery),
    security(("session" = [])),
    responses((status = 200, body = HistoryPage), (status = "4XX", body = Problem)),
)]
pub async fn show_history(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Parameters(query): Parameters<HistoryQuery>,
) -> Result<Json<HistoryPage>, ApiError> {
    let limit = page_entries(query.limit)?;
    let before = query.before.as_deref().map(str::parse::<MovementRef>).transpose()?;
    // One more than asked for tells whether there is a next page.
    let mut entries = leader.ledger.read().history(&session.address(), before, limit + 1)?;
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| has_more).map(|entry| entry.at.to_string());
    let movements = entries.into_iter().map(|entry| views::movement(&leader, &session.address(), entry)).collect();
    Ok(Json(HistoryPage { movements, next }))
}
