//! One miner: its jobs, and the shares that come back for them.

use super::{
    Mining,
    difficulty::ShareDifficulty,
    limits::SHARES_MAX,
    workers::{Connected, Worker},
};
use crate::ledger::{MinerGuard, Solution, SolveError, Template, Work};
use qoin_core::{address::Address, block::TIME_ROLL_MAX_S, target::Target};
use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use thiserror::Error;
use tokio::sync::watch;

/// How many share targets of one height are remembered.
const TARGETS_MAX: usize = 32;

/// A connection, tab or thread that mines for an owner under a worker's name.
pub struct Miner {
    mining: Mining,
    connected: Connected,
    extranonce: [u8; 4],
    _guard: MinerGuard,
    work: watch::Receiver<Option<Arc<Work>>>,
    current: Option<Arc<Work>>,
    difficulty: ShareDifficulty,
    /// The share targets of the jobs that are open, oldest first, each with its number.
    targets: VecDeque<(u8, Target)>,
    /// The shares taken of this height.
    shares: HashSet<Share>,
}

/// A job's name: a work and one of the miner's share targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobId(u64);

/// What a miner is to do.
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// What it is made of.
    pub work: Arc<Work>,
    /// The difficulty of its shares, where 1 stands for [`Target::difficulty_1`].
    pub difficulty: f64,
    /// What the hash of a share has to meet.
    pub target: Target,
    /// Whether a search under way is to be dropped.
    pub clean: bool,
}

/// A share as it comes from a miner, its texts read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// The second half of the extranonce.
    pub extranonce2: [u8; 4],
    /// The header's time, in seconds since 1970.
    pub time: u32,
    /// The header's nonce.
    pub nonce: u32,
    /// The work; not the job, since one header is one share whatever its target was.
    work: u64,
}

/// A share that is good enough for a block.
pub struct Found {
    pub(super) solution: Solution,
    pub(super) worker: Arc<Worker>,
    pub(super) hashes: f64,
}

/// Why a share was not taken.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its job is unknown or worthless by now.
    #[error("Job not found or stale")]
    Stale,
    /// It came before.
    #[error("Duplicate share")]
    Duplicate,
    /// Its hash is above the share's target.
    #[error("Low difficulty share")]
    LowDifficulty,
    /// Its job does not allow its time.
    #[error("Time out of range: a job's time may be rolled forward by {TIME_ROLL_MAX_S} s")]
    Time,
    /// Too many were sent for one height.
    #[error("Too many shares for one block")]
    TooMany,
    /// It would have made a block that the ledger did not take.
    #[error("{0}")]
    NotTaken(SolveError),
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl JobId {
    fn new(work: u64, target: u8) -> Self {
        Self(work << 8 | u64::from(target))
    }

    /// The name with this text, which may be anybody's.
    pub fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }

    fn work(self) -> u64 {
        self.0 >> 8
    }

    fn target(self) -> u8 {
        self.0.to_le_bytes()[0]
    }
}

impl Share {
    /// A share of the job of this name.
    pub fn of(job: JobId, extranonce2: [u8; 4], time: u32, nonce: u32) -> Self {
        Self { extranonce2, time, nonce, work: job.work() }
    }
}

impl Miner {
    pub(super) fn new(mining: Mining, connected: Connected, extranonce: [u8; 4]) -> Self {
        let (guard, work) = mining.hub.join();
        let difficulty = ShareDifficulty::new(mining.share_interval(), connected.hash_rate);
        let (targets, shares) = (VecDeque::new(), HashSet::new());
        Self { mining, connected, extranonce, _guard: guard, work, current: None, difficulty, targets, shares }
    }

    /// The first half of the extranonce, which is this miner's alone.
    pub fn extranonce(&self) -> [u8; 4] {
        self.extranonce
    }

    /// For whom its work is counted.
    pub(super) fn worker(&self) -> &Arc<Worker> {
        self.connected.worker()
    }

    /// Who is rewarded.
    pub fn owner(&self) -> Option<Address> {
        self.connected.owner()
    }

    /// The share difficulty that suits it, whatever its job's block allows.
    pub fn difficulty(&self) -> f64 {
        self.difficulty.wished()
    }

    /// Whether it has work.
    pub fn is_working(&self) -> bool {
        self.current.is_some()
    }

    /// Where the work that changes comes from.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<Work>>> {
        self.work.clone()
    }

    /// The job for the newest work, which is taken on; none while nothing waits.
    pub fn next_job(&mut self, now: Instant) -> Option<Job> {
        // After a block the next work is on its way; what is worthless already is not given out.
        let newest = self.work.borrow_and_update().clone();
        let work = newest.filter(|work| self.leads_on(&work.template));
        self.difficulty.set_working(work.is_some(), now);
        let before = std::mem::replace(&mut self.current, work.clone());
        let Some(work) = work else {
            self.shares.clear();
            return None;
        };
        let clean = before.as_ref().is_none_or(|before| work.is_clean_after(before));
        if before.as_ref().is_none_or(|before| !work.is_of_same_height(before)) {
            self.shares.clear();
            self.targets.drain(..self.targets.len().saturating_sub(1));
        }
        Some(self.job(work, clean))
    }

    /// The same work again under another share target, if the miner's shares come too often or too rarely.
    pub fn adjusted_job(&mut self, now: Instant) -> Option<Job> {
        if !self.difficulty.adjust(now) {
            return None;
        }
        let (work, newest) = (self.current.clone()?, self.targets.back()?.1);
        let (_, target) = self.difficulty.for_block(block_target(&work.template));
        (target != newest).then(|| self.job(work, false))
    }

    /// Whether the template's block would follow the tip.
    fn leads_on(&self, template: &Template) -> bool {
        template.height == self.mining.ledger.read().tip().height + 1
    }

    fn job(&mut self, work: Arc<Work>, clean: bool) -> Job {
        let (difficulty, target) = self.difficulty.for_block(block_target(&work.template));
        let newest = self.targets.back().copied();
        let number = match newest {
            Some((number, newest)) if newest == target => number,
            _ => {
                let number = newest.map_or(0, |(number, _)| number.wrapping_add(1));
                if self.targets.len() == TARGETS_MAX {
                    self.targets.pop_front();
                }
                self.targets.push_back((number, target));
                number
            }
        };
        Job { id: JobId::new(work.id, number), work, difficulty, target, clean }
    }

    /// For how long it has had work without making a share.
    pub fn barren(&mut self, now: Instant) -> Duration {
        self.difficulty.barren(now)
    }

    /// Checks a share of a job, and counts it; one that is good enough for a block is counted with the block.
    ///
    /// # Errors
    /// Why it was not taken; that is counted too.
    pub fn check(&mut self, job: JobId, share: Share, now: Instant) -> Result<Option<Found>, Refusal> {
        let (workers, worker) = (self.connected.workers().clone(), self.connected.worker().clone());
        let checked = self.checked(job, share);
        let Ok((hashes, solution)) = checked else {
            workers.count_refused(&worker);
            return checked.map(|_| None);
        };
        self.difficulty.count(hashes, now);
        match solution {
            Some(solution) => Ok(Some(Found { solution, worker, hashes })),
            None => {
                workers.count_share(&worker, hashes, self.mining.ledger.now_ms());
                Ok(None)
            }
        }
    }

    /// The hashes that a good share stands for, and the solution that it may be.
    fn checked(&mut self, job: JobId, share: Share) -> Result<(f64, Option<Solution>), Refusal> {
        // A job that was not given out yet is none.
        self.current.as_ref().filter(|current| job.work() <= current.id).ok_or(Refusal::Stale)?;
        let work = self.mining.hub.open(job.work()).filter(|work| self.leads_on(&work.template));
        let work = work.ok_or(Refusal::Stale)?;
        let target = self.targets.iter().find(|(number, _)| *number == job.target()).ok_or(Refusal::Stale)?.1;
        let template = &work.template;
        if !template.allows_time(share.time) {
            return Err(Refusal::Time);
        }
        let mut extranonce = [0; 8];
        extranonce[..4].copy_from_slice(&self.extranonce());
        extranonce[4..].copy_from_slice(&share.extranonce2);
        let coinbase = template.coinbase(self.owner(), extranonce);
        let header = template.header(&coinbase, share.time, share.nonce);
        let hash = header.hash();
        if !target.is_met_by(&hash) {
            return Err(Refusal::LowDifficulty);
        }
        if self.shares.contains(&share) {
            return Err(Refusal::Duplicate);
        }
        if self.shares.len() == SHARES_MAX {
            return Err(Refusal::TooMany);
        }
        self.shares.insert(share);
        let solution = block_target(template).is_met_by(&hash).then(|| template.solution(coinbase, header));
        Ok((target.work().to_f64(), solution))
    }
}

pub(super) fn block_target(template: &Template) -> Target {
    template.bits.expand().expect("a template's target is one")
}
