//! Hands work to everyone who mines: a new template soon after a payment, at once after a block.

use super::{Ledger, Template};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, broadcast, watch},
    time::{Instant, sleep_until},
};

/// The least time between two templates of one height.
const REFRESH: Duration = Duration::from_millis(100);

/// Work for miners.
#[derive(Debug, Clone)]
pub struct Work {
    /// Counts the works handed out since the start; a job's name.
    pub id: u64,
    /// Whether older work is worthless, or so much harder that it should be dropped.
    pub clean: bool,
    /// What the next block is made of.
    pub template: Arc<Template>,
}

/// The place where miners get work. Clones are the same place.
#[derive(Clone)]
pub struct WorkHub {
    work: watch::Receiver<Option<Arc<Work>>>,
    miners: Arc<Miners>,
}

#[derive(Default)]
struct Miners {
    count: AtomicUsize,
    joined: AtomicU32,
    changed: Notify,
}

/// Someone mines, as long as this lives.
pub struct MinerGuard {
    miners: Arc<Miners>,
    extranonce: [u8; 4],
}

impl MinerGuard {
    /// The first half of the extranonce, which no other miner has, so that no two search the same space.
    pub fn extranonce(&self) -> [u8; 4] {
        self.extranonce
    }
}

impl Drop for MinerGuard {
    fn drop(&mut self) {
        self.miners.count.fetch_sub(1, Ordering::SeqCst);
        self.miners.changed.notify_one();
    }
}

impl WorkHub {
    /// Starts handing out the ledger's work, until the ledger's writer ends. Needs a running tokio.
    pub fn start(ledger: Ledger) -> Self {
        let (sender, work) = watch::channel(None);
        let miners = Arc::new(Miners::default());
        tokio::spawn(hand_out(ledger, sender, miners.clone()));
        Self { work, miners }
    }

    /// Registers a miner and gives the work as it changes; none means that nothing waits.
    pub fn join(&self) -> (MinerGuard, watch::Receiver<Option<Arc<Work>>>) {
        self.miners.count.fetch_add(1, Ordering::SeqCst);
        let extranonce = self.miners.joined.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        self.miners.changed.notify_one();
        (MinerGuard { miners: self.miners.clone(), extranonce }, self.work.clone())
    }

    /// How many mine.
    pub fn miners(&self) -> usize {
        self.miners.count.load(Ordering::SeqCst)
    }
}

async fn hand_out(ledger: Ledger, sender: watch::Sender<Option<Arc<Work>>>, miners: Arc<Miners>) {
    let mut events = ledger.subscribe();
    let mut next_id = 1;
    let mut earliest = Instant::now();
    loop {
        let mined = miners.count.load(Ordering::SeqCst) > 0;
        let before = sender.borrow().clone();
        let work = if mined { next_work(&ledger, before.as_deref(), &mut next_id).await } else { None };
        if !mined && before.is_some() {
            ledger.miners_gone().await;
        }
        let easing = work.as_ref().and_then(|work| easing_at(&ledger, &work.template));
        if work.is_some() || before.is_some() {
            sender.send_replace(work);
            earliest = Instant::now() + REFRESH;
        }
        let has_tip_changed = tokio::select! {
            event = events.recv() => match event {
                Ok(published) => published.sealed.is_some(),
                Err(broadcast::error::RecvError::Lagged(_)) => true,
                Err(broadcast::error::RecvError::Closed) => return,
            },
            () = miners.changed.notified() => false,
            () = sleep_until(easing.unwrap_or_else(Instant::now)), if easing.is_some() => true,
        };
        // New payments are gathered for a moment; a new tip or an easier target goes out at once.
        if !has_tip_changed {
            sleep_until(earliest).await;
        }
        let mut drained = 0;
        while drained < 4_096 && events.try_recv().is_ok() {
            drained += 1;
        }
    }
}

async fn next_work(ledger: &Ledger, before: Option<&Work>, next_id: &mut u64) -> Option<Arc<Work>> {
    let template = Arc::new(ledger.template().await?);
    let clean = before.is_none_or(|before| {
        before.template.previous != template.previous
            || before.template.opened_ms != template.opened_ms
            || before.template.bits != template.bits
    });
    let id = *next_id;
    *next_id += 1;
    Some(Arc::new(Work { id, clean, template }))
}

fn easing_at(ledger: &Ledger, template: &Template) -> Option<Instant> {
    let wait_ms = template.easing_ms?.saturating_sub(ledger.now_ms());
    // A moment more than asked, so that the template made then is past the step.
    Some(Instant::now() + Duration::from_millis(wait_ms + 20))
}
