//! What the miner has come to: its connection, its work, its shares.

use qoin_core::amount::Amount;
use serde::Serialize;

/// The state of things. Sessions and pauses change it, whoever shows it watches.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Tally {
    /// Host and port of the server that has authorised the miner; `None` without one.
    pub server: Option<String>,
    /// The height of the block that is worked on, if the job tells.
    pub height: Option<u32>,
    /// The difficulty of the current job's shares; `None` without a job.
    pub difficulty: Option<f64>,
    /// Why the threads sleep although there may be work; `None` unless they do.
    pub paused: Option<&'static str>,
    /// The shares that the server took.
    pub shares_accepted: u64,
    /// The shares that came after their job was over.
    pub shares_late: u64,
    /// The shares that the server refused for any other reason.
    pub shares_rejected: u64,
    /// Accepted shares that solved their block.
    pub blocks: u64,
    /// What these blocks paid to the owner, in smallest units; only blocks of Qoin tell.
    pub rewards: u64,
}

impl Tally {
    /// Counts a share that the server took, with the reward of the block that it solved.
    pub fn accept(&mut self, solved: bool, reward: Option<Amount>) {
        self.shares_accepted += 1;
        self.blocks += u64::from(solved);
        if solved {
            self.rewards = self.rewards.saturating_add(reward.map_or(0, Amount::units));
        }
    }

    /// Forgets the connection and its work.
    pub fn disconnect(&mut self) {
        (self.server, self.height, self.difficulty) = (None, None, None);
    }
}
