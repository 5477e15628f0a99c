//! The jobs that a connection was given, and the shares that come back for them.

use super::message::Rejection;
use crate::ledger::{Solution, Work};
use qoin_core::{address::Address, target::Target};
use qoin_miner::job::{JobText, reverse_words};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

/// How many jobs of one height a connection's shares are taken for.
const JOBS_MAX: usize = 32;
/// How many shares of one job are remembered against being sent twice.
const SHARES_MAX: usize = 4_096;

/// A share as it comes from a miner, its texts read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Share {
    /// The job's name.
    pub job: u64,
    /// The second half of the extranonce.
    pub extranonce2: [u8; 4],
    /// The header's time, in seconds since 1970.
    pub time: u32,
    /// The header's nonce.
    pub nonce: u32,
}

/// The jobs that shares may still be sent for.
pub(super) struct Jobs {
    extranonce1: [u8; 4],
    owner: Option<Address>,
    jobs: VecDeque<Job>,
}

struct Job {
    work: Arc<Work>,
    share_target: Target,
    shares: HashSet<Share>,
}

impl Jobs {
    pub(super) fn new(extranonce1: [u8; 4], owner: Option<Address>) -> Self {
        Self { extranonce1, owner, jobs: VecDeque::new() }
    }

    /// Takes new work on, and gives the share difficulty and the job to send. The share difficulty is the block's, rounded
    /// down, so every share that is better than it may be a block.
    pub(super) fn add(&mut self, work: Arc<Work>) -> (f64, JobText) {
        let template = &work.template;
        let is_same_tip = |job: &Job| {
            job.work.template.opened_ms == template.opened_ms && job.work.template.previous == template.previous
        };
        if !self.jobs.iter().all(is_same_tip) {
            self.jobs.clear();
        }
        if self.jobs.len() == JOBS_MAX {
            self.jobs.pop_front();
        }
        let block_target = template.bits.expand().expect("a template's target is one");
        let difficulty = block_target.difficulty();
        let share_target = Target::from_difficulty(difficulty).unwrap_or(block_target).max(block_target);
        let (start, end) = template.coinbase(self.owner, [0; 8]).split();
        let text = JobText {
            id: format!("{:x}", work.id),
            previous: hex::encode(reverse_words(template.previous.to_bytes())),
            coinbase_start: hex::encode(start),
            coinbase_end: hex::encode(end),
            branch: template.branch.iter().map(|node| hex::encode(node.to_bytes())).collect(),
            version: format!("{:08x}", qoin_core::header::HEADER_VERSION),
            bits: format!("{:08x}", template.bits.0),
            time: format!("{:08x}", template.time()),
            clean: work.clean,
        };
        self.jobs.push_back(Job { work, share_target, shares: HashSet::new() });
        (difficulty, text)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Forgets everything: nothing waits any more.
    pub(super) fn clear(&mut self) {
        self.jobs.clear();
    }

    /// Checks a share. One that is good enough for a block comes with the solution.
    pub(super) fn check(&mut self, share: Share) -> Result<Option<Solution>, Rejection> {
        let job = self.jobs.iter_mut().find(|job| job.work.id == share.job).ok_or(Rejection::Stale)?;
        let template = &job.work.template;
        if !template.allows_time(share.time) {
            return Err(Rejection::Other("Time out of range".into()));
        }
        let mut extranonce = [0; 8];
        extranonce[..4].copy_from_slice(&self.extranonce1);
        extranonce[4..].copy_from_slice(&share.extranonce2);
        let coinbase = template.coinbase(self.owner, extranonce);
        let header = template.header(&coinbase, share.time, share.nonce);
        let hash = header.hash();
        if !job.share_target.is_met_by(&hash) {
            return Err(Rejection::LowDifficulty);
        }
        if job.shares.len() == SHARES_MAX {
            return Err(Rejection::Other("Too many shares for one job".into()));
        }
        if !job.shares.insert(share) {
            return Err(Rejection::Duplicate);
        }
        let is_block = template.bits.expand().is_ok_and(|target| target.is_met_by(&hash));
        Ok(is_block.then(|| template.solution(coinbase, header)))
    }
}
