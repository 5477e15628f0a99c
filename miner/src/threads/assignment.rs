//! What the threads work on, and what they find.

use qoin_core::{
    amount::Amount,
    hash::BlockHash,
    target::{CompactTarget, Target},
};
use qoin_miner::job::Job;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// A job with all that makes headers of it on one connection, shared by the threads.
#[derive(Debug)]
pub struct Assignment {
    job: Job,
    extranonce1: Vec<u8>,
    extranonce2_len: usize,
    target: Target,
    /// The first value of the second extranonce to search; the others follow it, around the end if need be.
    first: u64,
    /// How many values have been taken.
    taken: AtomicU64,
    /// Set once other work has taken its place.
    pub(super) replaced: AtomicBool,
    /// The generation that it belongs to; see [`super::Threads::is_worthless`].
    pub(super) generation: u64,
}

impl Assignment {
    /// Work on `job` for hashes that meet `target`, with second extranonces of `extranonce2_len` bytes from `first` on.
    pub fn new(job: Job, extranonce1: Vec<u8>, extranonce2_len: usize, target: Target, first: u64) -> Self {
        Self {
            job,
            extranonce1,
            extranonce2_len,
            target,
            first,
            taken: AtomicU64::new(0),
            replaced: AtomicBool::new(false),
            generation: 0,
        }
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The first value of the second extranonce that no thread has taken.
    pub fn next_extranonce2(&self) -> u64 {
        self.first.wrapping_add(self.taken.load(Ordering::Relaxed))
    }

    /// What a hash has to meet to be sent.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The header with nonce 0 for this value of the second extranonce.
    pub(super) fn header(&self, extranonce2: &[u8]) -> [u8; 80] {
        self.job.header(&self.extranonce1, extranonce2)
    }

    /// How many values the second extranonce has.
    fn extranonces2(&self) -> u64 {
        u32::try_from(8 * self.extranonce2_len).ok().and_then(|bits| 1_u64.checked_shl(bits)).unwrap_or(u64::MAX)
    }

    /// Whether there is something in it for another thread.
    pub(super) fn is_open(&self) -> bool {
        !self.replaced.load(Ordering::Relaxed) && self.taken.load(Ordering::Relaxed) < self.extranonces2()
    }

    /// A value of the second extranonce that is nobody else's; `None` when all are taken.
    pub(super) fn take_extranonce2(&self) -> Option<Vec<u8>> {
        let count = self.extranonces2();
        let next = |taken: u64| (taken < count).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        let value = self.first.wrapping_add(taken).to_be_bytes();
        let mut bytes = vec![0; self.extranonce2_len];
        let kept = value.len().min(bytes.len());
        let start = bytes.len() - kept;
        bytes[start..].copy_from_slice(&value[value.len() - kept..]);
        Some(bytes)
    }
}

/// A header that meets its assignment's target.
#[derive(Debug, Clone)]
pub struct Share {
    /// What it was found for.
    pub assignment: Arc<Assignment>,
    /// The second extranonce.
    pub extranonce2: Vec<u8>,
    /// The nonce.
    pub nonce: u32,
    /// The header's hash.
    pub hash: BlockHash,
}

impl Share {
    /// Whether the share is its block's solution.
    pub fn solves_block(&self) -> bool {
        let bits = CompactTarget(self.assignment.job.bits());
        bits.expand().is_ok_and(|target| target.is_met_by(&self.hash))
    }

    /// What that block pays, if it tells; in smallest units.
    pub fn reward(&self) -> Option<Amount> {
        self.assignment.job.reward(&self.assignment.extranonce1, &self.extranonce2)
    }
}
