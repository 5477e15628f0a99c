//! The threads that search: each takes its own part of the current job's extranonces and all nonces of each, and
//! sleeps, without any cost, while there is no job.

use qoin_core::{hash::BlockHash, target::Target};
use qoin_miner::{
    job::Job,
    kernel::Kernel,
    scan::{self, End},
};
use std::{
    io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Nonces searched between two updates of the count of hashes.
const HASHES_PER_COUNT: u32 = 1 << 20;

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
    replaced: AtomicBool,
    /// The generation that it belongs to; see [`Threads::is_worthless`].
    generation: u64,
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

    /// How many values the second extranonce has.
    fn extranonces2(&self) -> u64 {
        u32::try_from(8 * self.extranonce2_len).ok().and_then(|bits| 1_u64.checked_shl(bits)).unwrap_or(u64::MAX)
    }

    fn is_open(&self) -> bool {
        !self.replaced.load(Ordering::Relaxed) && self.taken.load(Ordering::Relaxed) < self.extranonces2()
    }

    /// A value of the second extranonce that is nobody else's; `None` when all are taken.
    fn take_extranonce2(&self) -> Option<Vec<u8>> {
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

/// The searching threads. They stop when this is dropped.
pub struct Threads {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    hashes: AtomicU64,
    kernel: Kernel,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Assignment>>,
    /// Grows when the shares of all work so far become worthless.
    generation: u64,
    stopped: bool,
    /// How many threads wait for work.
    sleeping: usize,
    /// How long there has been work, without the stretch that is still going on.
    busy_before: Duration,
    busy_since: Option<Instant>,
}

impl Threads {
    /// Starts `count` threads, which sleep until there is work and send what they find to `shares`.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(count: usize, kernel: Kernel, shares: &mpsc::Sender<Share>) -> io::Result<Self> {
        let (state, changed, hashes) = (Mutex::default(), Condvar::new(), AtomicU64::new(0));
        let shared = Arc::new(Shared { state, changed, hashes, kernel });
        let mut threads = Self { shared, handles: Vec::with_capacity(count) };
        for number in 0..count {
            let (shared, shares) = (Arc::clone(&threads.shared), shares.clone());
            let thread = std::thread::Builder::new().name(format!("search-{number}"));
            threads.handles.push(thread.spawn(move || shared.search_until_stopped(&shares))?);
        }
        Ok(threads)
    }

    /// Turns the threads to `assignment`. If its job is clean, the shares of all work before become worthless.
    pub fn work_on(&self, mut assignment: Assignment) -> Arc<Assignment> {
        let mut state = self.shared.state();
        if assignment.job.is_clean() {
            state.generation += 1;
        }
        assignment.generation = state.generation;
        let assignment = Arc::new(assignment);
        state.replace(Some(Arc::clone(&assignment)));
        drop(state);
        self.shared.changed.notify_all();
        assignment
    }

    /// Lets the threads sleep; the shares of all work so far become worthless.
    pub fn rest(&self) {
        let mut state = self.shared.state();
        state.generation += 1;
        state.replace(None);
    }

    /// Whether a share found for `assignment` need not be sent any more.
    pub fn is_worthless(&self, assignment: &Assignment) -> bool {
        assignment.generation != self.shared.state().generation
    }

    /// How many nonces have been searched since the start.
    pub fn hashes(&self) -> u64 {
        self.shared.hashes.load(Ordering::Relaxed)
    }

    /// How many of the threads sleep.
    #[cfg(test)]
    pub fn sleeping(&self) -> usize {
        self.shared.state().sleeping
    }

    /// How long there has been work since the start.
    pub fn busy(&self) -> Duration {
        let state = self.shared.state();
        state.busy_before + state.busy_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Drop for Threads {
    /// Waits for the threads, which takes some 20 ms. The receiver of their shares must be gone by then, or one could
    /// wait for it for ever.
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.stopped = true;
        state.replace(None);
        drop(state);
        self.shared.changed.notify_all();
        for handle in self.handles.drain(..) {
            // A thread that panicked has told so already.
            let _ = handle.join();
        }
    }
}

impl State {
    fn replace(&mut self, next: Option<Arc<Assignment>>) {
        if let Some(since) = self.busy_since.take() {
            self.busy_before += since.elapsed();
        }
        self.busy_since = next.is_some().then(Instant::now);
        if let Some(previous) = std::mem::replace(&mut self.current, next) {
            previous.replaced.store(true, Ordering::Relaxed);
        }
    }
}

impl Shared {
    /// The state is a handful of plain values, whole at every moment, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn search_until_stopped(&self, shares: &mpsc::Sender<Share>) {
        while let Some(assignment) = self.wait_for_work() {
            while assignment.is_open()
                && let Some(extranonce2) = assignment.take_extranonce2()
            {
                self.search(&assignment, extranonce2, shares);
            }
        }
    }

    /// Sleeps until there is work; `None` means that the thread is to end.
    fn wait_for_work(&self) -> Option<Arc<Assignment>> {
        let mut state = self.state();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(assignment) = state.current.as_ref().filter(|assignment| assignment.is_open()) {
                return Some(Arc::clone(assignment));
            }
            state.sleeping += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.sleeping -= 1;
        }
    }

    /// Searches all nonces for one extranonce, and sends each share as soon as it is found.
    fn search(&self, assignment: &Arc<Assignment>, extranonce2: Vec<u8>, shares: &mpsc::Sender<Share>) {
        let header = assignment.job.header(&assignment.extranonce1, &extranonce2);
        let mut next = Some(0_u32);
        while let Some(first) = next {
            let last = first.saturating_add(HASHES_PER_COUNT - 1);
            let found = scan::scan(self.kernel, &header, &assignment.target, first..=last, &assignment.replaced);
            self.hashes.fetch_add(found.hashes, Ordering::Relaxed);
            next = match found.end {
                End::Stopped => None,
                End::Exhausted => last.checked_add(1),
                End::Found(nonce) => {
                    let hash = scan::hash_with_nonce(&header, nonce);
                    let share =
                        Share { assignment: Arc::clone(assignment), extranonce2: extranonce2.clone(), nonce, hash };
                    // Nobody receives any more only when the program ends.
                    shares.blocking_send(share).ok().and_then(|()| nonce.checked_add(1))
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_miner::{job::JobText, kernel::PORTABLE};
    use std::collections::HashSet;

    fn assignment(clean: bool, extranonce2_len: usize, target: Target, first: u64) -> Assignment {
        let text = JobText {
            id: "1".into(),
            previous: "00".repeat(32),
            coinbase_start: "00".into(),
            coinbase_end: "00".into(),
            branch: Vec::new(),
            version: "20000000".into(),
            bits: "1d00ffff".into(),
            time: "504e86b9".into(),
            clean,
        };
        Assignment::new(Job::try_from(text).unwrap(), vec![1], extranonce2_len, target, first)
    }

    fn unreachable_target() -> Target {
        let mut bytes = [0; 32];
        bytes[31] = 1;
        Target::from_be_bytes(bytes).unwrap()
    }

    fn wait_until_asleep(threads: &Threads, count: usize) {
        while threads.sleeping() < count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn no_two_threads_search_the_same() {
        let (sender, mut shares) = mpsc::channel(4);
        let threads = Threads::start(3, PORTABLE, &sender).unwrap();
        threads.work_on(assignment(true, 4, Target::MAX, 0));
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let share = shares.blocking_recv().unwrap();
            assert!(seen.insert((share.extranonce2, share.nonce)));
        }
        let extranonces: HashSet<_> = seen.into_iter().map(|(extranonce2, _)| extranonce2).collect();
        assert!(extranonces.len() <= 3, "each thread stays with one: {extranonces:?}");
        drop(shares);
    }

    #[test]
    fn without_work_all_threads_sleep() {
        let (sender, shares) = mpsc::channel(4);
        let threads = Threads::start(3, PORTABLE, &sender).unwrap();
        wait_until_asleep(&threads, 3);
        assert_eq!((threads.hashes(), threads.busy()), (0, Duration::ZERO));
        let working = threads.work_on(assignment(false, 4, unreachable_target(), 0));
        assert!(!threads.is_worthless(&working));
        while threads.hashes() == 0 {
            std::thread::yield_now();
        }
        threads.rest();
        wait_until_asleep(&threads, 3);
        assert!(threads.is_worthless(&working));
        assert!(threads.busy() > Duration::ZERO);
        assert_eq!(threads.busy(), threads.busy(), "time without work is not counted");
        drop(shares);
    }

    #[test]
    fn only_clean_work_makes_earlier_shares_worthless() {
        let (sender, shares) = mpsc::channel(4);
        let threads = Threads::start(1, PORTABLE, &sender).unwrap();
        let first = threads.work_on(assignment(true, 4, unreachable_target(), 0));
        let second = threads.work_on(assignment(false, 4, unreachable_target(), 0));
        assert!(!threads.is_worthless(&first) && !threads.is_worthless(&second));
        let third = threads.work_on(assignment(true, 4, unreachable_target(), 0));
        assert!(threads.is_worthless(&first) && threads.is_worthless(&second) && !threads.is_worthless(&third));
        drop(shares);
    }

    #[test]
    fn the_second_extranonce_takes_each_value_once_and_goes_around_the_end() {
        let work = assignment(true, 1, Target::MAX, 250);
        let mut values: Vec<_> = std::iter::from_fn(|| work.take_extranonce2()).collect();
        assert_eq!((values[0].as_slice(), values[6].as_slice()), (&[250][..], &[0][..]));
        assert!(!work.is_open());
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 256);

        let work = assignment(true, 10, Target::MAX, 0x0102);
        assert_eq!(work.take_extranonce2().unwrap(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(work.next_extranonce2(), 0x0103);
    }

    #[test]
    fn threads_end_while_one_waits_for_room_among_the_shares() {
        let (sender, mut shares) = mpsc::channel(1);
        let threads = Threads::start(2, PORTABLE, &sender).unwrap();
        threads.work_on(assignment(true, 4, Target::MAX, 0));
        assert!(shares.blocking_recv().is_some());
        drop(shares);
        drop(threads);
    }
}
