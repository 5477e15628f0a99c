//! A small chain with a few people on it, of whom one thing after another is asked.

use super::chain::{self, Draft, START_MS, leader_key, secret, system_key, verified};
use qoin_core::{
    address::Address,
    amount::Amount,
    block::{Block, BlockFault, Checked},
    keys::SecretKey,
    ledger::{Command, Event, Refusal, State},
    payment_id::PaymentId,
    transaction::{Operation, VerifiedTransaction},
};

/// What the currency starts with.
pub const GENESIS_UNITS: u64 = 100_000;
/// What Ada has.
pub const ADA_UNITS: u64 = 5_000;

pub fn ada() -> SecretKey {
    secret(1, 0)
}

pub fn bob() -> SecretKey {
    secret(2, 0)
}

/// Has no account.
pub fn carol() -> SecretKey {
    secret(3, 0)
}

pub fn address(key: &SecretKey) -> Address {
    Address::of(&key.public_key())
}

pub fn units(units: u64) -> Amount {
    Amount::from_units(units)
}

/// A chain on which Ada has 50.00 and Bob nothing, one block high.
pub struct Stage {
    pub state: State,
    pub now_us: u64,
    ids: u64,
}

impl Stage {
    pub fn new() -> Self {
        Self::with_units(GENESIS_UNITS)
    }

    pub fn with_units(genesis_units: u64) -> Self {
        let state = State::new(chain::genesis(genesis_units));
        let mut stage = Self { state, now_us: START_MS * 1000, ids: 0 };
        for key in [ada(), bob()] {
            stage.accept(&key, Operation::OpenAccount { public_key: key.public_key() });
        }
        stage.accept(&system_key(), Operation::Transfer { to: address(&ada()), amount: units(ADA_UNITS) });
        stage.seal(stage.draft(None));
        stage
    }

    pub fn id(&mut self) -> PaymentId {
        self.ids += 1;
        self.id_created(self.now_us / 1000)
    }

    pub fn id_created(&self, created_ms: u64) -> PaymentId {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.ids.to_be_bytes());
        PaymentId::new(created_ms, random)
    }

    pub fn submit(&mut self, transaction: VerifiedTransaction) -> Result<Event, Refusal> {
        self.now_us += 1;
        self.submit_at(self.now_us, transaction)
    }

    pub fn submit_at(&mut self, accepted_us: u64, transaction: VerifiedTransaction) -> Result<Event, Refusal> {
        let before = self.state.hash();
        let result = self.state.apply(Command::Submit { accepted_us, transaction });
        if result.is_err() {
            assert_eq!(self.state.hash(), before, "a refusal changed something");
        }
        result
    }

    /// Asks for an operation of the account whose first key signs.
    pub fn ask(&mut self, key: &SecretKey, operation: Operation) -> Result<Event, Refusal> {
        self.ask_for(address(key), key, operation)
    }

    pub fn ask_for(&mut self, signer: Address, key: &SecretKey, operation: Operation) -> Result<Event, Refusal> {
        let id = self.id();
        self.submit(verified(&self.state, signer, key, operation, id))
    }

    #[track_caller]
    pub fn accept(&mut self, key: &SecretKey, operation: Operation) {
        self.ask(key, operation).expect("nothing is wrong with it");
    }

    pub fn pay_bob(&mut self, amount: u64) -> Result<Event, Refusal> {
        self.ask(&ada(), transfer(amount))
    }

    pub fn rotate_ada(&mut self, signed_by: &SecretKey, to: &SecretKey) -> Result<Event, Refusal> {
        self.ask_for(address(&ada()), signed_by, Operation::RotateKey { public_key: to.public_key() })
    }

    pub fn draft(&self, rewarded: Option<&SecretKey>) -> Draft {
        Draft::of_all(&self.state, rewarded.map(address))
    }

    pub fn check(&self, draft: Draft) -> Result<Block<Checked>, BlockFault> {
        draft.mine(true).seal(&self.state, &leader_key()).check(&self.state)
    }

    pub fn seal(&mut self, draft: Draft) {
        let block = self.check(draft).expect("nothing is wrong with it");
        self.state.apply(Command::Seal(Box::new(block))).expect("checked on this state");
    }
}

pub fn transfer(amount: u64) -> Operation {
    Operation::Transfer { to: address(&bob()), amount: units(amount) }
}

pub fn rotation_delay_us() -> u64 {
    chain::RECOVERY_DELAY_MS * 1000
}
