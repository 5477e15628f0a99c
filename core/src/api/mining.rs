//! Mining in a browser, and what the leader knows of everyone's miners.
//!
//! A tab joins with [`JoinMining`] and is given a name and its first job. Later jobs come as `work` on the session's
//! event stream (one for all tabs, so each looks for its own name), shares go back by [`SubmitShare`], and the tab leaves
//! by `DELETE`. A tab whose name the leader does not know (any more) gets `not_found` and joins anew.

use super::account::Party;
use super::bytes::Bytes;
use crate::{amount::Amount, header::Header, target::Target};
use serde::{Deserialize, Serialize};

/// `POST` [`JoinMining`], answers [`MiningJoined`].
/// Below it, with the miner's name: `DELETE` leaves; `/shares` takes [`SubmitShare`] and answers [`ShareTaken`].
pub const MINING_PATH: &str = "/api/v1/mining";
/// `GET`: [`WorkersPage`] of the session's member; with `all=true` of everyone, for administrators.
pub const WORKERS_PATH: &str = "/api/v1/mining/workers";

/// The path where the shares of a miner go.
pub fn shares_path(miner: u32) -> String {
    format!("{MINING_PATH}/{miner}/shares")
}

/// A tab wants to mine for the session's member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinMining {
    /// The name under which its shares, blocks and rewards are counted, such as `browser`; see `validate::worker`.
    pub worker: String,
}

/// The tab mines from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MiningJoined {
    /// The tab's name among all miners, for `work` and for its paths.
    pub miner: u32,
    /// What to work on; nothing while no payment waits.
    pub job: Option<MiningJob>,
}

/// What one tab is to do from now on, whatever it does at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MiningWork {
    /// The tab that is meant.
    pub miner: u32,
    /// What to work on; nothing while no payment waits.
    pub job: Option<MiningJob>,
}

/// Everything that a tab's workers need: a header of the tab's own, in which they vary the nonce, and if all of them are
/// used up the time, forward by at most `block::TIME_ROLL_MAX_S`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MiningJob {
    /// Its name.
    pub id: String,
    /// The height of the block that it leads to.
    pub height: u32,
    /// The header with nonce 0; its Merkle root is over a coinbase for the member with an extranonce of the tab's own.
    pub header: Bytes<{ Header::LEN }>,
    /// What a share's hash has to meet; never harder than the block's own target, which stands in the header.
    pub target: Target,
    /// Whether shares of all earlier jobs are worthless. If not, a search that is under way may end first.
    pub clean: bool,
}

/// A header that meets its job's share target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmitShare {
    /// The job's name.
    pub job: String,
    /// The header's time, in seconds since 1970.
    pub time: u32,
    /// The header's nonce.
    pub nonce: u32,
}

/// The share was good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShareTaken {
    /// The height of the block that it solved, if it did.
    pub block: Option<u32>,
}

/// Miners, by owner and name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkersPage {
    /// Those that are connected first, then the latest seen.
    pub workers: Vec<WorkerView>,
}

/// All that an owner's miners did under one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerView {
    /// Who is rewarded; nobody for anonymous miners.
    pub owner: Option<Party>,
    /// The name; empty when the miner gave none.
    pub name: String,
    /// What the program that connected last calls itself.
    pub agent: String,
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

/// Hashes a second, averaged over three times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HashRates {
    /// Over the last minute.
    pub minute: f64,
    /// Over the last hour.
    pub hour: f64,
    /// Over the last 24 hours.
    pub day: f64,
}
