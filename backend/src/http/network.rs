//! The leader's host, its miners, its blocks and its backups.

use super::Leader;
use super::error::ApiError;
use super::extract::{Parameters, entries, page_entries};
use crate::host::{BackupRefusal, disk, memory_bytes, stamp};
use crate::identity::{Granted, right};
use crate::ledger::StoredBlock;
use crate::mining::WorkerSnapshot;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use qoin_core::api::admin::network::{
    BACKUP_DOWNLOAD_PATH, BACKUPS_PATH, BLOCK_TIMES_PATH, BackupProgress, BackupsView, BlockTime, BlockTimesPage,
    HASH_RATE_PATH, HashRateHistory, MINERS_PATH, MinerView, MinersPage, NETWORK_PATH, NetworkView,
};
use qoin_core::api::problem::{Problem, ProblemCode};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// The most miners in one page.
const MINERS_PAGE_MAX: u32 = 1_000;
/// The most blocks in one page: enough for a chart.
const BLOCK_TIMES_MAX: u32 = 500;

/// How the leader is: version, uptime, clock, queue, disk, memory, miners, backups.
#[utoipa::path(
    get,
    path = NETWORK_PATH,
    tag = "administration",
    security(("session" = ["view_network"]), ("operator" = [])),
    responses((status = 200, body = NetworkView), (status = "4XX", body = Problem)),
)]
pub async fn show_network(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::ViewNetwork>,
) -> Result<Json<NetworkView>, ApiError> {
    let reader = leader.ledger.read();
    let (position, tip) = (reader.position(), reader.tip());
    let pending = position.records.saturating_sub(tip.sealed);
    let oldest = if pending > 0 { reader.record(tip.sealed)? } else { None };
    let backups = leader.host.backups(&*reader.snapshot()?)?;
    let now_ms = leader.ledger.now_ms();
    let host_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let ahead = i128::from(now_ms) - i128::try_from(host_ms).unwrap_or_default();
    let (queue_length, queue_capacity) = leader.ledger.queue();
    let mining = leader.browsers.mining();
    let ledger = leader.host.ledger();
    let disk = tokio::task::spawn_blocking(move || disk(&ledger)).await.map_err(ApiError::internal)?;
    Ok(Json(NetworkView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_ms: leader.host.started_ms(),
        leader_time_ms: now_ms,
        clock_ahead_ms: i64::try_from(ahead).unwrap_or(if ahead < 0 { i64::MIN } else { i64::MAX }),
        read_only: leader.ledger.read_only(),
        queue_length: count(queue_length),
        queue_capacity: count(queue_capacity),
        records: position.records,
        pending,
        pending_since_ms: oldest.map(|stored| stored.record.accepted_us / 1_000),
        blocks: tip.height,
        block_interval_ms: leader.ledger.genesis().genesis.block_interval_ms,
        members: leader.identity.members_count() as u64,
        miners: count(mining.miners()),
        hash_rate_estimate: mining.workers().totals().hash_rate(now_ms),
        disk,
        memory_bytes: memory_bytes(),
        backups,
    }))
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Which miners.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MinersQuery {
    /// Only those behind so many.
    #[serde(default)]
    after: u32,
    /// How many at most, 1 to 1,000; 100 if absent.
    limit: Option<u32>,
}

/// Everyone's miners: those that are connected first, then the latest seen.
#[utoipa::path(
    get,
    path = MINERS_PATH,
    tag = "administration",
    params(MinersQuery),
    security(("session" = ["view_network"]), ("operator" = [])),
    responses((status = 200, body = MinersPage), (status = "4XX", body = Problem)),
)]
pub async fn list_miners(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::ViewNetwork>,
    Parameters(query): Parameters<MinersQuery>,
) -> Result<Json<MinersPage>, ApiError> {
    let limit = entries(query.limit.unwrap_or(100), MINERS_PAGE_MAX)?;
    let all = leader.browsers.mining().workers().list(None, leader.ledger.now_ms());
    let (total, after) = (all.len(), query.after as usize);
    let miners = all.into_iter().skip(after).take(limit).map(|worker| miner_view(&leader, worker)).collect();
    let next = after.saturating_add(limit);
    Ok(Json(MinersPage { miners, count: count(total), next: (next < total).then(|| count(next)) }))
}

fn miner_view(leader: &Leader, worker: WorkerSnapshot) -> MinerView {
    MinerView {
        owner: worker.owner.map(|owner| leader.identity.party(&owner)),
        worker: worker.name,
        agent: worker.agent,
        address: worker.address.map(|address| address.to_string()),
        connected: worker.connected,
        seen_ms: worker.seen_ms,
        hash_rate_estimate: worker.hash_rate,
        shares: worker.shares,
        refused: worker.refused,
        blocks: worker.blocks,
        rewards: worker.rewards,
    }
}

/// Which blocks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BlockTimesQuery {
    /// Only blocks below this height.
    before: Option<u32>,
    /// How many at most, 1 to 500; 50 if absent.
    limit: Option<u32>,
}

/// How long blocks took, with their work, newest first.
#[utoipa::path(
    get,
    path = BLOCK_TIMES_PATH,
    tag = "administration",
    params(BlockTimesQuery),
    security(("session" = ["view_network"]), ("operator" = [])),
    responses((status = 200, body = BlockTimesPage), (status = "4XX", body = Problem)),
)]
pub async fn list_block_times(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::ViewNetwork>,
    Parameters(query): Parameters<BlockTimesQuery>,
) -> Result<Json<BlockTimesPage>, ApiError> {
    let limit = match query.limit {
        Some(limit) => entries(limit, BLOCK_TIMES_MAX)?,
        None => page_entries(None)?,
    };
    let blocks = leader.ledger.read().blocks_before(query.before, limit)?;
    let next = blocks.last().map(StoredBlock::height).filter(|height| *height > 1);
    let blocks = blocks.into_iter().map(|block| block_time(&leader, block)).collect();
    let block_interval_ms = leader.ledger.genesis().genesis.block_interval_ms;
    Ok(Json(BlockTimesPage { block_interval_ms, blocks, next }))
}

fn block_time(leader: &Leader, stored: StoredBlock) -> BlockTime {
    let block = stored.block;
    BlockTime {
        height: block.coinbase.height,
        hash: block.header.hash(),
        opened_ms: block.coinbase.opened_ms,
        solved_ms: block.solved_ms,
        // A block was checked before it was stored.
        work: block.header.bits.expand().map_or(0.0, |target| target.work().to_f64()),
        records: block.count,
        miner: block.coinbase.rewarded.map(|miner| leader.identity.party(&miner)),
        reward: block.coinbase.reward,
    }
}

/// Hashes a second of all miners over the last minute, hour and day, for charts.
#[utoipa::path(
    get,
    path = HASH_RATE_PATH,
    tag = "administration",
    security(("session" = ["view_network"]), ("operator" = [])),
    responses((status = 200, body = HashRateHistory), (status = "4XX", body = Problem)),
)]
pub async fn show_hash_rate(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::ViewNetwork>,
) -> Json<HashRateHistory> {
    Json(leader.browsers.mining().workers().history(leader.ledger.now_ms()))
}

/// Where backups go and when the last one was made.
#[utoipa::path(
    get,
    path = BACKUPS_PATH,
    tag = "administration",
    security(("session" = ["view_network"]), ("operator" = [])),
    responses((status = 200, body = BackupsView), (status = "4XX", body = Problem)),
)]
pub async fn show_backups(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::ViewNetwork>,
) -> Result<Json<BackupsView>, ApiError> {
    Ok(Json(leader.host.backups(&*leader.ledger.read().snapshot()?)?))
}

/// Makes a backup of everything, keys included, in the backup folder of the leader's host, reads it back, and tells how
/// far it is: one JSON document a line, the last one `done` or `failed`. It goes on when the answer is not read to its end.
#[utoipa::path(
    post,
    path = BACKUPS_PATH,
    tag = "administration",
    security(("session" = ["backup"]), ("operator" = [])),
    responses(
        (status = 200, description = "Lines of it", content_type = "application/x-ndjson", body = BackupProgress),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn back_up(
    State(leader): State<Arc<Leader>>,
    granted: Granted<right::Backup>,
) -> Result<impl IntoResponse, ApiError> {
    let lines = granted.back_up(&leader.host, &leader.stopping)?;
    let lines = ReceiverStream::new(lines).map(|line| {
        let mut text = serde_json::to_vec(&line).expect("it is plain JSON");
        text.push(b'\n');
        Ok::<_, Infallible>(Bytes::from(text))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)))
}

/// A backup without the keys, made while it is downloaded: whoever has the keys can act as the leader, so they do not
/// leave its host through a browser. To be of use it needs the folder `keys` of the data folder, or an older backup that
/// has them.
#[utoipa::path(
    get,
    path = BACKUP_DOWNLOAD_PATH,
    tag = "administration",
    security(("session" = ["backup"]), ("operator" = [])),
    responses(
        (status = 200, description = "The backup", content_type = "application/octet-stream", body = String),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn download_backup(
    State(leader): State<Arc<Leader>>,
    granted: Granted<right::Backup>,
) -> Result<impl IntoResponse, ApiError> {
    let name = format!("attachment; filename=\"qoin-{}-without-keys.backup\"", stamp(leader.ledger.now_ms()));
    let name = HeaderValue::from_str(&name).map_err(ApiError::internal)?;
    let backup = granted.stream_backup(&leader.host, false, &leader.stopping)?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], Body::from_stream(backup)))
}

impl From<BackupRefusal> for ApiError {
    fn from(refusal: BackupRefusal) -> Self {
        match refusal {
            BackupRefusal::Busy(busy) => busy.into(),
            BackupRefusal::NoFolder => Self::new(ProblemCode::NoBackupFolder, refusal),
        }
    }
}
