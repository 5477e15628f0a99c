//! What members are promised about payments, keys, recovery, rewards and seals, each by an example.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    chain::{START_MS, leader_key, secret, system_key, verified},
    stage::{ADA_UNITS, Stage, ada, address, bob, carol, rotation_delay_us, transfer, units},
};
use qoin_core::{
    amount::Amount,
    block::{BlockFault, TIME_ROLL_MAX_S},
    keys::SecretKey,
    ledger::{Command, Event, Refusal},
    payment_id::PaymentId,
    transaction::Operation,
};

#[test]
fn a_miner_may_roll_the_time_by_a_minute() {
    let stage = Stage::new();
    let mut draft = stage.draft(None);
    draft.header.time += TIME_ROLL_MAX_S;
    stage.check(draft).unwrap();
}

#[test]
fn an_anonymous_miner_earns_nothing() {
    let mut stage = Stage::new();
    stage.pay_bob(100).unwrap();
    let mut draft = stage.draft(None);
    assert!(draft.coinbase.reward.is_zero());
    draft.coinbase.reward = units(100);
    draft.plant(&stage.state);
    assert_eq!(stage.check(draft), Err(BlockFault::Reward));
}

#[test]
fn an_account_is_rewarded_from_the_block_on_that_opens_it() {
    let mut stage = Stage::new();
    stage.pay_bob(100).unwrap();
    stage.accept(&carol(), Operation::OpenAccount { public_key: carol().public_key() });
    let draft = stage.draft(Some(&carol()));
    stage.check(draft.clone()).unwrap();
    let mut before = draft;
    before.count = 1;
    before.plant(&stage.state);
    assert_eq!(stage.check(before), Err(BlockFault::Rewarded));
}

#[test]
fn the_seal_covers_when_the_block_was_solved() {
    let stage = Stage::new();
    let mut block = stage.draft(None).mine(true).seal(&stage.state, &leader_key());
    block.solved_ms += 1;
    assert_eq!(block.check(&stage.state), Err(BlockFault::Seal));
}

#[test]
fn a_missing_reward_never_costs_a_block() {
    // All that the system account has left is less than a reward.
    let mut stage = Stage::with_units(ADA_UNITS + 100);
    let rest = Operation::Burn { amount: units(1) };
    let refusal = stage.ask(&system_key(), rest.clone());
    assert_eq!(refusal, Err(Refusal::InsufficientFunds { available: Amount::ZERO }));
    let id = stage.id();
    let transaction = verified(&stage.state, address(&system_key()), &system_key(), rest, id);
    stage.state.apply(Command::Replay { accepted_us: stage.now_us + 1, transaction }).unwrap();
    stage.now_us += 1;
    stage.pay_bob(100).unwrap();
    let draft = stage.draft(Some(&ada()));
    assert!(draft.coinbase.reward.is_zero());
    stage.seal(draft);
    assert_eq!(stage.state.account(&address(&ada())).unwrap().balance, units(ADA_UNITS - 100));
}

#[test]
fn a_replaced_leader_seals_from_the_next_block_on() {
    let mut stage = Stage::new();
    let (second, third) = (secret(200, 1), secret(200, 2));
    let replace = |key: &SecretKey| Operation::ReplaceLeader { public_key: key.public_key() };
    assert_eq!(stage.ask(&system_key(), replace(&leader_key())), Err(Refusal::SameKey));
    stage.accept(&system_key(), replace(&third));
    stage.accept(&system_key(), replace(&second));
    // However blocks cut the log, at this place the second leads already.
    assert_eq!(stage.ask(&system_key(), replace(&second)), Err(Refusal::SameKey));
    assert_eq!(stage.ask(&ada(), replace(&third)), Err(Refusal::SystemOnly));
    stage.seal(stage.draft(None));
    assert_eq!(stage.check(stage.draft(None)), Err(BlockFault::Seal));
    let next = stage.draft(None).mine(true).seal(&stage.state, &second);
    next.check(&stage.state).unwrap();
}

#[test]
fn the_system_accounts_operations_are_nobody_elses() {
    let mut stage = Stage::new();
    assert_eq!(stage.ask(&ada(), Operation::Burn { amount: units(1) }), Err(Refusal::SystemOnly));
    // Not even of an account for which the system's key signs.
    let issue = Operation::Issue { amount: units(1) };
    assert_eq!(stage.ask_for(address(&ada()), &system_key(), issue.clone()), Err(Refusal::WrongKey));
    assert_eq!(stage.ask_for(address(&ada()), &system_key(), transfer(1)), Err(Refusal::WrongKey));
    stage.accept(&system_key(), issue);
}

#[test]
fn money_received_counts_from_the_next_block_on() {
    let mut stage = Stage::new();
    stage.pay_bob(1_000).unwrap();
    let back = Operation::Transfer { to: address(&ada()), amount: units(1_000) };
    assert_eq!(stage.ask(&bob(), back.clone()), Err(Refusal::InsufficientFunds { available: Amount::ZERO }));
    stage.seal(stage.draft(None));
    stage.accept(&bob(), back);
}

#[test]
fn a_payment_sent_again_is_answered_as_at_first_even_when_it_could_not_be_made_now() {
    let mut stage = Stage::new();
    let id = stage.id();
    let payment = verified(&stage.state, address(&ada()), &ada(), transfer(ADA_UNITS), id);
    let Ok(Event::Accepted(first)) = stage.submit(payment.clone()) else { panic!("refused") };
    let number = first.record.number;
    for _ in 0..50 {
        assert_eq!(stage.submit(payment.clone()), Ok(Event::Known { number }));
    }
    stage.rotate_ada(&ada(), &secret(1, 1)).unwrap();
    stage.seal(stage.draft(None));
    assert_eq!(stage.submit(payment.clone()), Ok(Event::Known { number }));
    // Whatever the leader's clock says.
    assert_eq!(stage.submit_at(0, payment), Ok(Event::Known { number }));
}

#[test]
fn a_key_changed_by_its_owner_counts_at_once() {
    let mut stage = Stage::new();
    let next = secret(1, 1);
    stage.rotate_ada(&ada(), &next).unwrap();
    assert_eq!(stage.pay_bob(1), Err(Refusal::WrongKey));
    stage.ask_for(address(&ada()), &next, transfer(1)).unwrap();
}

#[test]
fn a_recovery_takes_effect_after_its_delay() {
    let mut stage = Stage::new();
    let next = secret(1, 1);
    stage.rotate_ada(&system_key(), &next).unwrap();
    let effective_us = stage.now_us + rotation_delay_us();
    let account = stage.state.account(&address(&ada())).unwrap();
    assert_eq!(account.pending_rotation_at(stage.now_us).map(|rotation| rotation.effective_us), Some(effective_us));

    stage.pay_bob(1).unwrap();
    assert_eq!(stage.ask_for(address(&ada()), &next, transfer(1)), Err(Refusal::WrongKey));
    stage.now_us = effective_us - 2;
    stage.pay_bob(1).unwrap();
    assert_eq!(stage.now_us + 1, effective_us);
    stage.ask_for(address(&ada()), &next, transfer(1)).unwrap();
    assert_eq!(stage.pay_bob(1), Err(Refusal::WrongKey));
    assert_eq!(stage.ask_for(address(&ada()), &next, Operation::CancelRotation), Err(Refusal::NoPendingRotation));
}

#[test]
fn a_recovery_can_be_cancelled_by_the_old_key_alone() {
    let mut stage = Stage::new();
    let next = secret(1, 1);
    stage.rotate_ada(&system_key(), &next).unwrap();
    for stranger in [&next, &system_key(), &bob()] {
        let result = stage.ask_for(address(&ada()), stranger, Operation::CancelRotation);
        assert_eq!(result, Err(Refusal::WrongKey));
    }
    stage.accept(&ada(), Operation::CancelRotation);
    stage.now_us += 2 * rotation_delay_us();
    stage.pay_bob(1).unwrap();
    assert_eq!(stage.ask_for(address(&ada()), &next, transfer(1)), Err(Refusal::WrongKey));
}

#[test]
fn a_recovery_that_took_effect_is_not_undone_by_the_next() {
    let mut stage = Stage::new();
    let (second, third) = (secret(1, 1), secret(1, 2));
    stage.rotate_ada(&system_key(), &second).unwrap();
    stage.now_us += rotation_delay_us();
    stage.rotate_ada(&system_key(), &third).unwrap();
    assert_eq!(stage.pay_bob(1), Err(Refusal::WrongKey));
    stage.ask_for(address(&ada()), &second, Operation::CancelRotation).unwrap();
    stage.ask_for(address(&ada()), &second, transfer(1)).unwrap();
}

#[test]
fn an_account_opens_only_with_its_own_key() {
    let mut stage = Stage::new();
    let open = Operation::OpenAccount { public_key: carol().public_key() };
    assert_eq!(stage.ask_for(address(&carol()), &ada(), open.clone()), Err(Refusal::WrongKey));
    assert_eq!(stage.rotate_ada(&bob(), &secret(1, 1)), Err(Refusal::WrongKey));
    stage.accept(&carol(), open);
    stage.ask(&ada(), Operation::Transfer { to: address(&carol()), amount: units(1) }).unwrap();
}

#[test]
fn ids_are_taken_from_a_day_before_to_five_minutes_after() {
    let mut stage = Stage::new();
    let now_ms = START_MS + 2 * PaymentId::AGE_MAX_MS;
    stage.now_us = now_ms * 1000;
    let edges = [
        (now_ms - PaymentId::AGE_MAX_MS - 1, Err(Refusal::Expired)),
        (now_ms - PaymentId::AGE_MAX_MS, Ok(())),
        (now_ms + PaymentId::AHEAD_MAX_MS, Ok(())),
        (now_ms + PaymentId::AHEAD_MAX_MS + 1, Err(Refusal::FromFuture)),
    ];
    for (created_ms, expected) in edges {
        let id = stage.id_created(created_ms);
        let payment = verified(&stage.state, address(&ada()), &ada(), transfer(1), id);
        assert_eq!(stage.submit(payment).map(|_| ()), expected);
    }
}
