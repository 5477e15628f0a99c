//! The leader's HTTP door: one thin file a subject. A handler takes what it needs as types, calls, and maps; each route
//! is registered together with its entry in the OpenAPI document.
//!
//! The checks come in this order: who is asking, then the form of what is asked, then the ledger.

mod account;
mod administration;
mod audit;
mod batch;
mod blocks;
mod chain;
mod contributions;
mod currency;
mod diagnose;
mod error;
mod events;
mod extract;
mod health;
mod invitations;
mod members;
mod metrics;
mod mining;
mod network;
mod openapi;
mod operator;
mod receipts;
mod recovery;
mod restores;
mod services;
mod sessions;
mod settings;
#[cfg(test)]
mod tests;
mod transactions;
mod treasury;
mod views;

pub use batch::Batches;
pub use metrics::Metrics;
pub use openapi::document;

use crate::host::Host;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::mining::Browsers;
use crate::operator::OperatorDoor;
use crate::rpyc;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use error::ApiError;
use qoin_core::api::problem::ProblemCode;
use qoin_core::restore_notice::SignedRestoreNotice;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the operator can set about the HTTP door.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// From which proxies `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<IpAddr>,
}

/// What the HTTP door stands before.
pub struct Leader {
    /// The ledger.
    pub ledger: Ledger,
    /// The people.
    pub identity: Identity,
    /// Who may ask as the operator does.
    pub operator: OperatorDoor,
    /// Disk, memory and backups.
    pub host: Host,
    /// All restorations of the data.
    pub restores: Vec<SignedRestoreNotice>,
    /// The tabs that mine, and what is counted of all miners.
    pub browsers: Browsers,
    /// The operator's settings.
    pub settings: Settings,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What the Python interface counts.
    pub rpyc: rpyc::Metrics,
    /// Where batches find room.
    pub batches: Batches,
    /// Cancelled when the leader stops, so that event streams end and connections can close.
    pub stopping: CancellationToken,
}

/// Everything the leader answers over HTTP. Connections should bring `ConnectInfo<SocketAddr>`, by which failed
/// sign-ins are counted; a request without one counts as made on this host.
pub fn router(leader: Leader) -> Router {
    let leader = Arc::new(leader);
    let (api, document) = openapi::routes().split_for_parts();
    api.merge(openapi::pages(&document))
        .route("/healthz", get(health::show_life))
        .route("/readyz", get(health::show_readiness))
        .route("/metrics", get(metrics::show_metrics))
        .fallback(refuse_path)
        .method_not_allowed_fallback(refuse_method)
        .layer(from_fn_with_state(leader.clone(), finish))
        .with_state(leader)
}

async fn refuse_path() -> ApiError {
    ApiError::not_found("such path")
}

async fn refuse_method() -> ApiError {
    ApiError::new(ProblemCode::MethodNotAllowed, "this path does not take this method; the header Allow says which")
}

/// What all answers have in common: they are counted, kept by no cache, and no page's content.
async fn finish(State(leader): State<Arc<Leader>>, request: Request, next: Next) -> Response {
    const COMMON: [(HeaderName, HeaderValue); 2] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let mut response = next.run(request).await;
    leader.metrics.answered(response.status());
    response.headers_mut().extend(COMMON);
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}
