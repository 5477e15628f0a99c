//! The leader's own mining threads: they take work where every miner does, without a connection in between.

use super::{Found, Miner, Mining};
use crate::ledger::{Template, Work};
use qoin_core::{address::Address, coinbase::Coinbase, header::Header};
use qoin_miner::{
    kernel::{Kernel, Selection},
    scan::{End, scan},
};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The name under which these threads are counted.
const WORKER: &str = "leader";
/// How many nonces are searched between two counts: less than a second's.
const NONCES_PER_COUNT: u32 = 1 << 22;

/// Mines with one thread for `owner` until `shutdown`. While nothing waits, the thread does not run.
pub async fn mine(mining: Mining, owner: Address, shutdown: CancellationToken) {
    let agent = concat!("qoin/", env!("CARGO_PKG_VERSION"));
    let miner = match mining.join(Some(owner), WORKER, agent, mining.new_extranonce()) {
        Ok(miner) => Arc::new(miner),
        Err(error) => return tracing::error!(%error, "a thread of this host does not mine"),
    };
    let mut work = miner.watch();
    loop {
        let current = work.borrow_and_update().clone();
        let Some(current) = current else {
            tokio::select! {
                () = shutdown.cancelled() => return,
                changed = work.changed() => if changed.is_err() { return },
            }
            continue;
        };
        let stop = Arc::new(AtomicBool::new(false));
        let search = {
            let (stop, mining, miner, current) = (stop.clone(), mining.clone(), miner.clone(), current.clone());
            tokio::task::spawn_blocking(move || search(&mining, &miner, &current.template, &stop))
        };
        tokio::pin!(search);
        let found = tokio::select! {
            found = &mut search => found,
            () = stale(&mut work, &current, &shutdown) => {
                stop.store(true, Ordering::Relaxed);
                search.await
            }
        };
        if shutdown.is_cancelled() {
            return;
        }
        if let Ok(Some((coinbase, header))) = found {
            let solution = current.template.solution(coinbase, header);
            let found = Found { solution, worker: miner.worker().clone(), hashes: 0.0 };
            if let Err(error) = mining.solve(found).await {
                tracing::debug!(%error, "a solution came to nothing");
            }
        }
        // A solved height's work stays until the next one is handed out: wait for that.
        while work.borrow_and_update().as_ref().is_some_and(|next| next.id == current.id) {
            tokio::select! {
                () = shutdown.cancelled() => return,
                changed = work.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Waits until a search for `current` is to be dropped.
async fn stale(work: &mut watch::Receiver<Option<Arc<Work>>>, current: &Work, shutdown: &CancellationToken) {
    let newer = work.wait_for(|work| work.as_ref().is_none_or(|work| work.is_clean_after(current)));
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = newer => {}
    }
}

/// The fastest kernel of this processor, checked and measured before the first job.
fn fastest() -> Kernel {
    static FASTEST: OnceLock<Kernel> = OnceLock::new();
    *FASTEST.get_or_init(|| {
        let start = Instant::now();
        let selection = Selection::measure(|| start.elapsed());
        for faulty in &selection.faulty {
            tracing::error!(kernel = faulty.name, "a hashing kernel gives wrong results and is not used");
        }
        tracing::info!(kernel = selection.fastest().name, "mining");
        selection.fastest()
    })
}

/// Searches one extranonce after the other until something is found or `stop` is set.
fn search(mining: &Mining, miner: &Miner, template: &Template, stop: &AtomicBool) -> Option<(Coinbase, Header)> {
    let target = template.bits.expand().expect("a template's target is one");
    for extranonce2 in 0..=u32::MAX {
        let mut extranonce = [0; 8];
        extranonce[..4].copy_from_slice(&miner.extranonce());
        extranonce[4..].copy_from_slice(&extranonce2.to_be_bytes());
        let coinbase = template.coinbase(miner.owner(), extranonce);
        let header = template.header(&coinbase, template.time(), 0);
        for first in (0..=u32::MAX).step_by(NONCES_PER_COUNT as usize) {
            let last = first | (NONCES_PER_COUNT - 1);
            let searched = scan(fastest(), &header.to_bytes(), &target, first..=last, stop);
            mining.workers().count_hashes(miner.worker(), searched.hashes as f64, mining.ledger.now_ms());
            match searched.end {
                End::Found(nonce) => return Some((coinbase, Header { nonce, ..header })),
                End::Exhausted => {}
                End::Stopped => return None,
            }
        }
    }
    None
}
