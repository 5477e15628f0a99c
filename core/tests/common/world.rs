//! A ledger, and people who ask everything of it. Each step is applied to the ledger and to the plain model beside it, and
//! after each step the two have to agree and the books to balance.

use super::{
    chain::{self, Draft, START_MS, Times},
    model::{Expected, Model},
};
use qoin_core::{
    address::Address,
    amount::Amount,
    block::{Block, Unchecked},
    encode::{decode, encode},
    hash::StateHash,
    keys::SecretKey,
    ledger::{Account, Command, Event, Head, KeptIds, Position, Refusal, Restore, State},
    log::LogRecord,
    payment_id::PaymentId,
    transaction::{Operation, Transaction, VerifiedTransaction},
};

/// The system account is number 0, members follow.
pub const PEOPLE: usize = 6;
/// Keys of each of them, and of the leader.
const KEYS: usize = 3;
/// What the currency starts with: 1,000 whole units.
const GENESIS_UNITS: u64 = 100_000;

/// Something that happens to the ledger. The numbers inside choose; any number is a choice.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Submit {
        who: u8,
        key: u8,
        operation: u8,
        other: u8,
        amount: u16,
        id: u8,
        wait: u8,
    },
    /// A miner gets a job.
    Job {
        rewarded: u8,
    },
    /// A miner solves its job, or with `fresh` one made for it now.
    Seal {
        fresh: bool,
        rewarded: u8,
        wait: u8,
    },
    /// From here on the ledger as it was kept and opened again walks along.
    Restore,
}

impl Step {
    /// The step that these bits choose.
    pub fn choose(bits: u64) -> Self {
        let [kind, who, key, operation, other, id, wait, low] = bits.to_le_bytes();
        match kind {
            0..=9 => Self::Job { rewarded: who },
            10..=47 => Self::Seal { fresh: !id.is_multiple_of(4), rewarded: who, wait },
            48..=50 => Self::Restore,
            _ => {
                let amount = u16::from_le_bytes([low, wait]);
                Self::Submit { who, key, operation, other, amount, id, wait }
            }
        }
    }
}

/// What happened to a ledger, in order: enough to check all of it again.
#[derive(Debug, Clone)]
pub enum Kept {
    Record(LogRecord),
    Block(Vec<u8>),
}

/// Some accounts, each in its canonical bytes, as they were at a position.
type Page = (Position, Vec<(Address, Vec<u8>)>);

struct Job {
    height: u32,
    draft: Draft,
}

pub struct World {
    pub state: State,
    pub model: Model,
    pub kept: Vec<Kept>,
    /// Accounts in the order of opening, two by two.
    pages: Vec<Page>,
    turn: usize,
    twin: Option<State>,
    people: Vec<Vec<SecretKey>>,
    leaders: Vec<SecretKey>,
    now_us: u64,
    ids: u64,
    sent: Vec<(VerifiedTransaction, usize, usize)>,
    job: Option<Job>,
    /// How often each answer was given: accepted, repeated, refused, sealed.
    pub answers: [usize; 4],
}

impl World {
    pub fn new() -> Self {
        let keys = |owner: usize| -> Vec<SecretKey> {
            let owner = u8::try_from(owner).expect("few owners");
            (0..KEYS).map(|number| chain::secret(owner, u8::try_from(number).expect("few keys"))).collect()
        };
        let genesis = chain::genesis(GENESIS_UNITS);
        genesis.check().expect("a usable genesis");
        let model = Model::new(genesis.system_key, genesis.leader_key, GENESIS_UNITS);
        let mut world = Self {
            state: State::new(genesis),
            model,
            kept: Vec::new(),
            pages: Vec::new(),
            turn: 0,
            twin: None,
            people: (0..PEOPLE).map(keys).collect(),
            leaders: keys(200),
            now_us: START_MS * 1000,
            ids: 0,
            sent: Vec::new(),
            job: None,
            answers: [0; 4],
        };
        world.keep_some_accounts();
        world
    }

    /// Goes through all steps, checking after each; gives the hash of where they lead.
    pub fn run(&mut self, steps: impl IntoIterator<Item = Step>) -> StateHash {
        for step in steps {
            match step {
                Step::Submit { who, key, operation, other, amount, id, wait } => {
                    self.wait(wait);
                    let (verified, who, key) = self.transaction(who, key, operation, other, amount, id);
                    self.submit(verified, who, key);
                }
                Step::Job { rewarded } => self.make_job(rewarded),
                Step::Seal { fresh, rewarded, wait } => {
                    if fresh || self.job_of_next_height().is_none() {
                        self.make_job(rewarded);
                    }
                    self.seal(wait);
                }
                Step::Restore => self.twin = Some(self.restored()),
            }
            self.check();
            self.keep_some_accounts();
        }
        self.state.hash()
    }

    fn address(&self, who: usize) -> Address {
        Address::of(&self.people[who][0].public_key())
    }

    fn wait(&mut self, wait: u8) {
        self.now_us += match wait {
            0..=7 => 0,
            8..=15 => 70_000_000,
            16..=19 => 13 * 3_600_000_000,
            20..=99 => 1,
            _ => u64::from(wait) * 10_001,
        };
    }

    /// A transaction that these numbers choose, with who signed it and which of their keys was used.
    fn transaction(
        &mut self,
        who: u8,
        key: u8,
        operation: u8,
        other: u8,
        amount: u16,
        id: u8,
    ) -> (VerifiedTransaction, usize, usize) {
        let again = (!self.sent.is_empty()).then(|| usize::from(amount) % self.sent.len().max(1));
        if let (230..=255, Some(again)) = (id, again) {
            return self.sent[again].clone();
        }
        // A third of all is asked by the system account, which can do the most.
        let mut signer = usize::from(who).checked_sub(85).map_or(0, |who| who % PEOPLE);
        let opens = |who: usize| self.model.accounts.contains_key(&self.address(who));
        // Mostly, whoever has no account opens one first.
        let operation = if !opens(signer) && operation % 8 != 7 { 0 } else { operation };
        let operation = self.operation(signer, operation, other, amount);
        let mut payment_id = self.next_id(id);
        if let (210..=229, Some(again)) = (id, again) {
            let (first, by, _) = &self.sent[again];
            (signer, payment_id) = (*by, first.transaction().payment_id);
        }
        let rotates = matches!(operation, Operation::RotateKey { .. });
        let (by, key) = self.signing_key(signer, if rotates { key / 4 } else { key });
        let transaction = Transaction::new(self.address(signer), operation, payment_id, None);
        (chain::sign(&self.state, &self.people[by][key], transaction), signer, key)
    }

    /// A new payment id; some are at the edge of what is accepted, or beyond it.
    fn next_id(&mut self, id: u8) -> PaymentId {
        const DAY_MS: u64 = PaymentId::AGE_MAX_MS;
        let now_ms = self.now_us / 1000;
        let created_ms = match id {
            0..=3 => now_ms - DAY_MS - 1,
            4..=7 => now_ms - DAY_MS,
            8..=11 => now_ms + PaymentId::AHEAD_MAX_MS + 1,
            12..=15 => now_ms + PaymentId::AHEAD_MAX_MS,
            _ => now_ms,
        };
        self.ids += 1;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.ids.to_be_bytes());
        PaymentId::new(created_ms, random)
    }

    fn operation(&self, signer: usize, operation: u8, other: u8, amount: u16) -> Operation {
        let key = |owner: &[SecretKey]| owner[usize::from(other) % KEYS].public_key();
        let waits = self.model.accounts.get(&self.address(signer)).is_some_and(|account| account.rotation.is_some());
        match operation {
            _ if waits && other.is_multiple_of(3) => Operation::CancelRotation,
            0..=9 => {
                Operation::OpenAccount { public_key: self.people[signer][usize::from(other / 64) % KEYS].public_key() }
            }
            10..=39 => Operation::RotateKey { public_key: key(&self.people[signer]) },
            40..=44 => Operation::CancelRotation,
            45..=59 => Operation::SetRecoverable { recoverable: !other.is_multiple_of(3) },
            60..=74 => Operation::Issue { amount: self.amount(signer, amount) },
            75..=89 => Operation::Burn { amount: self.amount(signer, amount) },
            90..=109 => Operation::ReplaceLeader { public_key: key(&self.leaders) },
            _ => Operation::Transfer {
                to: self.address(usize::from(other) % PEOPLE),
                amount: self.amount(signer, amount),
            },
        }
    }

    /// An amount around what a signer has available.
    fn amount(&self, signer: usize, amount: u16) -> Amount {
        let address = self.address(signer);
        let available = self.model.accounts.get(&address).map_or(0, |_| self.model.available(&address));
        let [choice, part] = amount.to_le_bytes();
        let units = match choice {
            0..=7 => 0,
            8..=15 => available,
            16..=23 => available.saturating_add(1),
            24..=27 => u64::MAX,
            28..=31 => u64::MAX / 2,
            32..=127 => available / 256 * u64::from(part),
            _ => u64::from(part) * 7 + 1,
        };
        Amount::from_units(units)
    }

    /// Whose key signs, and which: mostly the signer's current one, at times the system's, an older one or a stranger's.
    fn signing_key(&self, signer: usize, key: u8) -> (usize, usize) {
        let current = |who: usize| {
            let key = self.model.key(&self.address(who), self.now_us);
            self.people[who].iter().position(|secret| Some(secret.public_key()) == key).unwrap_or(0)
        };
        match key {
            0..=31 => (0, current(0)),
            32..=39 => (signer, usize::from(key) % KEYS),
            40..=47 => ((signer + 1) % PEOPLE, 0),
            _ => (signer, current(signer)),
        }
    }

    fn submit(&mut self, verified: VerifiedTransaction, who: usize, key: usize) {
        let (before, next) = (self.state.hash(), self.state.next_number());
        let expected = self.model.expect(&verified, self.now_us);
        let command = Command::Submit { accepted_us: self.now_us, transaction: verified.clone() };
        let result = self.apply(command);
        match (result, expected) {
            (Ok(Event::Accepted(accepted)), Expected::Accepted) => {
                assert_eq!(self.model.accept(&verified, self.now_us), accepted.record.number);
                assert_eq!(accepted.record.number, next);
                assert_eq!(accepted.record.accepted_us, self.now_us);
                assert_eq!(&accepted.record.signed, verified.signed());
                self.sent.push((verified, who, key));
                self.kept.push(Kept::Record(accepted.record));
                self.answers[0] += 1;
            }
            (Ok(Event::Known { number }), expected) => {
                self.assert_unchanged(before, next);
                let answers = self.record(number).answers(&verified).is_ok();
                match expected {
                    Expected::Repeated(first) | Expected::RepeatedOrRefused(first) => {
                        assert!(answers);
                        assert_eq!(number, first);
                        self.answers[1] += 1;
                    }
                    Expected::Refused => {
                        assert!(!answers);
                        self.answers[2] += 1;
                    }
                    Expected::Accepted => panic!("taken for known: {verified:?}"),
                }
            }
            (Err(_), Expected::Refused | Expected::RepeatedOrRefused(_)) => {
                self.assert_unchanged(before, next);
                self.answers[2] += 1;
            }
            (result, expected) => panic!("expected {expected:?} but got {result:?} for {verified:?}"),
        }
    }

    fn assert_unchanged(&self, before: StateHash, next: u64) {
        assert_eq!((self.state.hash(), self.state.next_number()), (before, next));
    }

    fn job_of_next_height(&self) -> Option<&Job> {
        self.job.as_ref().filter(|job| job.height == self.state.head().height + 1)
    }

    /// A job of everything that waits now; the height was opened with its first job.
    fn make_job(&mut self, rewarded: u8) {
        let issued_ms = self.state.head().solved_ms.max(self.now_us / 1000);
        let opened_ms = self.job_of_next_height().map_or(issued_ms, |job| job.draft.coinbase.opened_ms);
        let candidate = self.state.candidate();
        assert_eq!(candidate.reward.units(), self.model.reward_of(candidate.count));
        let miner = Some(self.address(usize::from(rewarded) % PEOPLE)).filter(|_| rewarded < 200);
        let miner = miner.filter(|address| self.state.can_be_rewarded(address, candidate.count));
        let times = Times { opened_ms, issued_ms, solved_ms: issued_ms };
        let reward = miner.map(|address| (address, candidate.reward));
        let mut draft = Draft::new(&self.state, candidate.count, reward, times);
        draft.header.time += u32::from(rewarded) % 61;
        self.job = Some(Job { height: draft.coinbase.height, draft });
    }

    /// The job that was made last is solved, after about an interval.
    fn seal(&mut self, wait: u8) {
        let mut draft = self.job.take().expect("made before").draft;
        draft.solved_ms = (self.now_us / 1000).max(draft.coinbase.issued_ms + 8_000 + u64::from(wait) * 32);
        self.now_us = self.now_us.max(draft.solved_ms * 1000);
        let leader = self.leaders.iter().find(|key| key.public_key() == self.model.leader).expect("one of them leads");
        let block = draft.mine(true).seal(&self.state, leader);
        let bytes = encode(&block);
        let (rewarded, count) = (block.coinbase.rewarded, block.count);
        let checked = decode::<Block<Unchecked>>(&bytes).expect("its own bytes").check(&self.state);
        let checked = checked.expect("an honest leader's block is valid");
        let (header, height) = (checked.header, checked.coinbase.height);
        let result = self.apply(Command::Seal(Box::new(checked.clone())));
        let Ok(Event::Sealed(sealed)) = result else { panic!("{result:?} for {checked:?}") };
        assert_eq!((sealed.height, sealed.hash), (height, header.hash()));
        self.model.seal(count, rewarded);
        self.kept.push(Kept::Block(bytes));
        self.answers[3] += 1;
        let (hash, next) = (self.state.hash(), self.state.next_number());
        assert_eq!(self.state.apply(Command::Seal(Box::new(checked))), Err(Refusal::StaleBlock));
        self.assert_unchanged(hash, next);
    }

    /// Applies a command to the ledger, and to the opened copy where one walks along.
    fn apply(&mut self, command: Command) -> Result<Event, Refusal> {
        let twin = self.twin.as_mut().map(|twin| {
            warm(twin, &self.kept, &command);
            twin.apply(command.clone())
        });
        warm(&mut self.state, &self.kept, &command);
        let result = self.state.apply(command);
        if let Some(twin) = twin {
            assert_eq!(twin, result);
        }
        result
    }

    fn record(&self, number: u64) -> &LogRecord {
        let mut records = self.kept.iter().filter_map(|kept| match kept {
            Kept::Record(record) => Some(record),
            Kept::Block(_) => None,
        });
        records.nth(usize::try_from(number).expect("few records")).expect("an answer names a record")
    }

    /// Keeps two accounts as they are now, in turn: a store does not write all of them at one moment either.
    fn keep_some_accounts(&mut self) {
        let accounts: Vec<_> = self.state.accounts().map(|(address, account)| (*address, encode(account))).collect();
        let pages: Vec<_> = accounts.chunks(2).collect();
        let turn = self.turn % pages.len().min(self.pages.len() + 1);
        let page = |number: usize| (self.state.position(), pages[number].to_vec());
        if turn == self.pages.len() {
            // Pages fill up in order, so the one before is full by now.
            if let Some(before) = turn.checked_sub(1) {
                self.pages[before] = page(before);
            }
            self.pages.push(page(turn));
        } else {
            self.pages[turn] = page(turn);
        }
        self.turn += 1;
    }

    /// The ledger as a store keeps it, opened again.
    fn restored(&self) -> State {
        let head: Head = decode(&encode(self.state.head())).expect("a kept head");
        let kept: usize = self.pages.iter().map(|(_, accounts)| accounts.len()).sum();
        let covered = kept == self.state.accounts_count() as usize;
        let exact = |page: &Page| page.0;
        let records = self.pages.iter().map(exact).map(|position| position.records).min().filter(|_| covered);
        let blocks =
            self.pages.iter().map(exact).map(|position| position.blocks).min().filter(|_| covered).unwrap_or(0);
        let replayed = self.kept.iter().filter_map(|kept| match kept {
            Kept::Block(bytes) => Some(decode::<Block<Unchecked>>(bytes).expect("a kept block")),
            Kept::Record(_) => None,
        });
        let first_block = replayed.clone().find(|block| block.coinbase.height > blocks);
        let first = records.unwrap_or(0).min(first_block.map_or(head.sealed, |block| block.first));
        let mut restore = Restore::begin(self.state.genesis().clone(), head, first);
        for (position, accounts) in &self.pages {
            for (address, account) in accounts {
                restore.account(*address, decode::<Account>(account).expect("a kept account"), *position);
            }
        }
        let from_us = self.state.last_accepted_us() - State::RECENT_US;
        let mut ids = KeptIds::default();
        for kept in &self.kept {
            match kept {
                Kept::Record(record) if record.accepted_us >= from_us => {
                    ids.push(record.signed.transaction.payment_id, record.number);
                }
                _ => {}
            }
        }
        restore.payment_ids(ids);
        for kept in &self.kept {
            match kept {
                Kept::Record(record) if record.number >= first => restore.record(record),
                Kept::Block(bytes) => {
                    let block: Block<Unchecked> = decode(bytes).expect("a kept block");
                    if block.coinbase.height > blocks {
                        restore.block(&block);
                    }
                }
                Kept::Record(_) => {}
            }
        }
        restore.finish(self.model.log.last().map(|_| self.state.last_accepted_us()))
    }

    /// Holds the ledger against the model, and the books against themselves.
    fn check(&self) {
        let (state, model) = (&self.state, &self.model);
        assert!(state.is_conserved());
        let total: u64 = state.accounts().map(|(_, account)| account.balance.units()).sum();
        assert_eq!(total, model.issued - model.burned);
        assert_eq!(state.head().supply().units(), total);
        assert_eq!(state.accounts_count() as usize, model.accounts.len());
        for (address, account) in state.accounts() {
            assert!(account.outgoing <= account.balance, "{account:?}");
            let expected = &model.accounts[address];
            assert_eq!(account.balance.units(), expected.balance);
            assert_eq!(account.outgoing.units(), model.outgoing(address));
            assert_eq!(account.incoming.units(), model.incoming(address));
            assert_eq!(account.available().units(), model.available(address));
            assert_eq!(account.recoverable, expected.recoverable);
            assert_eq!(Some(account.key_at(self.now_us)), model.key(address, self.now_us));
            let waits = expected.rotation.filter(|(_, effective_us)| *effective_us > self.now_us);
            let pending = account.pending_rotation_at(self.now_us);
            assert_eq!(pending.map(|rotation| (rotation.key, rotation.effective_us)), waits);
        }
        assert_eq!(state.next_number(), model.log.len() as u64);
        assert_eq!(state.pending_count(), model.log.len() - model.sealed);
        assert_eq!(state.head().leader_key, model.leader);
        if let Some(twin) = &self.twin {
            assert_eq!(twin.hash(), state.hash());
        }
    }
}

/// Hands over the payment ids that a command needs, each kept at the place of its record.
fn warm(state: &mut State, kept: &[Kept], command: &Command) {
    let Command::Submit { transaction, .. } = command else { return };
    let id = transaction.transaction().payment_id;
    let Some(places) = state.cold_ids(id).map(<[u64]>::to_vec) else { return };
    let records = kept.iter().filter_map(|kept| match kept {
        Kept::Record(record) if places.contains(&record.number) => Some(record),
        _ => None,
    });
    let ids: Vec<_> = records
        .map(|record| {
            let transaction = &record.signed.transaction;
            let signer = state.number_of(&transaction.signer).expect("signers have accounts");
            (signer, transaction.payment_id, record.number)
        })
        .collect();
    assert_eq!(ids.len(), places.len());
    state.warm_ids(id, ids.into_iter());
}
