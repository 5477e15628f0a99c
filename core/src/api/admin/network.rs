//! The leader's host, its miners and its blocks, for whoever looks after them.

use super::super::account::Party;
use super::super::mining::HashRates;
use crate::{amount::Amount, hash::BlockHash};
use serde::{Deserialize, Serialize};

/// `GET`: [`NetworkView`].
pub const NETWORK_PATH: &str = "/api/v1/admin/network";
/// `GET` with `after` and `limit`: [`MinersPage`].
pub const MINERS_PATH: &str = "/api/v1/admin/network/miners";
/// `GET` with `before` and `limit`: [`BlockTimesPage`].
pub const BLOCK_TIMES_PATH: &str = "/api/v1/admin/network/block-times";
/// `GET`: [`HashRateHistory`] of all miners together.
pub const HASH_RATE_PATH: &str = "/api/v1/admin/network/hash-rate";
/// `GET`: [`BackupsView`]. `POST` makes one in the leader's backup folder and answers [`BackupProgress`], one JSON document
/// a line as it goes.
pub const BACKUPS_PATH: &str = "/api/v1/admin/backups";
/// `GET`: a backup without the keys, made as it is downloaded.
pub const BACKUP_DOWNLOAD_PATH: &str = "/api/v1/admin/backups/download";

/// How the leader is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkView {
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub started_ms: u64,
    /// Its clock, by which everything is dated.
    pub leader_time_ms: u64,
    /// How far its clock is ahead of its host's; it is drawn slowly to it.
    pub clock_ahead_ms: i64,
    /// Why it accepts nothing more, if it does not.
    pub read_only: Option<String>,
    /// How many requests wait for the ledger.
    pub queue_length: u32,
    /// How many can.
    pub queue_capacity: u32,
    /// How many log records there are.
    pub records: u64,
    /// How many of them wait for a block.
    pub pending: u64,
    /// When the oldest of those was accepted.
    pub pending_since_ms: Option<u64>,
    /// How many blocks there are.
    pub blocks: u32,
    /// How long a block should take.
    pub block_interval_ms: u64,
    /// How many members there are.
    pub members: u64,
    /// How many connections, tabs and threads mine now.
    pub miners: u32,
    /// An estimate of the hashes a second of all miners, from their shares.
    pub hash_rate_estimate: HashRates,
    /// The data folder's disk.
    pub disk: Option<DiskView>,
    /// How much memory the leader's process has, in bytes.
    pub memory_bytes: Option<u64>,
    /// Its backups.
    pub backups: BackupsView,
}

/// The disk with the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiskView {
    /// How much the ledger takes, in bytes.
    pub ledger_bytes: u64,
    /// How much is free on its file system, in bytes.
    pub free_bytes: u64,
    /// How large its file system is, in bytes.
    pub total_bytes: u64,
}

/// Everyone's miners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinersPage {
    /// Those that are connected first, then the latest seen.
    pub miners: Vec<MinerView>,
    /// How many there are in all.
    pub count: u32,
    /// What to pass as `after` for the next page; absent at the end.
    pub next: Option<u32>,
}

/// All that an owner's miners did under one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinerView {
    /// Who is rewarded; nobody for anonymous miners.
    pub owner: Option<Party>,
    /// The name; empty when the miner gave none.
    pub worker: String,
    /// What the program that connected last calls itself.
    pub agent: String,
    /// From where it connected last; absent for the leader's own threads and before the first connection since its start.
    pub address: Option<String>,
    /// How many connections, tabs or threads mine under this name now.
    pub connected: u32,
    /// When it last connected or sent a share that was taken.
    pub seen_ms: u64,
    /// An estimate of its hashes a second, from the shares it sent.
    pub hash_rate_estimate: HashRates,
    /// The shares taken since the leader's start.
    pub shares: u64,
    /// The shares refused since the leader's start.
    pub refused: u64,
    /// The blocks it solved.
    pub blocks: u64,
    /// The rewards for them.
    pub rewards: Amount,
}

/// How long blocks took, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockTimesPage {
    /// How long a block should take.
    pub block_interval_ms: u64,
    /// The blocks.
    pub blocks: Vec<BlockTime>,
    /// What to pass as `before` for the next page; absent at the end.
    pub next: Option<u32>,
}

/// How long a block took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockTime {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// When its work first went to a miner.
    pub opened_ms: u64,
    /// When it was solved.
    pub solved_ms: u64,
    /// How many hashes it took on average, by its target.
    pub work: f64,
    /// How many log records it seals.
    pub records: u32,
    /// Who was rewarded.
    pub miner: Option<Party>,
    /// How much.
    pub reward: Amount,
}

/// Hashes a second of all miners together, estimated from their shares, ever more coarsely. Each point is the average
/// over the time that ends with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HashRateHistory {
    /// The last minute, by the second.
    pub minute: Vec<HashRatePoint>,
    /// The last hour, by the minute.
    pub hour: Vec<HashRatePoint>,
    /// The last 24 hours, by the quarter of an hour.
    pub day: Vec<HashRatePoint>,
}

/// One point of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HashRatePoint {
    /// The end of the time.
    pub at_ms: u64,
    /// Hashes a second during it.
    pub hashes_per_s: f64,
}

/// The leader's backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupsView {
    /// The folder of the leader's host where the panel puts them; absent when the host's settings name none.
    pub folder: Option<String>,
    /// The last one that was finished, by a command or from the panel; none that this data knows of.
    pub last: Option<BackupMade>,
    /// Whether one is being made now.
    pub is_running: bool,
}

/// A backup that was finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupMade {
    /// When what it holds was committed.
    pub made_ms: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// Whether the keys are in it.
    pub with_keys: bool,
    /// Its file in the backup folder; absent for one that was downloaded.
    pub file: Option<String>,
}

/// One line of what is told while a backup is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum BackupProgress {
    /// So many bytes are written.
    Writing {
        /// How many.
        bytes: u64,
    },
    /// Every byte of it is read back.
    Checking {
        /// How many it has.
        bytes: u64,
    },
    /// It is there.
    Done(BackupMade),
    /// It is not there.
    Failed {
        /// Why.
        detail: String,
    },
}
