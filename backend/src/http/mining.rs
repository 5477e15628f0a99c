//! Mining in a browser, and what is known of everyone's miners. Jobs ride on the event stream.

use super::Leader;
use super::error::ApiError;
use super::extract::{ClientAddress, Json, Name, Parameters};
use crate::identity::{MemberSession, right};
use crate::mining::{self, JoinError, ShareError, WorkerSnapshot};
use axum::extract::State;
use axum::http::StatusCode;
use qoin_core::api::mining::{
    JoinMining, MINING_PATH, MiningJoined, MiningWork, ShareTaken, SubmitShare, WORKERS_PATH, WorkerView, WorkersPage,
};
use qoin_core::api::problem::{Problem, ProblemCode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const MINER_PATH: &str = "/api/v1/mining/{miner}";
const SHARES_PATH: &str = "/api/v1/mining/{miner}/shares";
/// After how many seconds a tab that sent too many shares may go on.
const SHARES_RETRY_S: u32 = 1;

/// Lets one tab of the session's browser mine for its member. Jobs follow as `work` on the session's event stream. The tab
/// counts as closed when it sends no share for three minutes of work, or the session has no stream for a minute.
#[utoipa::path(
    post,
    path = MINING_PATH,
    tag = "mining",
    request_body = JoinMining,
    security(("session" = [])),
    responses((status = 201, body = MiningJoined), (status = "4XX", body = Problem)),
)]
pub async fn join_mining(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    ClientAddress(from): ClientAddress,
    Json(request): Json<JoinMining>,
) -> Result<(StatusCode, axum::Json<MiningJoined>), ApiError> {
    let joined = leader.browsers.join(session.id(), session.address(), &request.worker, session.ended());
    let MiningWork { miner, job } = joined?;
    leader.browsers.mining().workers().came_from(Some(session.address()), &request.worker, from);
    Ok((StatusCode::CREATED, axum::Json(MiningJoined { miner, job })))
}

/// Ends a tab's mining.
#[utoipa::path(
    delete,
    path = MINER_PATH,
    tag = "mining",
    params(("miner" = u32, Path, description = "The tab's name")),
    security(("session" = [])),
    responses((status = 204), (status = "4XX", body = Problem)),
)]
pub async fn leave_mining(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Name(miner): Name<u32>,
) -> Result<StatusCode, ApiError> {
    if leader.browsers.leave(&session.id(), miner) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ShareError::UnknownTab.into())
    }
}

/// Takes a share of a tab. One that meets the block's own target solves the block.
#[utoipa::path(
    post,
    path = SHARES_PATH,
    tag = "mining",
    params(("miner" = u32, Path, description = "The tab's name")),
    request_body = SubmitShare,
    security(("session" = [])),
    responses((status = 200, body = ShareTaken), (status = "4XX", body = Problem), (status = 503, body = Problem)),
)]
pub async fn submit_share(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Name(miner): Name<u32>,
    Json(share): Json<SubmitShare>,
) -> Result<axum::Json<ShareTaken>, ApiError> {
    let SubmitShare { job, time, nonce } = share;
    let block = leader.browsers.submit(&session.id(), miner, &job, time, nonce).await?;
    Ok(axum::Json(ShareTaken { block }))
}

/// Whose miners are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkersQuery {
    /// Everyone's, for administrators; otherwise the session's member's.
    #[serde(default)]
    all: bool,
}

/// Miners by owner and name, with estimates of their hash rates, their shares, blocks and rewards.
#[utoipa::path(
    get,
    path = WORKERS_PATH,
    tag = "mining",
    params(WorkersQuery),
    security(("session" = [])),
    responses((status = 200, body = WorkersPage), (status = "4XX", body = Problem)),
)]
pub async fn list_workers(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    ClientAddress(from): ClientAddress,
    Parameters(query): Parameters<WorkersQuery>,
) -> Result<axum::Json<WorkersPage>, ApiError> {
    let of = if query.all {
        session.grant::<right::ViewNetwork>(from).await?;
        None
    } else {
        Some(session.address())
    };
    let workers = leader.browsers.mining().workers().list(of, leader.ledger.now_ms());
    Ok(axum::Json(WorkersPage { workers: workers.into_iter().map(|worker| view(&leader, worker)).collect() }))
}

fn view(leader: &Leader, worker: WorkerSnapshot) -> WorkerView {
    let WorkerSnapshot { owner, name, agent, connected, seen_ms, hash_rate, shares, refused, blocks, rewards, .. } =
        worker;
    WorkerView {
        owner: owner.map(|owner| leader.identity.party(&owner)),
        name,
        agent,
        connected,
        seen_ms,
        hash_rate_estimate: hash_rate,
        shares,
        refused,
        blocks,
        rewards,
    }
}

impl From<JoinError> for ApiError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Worker(_) => Self::new(ProblemCode::InvalidWorker, error),
            JoinError::TooManyTabs | JoinError::TooManyWorkers(_) => Self::new(ProblemCode::TooManyRequests, error),
        }
    }
}

impl From<ShareError> for ApiError {
    fn from(error: ShareError) -> Self {
        let code = match &error {
            ShareError::UnknownTab => ProblemCode::NotFound,
            ShareError::TooOften => {
                return Self::new(ProblemCode::TooManyRequests, error).retry_after_s(SHARES_RETRY_S);
            }
            ShareError::Refused(refusal) => match refusal {
                mining::Refusal::Stale => ProblemCode::StaleShare,
                mining::Refusal::Duplicate => ProblemCode::DuplicateShare,
                mining::Refusal::LowDifficulty => ProblemCode::LowDifficultyShare,
                mining::Refusal::Time => ProblemCode::ShareTime,
                mining::Refusal::TooMany => ProblemCode::TooManyRequests,
                mining::Refusal::NotTaken(_) => ProblemCode::LedgerReadOnly,
            },
        };
        Self::new(code, error)
    }
}
