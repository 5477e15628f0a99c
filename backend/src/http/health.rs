//! Whether the leader lives and can take payments, for whoever watches over it.

use super::Leader;
use super::error::ApiError;
use crate::ledger::LedgerError;
use axum::extract::State;
use qoin_core::api::problem::ProblemCode;
use std::sync::Arc;

/// `GET /healthz`: the process answers.
pub async fn show_life() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the ledger takes payments.
pub async fn show_readiness(State(leader): State<Arc<Leader>>) -> Result<&'static str, ApiError> {
    if let Some(reason) = leader.ledger.read_only() {
        let detail = LedgerError::ReadOnly(reason.to_string());
        return Err(ApiError::new(ProblemCode::LedgerReadOnly, detail));
    }
    if leader.stopping.is_cancelled() {
        return Err(LedgerError::Stopped.into());
    }
    Ok("ready\n")
}
