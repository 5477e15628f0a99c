//! The good chain: short, and with every operation, a recovery, a new leader, an eased block and a full window.

use super::chain::{self, Draft, INTERVAL_MS, RECOVERY_DELAY_MS, Times, leader_key, secret, system_key};
use qoin_core::{
    address::Address,
    amount::Amount,
    chain_file::Item,
    hash::MemoHash,
    keys::SecretKey,
    ledger::{Command, Event, State},
    log::LogRecord,
    memo::Memo,
    merkle,
    payment_id::PaymentId,
    receipt::Receipt,
    transaction::{Operation, Transaction},
};

/// The salt and the text of the chain's only memo.
pub const MEMO: ([u8; 32], &str) = ([7; 32], "Käse, 2 Stück");

/// Someone with an account: the number chooses the keys.
#[derive(Debug, Clone, Copy)]
pub struct Person(pub u8);

/// The first three have accounts from the first block on; Dan's opening waits at the end.
pub const ADA: Person = Person(1);
/// Cannot be recovered.
pub const BOB: Person = Person(2);
/// Has changed the key.
pub const CYN: Person = Person(3);
/// Opens an account that no block seals yet.
pub const DAN: Person = Person(4);

impl Person {
    /// The key number `number`, of which 0 is the first.
    pub fn key(self, number: u8) -> SecretKey {
        secret(self.0, number)
    }

    /// The account's address.
    pub fn address(self) -> Address {
        Address::of(&self.key(0).public_key())
    }
}

/// The key that seals from the block after the one with the replacement on.
pub fn second_leader_key() -> SecretKey {
    secret(200, 1)
}

/// What is not usual about a transaction.
#[derive(Default)]
struct Particulars {
    memo_hash: Option<MemoHash>,
    /// So many milliseconds after the acceptance its id was created.
    created_after_ms: i64,
    /// Instead of the one that RFC 8032 makes.
    signature: Option<&'static str>,
}

/// Signatures that ZIP 215 takes and stricter rules do not, since their first halves are the neutral point with a y that
/// is not reduced, the same marked as odd, and the point of order 2.
const ODD_SIGNATURES: [&str; 3] = [
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f9840e970bc39a3e9f4d6e2c4f3ee8fa585c4487b089560e5a32f2ed4c523960a",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff9a6c2b1f49e3ea49085a0e88a14e061d7199b7dffa17df11f7b156d60db26400",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f3d7940695c599c0fba029e51f16e9310a9009e1a38f537c200cbb90ebd549f06",
];

/// A chain that grows by the rules.
pub struct Growing {
    /// The ledger at its end.
    pub state: State,
    /// Its items, the genesis first.
    pub items: Vec<Item>,
    /// The ledger before each item.
    pub before: Vec<State>,
    now_us: u64,
}

impl Growing {
    /// A chain at its beginning, with 1,000.00.
    pub fn new() -> Self {
        let genesis = chain::genesis(100_000);
        let now_us = genesis.time_ms * 1_000;
        let state = State::new(genesis.clone());
        Self { before: vec![state.clone()], state, items: vec![Item::Genesis(Box::new(genesis))], now_us }
    }

    /// Accepts a transaction a second after the last one.
    pub fn accept(&mut self, signer: Address, key: &SecretKey, operation: Operation) -> &mut Self {
        self.accept_with(signer, key, operation, Particulars::default())
    }

    fn accept_with(
        &mut self,
        signer: Address,
        key: &SecretKey,
        operation: Operation,
        particulars: Particulars,
    ) -> &mut Self {
        let Particulars { memo_hash, created_after_ms, signature } = particulars;
        self.now_us += 1_000_000;
        let created_ms = (self.now_us / 1_000).saturating_add_signed(created_after_ms);
        let id = payment_id(created_ms, self.state.next_number());
        let genesis = self.state.genesis_hash();
        let mut signed = Transaction::new(signer, operation, id, memo_hash).sign(key, &genesis);
        if let Some(signature) = signature {
            signed.signature = signature.parse().expect("a signature is written well");
        }
        let transaction = signed.verify(&key.public_key(), &genesis).expect("ZIP 215 takes the signature");
        let before = self.state.clone();
        let event = self.state.apply(Command::Replay { accepted_us: self.now_us, transaction });
        let Ok(Event::Accepted(accepted)) = event else { panic!("the good chain keeps the rules: {event:?}") };
        self.push(before, Item::Record(Box::new(accepted.record)));
        self
    }

    fn push(&mut self, before: State, item: Item) {
        self.before.push(before);
        self.items.push(item);
    }

    fn pay(&mut self, from: Person, key: u8, to: Person, units: u64) -> &mut Self {
        self.accept(from.address(), &from.key(key), transfer(to, units))
    }

    /// Seals all that waits: opened when the last block was solved, issued and solved so much later.
    pub fn seal(&mut self, rewarded: Option<Person>, issued_after_ms: u64, solved_after_ms: u64) -> &mut Self {
        let opened_ms = self.state.head().solved_ms;
        let times = Times {
            opened_ms,
            issued_ms: opened_ms + issued_after_ms,
            solved_ms: opened_ms + solved_after_ms.max(issued_after_ms),
        };
        let candidate = self.state.candidate();
        let reward = rewarded.map(|person| (person.address(), candidate.reward));
        let draft = Draft::new(&self.state, candidate.count, reward, times).mine(true);
        let current = self.state.head().leader_key;
        let leader = [leader_key(), second_leader_key()].into_iter().find(|key| key.public_key() == current);
        let block = draft.seal(&self.state, &leader.expect("one of two keys seals"));
        let checked = block.clone().check(&self.state).expect("the good chain keeps the rules");
        let before = self.state.clone();
        self.state.apply(Command::Seal(Box::new(checked))).expect("it was checked");
        self.push(before, Item::Block(Box::new(block)));
        self.now_us = self.now_us.max(times.solved_ms * 1_000);
        self
    }

    fn wait_ms(&mut self, ms: u64) -> &mut Self {
        self.now_us += ms * 1_000;
        self
    }
}

impl Default for Growing {
    fn default() -> Self {
        Self::new()
    }
}

/// An id of that moment, the same for the same number.
pub fn payment_id(created_ms: u64, number: u64) -> PaymentId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    PaymentId::new(created_ms, random)
}

/// A transfer of so many of the smallest units.
pub fn transfer(to: Person, units: u64) -> Operation {
    Operation::Transfer { to: to.address(), amount: Amount::from_units(units) }
}

/// Opening a person's account.
pub fn opening(person: Person) -> Operation {
    Operation::OpenAccount { public_key: person.key(0).public_key() }
}

/// Changing a person's key to that number.
pub fn rotation(person: Person, number: u8) -> Operation {
    Operation::RotateKey { public_key: person.key(number).public_key() }
}

/// The good chain; the same at every call. It is kept as `tests/corrupt-chains/good.chain`.
pub fn good_chain() -> Growing {
    let mut chain = Growing::new();
    let (system, master) = (chain.state.system(), system_key());
    let amount = Amount::from_units;
    for person in [ADA, BOB, CYN] {
        chain.accept(person.address(), &person.key(0), opening(person));
    }
    chain.accept(system, &master, transfer(ADA, 30_000)).accept(system, &master, transfer(BOB, 10_000));
    chain.seal(None, 0, INTERVAL_MS);
    let memo = Memo::new(MEMO.1, MEMO.0).expect("a good memo");
    chain.accept_with(
        ADA.address(),
        &ADA.key(0),
        transfer(BOB, 1_250),
        Particulars { memo_hash: Some(memo.hash()), ..Particulars::default() },
    );
    chain.pay(BOB, 0, CYN, 2_000).seal(Some(ADA), 0, INTERVAL_MS / 4);
    chain.accept(system, &master, Operation::Issue { amount: amount(50_000) });
    chain.accept(system, &master, Operation::Burn { amount: amount(2_500) });
    chain.accept(BOB.address(), &BOB.key(0), Operation::SetRecoverable { recoverable: false });
    chain.accept(CYN.address(), &CYN.key(0), rotation(CYN, 1)).seal(Some(BOB), 1_500, INTERVAL_MS / 3);
    // Ada's key is to be recovered, she cancels it, and then it is recovered after all.
    chain.accept(ADA.address(), &master, rotation(ADA, 1)).pay(ADA, 0, CYN, 5);
    chain.accept(ADA.address(), &ADA.key(0), Operation::CancelRotation).seal(Some(CYN), 0, INTERVAL_MS / 2);
    let next_leader = Operation::ReplaceLeader { public_key: second_leader_key().public_key() };
    chain.accept(ADA.address(), &master, rotation(ADA, 2)).accept(system, &master, next_leader);
    chain.pay(CYN, 1, ADA, 10).pay(ADA, 0, BOB, 10).seal(Some(CYN), 0, INTERVAL_MS * 2);
    // Two easing steps, under the new leader's key.
    chain.wait_ms(RECOVERY_DELAY_MS).pay(ADA, 2, BOB, 25).seal(None, INTERVAL_MS * 8, INTERVAL_MS * 9);
    for round in 0..18 {
        let (from, key, to) = [(ADA, 2, CYN), (BOB, 0, ADA), (CYN, 1, BOB)][round as usize % 3];
        chain.pay(from, key, to, 100 + round).seal([Some(BOB), None][round as usize % 2], 250, 3_000 + 700 * round);
    }
    // The oldest and the newest id that can be accepted.
    let (oldest, newest) = (PaymentId::AGE_MAX_MS.cast_signed(), PaymentId::AHEAD_MAX_MS.cast_signed());
    let particulars = |created_after_ms, odd: usize| Particulars {
        created_after_ms,
        signature: Some(ODD_SIGNATURES[odd]),
        ..Particulars::default()
    };
    chain.accept_with(ADA.address(), &ADA.key(2), transfer(BOB, 1), particulars(-oldest, 0));
    chain.accept_with(CYN.address(), &CYN.key(1), transfer(ADA, 2), particulars(newest, 1));
    chain.accept_with(DAN.address(), &DAN.key(0), opening(DAN), particulars(0, 2));
    chain
}

/// The receipt of the payment with the memo.
///
/// # Panics
/// When the chain is not the good one.
pub fn receipt_of_memo(chain: &Growing) -> Receipt {
    let records = chain.items.iter().filter_map(|item| match item {
        Item::Record(record) => Some(&**record),
        _ => None,
    });
    let block = chain.items.iter().find_map(|item| match item {
        Item::Block(block) if block.coinbase.height == 2 => Some(block),
        _ => None,
    });
    let block = block.expect("the good chain has a second block");
    let run = records.clone().skip(5).take(2).map(LogRecord::leaf);
    let leaves: Vec<_> = [block.coinbase.hash()].into_iter().chain(run).collect();
    Receipt {
        genesis: chain.state.genesis().clone(),
        record: records.clone().nth(5).expect("the good chain has this record").clone(),
        memo: Some(Memo::new(MEMO.1, MEMO.0).expect("a good memo")),
        signer_key: Some(ADA.key(0).public_key()),
        header: block.header,
        proof: merkle::prove(&leaves, 1).expect("there are three leaves"),
        height: 2,
        solved_ms: block.solved_ms,
        leader_key: leader_key().public_key(),
        seal: block.seal,
    }
}
