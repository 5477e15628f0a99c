//! The threads that search: each takes its own part of the current job's extranonces and all nonces of each, and
//! sleeps, without any cost, while there is no job or the miner pauses.

mod assignment;
#[cfg(test)]
mod tests;

pub use assignment::{Assignment, Share};

use qoin_miner::{
    kernel::Kernel,
    pace::Pace,
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

/// Nonces searched between two updates of the count of hashes: a quarter of a second at most, and some milliseconds
/// with a fast kernel.
const HASHES_PER_COUNT: u32 = 1 << 20;

/// The searching threads. They stop when this is dropped.
pub struct Threads {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    kernel: Kernel,
    pace: Pace,
    /// The same as in the state, to be looked at without a lock.
    is_paused: AtomicBool,
    /// How many nonces each thread has searched since the start.
    hashes: Vec<AtomicU64>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Assignment>>,
    /// Grows when the shares of all work so far become worthless.
    generation: u64,
    is_paused: bool,
    stopped: bool,
    /// How many threads wait for work, or for the end of a pause.
    sleeping: usize,
}

impl Threads {
    /// Starts the threads, which sleep until there is work and send what they find to `shares`.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(pace: Pace, kernel: Kernel, shares: &mpsc::Sender<Share>) -> io::Result<Self> {
        let (state, changed, is_paused) = (Mutex::default(), Condvar::new(), AtomicBool::new(false));
        let hashes = (0..pace.threads).map(|_| AtomicU64::new(0)).collect();
        let shared = Arc::new(Shared { state, changed, kernel, pace, is_paused, hashes });
        let mut threads = Self { shared, handles: Vec::with_capacity(pace.threads) };
        for number in 0..pace.threads {
            let (shared, shares) = (Arc::clone(&threads.shared), shares.clone());
            let thread = std::thread::Builder::new().name(format!("search-{number}"));
            threads.handles.push(thread.spawn(move || shared.search_until_stopped(number, &shares))?);
        }
        Ok(threads)
    }

    /// Turns the threads to `assignment`. If its job is clean, the shares of all work before become worthless.
    pub fn work_on(&self, mut assignment: Assignment) -> Arc<Assignment> {
        let mut state = self.shared.state();
        if assignment.job().is_clean() {
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
        drop(state);
        // Some may be waiting out their part of the time without searching.
        self.shared.changed.notify_all();
    }

    /// Lets the threads sleep while `paused`, whatever work there is; it stays what it is.
    pub fn pause(&self, paused: bool) {
        self.shared.state().is_paused = paused;
        self.shared.is_paused.store(paused, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }

    /// Whether a share found for `assignment` need not be sent any more.
    pub fn is_worthless(&self, assignment: &Assignment) -> bool {
        assignment.generation != self.shared.state().generation
    }

    /// How many nonces each thread has searched since the start.
    pub fn hashes(&self) -> Vec<u64> {
        self.shared.hashes.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// How many of the threads sleep.
    #[cfg(test)]
    pub fn sleeping(&self) -> usize {
        self.shared.state().sleeping
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
        if let Some(previous) = std::mem::replace(&mut self.current, next) {
            previous.replaced.store(true, Ordering::Relaxed);
        }
    }

    /// The work for a thread that has none, or has ended its own.
    fn work(&self) -> Option<&Arc<Assignment>> {
        self.current.as_ref().filter(|assignment| assignment.is_open() && !self.is_paused)
    }
}

impl Shared {
    /// The state is a handful of plain values, whole at every moment, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn search_until_stopped(&self, thread: usize, shares: &mpsc::Sender<Share>) {
        stand_back(self.pace.niceness);
        while let Some(assignment) = self.wait_for_work() {
            while assignment.is_open()
                && let Some(extranonce2) = assignment.take_extranonce2()
            {
                self.search(thread, &assignment, extranonce2, shares);
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
            if let Some(assignment) = state.work() {
                return Some(Arc::clone(assignment));
            }
            state = self.sleep(state);
        }
    }

    fn sleep<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.sleeping += 1;
        state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.sleeping -= 1;
        state
    }

    /// Searches all nonces for one extranonce, and sends each share as soon as it is found.
    fn search(&self, thread: usize, assignment: &Arc<Assignment>, extranonce2: Vec<u8>, shares: &mpsc::Sender<Share>) {
        let header = assignment.header(&extranonce2);
        let mut next = Some(0_u32);
        while let Some(first) = next {
            let begun = Instant::now();
            let last = first.saturating_add(HASHES_PER_COUNT - 1);
            let found = scan::scan(self.kernel, &header, assignment.target(), first..=last, &assignment.replaced);
            self.hashes[thread].fetch_add(found.hashes, Ordering::Relaxed);
            let busy = begun.elapsed();
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
            if self.pace.duty_percent < 100 || self.is_paused.load(Ordering::Relaxed) {
                self.hold_still(assignment, busy);
            }
        }
    }

    /// Waits for the end of a pause, and out the part of the time in which nothing is searched after a search that took
    /// so long. Ends at once when the work has been replaced.
    fn hold_still(&self, assignment: &Assignment, busy: Duration) {
        let is_replaced = || assignment.replaced.load(Ordering::Relaxed);
        let mut state = self.state();
        while state.is_paused && !is_replaced() {
            state = self.sleep(state);
        }
        let end = Instant::now() + self.pace.rest_after(busy);
        while !is_replaced() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Makes this thread stand back for other programs, where the system can. A refusal is no reason not to search.
fn stand_back(niceness: i32) {
    #[cfg(unix)]
    if let Err(error) = rustix::process::setpriority_process(None, niceness) {
        tracing::debug!("the priority stays as it is: {error}");
    }
    #[cfg(not(unix))]
    let _ = niceness;
}
