//! The leader's own mining threads: they take work where every miner does, without a connection in between.

use crate::ledger::{Ledger, Template, Work, WorkHub};
use qoin_core::{address::Address, header::Header};
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

/// Mines with one thread for `owner` until `shutdown`. While nothing waits, the thread does not run.
pub async fn mine(ledger: Ledger, hub: WorkHub, owner: Address, shutdown: CancellationToken) {
    let (guard, mut work) = hub.join();
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
            let (stop, template, extranonce1) = (stop.clone(), current.template.clone(), guard.extranonce());
            tokio::task::spawn_blocking(move || search(&template, owner, extranonce1, &stop))
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
        if let Ok(Some((coinbase, header))) = found
            && let Err(error) = ledger.solve(current.template.solution(coinbase, header)).await
        {
            tracing::debug!(%error, "a solution came to nothing");
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

/// Waits until `current` is worth nothing, or newer work holds more payments.
async fn stale(work: &mut watch::Receiver<Option<Arc<Work>>>, current: &Work, shutdown: &CancellationToken) {
    let newer = work.wait_for(|work| work.as_ref().is_none_or(|work| work.id != current.id && work.clean));
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

type Found = (qoin_core::coinbase::Coinbase, Header);

/// Searches one extranonce after the other until something is found or `stop` is set.
fn search(template: &Template, owner: Address, extranonce1: [u8; 4], stop: &AtomicBool) -> Option<Found> {
    let target = template.bits.expand().expect("a template's target is one");
    for extranonce2 in 0..=u32::MAX {
        let mut extranonce = [0; 8];
        extranonce[..4].copy_from_slice(&extranonce1);
        extranonce[4..].copy_from_slice(&extranonce2.to_be_bytes());
        let coinbase = template.coinbase(Some(owner), extranonce);
        let header = template.header(&coinbase, template.time(), 0);
        match scan(fastest(), &header.to_bytes(), &target, 0..=u32::MAX, stop).end {
            End::Found(nonce) => return Some((coinbase, Header { nonce, ..header })),
            End::Exhausted => {}
            End::Stopped => return None,
        }
    }
    None
}
