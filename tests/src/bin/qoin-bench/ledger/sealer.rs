//! Seals blocks while the ledger is measured, with a thousandth of a core, so that what waits is what the rules let
//! wait: a block seals at most [`BLOCK_RECORDS_MAX`](qoin_core::limits::BLOCK_RECORDS_MAX) records, and takes a second
//! once the difficulty has found the sealer's pace.

use qoin::ledger::{Ledger, Work, WorkHub};
use qoin_core::{coinbase::Coinbase, header::Header};
use qoin_miner::kernel;
use qoin_miner::scan::{End, scan};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Hashes between two rests.
const HASHES: u32 = 2_000;
const REST: Duration = Duration::from_millis(5);

/// Mines for nobody, for as long as the ledger lives.
pub async fn seal(ledger: Ledger, hub: WorkHub) {
    let (_guard, mut work) = hub.join();
    let mut rest = tokio::time::interval(REST);
    let mut number: u32 = 0;
    loop {
        let current = work.borrow_and_update().clone();
        let Some(current) = current else {
            if work.changed().await.is_err() {
                return;
            }
            continue;
        };
        number = number.wrapping_add(1);
        if let Some((coinbase, header)) = search(&current, number) {
            // Another height may have begun meanwhile.
            let solved = ledger.solve(current.template.solution(coinbase, header)).await;
            let next = work.wait_for(|next| next.as_ref().is_none_or(|next| next.id != current.id));
            if solved.is_ok() && next.await.is_err() {
                return;
            }
        }
        rest.tick().await;
    }
}

/// A few hashes under an extranonce that was not used before.
fn search(work: &Work, number: u32) -> Option<(Coinbase, Header)> {
    let template = &work.template;
    let target = template.bits.expand().ok()?;
    let mut extranonce = [0; 8];
    extranonce[4..].copy_from_slice(&number.to_be_bytes());
    let coinbase = template.coinbase(None, extranonce);
    let header = template.header(&coinbase, template.time(), 0);
    match scan(kernel::PORTABLE, &header.to_bytes(), &target, 0..=HASHES, &AtomicBool::new(false)).end {
        End::Found(nonce) => Some((coinbase, Header { nonce, ..header })),
        End::Exhausted | End::Stopped => None,
    }
}
