//! From accepted to confirmed: with a miner, without one, and what the chain says of it.

use super::Town;
use anyhow::{Context, Result};
use qoin_core::api::account::MovementKind;
use qoin_core::api::services::{DeclareService, SERVICES_PATH, ServiceDeclared, ServiceRole};
use qoin_core::api::transactions::{TRANSACTIONS_PATH, TransactionView};
use qoin_core::header::Header;
use qoin_core::memo::Memo;
use qoin_tests::{Miner, member::random, member::units, wait};

#[tokio::test]
async fn without_a_miner_a_payment_waits_over_a_restart_and_confirms_when_one_comes() -> Result<()> {
    let mut town = Town::found().await?;
    let accepted = town.ada.pay(town.bob.address, units("12.50")).await?;
    assert_eq!(accepted.block, None);
    let (ada, bob) = (town.ada.account().await?, town.bob.account().await?);
    assert_eq!((ada.balance, ada.outgoing, ada.available), (units("100"), units("12.50"), units("87.50")));
    assert_eq!((bob.balance, bob.incoming, bob.available), (units("0"), units("12.50"), units("0")));

    town.leader.stop()?;
    town.leader.start_again()?;
    assert_eq!(town.ada.account().await?.outgoing, units("12.50"), "still pending");
    assert_eq!(town.bob.account().await?.incoming, units("12.50"), "still pending");

    town.seal_everything().await?;
    let (ada, bob) = (town.ada.account().await?, town.bob.account().await?);
    assert_eq!((ada.balance, ada.outgoing), (units("87.50"), units("0")));
    assert_eq!((bob.balance, bob.incoming, bob.available), (units("12.50"), units("0"), units("12.50")));
    town.assert_money_is_conserved().await
}

#[tokio::test]
async fn the_memo_is_for_the_two_parties_and_the_proof_for_everyone() -> Result<()> {
    let town = Town::found().await?;
    let eve = town.administrator.invite("Eve", "a curious long password").await?;
    let memo = Memo::new("Merci \u{e0} toi \u{2615}", random())?;
    let payment = town.ada.transfer(town.bob.address, units("5"), town.ada.new_payment_id().await?, Some(memo.clone()));
    let accepted = town.ada.submit(&payment).await?;
    town.seal_everything().await?;
    let path = format!("{TRANSACTIONS_PATH}/{}", accepted.number);
    for (who, seen) in [(&town.ada, Some(&memo)), (&town.bob, Some(&memo)), (&eve, None), (&town.administrator, None)] {
        let Ok(view) = who.api.get::<TransactionView>(&path).await else {
            assert_eq!(seen, None, "{} may see it", who.email);
            continue;
        };
        assert_eq!(view.memo.as_ref(), seen, "{}", who.email);
        assert_eq!(view.record.signed, payment.transaction);
        let sealed = view.sealed.context("it is in a block")?;
        let header = Header::from_bytes(&sealed.header.0);
        assert!(sealed.proof.verify(view.record.leaf(), header.merkle_root), "the proof leads to the header's root");
    }
    for (who, text) in [(&town.ada, Some(memo.text())), (&town.bob, Some(memo.text())), (&eve, None)] {
        let movements = who.history().await?;
        let movement = movements.iter().find(|movement| movement.number == Some(accepted.number));
        assert_eq!(movement.and_then(|movement| movement.memo.as_ref()).map(Memo::text), text, "{}", who.email);
    }
    Ok(())
}

#[tokio::test]
async fn the_owner_of_the_miner_is_rewarded() -> Result<()> {
    let town = Town::found().await?;
    let declared: ServiceDeclared =
        town.bob.api.post(SERVICES_PATH, &DeclareService { role: ServiceRole::Miner }).await?;
    let mut miner = Miner::of(town.leader.stratum(), &town.bob.email, &declared.key)?;
    town.ada.pay(town.bob.address, units("20")).await?;
    // 20 whole units have two digits: the reward is one unit.
    wait::until("the payment and the reward", async || {
        Ok((town.bob.account().await?.balance == units("21")).then_some(()))
    })
    .await?;
    let movements = town.bob.history().await?;
    assert!(
        movements.iter().any(|movement| movement.kind == MovementKind::Reward && movement.amount == Some(units("1")))
    );
    miner.stop()?;
    town.assert_money_is_conserved().await
}
