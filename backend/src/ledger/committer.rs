//! The thread that makes commits durable, while the writer applies the next one; then publishes them, then answers.

use super::{
    committed::{Committed, CommittedAccount, View},
    handle::{Accepted, LedgerError},
    stored,
    writer::{Published, Request},
};
use crate::store::{Batch, Epoch, Store, StoreError};
use qoin_core::address::Address;
use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::{broadcast, mpsc::WeakSender, oneshot};

/// After so long without a commit the store is settled, so that a leader that is killed while it has nothing to do starts
/// again as quickly as one that was stopped.
const SETTLED_AFTER: Duration = Duration::from_millis(50);
/// Every so many commits the oldest payment ids are looked at.
const COMMITS_PER_PRUNING: u64 = 256;

/// Somebody who waits for a commit.
pub(super) enum Answer {
    One(oneshot::Sender<Result<Accepted, LedgerError>>, Result<Accepted, LedgerError>),
    Many(oneshot::Sender<Vec<Result<Accepted, LedgerError>>>, Vec<Result<Accepted, LedgerError>>),
    Other(Box<dyn FnOnce() + Send>),
}

impl Answer {
    fn give(self) {
        // Whoever asked may be gone.
        match self {
            Self::One(reply, answer) => drop(reply.send(answer)),
            Self::Many(reply, answers) => drop(reply.send(answers)),
            Self::Other(answer) => answer(),
        }
    }
}

/// What is written together, and what follows once it is durable.
pub(super) struct Commit {
    pub batch: Batch,
    /// What readers see afterwards; none when nothing of the ledger changed.
    pub visible: Option<Visible>,
    pub answers: Vec<Answer>,
    /// When the last record so far was accepted.
    pub now_us: u64,
}

/// What a commit makes visible.
pub(super) struct Visible {
    pub view: View,
    pub accounts: Vec<(Address, CommittedAccount)>,
    pub block_end: Option<u64>,
    pub published: Arc<Published>,
}

enum Task {
    Commit(Box<Commit>),
    /// Tells when all before it is done.
    Flush(mpsc::SyncSender<()>),
}

/// The committer has stopped, since the store failed.
#[derive(Debug)]
pub(super) struct Stopped;

/// The writer's end of the committer.
pub(super) struct Committer {
    tasks: mpsc::SyncSender<Task>,
    thread: thread::JoinHandle<Result<(), StoreError>>,
}

impl Committer {
    pub fn start(
        store: Arc<dyn Store>,
        epoch: Epoch,
        committed: Arc<Committed>,
        events: broadcast::Sender<Arc<Published>>,
        writer: WeakSender<Request>,
    ) -> std::io::Result<Self> {
        // One commit is made durable, one waits, one is being put together: more would only wait longer.
        let (tasks, queue) = mpsc::sync_channel(1);
        let work = move || {
            let worked = work(&queue, &*store, epoch, &committed, &events);
            // The writer may be waiting for requests. With a full queue it is not, and finds out itself.
            if let (Err(_), Some(writer)) = (&worked, writer.upgrade()) {
                let _ = writer.try_send(Request::CommitterStopped);
            }
            worked
        };
        Ok(Self { tasks, thread: thread::Builder::new().name("committer".into()).spawn(work)? })
    }

    /// Hands a commit on; waits while two others are ahead of it.
    pub fn send(&self, commit: Commit) -> Result<(), Stopped> {
        self.tasks.send(Task::Commit(Box::new(commit))).map_err(|_| Stopped)
    }

    /// Waits until every commit that was sent is durable and visible.
    pub fn flush(&self) -> Result<(), Stopped> {
        let (done, wait) = mpsc::sync_channel(1);
        self.tasks.send(Task::Flush(done)).map_err(|_| Stopped)?;
        wait.recv().map_err(|_| Stopped)
    }

    /// Waits for the end of all that was sent.
    ///
    /// # Errors
    /// Why the store failed, if it did.
    pub fn join(self) -> Result<(), StoreError> {
        drop(self.tasks);
        match self.thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Works until the writer has gone, or the store fails.
fn work(
    queue: &mpsc::Receiver<Task>,
    store: &dyn Store,
    epoch: Epoch,
    committed: &Committed,
    events: &broadcast::Sender<Arc<Published>>,
) -> Result<(), StoreError> {
    // To open the store was a commit, too.
    let (mut commits, mut is_settled) = (0, false);
    loop {
        let wait = if is_settled { Duration::MAX } else { SETTLED_AFTER };
        match queue.recv_timeout(wait) {
            Ok(Task::Commit(commit)) => {
                commits += 1;
                is_settled = false;
                make(*commit, store, epoch, committed, events, commits % COMMITS_PER_PRUNING == 0)?;
            }
            // Whoever waits is the writer, which is there.
            Ok(Task::Flush(done)) => drop(done.send(())),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                store.settle(epoch)?;
                is_settled = true;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn make(
    mut commit: Commit,
    store: &dyn Store,
    epoch: Epoch,
    committed: &Committed,
    events: &broadcast::Sender<Arc<Published>>,
    prunes: bool,
) -> Result<(), StoreError> {
    if prunes {
        stored::prune(&*store.snapshot()?, commit.now_us, &mut commit.batch)?;
    }
    if !commit.batch.is_empty() {
        store.commit(epoch, &commit.batch)?;
    }
    if let Some(Visible { view, accounts, block_end, published }) = commit.visible {
        for (address, account) in accounts {
            committed.put_account(address, account);
        }
        if let Some(end) = block_end {
            committed.push_block_end(end);
        }
        committed.set_view(view);
        // Nobody may be listening.
        let _ = events.send(published);
    }
    commit.answers.into_iter().for_each(Answer::give);
    Ok(())
}
