//! The leader's policy leaves enough for rewards: whatever the system account pays, and however blocks cut the log, no block
//! of a leader that keeps to it is ever invalid.
#![allow(clippy::unwrap_used)]

mod common;

use common::chain::{self, Draft, START_MS, Times, leader_key, secret, system_key, verified};
use proptest::{collection::vec, prelude::*};
use qoin_core::{
    address::Address,
    amount::Amount,
    keys::SecretKey,
    ledger::{Command, Event, Refusal, State},
    limits::BLOCK_RECORDS_MAX,
    payment_id::PaymentId,
    transaction::Operation,
};

#[derive(Debug, Clone, Copy)]
enum Step {
    /// The system account pays, or burns, all that the policy leaves, or a part of it (of 256).
    SystemPays { part: u8, burns: bool },
    /// A member pays a part of what it has to the other, or back to the system account.
    MemberPays { part: u8, back: bool },
    /// A job is made of what waits now.
    Job,
    /// The latest job of the height is solved.
    Seal,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (prop_oneof![Just(255), any::<u8>()], prop::bool::weighted(0.1))
            .prop_map(|(part, burns)| Step::SystemPays { part, burns }),
        3 => (any::<u8>(), prop::bool::weighted(0.2)).prop_map(|(part, back)| Step::MemberPays { part, back }),
        2 => Just(Step::Job),
        3 => Just(Step::Seal),
    ]
}

struct Chain {
    state: State,
    now_us: u64,
    ids: u64,
    job: Option<Draft>,
}

fn members() -> [SecretKey; 2] {
    [secret(1, 0), secret(2, 0)]
}

fn address(key: &SecretKey) -> Address {
    Address::of(&key.public_key())
}

impl Chain {
    fn new(genesis_units: u64) -> Self {
        let state = State::new(chain::genesis(genesis_units));
        let mut chain = Self { state, now_us: START_MS * 1000, ids: 0, job: None };
        for key in members() {
            chain.submit(&key, Operation::OpenAccount { public_key: key.public_key() }).unwrap();
        }
        chain.seal();
        chain
    }

    fn submit(&mut self, key: &SecretKey, operation: Operation) -> Result<Event, Refusal> {
        self.ids += 1;
        self.now_us += 1;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.ids.to_be_bytes());
        let id = PaymentId::new(self.now_us / 1000, random);
        let transaction = verified(&self.state, address(key), key, operation, id);
        self.state.apply(Command::Submit { accepted_us: self.now_us, transaction })
    }

    /// What the policy lets the system account pay.
    fn payable(&mut self) -> Amount {
        match self.submit(&system_key(), Operation::Burn { amount: Amount::MAX }) {
            Err(Refusal::InsufficientFunds { available }) => available,
            other => panic!("nobody has that much: {other:?}"),
        }
    }

    fn make_job(&mut self) {
        let candidate = self.state.candidate();
        let opened_ms = self.state.head().solved_ms;
        let times = Times { opened_ms, issued_ms: opened_ms, solved_ms: opened_ms + chain::INTERVAL_MS };
        let reward = (address(&members()[0]), candidate.reward);
        self.job = Some(Draft::new(&self.state, candidate.count, Some(reward), times));
    }

    fn seal(&mut self) {
        if self.job.is_none() {
            self.make_job();
        }
        let draft = self.job.take().expect("made above");
        self.now_us = self.now_us.max(draft.solved_ms * 1000);
        let block = draft.mine(true).seal(&self.state, &leader_key()).check(&self.state);
        let block = block.expect("a leader that keeps to the policy makes valid blocks");
        self.state.apply(Command::Seal(Box::new(block))).unwrap();
        self.check();
    }

    fn step(&mut self, step: Step) {
        let share = |amount: Amount, part: u8| Amount::from_units(amount.units() * (u64::from(part) + 1) / 256);
        let [ada, bob] = members();
        match step {
            Step::SystemPays { part, burns } => {
                let amount = share(self.payable(), part);
                let pay = Operation::Transfer { to: address(&ada), amount };
                let operation = if burns { Operation::Burn { amount } } else { pay };
                let result = self.submit(&system_key(), operation);
                assert!(matches!(result, Ok(_) | Err(Refusal::ZeroAmount)), "{result:?}");
            }
            Step::MemberPays { part, back } => {
                let (from, to) = if part.is_multiple_of(2) { (&ada, &bob) } else { (&bob, &ada) };
                let to = if back { self.state.system() } else { address(to) };
                let amount = share(self.state.account(&address(from)).unwrap().available(), part);
                let result = self.submit(from, Operation::Transfer { to, amount });
                assert!(matches!(result, Ok(_) | Err(Refusal::ZeroAmount)), "{result:?}");
            }
            Step::Job => self.make_job(),
            Step::Seal => self.seal(),
        }
        self.check();
    }

    fn check(&self) {
        assert!(self.state.is_conserved());
        for (_, account) in self.state.accounts() {
            assert!(account.outgoing <= account.balance, "{account:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn pending_payments_stay_covered(units in prop_oneof![1_u64..3_000, 1_u64..200_000_000], steps in vec(step(), 1..80)) {
        let mut chain = Chain::new(units);
        for step in steps {
            chain.step(step);
        }
    }
}

/// More waits than a block holds, and a job that was made before all of it: three rewards fall due before the payment's block.
#[test]
fn a_backlog_of_several_blocks_leaves_a_reward_for_each() {
    let mut chain = Chain::new(100_000);
    let [ada, bob] = members();
    let pay = |to: &SecretKey, units: u64| Operation::Transfer { to: address(to), amount: Amount::from_units(units) };
    chain.submit(&system_key(), pay(&ada, 50_000)).unwrap();
    chain.seal();
    chain.submit(&ada, pay(&bob, 1)).unwrap();
    chain.make_job();
    for _ in 0..BLOCK_RECORDS_MAX {
        chain.submit(&ada, pay(&bob, 1)).unwrap();
    }
    assert_eq!(chain.state.candidate().count, BLOCK_RECORDS_MAX);
    let balance = chain.state.account(&chain.state.system()).unwrap().balance;
    let payable = chain.payable();
    // 1,000.00 in all: the largest reward is 3.00, here for the blocks before the payment's own.
    assert_eq!(balance.checked_sub(payable), Some(Amount::from_units(2 * 300)));
    chain.submit(&system_key(), pay(&bob, payable.units())).unwrap();
    for _ in 0..3 {
        chain.seal();
    }
    assert_eq!(chain.state.pending_count(), 0);
    assert_eq!(chain.state.head().height, 5);
}
