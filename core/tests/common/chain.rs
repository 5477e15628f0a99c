//! A chain small enough to mine in a test: its genesis, its keys, and blocks that are made, solved and sealed.

use qoin_core::{
    address::Address,
    amount::Amount,
    block::{Block, Unchecked},
    coinbase::Coinbase,
    decimals::Decimals,
    genesis::{Genesis, RULES_VERSION},
    header::{HEADER_VERSION, Header},
    keys::SecretKey,
    ledger::State,
    merkle,
    payment_id::PaymentId,
    target::CompactTarget,
    transaction::{Operation, Transaction, VerifiedTransaction},
};

/// When the chain begins, in milliseconds since 1970.
pub const START_MS: u64 = 1_800_000_000_000;
/// The time that a block should take.
pub const INTERVAL_MS: u64 = 10_000;
/// How long a rotation by the system key waits.
pub const RECOVERY_DELAY_MS: u64 = 60_000;
/// 256 hashes on average.
pub const EASIEST: CompactTarget = CompactTarget(0x2000_ffff);

/// One of many keys: the same for the same numbers.
pub fn secret(owner: u8, number: u8) -> SecretKey {
    let mut seed = [owner; 32];
    seed[0] = number;
    SecretKey::from_seed(&seed)
}

/// The system account's first key.
pub fn system_key() -> SecretKey {
    secret(0, 0)
}

/// The first leader's key.
pub fn leader_key() -> SecretKey {
    secret(200, 0)
}

/// A currency with two decimals that starts with so many of the smallest units.
pub fn genesis(units: u64) -> Genesis {
    Genesis {
        rules_version: RULES_VERSION,
        name: "Qoin".into(),
        symbol: "Q".into(),
        decimals: Decimals::try_from(2).expect("two are allowed"),
        genesis_amount: Amount::from_units(units),
        block_interval_ms: INTERVAL_MS,
        recovery_delay_ms: RECOVERY_DELAY_MS,
        system_key: system_key().public_key(),
        leader_key: leader_key().public_key(),
        starting_target: EASIEST,
        easiest_target: EASIEST,
        time_ms: START_MS,
    }
}

/// A transaction signed by `key`, and verified under it.
pub fn verified(
    state: &State,
    signer: Address,
    key: &SecretKey,
    operation: Operation,
    id: PaymentId,
) -> VerifiedTransaction {
    sign(state, key, Transaction::new(signer, operation, id, None))
}

/// Signs a transaction and verifies the signature under the same key.
pub fn sign(state: &State, key: &SecretKey, transaction: Transaction) -> VerifiedTransaction {
    let genesis = state.genesis_hash();
    transaction.sign(key, &genesis).verify(&key.public_key(), &genesis).expect("its own signature")
}

/// When a block's work began, its job was made, and its solution taken, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub opened_ms: u64,
    pub issued_ms: u64,
    pub solved_ms: u64,
}

/// A block before it is mined and sealed.
#[derive(Debug, Clone)]
pub struct Draft {
    pub header: Header,
    pub coinbase: Coinbase,
    pub first: u64,
    pub count: u32,
    pub solved_ms: u64,
}

impl Draft {
    /// A draft that keeps every rule, of the next `count` records with this reward.
    pub fn new(state: &State, count: u32, reward: Option<(Address, Amount)>, times: Times) -> Self {
        let head = state.head();
        let coinbase = Coinbase {
            height: head.height + 1,
            extranonce: [0; 8],
            reward: reward.map_or(Amount::ZERO, |(_, amount)| amount),
            opened_ms: times.opened_ms,
            issued_ms: times.issued_ms,
            previous_solved_ms: head.solved_ms,
            rewarded: reward.map(|(address, _)| address),
        };
        let header = Header {
            version: HEADER_VERSION,
            previous: head.hash,
            merkle_root: Default::default(),
            time: u32::try_from(times.issued_ms / 1000).expect("a time before 2106"),
            bits: state.target(times.opened_ms, times.issued_ms),
            nonce: 0,
        };
        let mut draft = Self { header, coinbase, first: head.sealed, count, solved_ms: times.solved_ms };
        draft.plant(state);
        draft
    }

    /// A draft of all that waits, opened when the last block was solved and solved one interval later.
    pub fn of_all(state: &State, rewarded: Option<Address>) -> Self {
        let candidate = state.candidate();
        let opened_ms = state.head().solved_ms;
        let times = Times { opened_ms, issued_ms: opened_ms, solved_ms: opened_ms + INTERVAL_MS };
        Self::new(state, candidate.count, rewarded.map(|address| (address, candidate.reward)), times)
    }

    /// Puts the root of coinbase and records into the header.
    pub fn plant(&mut self, state: &State) {
        let leaves: Vec<_> =
            std::iter::once(self.coinbase.hash()).chain(state.pending_leaves().take(self.count as usize)).collect();
        self.header.merkle_root = merkle::root(&leaves);
    }

    /// Finds the first nonce with which the header is solved, or with `solved` false is not.
    pub fn mine(mut self, solved: bool) -> Self {
        let target = self.header.bits.expand().expect("a target");
        while target.is_met_by(&self.header.hash()) != solved {
            self.header.nonce += 1;
        }
        self
    }

    /// Puts a leader's seal under it.
    pub fn seal(self, state: &State, leader: &SecretKey) -> Block<Unchecked> {
        let run = self.first..self.first + u64::from(self.count);
        Block::seal(self.header, self.coinbase, run, self.solved_ms, leader, &state.genesis_hash())
    }
}
