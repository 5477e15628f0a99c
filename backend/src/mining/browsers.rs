//! The tabs that mine: their jobs ride on their session's event stream.
//!
//! Nobody says when a tab is closed or a machine sleeps. So a tab ends when its session does, when the session has had no
//! event stream for a while, and when it makes no share for a time in which any living tab makes many.

use super::{
    Bucket, Job, JobId, Miner, Mining, Refusal, Share, TooManyWorkers,
    limits::{TABS_MAX, TABS_OF_MEMBER_MAX},
};
use qoin_core::{
    address::Address,
    api::{
        bytes::Bytes,
        mining::{MiningJob, MiningWork},
    },
    validate::{self, WorkerError},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};
use thiserror::Error;
use tokio::{
    sync::{broadcast, watch},
    time::interval,
};
use tokio_util::sync::CancellationToken;

/// How many jobs a slow event stream may be behind before its tabs are told their newest ones only.
const JOBS_KEPT: usize = 64;
/// What tabs are called where programs are named.
const AGENT: &str = "browser";

/// A session's name within the leader.
pub type SessionId = [u8; 32];

/// All tabs that mine. Clones are the same.
#[derive(Clone)]
pub struct Browsers {
    mining: Mining,
    sessions: Arc<Mutex<HashMap<SessionId, Session>>>,
}

struct Session {
    jobs: broadcast::Sender<MiningWork>,
    tabs: HashMap<u32, Arc<Tab>>,
}

/// One tab.
struct Tab {
    owner: Address,
    state: Mutex<State>,
    /// Cancelled when it leaves.
    left: CancellationToken,
}

struct State {
    miner: Miner,
    bucket: Bucket,
    job: Option<MiningJob>,
}

/// Why a tab cannot mine.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum JoinError {
    /// The worker's name.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// Too many tabs.
    #[error("{TABS_OF_MEMBER_MAX} tabs of this member, or {TABS_MAX} of all members, mine already; close one of them")]
    TooManyTabs,
    /// Too many workers.
    #[error(transparent)]
    TooManyWorkers(#[from] TooManyWorkers),
}

/// Why a tab's share was not taken.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ShareError {
    /// No tab of the session has this name.
    #[error("no tab of this session mines under this name")]
    UnknownTab,
    /// Too many shares a second.
    #[error("more shares than a miner may send")]
    TooOften,
    /// The share itself.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Browsers {
    /// None yet.
    pub fn new(mining: Mining) -> Self {
        Self { mining, sessions: Arc::default() }
    }

    /// The place where all miners work.
    pub fn mining(&self) -> &Mining {
        &self.mining
    }

    /// Lets one more tab of a session mine for `owner` until the session has `ended`. Gives its name and first job.
    ///
    /// # Errors
    /// When the name cannot be one, or too many mine.
    pub fn join(
        &self,
        session: SessionId,
        owner: Address,
        worker: &str,
        ended: &CancellationToken,
    ) -> Result<MiningWork, JoinError> {
        let worker = validate::worker(worker)?;
        let mut sessions = self.sessions();
        let tabs = || sessions.values().flat_map(|session| session.tabs.values());
        if tabs().count() >= TABS_MAX || tabs().filter(|tab| tab.owner == owner).count() >= TABS_OF_MEMBER_MAX {
            return Err(JoinError::TooManyTabs);
        }
        let mut miner = self.mining.join(Some(owner), worker, AGENT, self.mining.new_extranonce())?;
        let (name, work, now) = (u32::from_be_bytes(miner.extranonce()), miner.watch(), Instant::now());
        let job = miner.next_job(now).map(|job| render(&miner, &job));
        let state = State { miner, bucket: Bucket::new(now), job: job.clone() };
        let tab = Arc::new(Tab { owner, state: Mutex::new(state), left: ended.child_token() });
        let entry = sessions.entry(session).or_insert_with(Session::new);
        entry.tabs.insert(name, tab.clone());
        let jobs = entry.jobs.clone();
        drop(sessions);
        tokio::spawn(self.clone().keep_busy(session, name, tab, work, jobs));
        Ok(MiningWork { miner: name, job })
    }

    /// Ends a tab; false when there is none of this name.
    pub fn leave(&self, session: &SessionId, name: u32) -> bool {
        let Some(tab) = self.tab(session, name) else { return false };
        tab.left.cancel();
        self.forget(session, name);
        true
    }

    /// Takes a share of a tab, and tells the height of the block that it solved, if it did.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn submit(
        &self,
        session: &SessionId,
        name: u32,
        job: &str,
        time: u32,
        nonce: u32,
    ) -> Result<Option<u32>, ShareError> {
        let tab = self.tab(session, name).ok_or(ShareError::UnknownTab)?;
        let found = {
            let (mut state, now) = (tab.state(), Instant::now());
            if !state.bucket.take(now) {
                return Err(ShareError::TooOften);
            }
            let job = JobId::parse(job).ok_or(Refusal::Stale)?;
            state.miner.check(job, Share::of(job, [0; 4], time, nonce), now)?
        };
        match found {
            Some(found) => Ok(Some(self.mining.solve(found).await?.height)),
            None => Ok(None),
        }
    }

    /// The jobs of a session's tabs, from now on.
    pub fn follow(&self, session: SessionId) -> Feed {
        let mut sessions = self.sessions();
        let entry = sessions.entry(session).or_insert_with(Session::new);
        let jobs = entry.jobs.subscribe();
        drop(sessions);
        Feed { browsers: self.clone(), session, jobs: Some(jobs) }
    }

    /// Gives a tab its jobs until it ends.
    async fn keep_busy(
        self,
        session: SessionId,
        name: u32,
        tab: Arc<Tab>,
        mut work: watch::Receiver<Option<Arc<crate::ledger::Work>>>,
        jobs: broadcast::Sender<MiningWork>,
    ) {
        let patience = self.mining.patience();
        let mut look = interval(patience.look.min(self.mining.share_interval()));
        let mut followed = Instant::now();
        loop {
            let told = tokio::select! {
                () = tab.left.cancelled() => break,
                changed = work.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    tab.state().take_newest()
                }
                _ = look.tick() => {
                    let (mut state, now) = (tab.state(), Instant::now());
                    if jobs.receiver_count() > 0 {
                        followed = now;
                    }
                    let without_stream = now.saturating_duration_since(followed);
                    if state.miner.barren(now) > patience.tab_silent || without_stream > patience.tab_without_stream {
                        break;
                    }
                    match state.take_adjusted(now) {
                        Some(job) => Some(job),
                        None => continue,
                    }
                }
            };
            // Nobody may be listening at the moment; who comes is told the newest job.
            let _ = jobs.send(MiningWork { miner: name, job: told });
        }
        self.forget(&session, name);
    }

    fn tab(&self, session: &SessionId, name: u32) -> Option<Arc<Tab>> {
        self.sessions().get(session)?.tabs.get(&name).cloned()
    }

    fn forget(&self, session: &SessionId, name: u32) {
        let mut sessions = self.sessions();
        if let Some(entry) = sessions.get_mut(session) {
            entry.tabs.remove(&name);
            if entry.tabs.is_empty() && entry.jobs.receiver_count() == 0 {
                sessions.remove(session);
            }
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.sessions.lock().expect("nothing panics while it looks a tab up")
    }
}

impl Session {
    fn new() -> Self {
        Self { jobs: broadcast::Sender::new(JOBS_KEPT), tabs: HashMap::new() }
    }
}

impl Tab {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it makes jobs")
    }
}

impl State {
    fn take_newest(&mut self) -> Option<MiningJob> {
        let job = self.miner.next_job(Instant::now());
        self.job = job.map(|job| render(&self.miner, &job));
        self.job.clone()
    }

    fn take_adjusted(&mut self, now: Instant) -> Option<MiningJob> {
        let job = self.miner.adjusted_job(now)?;
        self.job = Some(render(&self.miner, &job));
        self.job.clone()
    }
}

/// The jobs of one session's tabs, for one event stream.
pub struct Feed {
    browsers: Browsers,
    session: SessionId,
    jobs: Option<broadcast::Receiver<MiningWork>>,
}

impl Feed {
    /// The newest job of each tab.
    pub fn newest(&self) -> Vec<MiningWork> {
        let sessions = self.browsers.sessions();
        let tabs = sessions.get(&self.session).into_iter().flat_map(|session| &session.tabs);
        tabs.map(|(name, tab)| MiningWork { miner: *name, job: tab.state().job.clone() }).collect()
    }

    /// Waits for what changes: one tab's job, or the newest of all after too many changes.
    pub async fn next(&mut self) -> Vec<MiningWork> {
        let jobs = self.jobs.as_mut().expect("it is taken when this is dropped");
        match jobs.recv().await {
            Ok(work) => vec![work],
            Err(broadcast::error::RecvError::Lagged(_)) => {
                *jobs = jobs.resubscribe();
                self.newest()
            }
            // The session's entry stays as long as this feed.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        drop(self.jobs.take());
        let mut sessions = self.browsers.sessions();
        let is_over = |entry: &Session| entry.tabs.is_empty() && entry.jobs.receiver_count() == 0;
        if sessions.get(&self.session).is_some_and(is_over) {
            sessions.remove(&self.session);
        }
    }
}

fn render(miner: &Miner, job: &Job) -> MiningJob {
    let template = &job.work.template;
    let mut extranonce = [0; 8];
    extranonce[..4].copy_from_slice(&miner.extranonce());
    let coinbase = template.coinbase(miner.owner(), extranonce);
    MiningJob {
        id: job.id.to_string(),
        height: template.height,
        header: Bytes(template.header(&coinbase, template.time(), 0).to_bytes()),
        target: job.target,
        clean: job.clean,
    }
}
