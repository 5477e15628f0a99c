//! The system's clock jumps by hours and days, both ways, while people pay and blocks are made: order, difficulty and
//! the age of payments go by the leader's own clock, which does not jump.

use super::world::{Ask, Id, Kept, Key, Part, Step, Text, What, World};
use crate::store::MemoryStore;
use std::{sync::Arc, time::Duration};

const HOUR_US: i64 = 3_600_000_000;
const JUMPS: [i64; 8] =
    [HOUR_US, -2 * HOUR_US, 72 * HOUR_US, -96 * HOUR_US, 24 * 365 * HOUR_US, -24 * 365 * HOUR_US, -1, 48 * HOUR_US];

fn pay(who: u8, to: u8) -> Step {
    let what = What::Pay { to, amount: Part::Percent(5) };
    Step::Ask(Ask { who, what, id: Id::Fresh, key: Key::Current, memo: Text::None })
}

async fn found() -> World {
    let mut world = World::begin(Kept::Memory(Arc::new(MemoryStore::new())));
    let joined = [1, 2].map(|who| Step::Join { who });
    let credited = [1, 2].map(|to| Step::Credit { to, amount: Part::Percent(20) });
    world.run(joined.into_iter().chain(credited).chain([Step::Solve { owner: None }])).await;
    world
}

/// A payment and a block. Both must come about: a payment refused, or a block that breaks a rule, fails the test.
async fn go_on(world: &mut World) {
    let [accepted, .., sealed] = world.answers;
    world.run([pay(1, 2), pay(2, 1), Step::Wait { seconds: 1 }, Step::Solve { owner: Some(1) }]).await;
    let [accepted_now, .., sealed_now] = world.answers;
    assert_eq!((accepted_now, sealed_now), (accepted + 2, sealed + 1));
}

#[tokio::test]
async fn jumps_bend_neither_order_nor_difficulty_nor_age() {
    let mut world = found().await;
    for jump_us in JUMPS {
        go_on(&mut world).await;
        let before_us = world.ledger().now_us();
        world.times.jump(jump_us);
        let off_us = world.ledger().now_us() - before_us;
        assert!(off_us < 1_000, "the leader's clock went along by {off_us} us");
        go_on(&mut world).await;
    }
    // Intervals were kept by the passing of time, so the difficulty is what it was: the easiest.
    let blocks = world.ledger().read().blocks_from(1, 1_000).unwrap();
    let intervals_ms = blocks.iter().map(|stored| stored.block.solved_ms - stored.block.coinbase.opened_ms);
    assert!(intervals_ms.clone().all(|ms| (9_000..13_000).contains(&ms)), "{:?}", intervals_ms.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_start_after_a_jump_goes_on_from_the_last_record() {
    let mut world = found().await;
    for jump_us in JUMPS {
        go_on(&mut world).await;
        let before_us = world.ledger().now_us();
        world.times.jump(jump_us);
        world.restart();
        world.check().unwrap();
        assert!(world.ledger().now_us() > before_us - 60_000_000, "the clock went back over the restart");
        go_on(&mut world).await;
        // What was sent before the jump is still known; at most it is too old to be sent anew.
        world.run((0..8).map(Step::Again)).await;
    }
}

#[tokio::test]
async fn a_jump_while_a_block_is_mined_does_not_count() {
    let mut world = found().await;
    world.run([pay(1, 2)]).await;
    let template = world.ledger().template().await.unwrap();
    world.times.jump(-30 * HOUR_US);
    world.times.wait(Duration::from_secs(3));
    let later = world.ledger().template().await.unwrap();
    assert_eq!(later.opened_ms, template.opened_ms);
    assert_eq!(later.issued_ms, template.issued_ms + 3_000);
    go_on(&mut world).await;
}
