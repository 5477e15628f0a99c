//! Hands work to everyone who mines: a new template soon after a payment, at once after a block.

use super::{Ledger, Published, Template};
use std::{
    collections::VecDeque,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{
        Notify,
        broadcast::{self, error::RecvError},
        watch,
    },
    time::{Instant, sleep_until},
};

/// The least time between a work and the next one that only holds more payments, and between two for other reasons.
const REFRESH: Duration = Duration::from_millis(100);
/// How many works of one height solutions are taken for: those of the last minutes when payments never cease.
const WORKS_MAX: usize = 2_048;

/// Work for miners.
#[derive(Debug, Clone)]
pub struct Work {
    /// Counts the works handed out since the start.
    pub id: u64,
    /// What the next block is made of.
    pub template: Template,
}

impl Work {
    /// Whether both lead to the same block, so that solutions of either are taken.
    pub fn is_of_same_height(&self, other: &Self) -> bool {
        self.template.previous == other.template.previous && self.template.opened_ms == other.template.opened_ms
    }

    /// Whether a search for `before` should be dropped at once: it has become worthless, or so much harder.
    pub fn is_clean_after(&self, before: &Self) -> bool {
        !self.is_of_same_height(before) || self.template.bits != before.template.bits
    }
}

/// The place where miners get work. Clones are the same place.
#[derive(Clone)]
pub struct WorkHub {
    work: watch::Receiver<Option<Arc<Work>>>,
    /// The works of the height that is mined now, oldest first.
    open: Arc<RwLock<VecDeque<Arc<Work>>>>,
    miners: Arc<Miners>,
}

#[derive(Default)]
struct Miners {
    count: AtomicUsize,
    extranonces: AtomicU32,
    changed: Notify,
}

/// Someone mines, as long as this lives.
pub struct MinerGuard {
    miners: Arc<Miners>,
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
        let hub = Self { work, open: Arc::default(), miners: Arc::default() };
        tokio::spawn(hand_out(ledger, sender, hub.clone()));
        hub
    }

    /// The first half of an extranonce that nobody else has, so that no two miners search the same space.
    pub fn new_extranonce(&self) -> [u8; 4] {
        self.miners.extranonces.fetch_add(1, Ordering::SeqCst).to_be_bytes()
    }

    /// Registers a miner and gives the work as it changes; none means that nothing waits.
    pub fn join(&self) -> (MinerGuard, watch::Receiver<Option<Arc<Work>>>) {
        self.miners.count.fetch_add(1, Ordering::SeqCst);
        self.miners.changed.notify_one();
        let mut work = self.work.clone();
        // What is there now is looked at first; it is no change.
        work.mark_unchanged();
        (MinerGuard { miners: self.miners.clone() }, work)
    }

    /// The work with this number, if a solution of it could still become the next block.
    pub fn open(&self, id: u64) -> Option<Arc<Work>> {
        let open = self.open.read().expect("no one panics while holding the works");
        open.binary_search_by_key(&id, |work| work.id).ok().map(|index| open[index].clone())
    }

    fn remember(&self, work: Option<&Arc<Work>>) {
        let mut open = self.open.write().expect("no one panics while holding the works");
        if let Some(newest) = work {
            open.retain(|older| older.is_of_same_height(newest));
            if open.len() == WORKS_MAX {
                open.pop_front();
            }
            open.push_back(newest.clone());
        } else {
            open.clear();
        }
    }

    /// Waits until nobody mines and no work is out.
    #[cfg(test)]
    pub(crate) async fn wait_until_idle(mut self) {
        while self.work.borrow_and_update().is_some() || self.miners() > 0 {
            tokio::select! {
                _ = self.work.changed() => {}
                () = tokio::time::sleep(REFRESH) => {}
            }
        }
    }

    /// How many mine.
    pub fn miners(&self) -> usize {
        self.miners.count.load(Ordering::SeqCst)
    }
}

async fn hand_out(ledger: Ledger, sender: watch::Sender<Option<Arc<Work>>>, hub: WorkHub) {
    let mut events = ledger.subscribe();
    let mut next_id = 1;
    let mut earliest_turn = Instant::now();
    loop {
        let mined = hub.miners() > 0;
        let had_work = sender.borrow().is_some();
        let template = if mined { ledger.template().await } else { None };
        if !mined && had_work {
            ledger.miners_gone().await;
        }
        let easing = template.as_ref().and_then(|template| easing_at(&ledger, template));
        if template.is_some() || had_work {
            let work = template.map(|template| Arc::new(Work { id: next_id, template }));
            next_id += 1;
            hub.remember(work.as_ref());
            sender.send_replace(work);
        }
        let earliest_refresh = Instant::now() + REFRESH;
        let is_turn = loop {
            let wake = tokio::select! {
                event = events.recv() => wake_of(event),
                () = hub.miners.changed.notified() => Wake::Miners,
                () = sleep_until(easing.unwrap_or_else(Instant::now)), if easing.is_some() => Wake::Turn,
            };
            match wake {
                Wake::Turn => break true,
                Wake::Payments => break false,
                // One miner more or less among others makes no new work.
                Wake::Miners if (hub.miners() > 0) == sender.borrow().is_some() => {}
                Wake::Miners => break false,
                Wake::End => return,
            }
        };
        // New payments are gathered for a moment; a new tip or an easier target goes out at once.
        let is_turn = is_turn || turn_before(earliest_refresh, &mut events).await;
        if is_turn {
            sleep_until(earliest_turn).await;
            earliest_turn = Instant::now() + REFRESH;
        }
        let mut drained = 0;
        while drained < 4_096 && events.try_recv().is_ok() {
            drained += 1;
        }
    }
}

/// What the next work is made for.
enum Wake {
    /// The tip has changed, or the target.
    Turn,
    Payments,
    Miners,
    End,
}

fn wake_of(event: Result<Arc<Published>, RecvError>) -> Wake {
    match event {
        Ok(published) if published.sealed.is_none() => Wake::Payments,
        Ok(_) | Err(RecvError::Lagged(_)) => Wake::Turn,
        Err(RecvError::Closed) => Wake::End,
    }
}

/// Waits until `time`, or until the tip changes; that is told.
async fn turn_before(time: Instant, events: &mut broadcast::Receiver<Arc<Published>>) -> bool {
    loop {
        tokio::select! {
            () = sleep_until(time) => return false,
            event = events.recv() => if !matches!(wake_of(event), Wake::Payments) { return true },
        }
    }
}

fn easing_at(ledger: &Ledger, template: &Template) -> Option<Instant> {
    let wait_ms = template.easing_ms?.saturating_sub(ledger.now_ms());
    // A moment more than asked, so that the template made then is past the step.
    Some(Instant::now() + Duration::from_millis(wait_ms + 20))
}
