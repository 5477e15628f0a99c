//! The currency and its supply.

use super::Leader;
use super::error::ApiError;
use crate::identity::MemberSession;
use crate::ledger::Supply;
use axum::Json;
use axum::extract::State;
use qoin_core::amount::Amount;
use qoin_core::api::currency::{CURRENCY_PATH, CurrencyView, SUPPLY_PATH, SupplyView};
use qoin_core::api::problem::Problem;
use std::sync::Arc;

/// The currency, and what a client needs before it can sign.
#[utoipa::path(get, path = CURRENCY_PATH, tag = "currency", security(()), responses((status = 200, body = CurrencyView)))]
pub async fn show_currency(State(leader): State<Arc<Leader>>) -> Json<CurrencyView> {
    let settings = leader.identity.settings();
    let context = leader.ledger.genesis();
    Json(CurrencyView {
        genesis: context.genesis.clone(),
        genesis_hash: context.hash,
        leader_time_ms: leader.ledger.now_ms(),
        registration: settings.registration,
        banner: settings.banner.0.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

/// How much money there is.
#[utoipa::path(
    get,
    path = SUPPLY_PATH,
    tag = "currency",
    security(("session" = [])),
    responses((status = 200, body = SupplyView), (status = "4XX", body = Problem)),
)]
pub async fn show_supply(State(leader): State<Arc<Leader>>, _: MemberSession) -> Result<Json<SupplyView>, ApiError> {
    let Supply { issued, burned, system, accounts } = leader.ledger.read().supply();
    let members: Option<Amount> = issued.checked_sub(burned).and_then(|rest| rest.checked_sub(system));
    let members = members.ok_or_else(|| ApiError::internal("more is with the system account than was issued"))?;
    Ok(Json(SupplyView { issued, burned, system, members, accounts }))
}
