//! Data of earlier releases: a leader of this one goes on with them, and nothing in them is lost or changed.

use anyhow::{Context, Result};
use qoin_core::api::account::MovementKind;
use qoin_tests::{Leader, Member, Miner, kept, member::units, wait};
use std::path::Path;

#[tokio::test]
async fn every_kept_format_is_opened_with_all_that_it_holds_and_goes_on() -> Result<()> {
    let folders = kept::folders()?;
    let formats: Vec<u32> = folders.iter().map(|(format, _)| *format).collect();
    let earlier: Vec<u32> = (1..qoin::store::FORMAT).collect();
    assert!(formats.starts_with(&earlier), "each format before {} is kept: {formats:?}", qoin::store::FORMAT);
    assert!(!formats.is_empty(), "the present format is kept before the next one comes");
    for (format, folder) in &folders {
        open_and_go_on(folder).await.with_context(|| format!("data of format {format}"))?;
    }
    Ok(())
}

async fn open_and_go_on(folder: &Path) -> Result<()> {
    let (data, content) = kept::unpack(folder)?;
    let mut leader = Leader::start_on(data, &content.people[0].password)?;
    kept::compare(&content.seen, &kept::see(&leader, &content.people).await?, "")?;
    leader.stop()?;
    assert_eq!(kept::state_hash(leader.data())?, content.state_hash);

    leader.start_again()?;
    kept::compare(&content.seen, &kept::see(&leader, &content.people).await?, "")?;
    let owner = content.people.iter().find(|person| person.email == content.service_owner);
    let owner = owner.context("the service's owner is among the people")?;
    let owner = Member::sign_in(&leader.api(), &owner.email, &owner.password).await?;
    let payer = &content.people[1];
    let payer = Member::sign_in(&leader.api(), &payer.email, &payer.password).await?;
    let before = owner.account().await?;
    payer.pay(owner.address, units("0.25")).await?;
    let mut miner = Miner::of(leader.stratum(), &owner.email, &content.service_key)?;
    wait::until("what waited, the new payment and the reward", async || {
        let movements = owner.history().await?;
        let rewarded = movements
            .iter()
            .any(|movement| movement.kind == MovementKind::Reward && movement.block > Some(before.tip.height));
        let confirmed = movements.iter().all(|movement| movement.block.is_some());
        Ok((rewarded && confirmed).then_some(()))
    })
    .await?;
    miner.stop()
}
