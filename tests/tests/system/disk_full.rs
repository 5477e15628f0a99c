//! The disk is full: the leader says so and ends; with space again it goes on with all that it had acknowledged.

use super::Town;
use anyhow::Result;
use qoin_core::api::transactions::SubmitTransaction;
use qoin_core::memo::Memo;
use qoin_core::payment_id::PaymentId;
use qoin_tests::{Refusal, member::random, member::units};
use std::collections::HashMap;

/// How much the data file may grow before there is no space left, in bytes.
const SPACE: u64 = 128 << 10;
/// More payments than fit into that.
const PAYMENTS: usize = 4_000;

#[tokio::test]
async fn a_full_disk_stops_the_leader_and_loses_nothing() -> Result<()> {
    let mut town = Town::found().await?;
    town.leader.stop()?;
    let size = std::fs::metadata(town.leader.data().join("ledger.redb"))?.len();
    town.leader.start_again_with_space_for(size + SPACE)?;
    let (acknowledged, refused) = pay_until_refused(&town).await?;
    assert!(acknowledged.len() > 10, "only {} payments fitted", acknowledged.len());

    let status = town.leader.wait_for_end()?;
    let output = town.leader.output();
    assert_eq!(status.code(), Some(74), "{output}");
    assert!(output.contains("error: the ledger has stopped: cannot read or write the data in"), "{output}");
    assert!(output.contains("check that the disk has space"), "{output}");

    town.leader.start_again()?;
    let movements = town.ada.history().await?;
    let mut times: HashMap<PaymentId, usize> = HashMap::new();
    movements.iter().filter_map(|movement| movement.payment_id).for_each(|id| *times.entry(id).or_default() += 1);
    for payment in &acknowledged {
        assert_eq!(times.get(&payment.transaction.transaction.payment_id), Some(&1));
    }
    assert!(times.values().all(|times| *times == 1), "a payment is there twice");
    town.ada.submit(&refused).await?;
    let paid = units("0.01").checked_mul(acknowledged.len() as u64 + 1).expect("not much");
    assert_eq!(town.ada.account().await?.outgoing, paid);
    town.seal_everything().await?;
    assert_eq!(town.bob.account().await?.balance, paid);
    town.assert_money_is_conserved().await
}

/// The payments that were acknowledged, and the first that was not.
async fn pay_until_refused(town: &Town) -> Result<(Vec<SubmitTransaction>, SubmitTransaction)> {
    let now_ms = qoin_tests::member::leader_time_ms(&town.ada.api).await?;
    let mut acknowledged = Vec::new();
    for _ in 0..PAYMENTS {
        let memo = Memo::new("m".repeat(Memo::CHARACTERS_MAX), random())?;
        let id = PaymentId::new(now_ms, random());
        let payment = town.ada.transfer(town.bob.address, units("0.01"), id, Some(memo));
        match town.ada.submit(&payment).await {
            Ok(_) => acknowledged.push(payment),
            // The leader says that it has stopped, or is gone already.
            Err(Refusal::Problem(problem)) => {
                assert_eq!((problem.status, problem.retry_after_s.is_some()), (503, true), "{problem:?}");
                return Ok((acknowledged, payment));
            }
            Err(Refusal::Broken(_)) => return Ok((acknowledged, payment)),
        }
    }
    anyhow::bail!("{PAYMENTS} payments fitted into {SPACE} bytes")
}
