//! What all miners have in common, whichever door they come by: jobs, share difficulty, shares and their accounting.
//!
//! A [`Miner`] is one connection, tab or thread. It takes [`Work`](crate::ledger::Work) and turns it into jobs of its own,
//! checks the shares that come back, and counts them for its [`Worker`]: all that an owner's miners do under one name.

mod browsers;
mod bucket;
mod difficulty;
mod hash_rate;
pub mod limits;
mod miner;
mod stored;
mod threads;
mod workers;

pub use browsers::{Browsers, Feed, JoinError, ShareError};
pub use bucket::Bucket;
pub use hash_rate::HashRate;
pub use miner::{Found, Job, JobId, Miner, Refusal, Share};
pub use threads::mine;
pub use workers::{Connected, TooManyWorkers, Totals, Worker, WorkerSnapshot, Workers};

use crate::ledger::{BlockSummary, Ledger, SolveError, StoreError, WorkHub};
use limits::Patience;
use qoin_core::address::Address;
use std::time::Duration;

/// How the operator wants mining to be.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a share should take each miner on average.
    pub share_interval: Duration,
    /// How long the leader waits for a miner; not for the operator to set.
    pub patience: Patience,
}

impl Default for Settings {
    fn default() -> Self {
        Self { share_interval: Duration::from_secs(5), patience: Patience::default() }
    }
}

/// The place where all miners work. Clones are the same place.
#[derive(Clone)]
pub struct Mining {
    ledger: Ledger,
    hub: WorkHub,
    workers: Workers,
    settings: Settings,
}

impl Mining {
    /// Starts handing out work. Needs a running tokio.
    ///
    /// # Errors
    /// When the store fails, or holds what a newer release wrote.
    pub fn start(ledger: Ledger, settings: Settings) -> Result<Self, StoreError> {
        let workers = stored::load(&ledger)?;
        Ok(Self { hub: WorkHub::start(ledger.clone()), ledger, workers, settings })
    }

    /// The first half of an extranonce for one miner, who may join with it or not.
    pub fn new_extranonce(&self) -> [u8; 4] {
        self.hub.new_extranonce()
    }

    /// Lets someone mine for `owner` under the name `worker`, with a program that calls itself `agent`.
    ///
    /// # Errors
    /// When too many mine for this owner already.
    pub fn join(
        &self,
        owner: Option<Address>,
        worker: &str,
        agent: &str,
        extranonce: [u8; 4],
    ) -> Result<Miner, TooManyWorkers> {
        let connected = self.workers.join(owner, worker, agent, self.ledger.now_ms())?;
        Ok(Miner::new(self.clone(), connected, extranonce))
    }

    /// Where work comes from.
    #[cfg(test)]
    pub(crate) fn hub(&self) -> &WorkHub {
        &self.hub
    }

    /// What is counted.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// How often a share is aimed at.
    pub fn share_interval(&self) -> Duration {
        self.settings.share_interval
    }

    /// How long the leader waits for a miner.
    pub fn patience(&self) -> &Patience {
        &self.settings.patience
    }

    /// How many connections, tabs and threads mine now.
    pub fn miners(&self) -> usize {
        self.hub.miners()
    }

    /// Makes a block of what a worker found, and counts it.
    ///
    /// # Errors
    /// Why it made none.
    pub async fn solve(&self, found: Found) -> Result<BlockSummary, Refusal> {
        let mining = self.clone();
        // Whoever waits may be gone before the answer comes: the block is counted all the same.
        let solving = tokio::spawn(async move { mining.solve_and_count(found).await });
        solving.await.unwrap_or(Err(Refusal::NotTaken(SolveError::Closed)))
    }

    async fn solve_and_count(&self, found: Found) -> Result<BlockSummary, Refusal> {
        let Found { solution, worker, hashes } = found;
        let reward = solution.coinbase.reward;
        match self.ledger.solve(solution).await {
            Ok(block) => {
                self.workers.count_share(&worker, hashes, self.ledger.now_ms());
                self.workers.count_block(&worker, reward);
                stored::keep(&self.ledger, &self.workers, &worker);
                Ok(block)
            }
            Err(error) => {
                self.workers.count_refused(&worker);
                Err(if error == SolveError::Stale { Refusal::Stale } else { Refusal::NotTaken(error) })
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
