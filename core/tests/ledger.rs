//! Properties of the ledger under any sequence of commands.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    Random,
    world::{Kept, Step, World},
};
use proptest::{collection::vec, prelude::*};
use qoin_core::{
    block::{Block, Unchecked},
    encode::decode,
    ledger::{Command, Event, State},
    log::LogRecord,
    transaction::{Operation, VerifiedTransaction},
};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(any::<u64>().prop_map(Step::choose), 1..150)
}

/// Verifies a record's signature as a verifier does: under the key that may act for the signer at that moment.
fn verify(state: &State, record: &LogRecord) -> VerifiedTransaction {
    let transaction = &record.signed.transaction;
    let owner = match &transaction.operation {
        Operation::OpenAccount { public_key } => Some(*public_key),
        _ => state.account(&transaction.signer).map(|account| account.key_at(record.accepted_us)),
    };
    let system = state.account(&state.system()).map(|account| account.key_at(record.accepted_us));
    let genesis = state.genesis_hash();
    let verified =
        [owner, system].into_iter().flatten().find_map(|key| record.signed.clone().verify(&key, &genesis).ok());
    verified.expect("every accepted record is signed by a key that may act")
}

fn replay(state: &mut State, record: &LogRecord) {
    let transaction = verify(state, record);
    let event = state.apply(Command::Replay { accepted_us: record.accepted_us, transaction });
    match event {
        Ok(Event::Accepted(accepted)) => assert_eq!(&accepted.record, record),
        other => panic!("{other:?} for {record:?}"),
    }
}

fn replay_block(state: &mut State, bytes: &[u8]) {
    let block = decode::<Block<Unchecked>>(bytes).unwrap().check(state).unwrap();
    state.apply(Command::Seal(Box::new(block))).unwrap();
}

/// Replays in the order in which the leader worked.
fn replayed_in_order(kept: &[Kept], genesis: State) -> State {
    kept.iter().fold(genesis, |mut state, kept| {
        match kept {
            Kept::Record(record) => replay(&mut state, record),
            Kept::Block(bytes) => replay_block(&mut state, bytes),
        }
        state
    })
}

/// Replays as someone who has only the log and the blocks: each block's records just before it.
fn replayed_by_blocks(kept: &[Kept], mut state: State) -> State {
    let records: Vec<_> = kept
        .iter()
        .filter_map(|kept| match kept {
            Kept::Record(record) => Some(record),
            Kept::Block(_) => None,
        })
        .collect();
    let mut records = records.into_iter();
    for kept in kept {
        if let Kept::Block(bytes) = kept {
            let block: Block<Unchecked> = decode(bytes).unwrap();
            for record in records.by_ref().take(block.count as usize) {
                replay(&mut state, record);
            }
            replay_block(&mut state, bytes);
        }
    }
    for record in records {
        replay(&mut state, record);
    }
    state
}

fn genesis() -> State {
    State::new(World::new().state.genesis().clone())
}

/// The random sequences would prove little if nearly all that they ask were refused.
#[test]
fn random_steps_reach_every_answer() {
    let mut random = Random(1);
    let mut world = World::new();
    world.run((0..2_000).map(|_| Step::choose(random.next_u64())));
    let [accepted, repeated, refused, sealed] = world.answers;
    assert!(accepted > 300 && repeated > 50 && refused > 300 && sealed > 200, "{:?}", world.answers);
    let operations = |wanted: fn(&Operation) -> bool| {
        world.model.log.iter().filter(|transaction| wanted(&transaction.operation)).count()
    };
    assert!(operations(|operation| matches!(operation, Operation::OpenAccount { .. })) == 5);
    assert!(operations(|operation| matches!(operation, Operation::Transfer { .. })) > 100);
    assert!(operations(|operation| matches!(operation, Operation::RotateKey { .. })) > 20);
    assert!(operations(|operation| matches!(operation, Operation::CancelRotation)) > 0);
    assert!(operations(|operation| matches!(operation, Operation::SetRecoverable { .. })) > 20);
    assert!(operations(|operation| matches!(operation, Operation::Issue { .. })) > 5);
    assert!(operations(|operation| matches!(operation, Operation::Burn { .. })) > 5);
    assert!(operations(|operation| matches!(operation, Operation::ReplaceLeader { .. })) > 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// After each command: the plain model agrees, the books balance, a refusal changed nothing, a payment was made once,
    /// and a ledger that was opened again does the same.
    #[test]
    fn any_sequence_keeps_the_books(steps in steps()) {
        World::new().run(steps);
    }

    #[test]
    fn replay_leads_to_the_same_state(steps in steps()) {
        let mut world = World::new();
        let hash = world.run(steps);
        prop_assert_eq!(replayed_in_order(&world.kept, genesis()).hash(), hash);
        prop_assert_eq!(replayed_by_blocks(&world.kept, genesis()).hash(), hash);
    }
}
