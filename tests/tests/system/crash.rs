//! The leader dies without warning: what it acknowledged is there, once.

use super::Town;
use anyhow::{Context, Result};
use futures_util::future::join_all;
use qoin_core::api::transactions::{AcceptedView, SubmitTransaction};
use qoin_core::payment_id::PaymentId;
use qoin_tests::{Miner, member::units, wait};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;

const PAYERS: usize = 8;
const PAYMENTS_EACH: usize = 100;
/// The leader is killed once it has acknowledged this many.
const ACKNOWLEDGED_BEFORE: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_a_burst_it_keeps_every_acknowledged_payment_once() -> Result<()> {
    let mut town = Town::found().await?;
    // A miner at work too, so that blocks are being written when the leader dies.
    let _miner = Miner::anonymous(town.leader.stratum())?;
    let now_ms = qoin_tests::member::leader_time_ms(&town.ada.api).await?;
    let payments: Vec<SubmitTransaction> = (0..PAYERS * PAYMENTS_EACH)
        .map(|_| PaymentId::new(now_ms, qoin_tests::member::random()))
        .map(|id| town.ada.transfer(town.bob.address, units("0.01"), id, None))
        .collect();
    let acknowledged = burst_and_kill(&mut town, &payments).await?;
    assert!(acknowledged.len() >= ACKNOWLEDGED_BEFORE, "only {} were acknowledged", acknowledged.len());
    assert!(acknowledged.len() < payments.len(), "the leader died too late to prove anything");

    town.leader.start_again()?;
    town.assert_money_is_conserved().await?;
    let counts = times_in_history(&town).await?;
    for (id, view) in &acknowledged {
        assert_eq!(counts.get(id), Some(&1), "acknowledged as {view:?}");
    }
    assert!(counts.values().all(|count| *count == 1), "a payment is there twice");

    // Whoever got no answer asks again, and so does everybody else: each payment is made once.
    for payment in &payments {
        let id = payment.transaction.transaction.payment_id;
        let again = town.ada.submit(payment).await?;
        if let Some(first) = acknowledged.get(&id) {
            assert_eq!((again.number, again.accepted_us), (first.number, first.accepted_us));
        }
    }
    wait::until("all of it confirmed", async || Ok((town.ada.account().await?.outgoing.is_zero()).then_some(())))
        .await?;
    let counts = times_in_history(&town).await?;
    assert!(payments.iter().all(|payment| counts.get(&payment.transaction.transaction.payment_id) == Some(&1)));
    assert_eq!(town.bob.account().await?.balance, units("8"));
    assert_eq!(town.ada.account().await?.balance, units("92"));
    town.assert_money_is_conserved().await
}

/// Sends all payments over several connections and kills the leader in the middle. Returns what was acknowledged.
async fn burst_and_kill(town: &mut Town, payments: &[SubmitTransaction]) -> Result<HashMap<PaymentId, AcceptedView>> {
    let (count, enough) = (AtomicUsize::new(0), Notify::new());
    let senders = payments.chunks(PAYMENTS_EACH).map(|chunk| {
        let (ada, count, enough) = (&town.ada, &count, &enough);
        async move {
            let mut acknowledged = Vec::new();
            for payment in chunk {
                // The first failure is the leader's death.
                let Ok(view) = ada.submit(payment).await else { break };
                acknowledged.push((payment.transaction.transaction.payment_id, view));
                if count.fetch_add(1, Relaxed) + 1 == ACKNOWLEDGED_BEFORE {
                    enough.notify_one();
                }
            }
            acknowledged
        }
    });
    let killer = async {
        enough.notified().await;
        town.leader.kill()
    };
    let (acknowledged, killed) = tokio::join!(join_all(senders), killer);
    killed.context("killing the leader")?;
    Ok(acknowledged.into_iter().flatten().collect())
}

/// How often each payment id is in Ada's history.
async fn times_in_history(town: &Town) -> Result<HashMap<PaymentId, usize>> {
    let mut counts = HashMap::new();
    for id in town.ada.history().await?.into_iter().filter_map(|movement| movement.payment_id) {
        *counts.entry(id).or_default() += 1;
    }
    Ok(counts)
}
