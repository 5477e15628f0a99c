//! What is counted of miners, by owner and name: it survives reconnects, and the blocks and rewards restarts too.

use super::{
    HashRate,
    limits::{AGENT_CHARACTERS_MAX, WORKERS_MAX, WORKERS_OF_OWNER_MAX},
};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{admin::network::HashRateHistory, mining::HashRates},
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
};
use thiserror::Error;

/// All workers. Clones are the same.
#[derive(Clone, Default)]
pub struct Workers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    known: Mutex<HashMap<Key, Arc<Worker>>>,
    totals: Mutex<Totals>,
    /// Workers that made room for others, and are still in the store.
    forgotten: Mutex<Vec<Key>>,
}

/// An owner, if there is one, and a name.
pub(super) type Key = (Option<Address>, String);

/// Everything that an owner's miners do under one name.
pub struct Worker {
    pub(super) key: Key,
    counts: Mutex<Counts>,
}

struct Counts {
    agent: String,
    address: Option<IpAddr>,
    connected: u32,
    seen_ms: u64,
    rate: HashRate,
    shares: u64,
    refused: u64,
    earned: Earned,
}

/// What outlives the leader's process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Earned {
    pub blocks: u64,
    pub rewards: Amount,
    pub seen_ms: u64,
}

/// A worker at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerSnapshot {
    /// Who is rewarded.
    pub owner: Option<Address>,
    /// The name; may be empty.
    pub name: String,
    /// What the program that connected last calls itself.
    pub agent: String,
    /// From where it connected last, if over the network.
    pub address: Option<IpAddr>,
    /// How many connections, tabs or threads there are.
    pub connected: u32,
    /// When it last connected or sent a share that was taken.
    pub seen_ms: u64,
    /// The estimated hashes a second.
    pub hash_rate: HashRates,
    /// Shares taken since the start.
    pub shares: u64,
    /// Shares refused since the start.
    pub refused: u64,
    /// Blocks solved.
    pub blocks: u64,
    /// Rewards for them.
    pub rewards: Amount,
}

/// What all workers did since the start.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Shares taken.
    pub shares: u64,
    /// Shares refused.
    pub refused: u64,
    /// Blocks solved.
    pub blocks: u64,
    rate: Option<HashRate>,
}

impl Totals {
    /// The estimated hashes a second of all together.
    pub fn hash_rate(&self, now_ms: u64) -> HashRates {
        self.rate.as_ref().map_or_else(HashRates::default, |rate| rate.at(now_ms))
    }
}

/// One connection, tab or thread of a worker, as long as this lives.
pub struct Connected {
    workers: Workers,
    worker: Arc<Worker>,
    /// What is known of the speed of one such connection, in hashes a second.
    pub(super) hash_rate: Option<f64>,
}

/// More names are mining than are counted.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("{WORKERS_OF_OWNER_MAX} miners of this owner, or {WORKERS_MAX} in all, are connected under names of their own")]
pub struct TooManyWorkers;

impl Worker {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().expect("nothing panics while it counts")
    }

    /// What outlives the leader's process.
    pub(super) fn earned(&self) -> Earned {
        let counts = self.counts();
        Earned { seen_ms: counts.seen_ms, ..counts.earned }
    }

    fn snapshot(&self, now_ms: u64) -> WorkerSnapshot {
        let counts = self.counts();
        WorkerSnapshot {
            owner: self.key.0,
            name: self.key.1.clone(),
            agent: counts.agent.clone(),
            address: counts.address,
            connected: counts.connected,
            seen_ms: counts.seen_ms,
            hash_rate: counts.rate.at(now_ms),
            shares: counts.shares,
            refused: counts.refused,
            blocks: counts.earned.blocks,
            rewards: counts.earned.rewards,
        }
    }
}

impl Workers {
    /// Shows a worker that an earlier process counted.
    pub(super) fn restore(&self, key: Key, earned: Earned, now_ms: u64) {
        self.known().insert(key.clone(), Arc::new(Worker::new(key, earned, now_ms)));
    }

    /// One more connection mines for `owner` under `name`.
    ///
    /// # Errors
    /// When too many names are connected.
    pub(super) fn join(
        &self,
        owner: Option<Address>,
        name: &str,
        agent: &str,
        now_ms: u64,
    ) -> Result<Connected, TooManyWorkers> {
        let mut known = self.known();
        let key = (owner, name.to_owned());
        if !known.contains_key(&key) {
            if known.keys().filter(|(other, _)| *other == owner).count() >= WORKERS_OF_OWNER_MAX {
                self.make_room(&mut known, |(other, _)| *other == owner)?;
            }
            if known.len() >= WORKERS_MAX {
                self.make_room(&mut known, |_| true)?;
            }
        }
        let worker = known.entry(key).or_insert_with_key(|key| {
            Arc::new(Worker::new(key.clone(), Earned { seen_ms: now_ms, ..Earned::default() }, now_ms))
        });
        let mut counts = worker.counts();
        counts.connected += 1;
        counts.seen_ms = now_ms;
        counts.agent = agent.chars().filter(|letter| !letter.is_control()).take(AGENT_CHARACTERS_MAX).collect();
        let minute = counts.rate.at(now_ms).minute / f64::from(counts.connected);
        drop(counts);
        let hash_rate = (minute > 0.0).then_some(minute);
        Ok(Connected { workers: self.clone(), worker: worker.clone(), hash_rate })
    }

    /// Notes from where a worker that has joined did.
    pub fn came_from(&self, owner: Option<Address>, name: &str, address: IpAddr) {
        if let Some(worker) = self.known().get(&(owner, name.to_owned())) {
            worker.counts().address = Some(address.to_canonical());
        }
    }

    /// Forgets the worker that has been away longest, one without a block if there is one.
    fn make_room(
        &self,
        known: &mut HashMap<Key, Arc<Worker>>,
        among: impl Fn(&Key) -> bool,
    ) -> Result<(), TooManyWorkers> {
        let away = known.iter().filter(|(key, _)| among(key)).filter_map(|(key, worker)| {
            let counts = worker.counts();
            (counts.connected == 0).then(|| ((counts.earned.blocks > 0, counts.seen_ms), key.clone()))
        });
        let (_, key) = away.min().ok_or(TooManyWorkers)?;
        known.remove(&key);
        self.0.forgotten.lock().expect("nothing panics while it pushes").push(key);
        Ok(())
    }

    /// The workers that were forgotten since this was asked last.
    pub(super) fn take_forgotten(&self) -> Vec<Key> {
        std::mem::take(&mut *self.0.forgotten.lock().expect("nothing panics while it pushes"))
    }

    /// All of them, or those of one owner: the connected first, then the latest seen.
    pub fn list(&self, of: Option<Address>, now_ms: u64) -> Vec<WorkerSnapshot> {
        let known = self.known();
        let wanted = known.values().filter(|worker| of.is_none() || worker.key.0 == of);
        let mut list: Vec<_> = wanted.map(|worker| worker.snapshot(now_ms)).collect();
        drop(known);
        list.sort_by(|a, b| {
            let order = |it: &WorkerSnapshot| (it.connected == 0, std::cmp::Reverse(it.seen_ms));
            order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
        });
        list
    }

    /// What all did together over the last day, ever more coarsely.
    pub fn history(&self, now_ms: u64) -> HashRateHistory {
        self.all().rate.as_ref().map_or_else(HashRateHistory::default, |rate| rate.history(now_ms))
    }

    /// What all did.
    pub fn totals(&self) -> Totals {
        self.all().clone()
    }

    /// A share that stands for so many hashes was taken.
    pub(super) fn count_share(&self, worker: &Worker, hashes: f64, now_ms: u64) {
        worker.counts().shares += 1;
        self.all().shares += 1;
        self.count_hashes(worker, hashes, now_ms);
    }

    /// So many hashes were made.
    pub(super) fn count_hashes(&self, worker: &Worker, hashes: f64, now_ms: u64) {
        let mut counts = worker.counts();
        counts.rate.add(hashes, now_ms);
        counts.seen_ms = now_ms;
        drop(counts);
        self.all().rate.get_or_insert_with(|| HashRate::new(now_ms)).add(hashes, now_ms);
    }

    /// A share was refused.
    pub(super) fn count_refused(&self, worker: &Worker) {
        worker.counts().refused += 1;
        self.all().refused += 1;
    }

    /// A block was solved, and a reward earned.
    pub(super) fn count_block(&self, worker: &Worker, reward: Amount) {
        let mut counts = worker.counts();
        counts.earned.blocks += 1;
        counts.earned.rewards = counts.earned.rewards.checked_add(reward).unwrap_or(Amount::MAX);
        drop(counts);
        self.all().blocks += 1;
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Arc<Worker>>> {
        self.0.known.lock().expect("nothing panics while it looks a worker up")
    }

    fn all(&self) -> MutexGuard<'_, Totals> {
        self.0.totals.lock().expect("nothing panics while it counts")
    }
}

impl Worker {
    fn new(key: Key, earned: Earned, now_ms: u64) -> Self {
        let counts = Counts {
            agent: String::new(),
            address: None,
            connected: 0,
            seen_ms: earned.seen_ms,
            rate: HashRate::new(now_ms),
            shares: 0,
            refused: 0,
            earned,
        };
        Self { key, counts: Mutex::new(counts) }
    }
}

impl Connected {
    /// The worker.
    pub fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    /// Its owner.
    pub fn owner(&self) -> Option<Address> {
        self.worker.key.0
    }

    pub(super) fn workers(&self) -> &Workers {
        &self.workers
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.worker.counts().connected -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Option<Address> = Some(Address::from_bytes([1; 20]));
    const BOB: Option<Address> = Some(Address::from_bytes([2; 20]));

    #[test]
    fn a_worker_is_the_same_over_reconnects_and_another_for_another_owner() {
        let workers = Workers::default();
        for (owner, shares) in [(ADA, 2), (BOB, 1), (None, 1), (ADA, 3)] {
            let connected = workers.join(owner, "rig", "stock/1", 1_000).unwrap();
            for _ in 0..shares {
                workers.count_share(connected.worker(), 100.0, 2_000);
            }
        }
        let shares = |of| workers.list(of, 2_000).iter().map(|worker| worker.shares).collect::<Vec<_>>();
        assert_eq!((shares(ADA), shares(BOB)), (vec![5], vec![1]));
        assert_eq!(workers.list(None, 2_000).len(), 3);
        assert_eq!(workers.totals().shares, 7);
    }

    #[test]
    fn a_new_name_takes_the_place_of_the_one_longest_away_but_never_of_a_connected_one() {
        let workers = Workers::default();
        let connected: Vec<_> = (0..WORKERS_OF_OWNER_MAX)
            .map(|number| workers.join(ADA, &format!("rig{number}"), "", number as u64).unwrap())
            .collect();
        assert_eq!(workers.join(ADA, "one more", "", 9_999).err(), Some(TooManyWorkers));
        assert!(workers.join(BOB, "one more", "", 9_999).is_ok(), "another owner has room");
        workers.count_block(connected[0].worker(), Amount::from_units(5));
        drop(connected);
        drop(workers.join(ADA, "one more", "", 9_999).unwrap());
        let names: Vec<_> = workers.list(ADA, 10_000).into_iter().map(|worker| worker.name).collect();
        assert_eq!(names.len(), WORKERS_OF_OWNER_MAX);
        assert!(names.iter().any(|name| name == "rig0"), "it solved a block");
        assert!(!names.iter().any(|name| name == "rig1"), "the next one away");
        assert_eq!(workers.take_forgotten(), [(ADA, "rig1".to_owned())]);
        assert!(workers.take_forgotten().is_empty());
    }

    #[test]
    fn agents_are_cut_and_cleaned() {
        let workers = Workers::default();
        let _connected = workers.join(ADA, "", &format!("a\u{7}b{}", "c".repeat(200)), 1).unwrap();
        workers.came_from(ADA, "", "::ffff:192.0.2.7".parse().unwrap());
        assert_eq!(workers.list(ADA, 1)[0].address, Some("192.0.2.7".parse().unwrap()));
        let agent = workers.list(ADA, 1)[0].agent.clone();
        assert!(agent.starts_with("abc") && agent.len() == AGENT_CHARACTERS_MAX, "{agent}");
    }
}
