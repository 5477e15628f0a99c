//! A ledger that several people use at once, with a plain model beside it: after each step the two agree on every
//! answer, balance and history.

use super::{
    chain::{self, START_MS},
    model::{Expected, Model},
};
use crate::{
    ledger::{clock::Times, *},
    store::{Batch, MemoryStore, RedbStore, Store, Table, faulty::Disk},
};
use proptest::prelude::*;
use qoin_core::{
    address::Address,
    amount::Amount,
    hash::{GenesisHash, TransactionId},
    keys::SecretKey,
    ledger::Refusal,
    memo::Memo,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};
use tempfile::TempDir;

/// The system account is number 0, members follow.
const PEOPLE: usize = 5;
/// Keys of each of them.
const KEYS: usize = 3;
/// What the currency starts with: 10,000 whole units.
const GENESIS_UNITS: u64 = 1_000_000;

/// Something that someone asks. The numbers choose among what there is.
#[derive(Debug, Clone)]
pub struct Ask {
    pub who: u8,
    pub what: What,
    pub id: Id,
    pub key: Key,
    pub memo: Text,
}

#[derive(Debug, Clone)]
pub enum What {
    Open,
    Pay { to: u8, amount: Part },
    Rotate { to: u8 },
    Recoverable(bool),
    CancelRotation,
    Issue(u16),
    Burn(Part),
}

/// An amount, as a part of what the signer has available.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    Nothing,
    Percent(u8),
    All,
    TooMuch,
}

#[derive(Debug, Clone, Copy)]
pub enum Id {
    Fresh,
    /// The id of what was sent before, under other content.
    Taken(u8),
    TooOld,
    Ahead,
}

#[derive(Debug, Clone, Copy)]
pub enum Key {
    Current,
    /// One of the signer's keys, whichever signs now.
    Numbered(u8),
    Foreign,
}

#[derive(Debug, Clone, Copy)]
pub enum Text {
    None,
    Right,
    Wrong,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Step {
    Ask(Ask),
    /// What was sent before, byte for byte.
    Again(u8),
    /// Several people at once.
    Together(Vec<Ask>),
    Credit {
        to: u8,
        amount: Part,
    },
    /// An account and a row beside the ledger, as one.
    Join {
        who: u8,
    },
    /// A change that its own closure refuses.
    ChangeRefused,
    /// A miner of someone, or of nobody, solves all that waits.
    Solve {
        owner: Option<u8>,
    },
    /// Someone solves a template that another one was faster with.
    SolveLate,
    Wait {
        seconds: u32,
    },
    Restart,
}

pub fn steps(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..longest)
}

fn step() -> impl Strategy<Value = Step> {
    let credit = (any::<u8>(), 1..30u8).prop_map(|(to, percent)| Step::Credit { to, amount: Part::Percent(percent) });
    prop_oneof![
        12 => ask().prop_map(Step::Ask),
        3 => any::<u8>().prop_map(Step::Again),
        4 => prop::collection::vec(ask(), 2..7).prop_map(Step::Together),
        3 => credit,
        3 => any::<u8>().prop_map(|who| Step::Join { who }),
        1 => Just(Step::ChangeRefused),
        6 => prop::option::of(any::<u8>()).prop_map(|owner| Step::Solve { owner }),
        1 => Just(Step::SolveLate),
        2 => prop_oneof![0..30u32, Just(90_000u32)].prop_map(|seconds| Step::Wait { seconds }),
        2 => Just(Step::Restart),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let what = prop_oneof![
        2 => Just(What::Open),
        12 => (any::<u8>(), part()).prop_map(|(to, amount)| What::Pay { to, amount }),
        2 => any::<u8>().prop_map(|to| What::Rotate { to }),
        1 => any::<bool>().prop_map(What::Recoverable),
        1 => Just(What::CancelRotation),
        1 => any::<u16>().prop_map(What::Issue),
        1 => part().prop_map(What::Burn),
    ];
    let id = prop_oneof![
        24 => Just(Id::Fresh),
        2 => any::<u8>().prop_map(Id::Taken),
        1 => Just(Id::TooOld),
        1 => Just(Id::Ahead),
    ];
    let key = prop_oneof![24 => Just(Key::Current), 1 => any::<u8>().prop_map(Key::Numbered), 1 => Just(Key::Foreign)];
    let memo = prop_oneof![8 => Just(Text::None), 4 => Just(Text::Right), 1 => Just(Text::Wrong)];
    (any::<u8>(), what, id, key, memo).prop_map(|(who, what, id, key, memo)| Ask { who, what, id, key, memo })
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        1 => Just(Part::Nothing),
        8 => (1..60u8).prop_map(Part::Percent),
        1 => Just(Part::All),
        1 => Just(Part::TooMuch),
    ]
}

/// Times that pass when they are told to.
#[derive(Default)]
pub struct ManualTimes {
    passed: Mutex<Duration>,
    /// How far the system's clock is off, in microseconds.
    off_us: Mutex<i64>,
}

impl ManualTimes {
    pub fn wait(&self, time: Duration) {
        *self.passed.lock().unwrap() += time;
    }

    pub fn jump(&self, by_us: i64) {
        *self.off_us.lock().unwrap() += by_us;
    }
}

impl Times for ManualTimes {
    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }

    fn system_us(&self) -> u64 {
        let passed_us = u64::try_from(self.passed().as_micros()).unwrap();
        (START_MS * 1000 + passed_us).saturating_add_signed(*self.off_us.lock().unwrap())
    }
}

/// What is left of a ledger when its process ends.
pub enum Kept {
    Memory(Arc<MemoryStore>),
    File(TempDir),
    Disk(Disk),
}

impl Kept {
    pub fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Memory(store) => store.clone(),
            Self::File(folder) => Arc::new(RedbStore::open(folder.path().join("data"))?),
            Self::Disk(disk) => Arc::new(disk.open()?),
        })
    }
}

/// A ledger at work.
pub struct Running {
    pub ledger: Ledger,
    writer: JoinHandle<()>,
    store: Arc<dyn Store>,
}

impl Running {
    pub fn start(kept: &Kept, times: Arc<ManualTimes>) -> Result<Self, OpenError> {
        let store = kept.open()?;
        let keys = Keys { system: chain::system_key(), leader: chain::leader_key() };
        let genesis = chain::genesis(GENESIS_UNITS);
        let (ledger, writer) = Ledger::open_by(store.clone(), genesis, keys, Settings::default(), times)?;
        Ok(Self { ledger, writer, store })
    }

    /// Closes the door and waits until everyone behind it has gone. Whether the writer panicked.
    pub fn stop(self, kept: &Kept) -> bool {
        let Self { ledger, writer, store } = self;
        drop(ledger);
        let panicked = writer.join().is_err();
        // The workers that check signatures may still hold the store for a moment.
        let others = usize::from(matches!(kept, Kept::Memory(_)));
        while Arc::strong_count(&store) > 1 + others {
            std::thread::yield_now();
        }
        panicked
    }
}

/// What was sent, to be sent again.
#[derive(Debug, Clone)]
pub struct Sent {
    pub signed: SignedTransaction,
    pub memo: Option<Memo>,
    /// The key that signed it.
    key: SecretKey,
}

/// What is known of an accepted transaction beside the model.
#[derive(Debug, Clone)]
struct Record {
    accepted_us: u64,
    memo: Option<Memo>,
    signed: SignedTransaction,
}

pub struct World {
    pub kept: Kept,
    pub running: Option<Running>,
    pub times: Arc<ManualTimes>,
    model: Model,
    people: Vec<Vec<SecretKey>>,
    sent: Vec<Sent>,
    records: Vec<Record>,
    ids: HashMap<(Address, PaymentId), (TransactionId, u64)>,
    /// Each account's movements, oldest first.
    histories: BTreeMap<Address, Vec<MovementRef>>,
    /// Of each block the end of its run, its reward and who got it.
    blocks: Vec<(u64, Option<(Address, u64)>)>,
    /// What was sent without an answer, since the ledger stopped.
    pub unanswered: Vec<Sent>,
    pub unanswered_block: Option<Solution>,
    /// Those of the unanswered that were acknowledged, but not where they stand.
    pub promised: Vec<SignedTransaction>,
    hash: GenesisHash,
    random: u64,
    /// How often each answer was given: accepted, repeated, refused, sealed.
    pub answers: [usize; 4],
}

impl World {
    pub fn begin(kept: Kept) -> Self {
        let keys = |owner: usize| (0..KEYS).map(|number| chain::secret(owner as u8, number as u8)).collect();
        let genesis = chain::genesis(GENESIS_UNITS);
        let times = Arc::new(ManualTimes::default());
        let running = Running::start(&kept, times.clone()).unwrap();
        Self {
            kept,
            running: Some(running),
            times,
            model: Model::new(genesis.system_key, genesis.leader_key, GENESIS_UNITS),
            people: (0..PEOPLE).map(keys).collect(),
            sent: Vec::new(),
            records: Vec::new(),
            ids: HashMap::new(),
            histories: BTreeMap::from([(genesis.system_address(), Vec::new())]),
            blocks: Vec::new(),
            unanswered: Vec::new(),
            unanswered_block: None,
            promised: Vec::new(),
            hash: genesis.hash(),
            random: 0,
            answers: [0; 4],
        }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.running.as_ref().expect("running").ledger
    }

    pub async fn run(&mut self, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            self.take(&step).await;
            self.check().unwrap();
        }
    }

    /// Takes one step. Once the ledger has stopped, what was asked stands under what was not answered.
    pub async fn take(&mut self, step: &Step) {
        match step {
            Step::Ask(ask) => {
                let sent = self.prepare(ask);
                self.send(vec![sent]).await;
            }
            Step::Again(choice) => {
                if let Some(sent) = pick(&self.sent, *choice).cloned() {
                    self.send(vec![sent]).await;
                }
            }
            Step::Together(asks) => {
                let sent = asks.iter().map(|ask| self.prepare(ask)).collect();
                self.send(sent).await;
            }
            Step::Credit { to, amount } => self.credit(*to, *amount).await,
            Step::Join { who } => self.join(*who).await,
            Step::ChangeRefused => {
                let refused = self.ledger().change(|_| Err::<Change<()>, _>("no")).await;
                assert!(matches!(refused, Err(ChangeError::Refused("no") | ChangeError::Ledger(LedgerError::Stopped))));
            }
            Step::Solve { owner } => self.solve(*owner).await,
            Step::SolveLate => {
                if let Some(template) = self.ledger().template().await {
                    self.solve(None).await;
                    let late = self.ledger().solve(solution(&template, None)).await;
                    assert!(matches!(late, Err(SolveError::Stale | SolveError::Closed)), "{late:?}");
                }
            }
            Step::Wait { seconds } => self.times.wait(Duration::from_secs((*seconds).into())),
            Step::Restart => self.restart(),
        }
    }

    pub fn restart(&mut self) {
        assert!(!self.running.take().expect("running").stop(&self.kept), "the writer panicked");
        self.running = Some(Running::start(&self.kept, self.times.clone()).unwrap());
    }

    fn address(&self, who: usize) -> Address {
        Address::of(&self.people[who][0].public_key())
    }

    fn system(&self) -> Address {
        self.address(0)
    }

    fn fresh_id(&mut self, created_ms: u64) -> PaymentId {
        self.random += 1;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.random.to_be_bytes());
        PaymentId::new(created_ms, random)
    }

    /// Makes and signs what someone asks.
    fn prepare(&mut self, ask: &Ask) -> Sent {
        let who = usize::from(ask.who) % PEOPLE;
        // Nobody but the system account may issue and burn; at times others try.
        let who =
            if matches!(ask.what, What::Issue(_) | What::Burn(_)) && !ask.who.is_multiple_of(4) { 0 } else { who };
        let is_open = self.model.accounts.contains_key(&self.address(who));
        let what = if is_open || ask.who % 8 == 7 { &ask.what } else { &What::Open };
        let mut signer = self.address(who);
        let operation = self.operation(who, what);
        let now_ms = self.ledger().now_ms();
        let payment_id = match ask.id {
            Id::Fresh => self.fresh_id(now_ms),
            Id::TooOld => self.fresh_id(now_ms - PaymentId::AGE_MAX_MS - 60_000),
            Id::Ahead => self.fresh_id(now_ms + PaymentId::AHEAD_MAX_MS + 60_000),
            Id::Taken(choice) => match pick(&self.sent, choice) {
                Some(before) => {
                    signer = before.signed.transaction.signer;
                    before.signed.transaction.payment_id
                }
                None => self.fresh_id(now_ms),
            },
        };
        let current = self.model.key(&signer, self.ledger().now_us());
        let own = self.people.iter().find(|keys| Address::of(&keys[0].public_key()) == signer).expect("someone's");
        let key = match ask.key {
            Key::Current => own.iter().find(|key| Some(key.public_key()) == current).unwrap_or(&own[0]),
            Key::Numbered(number) => &own[usize::from(number) % KEYS],
            // A member's: the system account's key may rotate others.
            Key::Foreign => &self.people[who % (PEOPLE - 1) + 1][0],
        }
        .clone();
        let memo = |text: &str| Some(Memo::new(text, [3; 32]).unwrap());
        let (told, meant) = match ask.memo {
            Text::None => (None, None),
            Text::Right => (memo("for the tea"), memo("for the tea")),
            Text::Wrong => (memo("for the cake"), memo("for the tea")),
        };
        let transaction = Transaction::new(signer, operation, payment_id, meant.as_ref().map(Memo::hash));
        Sent { signed: transaction.sign(&key, &self.hash), memo: told, key }
    }

    fn operation(&self, who: usize, what: &What) -> Operation {
        let amount = |part| self.amount(who, part);
        match *what {
            What::Open => Operation::OpenAccount { public_key: self.people[who][0].public_key() },
            What::Pay { to, amount: part } => {
                Operation::Transfer { to: self.address(usize::from(to) % PEOPLE), amount: amount(part) }
            }
            // The leader signs with the system account's first key.
            What::Rotate { .. } if who == 0 => Operation::SetRecoverable { recoverable: true },
            What::Rotate { to } => {
                Operation::RotateKey { public_key: self.people[who][usize::from(to) % KEYS].public_key() }
            }
            What::Recoverable(recoverable) => Operation::SetRecoverable { recoverable },
            What::CancelRotation => Operation::CancelRotation,
            What::Issue(units) => Operation::Issue { amount: Amount::from_units(units.into()) },
            What::Burn(part) => Operation::Burn { amount: amount(part) },
        }
    }

    fn amount(&self, who: usize, part: Part) -> Amount {
        let address = self.address(who);
        let available = self.model.accounts.get(&address).map_or(0, |_| self.model.available(&address));
        Amount::from_units(match part {
            Part::Nothing => 0,
            Part::Percent(percent) => available * u64::from(percent) / 100,
            Part::All => available,
            Part::TooMuch => available + 1,
        })
    }

    /// Hands in several at once, and holds the answers against the model.
    async fn send(&mut self, all: Vec<Sent>) {
        let tasks: Vec<_> = all
            .iter()
            .cloned()
            .map(|Sent { signed, memo, .. }| {
                let ledger = self.ledger().clone();
                tokio::spawn(async move { ledger.submit(signed, memo).await })
            })
            .collect();
        let mut answers = Vec::new();
        for (task, sent) in tasks.into_iter().zip(all) {
            answers.push((sent, task.await.unwrap()));
        }
        self.judge(answers);
    }

    /// The accepted ones in the order of their numbers; all else must fit somewhere between them.
    fn judge(&mut self, mut answers: Vec<(Sent, Result<Accepted, LedgerError>)>) {
        answers.retain(|(sent, answer)| {
            let is_unanswered = *answer == Err(LedgerError::Stopped);
            if is_unanswered {
                self.unanswered.push(sent.clone());
            }
            !is_unanswered
        });
        let (mut accepted, mut rest): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(_, answer)| answer.as_ref().is_ok_and(|answer| !answer.repeated));
        accepted.sort_by_key(|(_, answer)| answer.as_ref().map(|answer| answer.number).ok());
        rest.retain(|(sent, answer)| !self.fits(sent, answer));
        for (sent, answer) in accepted {
            let answer = answer.unwrap();
            let fits = self.expected(&sent, answer.accepted_us) == Expected::Accepted;
            assert!(fits, "{sent:?} was accepted as {answer:?}");
            self.accept(sent, &answer);
            rest.retain(|(sent, answer)| !self.fits(sent, answer));
        }
        assert!(rest.is_empty(), "unexpected: {rest:?}");
    }

    /// Whether the model answers like this, as it stands now.
    fn fits(&mut self, sent: &Sent, answer: &Result<Accepted, LedgerError>) -> bool {
        let transaction = &sent.signed.transaction;
        let known = self.ids.get(&(transaction.signer, transaction.payment_id)).copied();
        let id = transaction.id(&self.hash);
        let fits = match answer {
            Err(LedgerError::MemoMismatch) => sent.memo.as_ref().map(Memo::hash) != transaction.memo_hash,
            Ok(answer) => {
                let told = (answer.repeated, answer.id, answer.block, Some((answer.id, answer.number)));
                let record = self.records.get(answer.number as usize).map(|record| record.accepted_us);
                told == (true, id, self.block_of(answer.number), known) && record == Some(answer.accepted_us)
            }
            Err(LedgerError::Refused(Refusal::PaymentIdConflict)) => known.is_some_and(|(known, _)| known != id),
            Err(error) => {
                let age_ms = self.ledger().now_ms() as i64 - transaction.payment_id.created_ms() as i64;
                let reason = match error {
                    LedgerError::WrongSignature => true,
                    LedgerError::Refused(Refusal::Expired) => age_ms > PaymentId::AGE_MAX_MS as i64,
                    LedgerError::Refused(Refusal::FromFuture) => -age_ms > PaymentId::AHEAD_MAX_MS as i64,
                    LedgerError::Refused(_) => true,
                    _ => false,
                };
                let now_us = self.ledger().now_us().max(self.last_us() + 1);
                reason && known.is_none() && self.expected(sent, now_us) == Expected::Refused
            }
        };
        if fits {
            self.answers[if answer.is_ok() { 1 } else { 2 }] += 1;
        }
        fits
    }

    fn last_us(&self) -> u64 {
        self.records.last().map_or(0, |record| record.accepted_us)
    }

    fn expected(&self, sent: &Sent, now_us: u64) -> Expected {
        let verified = sent.signed.clone().verify(&sent.key.public_key(), &self.hash).expect("its own signature");
        self.model.expect(&verified, now_us)
    }

    fn accept(&mut self, sent: Sent, answer: &Accepted) {
        let verified = sent.signed.clone().verify(&sent.key.public_key(), &self.hash).expect("its own signature");
        let number = self.model.accept(&verified, answer.accepted_us);
        let transaction = &sent.signed.transaction;
        let told = (answer.number, answer.id, answer.block);
        assert_eq!(told, (number, verified.id(), None));
        assert!(answer.accepted_us > self.last_us());
        self.ids.insert((transaction.signer, transaction.payment_id), (verified.id(), number));
        self.histories.entry(transaction.signer).or_default().push(MovementRef::Record(number));
        if let Operation::Transfer { to, .. } = transaction.operation {
            self.histories.entry(to).or_default().push(MovementRef::Record(number));
        }
        let Sent { signed, memo, .. } = sent.clone();
        self.records.push(Record { accepted_us: answer.accepted_us, memo, signed });
        self.sent.push(sent);
        self.answers[0] += 1;
    }

    async fn credit(&mut self, to: u8, part: Part) {
        let (recipient, amount) = (self.address(usize::from(to) % PEOPLE), self.amount(0, part));
        let payment_id = self.fresh_id(self.ledger().now_ms());
        let answer = self.ledger().credit(recipient, amount, payment_id, None).await;
        let key = chain::system_key();
        let transaction =
            Transaction::new(self.system(), Operation::Transfer { to: recipient, amount }, payment_id, None);
        self.judge(vec![(Sent { signed: transaction.sign(&key, &self.hash), memo: None, key }, answer)]);
    }

    /// Opens an account as members do, with a row of their own in the same commit.
    async fn join(&mut self, who: u8) {
        let who = usize::from(who) % PEOPLE;
        let key = self.people[who][0].clone();
        let operation = Operation::OpenAccount { public_key: key.public_key() };
        let id = self.fresh_id(self.ledger().now_ms());
        let signed = Transaction::new(self.address(who), operation, id, None).sign(&key, &self.hash);
        let (transaction, row) = (signed.clone(), id.to_bytes().to_vec());
        let answer = self
            .ledger()
            .change(move |_| {
                let mut batch = Batch::new();
                batch.put(Table::Members, row.clone(), row);
                Ok::<_, std::convert::Infallible>(Change { batch, transaction: Some(transaction), answer: () })
            })
            .await;
        let sent = Sent { signed, memo: None, key };
        match answer {
            Ok(()) => {
                let number = self.records.len() as u64;
                let Ok(record) = self.ledger().read().record(number) else {
                    // The disk failed right after: where it stands is seen at the next start.
                    self.promised.push(sent.signed.clone());
                    self.unanswered.push(sent);
                    return;
                };
                let record = record.expect("accepted with the change").record;
                let id = record.signed.transaction.id(&self.hash);
                let accepted = Accepted { number, accepted_us: record.accepted_us, id, block: None, repeated: false };
                assert_eq!(record.signed, sent.signed);
                self.judge(vec![(sent, Ok(accepted))]);
            }
            Err(ChangeError::Ledger(error)) => self.judge(vec![(sent, Err(error))]),
            Err(ChangeError::Refused(never)) => match never {},
        }
    }

    async fn solve(&mut self, owner: Option<u8>) {
        let Some(template) = self.ledger().template().await else {
            let nothing_waits = self.model.sealed == self.model.log.len();
            assert!(nothing_waits || self.ledger().solve(no_solution()).await == Err(SolveError::Closed));
            return;
        };
        assert_eq!(template.reward.units(), self.model.reward_of(template.count));
        let open: Vec<Address> = self.model.accounts.keys().copied().collect();
        let owner = owner.and_then(|owner| pick(&open, owner).copied()).filter(|owner| *owner != self.system());
        // About an interval passes, so that the difficulty stays where it is.
        self.times.wait(Duration::from_millis(chain::INTERVAL_MS));
        let solution = solution(&template, owner);
        match self.ledger().solve(solution.clone()).await {
            Ok(block) => {
                let run = (block.height as usize, block.first, block.count);
                assert_eq!(run, (self.blocks.len() + 1, self.model.sealed as u64, template.count));
                self.seal(&solution);
            }
            Err(SolveError::Closed) => self.unanswered_block = Some(solution),
            Err(error) => panic!("{error}"),
        }
    }

    fn seal(&mut self, solution: &Solution) {
        let rewarded = solution.coinbase.rewarded;
        let reward = rewarded.map(|to| (to, self.model.reward_of(solution.count))).filter(|(_, amount)| *amount > 0);
        self.model.seal(solution.count, rewarded);
        self.blocks.push((self.model.sealed as u64, reward));
        let movement = MovementRef::Reward(self.blocks.len() as u32);
        let system = self.system();
        for address in reward.iter().flat_map(|(to, _)| [system, *to]) {
            self.histories.entry(address).or_default().push(movement);
        }
        self.answers[3] += 1;
    }

    /// After a restart: takes over what the ledger holds of that which it had not answered, all of it or nothing.
    pub fn take_over(&mut self) {
        let position = self.ledger().position();
        for number in self.records.len() as u64..position.records {
            let stored = self.ledger().read().record(number).unwrap().expect("counted").record;
            let found = self.unanswered.iter().position(|sent| sent.signed == stored.signed);
            let sent = self.unanswered.swap_remove(found.expect("nobody asked for this record"));
            let id = stored.signed.transaction.id(&self.hash);
            let accepted = Accepted { number, accepted_us: stored.accepted_us, id, block: None, repeated: false };
            self.judge(vec![(sent, Ok(accepted))]);
        }
        if position.blocks as usize > self.blocks.len() {
            let solution = self.unanswered_block.take().expect("nobody solved this block");
            self.seal(&solution);
        }
        assert_eq!(position.blocks as usize, self.blocks.len());
        self.unanswered_block = None;
        let lost = self.unanswered.iter().find(|sent| self.promised.contains(&sent.signed));
        assert!(lost.is_none(), "acknowledged and lost: {lost:?}");
        self.promised.clear();
    }

    /// Sends again what was not answered: each is accepted now, or was, or is refused for what has changed.
    pub async fn send_again(&mut self) {
        for sent in std::mem::take(&mut self.unanswered) {
            self.send(vec![sent]).await;
        }
        assert!(self.unanswered.is_empty(), "the ledger has stopped again");
    }

    fn block_of(&self, number: u64) -> Option<u32> {
        let index = self.blocks.partition_point(|(end, _)| *end <= number);
        (index < self.blocks.len()).then_some(index as u32 + 1)
    }

    /// Holds all that can be read against the model. An error is the disk's; anything that is read is right.
    pub fn check(&self) -> Result<(), StoreError> {
        if !self.promised.is_empty() {
            // The ledger holds what the model will take over.
            return Ok(());
        }
        let (reader, model) = (self.ledger().read(), &self.model);
        let position = Position { records: self.records.len() as u64, blocks: self.blocks.len() as u32 };
        assert_eq!(reader.position(), position);
        assert_eq!(reader.tip().sealed, model.sealed as u64);
        let supply = reader.supply();
        let told = (supply.issued.units(), supply.burned.units(), supply.system.units(), supply.accounts);
        let system = model.accounts[&self.system()].balance;
        assert_eq!(told, (model.issued, model.burned, system, model.accounts.len() as u64));
        assert!(self.ledger().read_only().is_none());
        for who in 0..PEOPLE {
            let address = self.address(who);
            let told = reader.account(&address).map(|snapshot| snapshot.account);
            let Some(expected) = model.accounts.get(&address) else {
                assert!(told.is_none(), "{address} has no account");
                continue;
            };
            let account = told.unwrap_or_else(|| panic!("{address} has an account"));
            let money = [account.balance, account.outgoing, account.incoming].map(Amount::units);
            assert_eq!(money, [expected.balance, model.outgoing(&address), model.incoming(&address)]);
            let now_us = self.ledger().now_us();
            assert_eq!(account.recoverable, expected.recoverable);
            assert_eq!(Some(account.key_at(now_us)), model.key(&address, now_us));
            self.check_history(&address, who + 1)?;
        }
        Ok(())
    }

    /// A history, page by page.
    fn check_history(&self, address: &Address, page: usize) -> Result<(), StoreError> {
        let mut expected = self.histories[address].iter().rev();
        let mut before = None;
        loop {
            let entries = self.ledger().read().history(address, before, page)?;
            for entry in &entries {
                assert_eq!(Some(&entry.at), expected.next(), "the history of {address}");
                self.check_entry(entry);
            }
            before = entries.last().map(|entry| entry.at);
            if entries.len() < page {
                assert_eq!(expected.next(), None, "the history of {address} is cut short");
                return Ok(());
            }
        }
    }

    fn check_entry(&self, entry: &Entry) {
        match (&entry.what, entry.at) {
            (EntryKind::Record { stored, block }, MovementRef::Record(number)) => {
                let expected = &self.records[number as usize];
                let record = &stored.record;
                assert_eq!((record.number, record.accepted_us), (number, expected.accepted_us));
                assert_eq!((&record.signed, &stored.memo), (&expected.signed, &expected.memo));
                assert_eq!(*block, self.block_of(number), "record {number}");
            }
            (EntryKind::Reward { height, amount, to, .. }, MovementRef::Reward(at)) => {
                let (_, reward) = self.blocks[at as usize - 1];
                assert_eq!((*height, Some((*to, amount.units()))), (at, reward));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn pick<T>(among: &[T], choice: u8) -> Option<&T> {
    among.get(usize::from(choice) % among.len().max(1))
}

pub fn solution(template: &Template, owner: Option<Address>) -> Solution {
    let coinbase = template.coinbase(owner, [0; 8]);
    let target = template.bits.expand().unwrap();
    let header = (0..)
        .map(|nonce| template.header(&coinbase, template.time(), nonce))
        .find(|header| target.is_met_by(&header.hash()))
        .unwrap();
    template.solution(coinbase, header)
}

/// Work that nobody gave out.
fn no_solution() -> Solution {
    let template = Template {
        height: 0,
        previous: Default::default(),
        previous_solved_ms: 0,
        first: 0,
        count: 0,
        reward: Amount::ZERO,
        branch: Vec::new(),
        bits: chain::EASIEST,
        opened_ms: 0,
        issued_ms: 0,
        easing_ms: None,
    };
    let coinbase = template.coinbase(None, [0; 8]);
    let header = template.header(&coinbase, 0, 0);
    template.solution(coinbase, header)
}
