//! Every way in which the ledger says no, each reached by an example with exactly one thing wrong.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    chain::{self, Draft, START_MS, leader_key, secret, sign, system_key, verified},
    stage::{GENESIS_UNITS, Stage, ada, address, bob, carol, transfer, units},
};
use qoin_core::{
    block::{Block, BlockFault, Checked, TIME_ROLL_MAX_S},
    hash::{BlockHash, MerkleRoot},
    ledger::{Command, Event, Refusal},
    limits::BLOCK_RECORDS_MAX,
    payment_id::PaymentId,
    target::CompactTarget,
    transaction::{Operation, Transaction},
};

/// An example that is refused in this way.
fn refused(refusal: &Refusal) -> Result<Event, Refusal> {
    let mut stage = Stage::new();
    match refusal {
        Refusal::UnknownVersion(version) => {
            let id = stage.id();
            let transaction =
                Transaction { version: *version, ..Transaction::new(address(&ada()), transfer(1), id, None) };
            stage.submit(sign(&stage.state, &ada(), transaction))
        }
        Refusal::PaymentIdConflict => {
            let id = stage.id();
            let [first, second] =
                [1, 2].map(|amount| verified(&stage.state, address(&ada()), &ada(), transfer(amount), id));
            let Ok(Event::Accepted(first)) = stage.submit(first) else { panic!("refused") };
            let known = stage.submit(second.clone())?;
            first.record.answers(&second).map(|()| known)
        }
        Refusal::Expired => {
            let id = stage.id_created(START_MS);
            let late = verified(&stage.state, address(&ada()), &ada(), transfer(1), id);
            stage.submit_at((START_MS + PaymentId::AGE_MAX_MS + 1) * 1000, late)
        }
        Refusal::FromFuture => {
            let id = stage.id_created(START_MS + PaymentId::AHEAD_MAX_MS + 1);
            stage.submit(verified(&stage.state, address(&ada()), &ada(), transfer(1), id))
        }
        Refusal::ClockNotIncreasing { last_us } => {
            let id = stage.id();
            let payment = verified(&stage.state, address(&ada()), &ada(), transfer(1), id);
            stage.submit_at(*last_us, payment)
        }
        Refusal::UnknownSigner => stage.ask(&carol(), transfer(1)),
        Refusal::WrongKey => stage.ask_for(address(&ada()), &bob(), transfer(1)),
        Refusal::AddressMismatch => {
            let operation = Operation::OpenAccount { public_key: secret(3, 1).public_key() };
            stage.ask_for(address(&carol()), &secret(3, 1), operation)
        }
        Refusal::AlreadyOpen => stage.ask(&ada(), Operation::OpenAccount { public_key: ada().public_key() }),
        Refusal::ZeroAmount => stage.pay_bob(0),
        Refusal::ToSelf => stage.ask(&ada(), Operation::Transfer { to: address(&ada()), amount: units(1) }),
        Refusal::UnknownRecipient => stage.ask(&ada(), Operation::Transfer { to: address(&carol()), amount: units(1) }),
        Refusal::InsufficientFunds { .. } => {
            stage.pay_bob(2_000).unwrap();
            stage.pay_bob(3_001)
        }
        Refusal::SystemOnly => stage.ask(&ada(), Operation::Issue { amount: units(1) }),
        Refusal::NotRecoverable => {
            stage.accept(&ada(), Operation::SetRecoverable { recoverable: false });
            stage.rotate_ada(&system_key(), &secret(1, 1))
        }
        Refusal::NoPendingRotation => stage.ask(&ada(), Operation::CancelRotation),
        Refusal::SameKey => stage.rotate_ada(&ada(), &ada()),
        Refusal::SupplyOverflow => {
            stage.accept(&system_key(), Operation::Issue { amount: units(u64::MAX - GENESIS_UNITS) });
            stage.ask(&system_key(), Operation::Issue { amount: units(1) })
        }
        Refusal::StaleBlock => {
            let block = Box::new(stage.check(stage.draft(None)).unwrap());
            stage.state.apply(Command::Seal(block.clone())).unwrap();
            stage.state.apply(Command::Seal(block))
        }
    }
}

#[test]
fn every_refusal_is_reached() {
    let last_us = Stage::new().state.last_accepted_us();
    let all = [
        Refusal::UnknownVersion(0),
        Refusal::UnknownVersion(2),
        Refusal::PaymentIdConflict,
        Refusal::Expired,
        Refusal::FromFuture,
        Refusal::ClockNotIncreasing { last_us },
        Refusal::UnknownSigner,
        Refusal::WrongKey,
        Refusal::AddressMismatch,
        Refusal::AlreadyOpen,
        Refusal::ZeroAmount,
        Refusal::ToSelf,
        Refusal::UnknownRecipient,
        Refusal::InsufficientFunds { available: units(3_000) },
        Refusal::SystemOnly,
        Refusal::NotRecoverable,
        Refusal::NoPendingRotation,
        Refusal::SameKey,
        Refusal::SupplyOverflow,
        Refusal::StaleBlock,
    ];
    for refusal in all {
        assert_eq!(refused(&refusal), Err(refusal));
    }
}

/// An example that breaks this rule of blocks, and only this one.
fn broken(fault: &BlockFault) -> Result<Block<Checked>, BlockFault> {
    let mut stage = Stage::new();
    stage.pay_bob(100).unwrap();
    stage.pay_bob(200).unwrap();
    let right = stage.draft(Some(&ada()));
    stage.check(right.clone()).expect("without the fault it is valid");
    let coinbase = |change: &dyn Fn(&mut Draft)| {
        let mut draft = right.clone();
        change(&mut draft);
        draft.plant(&stage.state);
        stage.check(draft)
    };
    let header = |change: &dyn Fn(&mut Draft)| {
        let mut draft = right.clone();
        change(&mut draft);
        stage.check(draft)
    };
    match fault {
        BlockFault::Height { found, .. } => coinbase(&|draft| draft.coinbase.height = *found),
        BlockFault::Previous => header(&|draft| draft.header.previous = BlockHash::from_bytes([1; 32])),
        BlockFault::Version(version) => header(&|draft| draft.header.version = *version),
        BlockFault::Run { first, count, .. } => coinbase(&|draft| (draft.first, draft.count) = (*first, *count)),
        BlockFault::TooManyRecords(count) => coinbase(&|draft| draft.count = *count),
        BlockFault::EqualLeaves => {
            unreachable!("records differ in their numbers; the ledger's own tests force equal leaves")
        }
        BlockFault::MerkleRoot => header(&|draft| draft.header.merkle_root = MerkleRoot::from_bytes([1; 32])),
        BlockFault::PreviousSolved { found, .. } => coinbase(&|draft| draft.coinbase.previous_solved_ms = *found),
        BlockFault::TimeOrder { opened, issued, solved, .. } => coinbase(&|draft| {
            (draft.coinbase.opened_ms, draft.coinbase.issued_ms, draft.solved_ms) = (*opened, *issued, *solved);
            draft.header.time = u32::try_from(issued / 1000).unwrap();
        }),
        BlockFault::HeaderTime(time) => header(&|draft| draft.header.time = *time),
        BlockFault::Target { found, .. } => header(&|draft| draft.header.bits = *found),
        BlockFault::ProofOfWork => right.mine(false).seal(&stage.state, &leader_key()).check(&stage.state),
        BlockFault::Reward => coinbase(&|draft| draft.coinbase.reward = units(101)),
        BlockFault::Rewarded => coinbase(&|draft| draft.coinbase.rewarded = Some(address(&carol()))),
        BlockFault::Uncovered => uncovered(),
        BlockFault::Seal => right.mine(true).seal(&stage.state, &secret(201, 0)).check(&stage.state),
    }
}

/// A leader that leaves no reserve for rewards: the reward of the first block takes what the second block pays out.
fn uncovered() -> Result<Block<Checked>, BlockFault> {
    let mut stage = Stage::new();
    stage.pay_bob(100).unwrap();
    let all = stage.state.account(&stage.state.system()).unwrap().available();
    let everything = Operation::Transfer { to: address(&bob()), amount: all };
    let id = stage.id();
    let transaction = verified(&stage.state, address(&system_key()), &system_key(), everything, id);
    let accepted_us = stage.now_us + 1;
    let refusal = stage.submit_at(accepted_us, transaction.clone());
    assert!(matches!(refusal, Err(Refusal::InsufficientFunds { .. })), "a good leader refuses: {refusal:?}");
    stage.state.apply(Command::Replay { accepted_us, transaction }).unwrap();

    let mut first = stage.draft(Some(&ada()));
    (first.count, first.coinbase.reward) = (1, units(100));
    first.plant(&stage.state);
    stage.seal(first);
    assert!(stage.state.is_conserved());
    stage.check(stage.draft(None))
}

#[test]
fn every_block_fault_is_reached() {
    let stage = Stage::new();
    let head = stage.state.head();
    let (previous, next, waiting) = (head.solved_ms, head.sealed, 2);
    let issued_s = u32::try_from(previous / 1000).unwrap();
    let solved = previous + chain::INTERVAL_MS;
    let expected = stage.state.target(previous, previous);
    let all = [
        BlockFault::Height { expected: 2, found: 1 },
        BlockFault::Height { expected: 2, found: 3 },
        BlockFault::Previous,
        BlockFault::Version(1),
        BlockFault::Run { first: next + 1, count: 1, next, waiting },
        BlockFault::Run { first: next - 1, count: 2, next, waiting },
        BlockFault::Run { first: next, count: 3, next, waiting },
        BlockFault::TooManyRecords(BLOCK_RECORDS_MAX + 1),
        BlockFault::MerkleRoot,
        BlockFault::PreviousSolved { expected: previous, found: previous - 1 },
        BlockFault::TimeOrder { previous, opened: previous - 1, issued: previous, solved },
        BlockFault::TimeOrder { previous, opened: previous + 2_000, issued: previous + 1_000, solved },
        BlockFault::TimeOrder { previous, opened: previous, issued: solved + 1, solved },
        BlockFault::HeaderTime(issued_s - 1),
        BlockFault::HeaderTime(issued_s + TIME_ROLL_MAX_S + 1),
        BlockFault::Target { expected, found: CompactTarget(expected.0 + 1) },
        BlockFault::Target { expected, found: CompactTarget(expected.0 - 1) },
        BlockFault::ProofOfWork,
        BlockFault::Reward,
        BlockFault::Rewarded,
        BlockFault::Uncovered,
        BlockFault::Seal,
    ];
    for fault in all {
        assert_eq!(broken(&fault), Err(fault));
    }
}
