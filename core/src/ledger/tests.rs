//! What only the ledger's inside can bring about.

use super::*;
use crate::limits::BLOCK_RECORDS_MAX;
use crate::{
    block::{BlockFault, Unchecked},
    coinbase::Coinbase,
    genesis::tests::example,
    header::{HEADER_VERSION, Header},
    keys::SecretKey,
    payment_id::PaymentId,
    transaction::Transaction,
};

fn state_with_pending(leaves: impl Iterator<Item = u64>) -> State {
    let mut state = State::new(example());
    for leaf in leaves {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&leaf.to_le_bytes());
        state.pending.push_back(Pending { leaf: MerkleNode::from_bytes(bytes), effect: Effect::None });
    }
    state
}

/// The first block, of all that waits, neither planted, mined nor sealed rightly.
fn first_block(state: &State) -> Block<Unchecked> {
    let time_ms = state.head().solved_ms;
    let coinbase = Coinbase {
        height: 1,
        extranonce: [0; 8],
        reward: Amount::ZERO,
        opened_ms: time_ms,
        issued_ms: time_ms,
        previous_solved_ms: time_ms,
        rewarded: None,
    };
    let header = Header {
        version: HEADER_VERSION,
        previous: state.head().hash,
        merkle_root: Default::default(),
        time: 0,
        bits: state.required_target(),
        nonce: 0,
    };
    let leader = SecretKey::from_seed(&[2; 32]);
    Block::seal(header, coinbase, 0..state.next_number(), time_ms, &leader, &state.genesis_hash())
}

#[test]
fn equal_leaves_are_a_fault_of_their_own() {
    let block = |leaves: [u64; 3]| {
        let state = state_with_pending(leaves.into_iter());
        first_block(&state).check(&state)
    };
    assert_eq!(block([1, 2, 1]), Err(BlockFault::EqualLeaves));
    assert_eq!(block([1, 2, 3]), Err(BlockFault::MerkleRoot));
}

#[test]
fn the_reserve_grows_with_every_block_that_waits() {
    let key = SecretKey::from_seed(&[1; 32]);
    let payable = |waiting: u32| {
        let mut state = state_with_pending(0..u64::from(waiting));
        let id = PaymentId::new(state.genesis.time_ms, [0; 10]);
        let burn = Transaction::new(state.system(), Operation::Burn { amount: Amount::MAX }, id, None);
        let genesis = state.genesis_hash();
        let transaction = burn.sign(&key, &genesis).verify(&key.public_key(), &genesis).unwrap();
        let accepted_us = state.last_accepted_us + 1;
        match state.apply(Command::Submit { accepted_us, transaction }) {
            Err(Refusal::InsufficientFunds { available }) => available.units(),
            other => panic!("{other:?}"),
        }
    };
    // 1,000.00 in all: the largest reward is 3.00.
    assert_eq!(payable(0), 100_000 - 300);
    assert_eq!(payable(BLOCK_RECORDS_MAX - 1), 100_000 - 300);
    assert_eq!(payable(BLOCK_RECORDS_MAX), 100_000 - 600);
    assert_eq!(payable(3 * BLOCK_RECORDS_MAX), 100_000 - 1_200);
}

#[test]
fn a_block_takes_no_more_records_than_it_holds() {
    let state = state_with_pending(0..u64::from(BLOCK_RECORDS_MAX) + 5);
    assert_eq!(state.candidate().count, BLOCK_RECORDS_MAX);
    assert_eq!(state.next_number(), u64::from(BLOCK_RECORDS_MAX) + 5);
}

#[test]
fn the_state_hash_sees_each_of_its_parts() {
    let state = state_with_pending(0..1);
    let mut changed = vec![state.clone(); 6];
    changed[0].pending.clear();
    changed[1].last_accepted_us += 1;
    changed[2].head.solved_ms += 1;
    changed[3].accounts.open(Address::from_bytes([1; 20]), Account::open(state.head.leader_key));
    changed[4].genesis_hash = GenesisHash::default();
    changed[5].accounts.change(AccountNumber::SYSTEM, |system| system.incoming = Amount::from_units(1));
    for (part, changed) in changed.iter().enumerate() {
        assert_ne!(changed.hash(), state.hash(), "{part}");
    }
}
