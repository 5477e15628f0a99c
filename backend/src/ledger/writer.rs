//! THE writer: the one thread that owns the ledger's state.
//!
//! It takes whatever waits in its queue, applies it, and hands what came of it to the committer as one commit. While that
//! is made durable, the next one is put together. Nobody is answered before.

use super::{
    LedgerError, Template,
    checkpoint::{Checkpoint, Moment},
    committed::{Committed, CommittedAccount, View},
    committer::{Answer, Commit, Committer, Stopped, Visible},
    handle::{Accepted, Context},
    movement::{Links, MovementRef},
    read::Supply,
    stored::{self, BlockEnds, Kept, Log, PAGE_ACCOUNTS, PaymentIds, RowWriter, StoredBlock},
    template::{Solution, SolveError},
    verify::verify_one,
};
use crate::store::{Batch, Snapshot, Store, StoreError};
use qoin_core::{
    address::Address,
    api::blocks::Tip,
    block::{Block, Unchecked},
    hash::{BlockHash, MerkleNode},
    ledger::{self, Account, AccountNumber, Command, Event, Position, Refusal, Sealed, State},
    log::LogRecord,
    memo::Memo,
    merkle,
    payment_id::PaymentId,
    retarget,
    transaction::{SignedTransaction, VerifiedTransaction},
};
use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// How many requests are taken from the queue at once.
const REQUESTS_MAX: usize = 8_192;
/// With so many records a commit is made, whatever waits.
const COMMIT_RECORDS_MAX: usize = 16_384;

/// What is asked of the writer.
pub(super) enum Request {
    /// Accept a transaction whose signature was checked.
    Submit {
        verified: Box<VerifiedTransaction>,
        memo: Option<Memo>,
        reply: oneshot::Sender<Result<Accepted, LedgerError>>,
    },
    /// Accept many, each for itself. What was not verified is answered as it is.
    SubmitMany(Box<Many>),
    /// Commit what a closure makes of the committed store, alone.
    Change(Box<dyn Changing>),
    /// Accept all of some payments together with what a closure makes of the committed store, or nothing of it.
    Pay(Box<Pay>),
    /// Work for miners, if something waits.
    Template { reply: oneshot::Sender<Option<Template>> },
    /// The last miner has left.
    MinersGone,
    /// The committer has ended, since the store failed.
    CommitterStopped,
    /// A solution of a template.
    Solve { solution: Box<Solution>, reply: oneshot::Sender<Result<BlockSummary, SolveError>> },
}

/// Many transactions with who waits for all of their answers.
pub(super) struct Many {
    pub transactions: Vec<(Result<VerifiedTransaction, LedgerError>, Option<Memo>)>,
    pub reply: oneshot::Sender<Vec<Result<Accepted, LedgerError>>>,
    /// Their share of what may wait.
    pub permit: OwnedSemaphorePermit,
}

/// A change of tables beside the ledger's, with at most one transaction, as one commit.
pub(super) trait Changing: Send {
    /// Looks at the store and says what to write; none if it was refused (and has been answered).
    fn prepare(&mut self, from: &dyn Snapshot) -> Option<(Batch, Option<SignedTransaction>)>;
    /// Answers after the commit, or with why there was none.
    fn answer(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// Payments of the system account that belong together, with what is written beside them.
pub(super) struct Pay {
    /// Not empty.
    pub payments: Vec<(VerifiedTransaction, Option<Memo>)>,
    pub paying: Box<dyn Paying>,
}

/// What goes with payments into their commit.
pub(super) trait Paying: Send {
    /// Looks at the store and says what to write, if the first payment becomes the record `first` and the others follow;
    /// none if it was refused (and has been answered).
    fn prepare(&mut self, from: &dyn Snapshot, first: u64) -> Option<Batch>;
    /// Answers after the commit with the first payment, or with why there was none. A single payment that was there
    /// already is answered as such, and nothing is written.
    fn answer(self: Box<Self>, first: Result<Accepted, LedgerError>);
}

/// What one commit made visible.
#[derive(Debug)]
pub struct Published {
    /// How far the ledger is with it.
    pub position: Position,
    /// Every account that it changed.
    pub touched: Touched,
    /// The block that it sealed.
    pub sealed: Option<BlockSummary>,
}

/// The accounts that a commit changed.
#[derive(Debug)]
pub struct Touched {
    all: Vec<Address>,
    /// Made when somebody asks: without listeners it would only cost.
    index: OnceLock<HashSet<Address>>,
}

impl Touched {
    /// Whether an account is among them.
    pub fn contains(&self, address: &Address) -> bool {
        self.index.get_or_init(|| self.all.iter().copied().collect()).contains(address)
    }
}

/// A block that was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSummary {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// The number of its first log record.
    pub first: u64,
    /// How many log records it seals.
    pub count: u32,
}

/// The ledger as a store holds it, put together.
pub(super) struct Opened {
    pub state: State,
    /// Each account's latest movement, by its number.
    pub last: Vec<Option<MovementRef>>,
    pub ends: BlockEnds,
    pub checkpoint: Checkpoint,
    /// How many pages of accounts there are in the store.
    pub pages: u32,
}

pub(super) struct Writer {
    state: State,
    last: Vec<Option<MovementRef>>,
    ends: BlockEnds,
    checkpoint: Checkpoint,
    pages: u32,
    store: Arc<dyn Store>,
    committed: Arc<Committed>,
    committer: Committer,
    context: Arc<Context>,
    /// When work on the next height first went to a miner, in milliseconds since 1970 and by the passing of time.
    opened: Option<(u64, Duration)>,
    read_only: Option<String>,
    uncommitted: Uncommitted,
    /// As of the last commit that was handed on.
    before: Moment,
    /// For each account, the last commit that it was touched by; tells whether this one has it already.
    touched_by: Vec<u64>,
    commits: u64,
}

/// What the next commit holds, and what follows it.
#[derive(Default)]
struct Uncommitted {
    batch: Batch,
    rows: RowWriter,
    ids: PaymentIds,
    records: usize,
    touched: Vec<AccountNumber>,
    sealed: Option<BlockSummary>,
    answers: Vec<Answer>,
}

impl Writer {
    pub(super) fn new(
        opened: Opened,
        store: Arc<dyn Store>,
        committed: Arc<Committed>,
        committer: Committer,
        context: Arc<Context>,
        read_only: Option<String>,
    ) -> Self {
        let Opened { state, last, ends, checkpoint, pages } = opened;
        Self {
            before: moment(&state),
            touched_by: vec![0; last.len()],
            state,
            last,
            ends,
            checkpoint,
            pages,
            store,
            committed,
            committer,
            context,
            opened: None,
            read_only,
            uncommitted: Uncommitted::default(),
            commits: 1,
        }
    }

    /// Works until every sender of `queue` is gone, or the store fails.
    ///
    /// # Errors
    /// When the store fails. What was not answered was not accepted, and what was not committed is not visible.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) -> Result<(), StoreError> {
        let worked = self.work(&mut queue);
        // Whoever still waits is not answered: nothing is accepted any more.
        drop(queue);
        let finished = worked.and_then(|()| self.finish());
        let joined = self.committer.join();
        match finished {
            Ok(()) | Err(Failure::Committer) => joined,
            Err(Failure::Store(error)) => joined.and(Err(error)),
        }
    }

    fn work(&mut self, queue: &mut mpsc::Receiver<Request>) -> Result<(), Failure> {
        let mut requests = Vec::with_capacity(REQUESTS_MAX);
        while queue.blocking_recv_many(&mut requests, REQUESTS_MAX) > 0 {
            for request in requests.drain(..) {
                self.handle(request)?;
                if self.uncommitted.records >= COMMIT_RECORDS_MAX {
                    self.commit()?;
                }
            }
            self.commit()?;
        }
        Ok(())
    }

    /// Writes every page that has changed, so that the next start need not walk through the log.
    fn finish(&mut self) -> Result<(), Failure> {
        let pages = self.checkpoint.all();
        self.put_pages(&pages);
        self.commit()
    }

    fn handle(&mut self, request: Request) -> Result<(), Failure> {
        match request {
            Request::Submit { verified, memo, reply } => {
                let result = self.submit(*verified, memo)?;
                self.uncommitted.answers.push(Answer::One(reply, result));
            }
            Request::SubmitMany(many) => {
                let Many { transactions, reply, permit } = *many;
                let mut answers = Vec::with_capacity(transactions.len());
                for (verified, memo) in transactions {
                    answers.push(match verified {
                        Ok(verified) => self.submit(verified, memo)?,
                        Err(error) => Err(error),
                    });
                }
                drop(permit);
                self.uncommitted.answers.push(Answer::Many(reply, answers));
            }
            Request::Change(changing) => self.change(changing)?,
            Request::Pay(pay) => self.pay(*pay)?,
            Request::Template { reply } => {
                let template = self.template();
                self.answer(move || drop(reply.send(template)));
            }
            Request::MinersGone => self.opened = None,
            Request::CommitterStopped => return Err(Failure::Committer),
            Request::Solve { solution, reply } => {
                let result = self.solve(*solution);
                self.answer(move || drop(reply.send(result)));
                self.commit()?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, answer: impl FnOnce() + Send + 'static) {
        self.uncommitted.answers.push(Answer::Other(Box::new(answer)));
    }

    fn submit(
        &mut self,
        verified: VerifiedTransaction,
        memo: Option<Memo>,
    ) -> Result<Result<Accepted, LedgerError>, Failure> {
        if let Some(reason) = &self.read_only {
            return Ok(Err(LedgerError::ReadOnly(reason.clone())));
        }
        self.warm_ids(verified.transaction().payment_id)?;
        let id = verified.id();
        let accepted_us = self.context.clock.now_us().max(self.state.last_accepted_us() + 1);
        // Kept for the rare case that the payment is there already.
        match self.state.apply(Command::Submit { accepted_us, transaction: verified.clone() }) {
            Ok(Event::Accepted(accepted)) => {
                let number = accepted.record.number;
                self.record(&accepted, memo);
                Ok(Ok(Accepted { number, accepted_us, id, block: None, repeated: false }))
            }
            Ok(Event::Known { number }) => self.repeated(number, &verified),
            Ok(Event::Sealed(_)) => unreachable!("a transaction seals nothing"),
            Err(refusal) => Ok(Err(refusal.into())),
        }
    }

    /// Takes the payment ids of this one's time into memory, if they were left in the store at the start.
    fn warm_ids(&mut self, id: PaymentId) -> Result<(), Failure> {
        let Some(places) = self.state.cold_ids(id).map(<[u64]>::to_vec) else { return Ok(()) };
        let snapshot = self.store.snapshot()?;
        let mut failed = Ok(());
        let rows = places.iter().map_while(|place| {
            let row = stored::payment_ids_at(&*snapshot, *place);
            row.map_err(|error| failed = Err(error)).ok()
        });
        self.state.warm_ids(id, rows.flatten());
        Ok(failed?)
    }

    /// The answer to a transaction whose payment id is in the log already.
    fn repeated(
        &mut self,
        number: u64,
        verified: &VerifiedTransaction,
    ) -> Result<Result<Accepted, LedgerError>, Failure> {
        if number >= self.committed.view().position.records {
            // It came a moment ago: its record is there once the commits on their way are made.
            self.commit()?;
            self.committer.flush()?;
        }
        let snapshot = self.store.snapshot()?;
        let Some((record, _)) = Log::of(&*snapshot).entry(number)? else {
            return Err(stored::missing_record(number).into());
        };
        Ok(record.answers(verified).map_err(LedgerError::from).map(|()| Accepted {
            number,
            accepted_us: record.accepted_us,
            id: verified.id(),
            block: self.ends.height_of(number),
            repeated: true,
        }))
    }

    fn record(&mut self, accepted: &ledger::Accepted, memo: Option<Memo>) {
        let number = accepted.record.number;
        let movement = MovementRef::Record(number);
        let links = Links {
            payer: self.moved(accepted.signer, movement),
            payee: accepted.recipient.and_then(|recipient| self.moved(recipient, movement)),
        };
        let Uncommitted { batch, rows, ids, records, .. } = &mut self.uncommitted;
        rows.push(accepted, &links, batch);
        let payment_id = accepted.record.signed.transaction.payment_id;
        ids.push(number, accepted.record.accepted_us, payment_id, accepted.signer, batch);
        if let Some(memo) = &memo {
            stored::put_memo(number, memo, batch);
        }
        *records += 1;
    }

    /// Makes a movement an account's latest, and gives the one before.
    fn moved(&mut self, account: AccountNumber, movement: MovementRef) -> Option<MovementRef> {
        self.touch(account);
        self.last[account.index() as usize].replace(movement)
    }

    /// Notes that an account changes with the next commit.
    fn touch(&mut self, account: AccountNumber) {
        let index = account.index() as usize;
        if index >= self.last.len() {
            self.last.resize(index + 1, None);
            self.touched_by.resize(index + 1, 0);
        }
        if std::mem::replace(&mut self.touched_by[index], self.commits) != self.commits {
            self.uncommitted.touched.push(account);
            self.checkpoint.touch(account, self.before);
        }
    }

    fn change(&mut self, mut changing: Box<dyn Changing>) -> Result<(), Failure> {
        self.commit()?;
        self.committer.flush()?;
        let snapshot = self.store.snapshot()?;
        let Some((batch, signed)) = changing.prepare(&*snapshot) else { return Ok(()) };
        drop(snapshot);
        if let Some(signed) = signed {
            let verified = verify_one(signed, &self.context, |address| self.state.account(address));
            let accepted = match verified {
                Ok(verified) => self.submit(verified, None)?,
                Err(error) => Err(error),
            };
            let refused = match accepted {
                Ok(Accepted { repeated: false, .. }) => None,
                Ok(_) => Some(Refusal::PaymentIdConflict.into()),
                Err(error) => Some(error),
            };
            if let Some(error) = refused {
                changing.answer(Err(error));
                return Ok(());
            }
        }
        self.uncommitted.batch.append(batch);
        self.answer(move || changing.answer(Ok(())));
        self.commit()
    }

    fn pay(&mut self, Pay { payments, mut paying }: Pay) -> Result<(), Failure> {
        self.commit()?;
        self.committer.flush()?;
        let snapshot = self.store.snapshot()?;
        let Some(batch) = paying.prepare(&*snapshot, self.state.next_number()) else { return Ok(()) };
        drop(snapshot);
        let first = self.submit_all(payments)?;
        if let Ok(Accepted { repeated: false, .. }) = first {
            self.uncommitted.batch.append(batch);
        }
        self.answer(move || paying.answer(first));
        self.commit()
    }

    /// Accepts all of some payments, or none: many are tried on a copy of the state, which becomes the state if all go
    /// well. Answers the first.
    fn submit_all(
        &mut self,
        mut payments: Vec<(VerifiedTransaction, Option<Memo>)>,
    ) -> Result<Result<Accepted, LedgerError>, Failure> {
        if payments.len() == 1
            && let Some((verified, memo)) = payments.pop()
        {
            return self.submit(verified, memo);
        }
        if let Some(reason) = &self.read_only {
            return Ok(Err(LedgerError::ReadOnly(reason.clone())));
        }
        let mut trial = self.state.clone();
        let mut all = Vec::with_capacity(payments.len());
        let first_us = self.context.clock.now_us().max(trial.last_accepted_us() + 1);
        for (accepted_us, (transaction, memo)) in (first_us..).zip(payments) {
            let id = transaction.id();
            match trial.apply(Command::Submit { accepted_us, transaction }) {
                Ok(Event::Accepted(accepted)) => all.push((accepted, memo, id)),
                Ok(_) => return Ok(Err(Refusal::PaymentIdConflict.into())),
                Err(refusal) => return Ok(Err(refusal.into())),
            }
        }
        self.state = trial;
        let mut first = None;
        for (accepted, memo, id) in all {
            self.record(&accepted, memo);
            let LogRecord { number, accepted_us, .. } = accepted.record;
            first.get_or_insert(Accepted { number, accepted_us, id, block: None, repeated: false });
        }
        Ok(first.ok_or_else(|| Refusal::ZeroAmount.into()))
    }

    fn template(&mut self) -> Option<Template> {
        let candidate = self.state.candidate();
        if candidate.count == 0 || self.read_only.is_some() {
            return None;
        }
        let head = self.state.head();
        let now_ms = self.context.clock.now_ms();
        let passed = self.context.clock.passed();
        let (opened_ms, opened_at) = *self.opened.get_or_insert_with(|| (now_ms.max(head.solved_ms), passed));
        let issued_ms = opened_ms + as_ms(passed.saturating_sub(opened_at));
        let leaves: Vec<MerkleNode> = self.state.pending_leaves().take(candidate.count as usize).collect();
        let genesis = self.state.genesis();
        let easing_ms = retarget::next_easing_ms(
            self.state.required_target(),
            opened_ms,
            issued_ms,
            genesis.block_interval_ms,
            genesis.easiest(),
        );
        Some(Template {
            height: head.height + 1,
            previous: head.hash,
            previous_solved_ms: head.solved_ms,
            first: candidate.first,
            count: candidate.count,
            reward: candidate.reward,
            branch: merkle::coinbase_branch(&leaves),
            bits: self.state.target(opened_ms, issued_ms),
            opened_ms,
            issued_ms,
            easing_ms: easing_ms.expect("the required target is one"),
        })
    }

    fn solve(&mut self, solution: Solution) -> Result<BlockSummary, SolveError> {
        if self.read_only.is_some() {
            return Err(SolveError::Closed);
        }
        let Solution { header, coinbase, first, count } = solution;
        let head = self.state.head();
        let Some((opened_ms, opened_at)) = self.opened else { return Err(SolveError::Stale) };
        if coinbase.height != head.height + 1 || header.previous != head.hash || coinbase.opened_ms != opened_ms {
            return Err(SolveError::Stale);
        }
        let solved_ms = opened_ms + as_ms(self.context.clock.passed().saturating_sub(opened_at));
        let run = first..first + u64::from(count);
        let leader = &self.context.keys.leader;
        let block = Block::seal(header, coinbase, run, solved_ms, leader, &self.context.genesis.hash);
        let checked = block.clone().check(&self.state)?;
        let sealed = match self.state.apply(Command::Seal(Box::new(checked))) {
            Ok(Event::Sealed(sealed)) => sealed,
            Ok(_) => unreachable!("a block is sealed or refused"),
            Err(_) => return Err(SolveError::Stale),
        };
        self.opened = None;
        Ok(self.sealed(block, sealed))
    }

    fn sealed(&mut self, block: Block<Unchecked>, sealed: Sealed) -> BlockSummary {
        sealed.touched.iter().for_each(|account| self.touch(*account));
        let mut links = Links::default();
        if let Some((miner, _)) = sealed.reward {
            let movement = MovementRef::Reward(sealed.height);
            links.payer = self.moved(AccountNumber::SYSTEM, movement);
            links.payee = self.moved(miner, movement);
        }
        self.check_invariants(&sealed);
        let stored = StoredBlock { block, links, records: self.state.next_number() };
        let batch = &mut self.uncommitted.batch;
        stored.put(batch);
        self.ends.push(stored.end());
        self.ends.put_last(batch);
        stored::put_head(self.state.head(), batch);
        let Sealed { height, hash, first, count, .. } = sealed;
        tracing::info!(height, %hash, records = count, "sealed a block");
        let summary = BlockSummary { height, hash, first, count };
        self.uncommitted.sealed = Some(summary.clone());
        summary
    }

    /// Closes the ledger if the books do not balance: money was made or lost by a fault of this program.
    fn check_invariants(&mut self, sealed: &Sealed) {
        let touched = sealed.touched.iter().map(|account| self.state.numbered(*account));
        if let Some(violation) = violation(&self.state, touched) {
            let reason = format!("after block {} {violation}", sealed.height);
            tracing::error!(reason, "the ledger is read-only from now on");
            self.read_only = Some(reason);
        }
    }

    /// Hands everything since the last commit to the committer, which makes it durable, then visible, then answers.
    fn commit(&mut self) -> Result<(), Failure> {
        let now = moment(&self.state);
        let due = self.checkpoint.due(self.before, now);
        self.put_pages(&due);
        let Uncommitted { mut batch, mut rows, mut ids, records, touched, sealed, answers } =
            std::mem::take(&mut self.uncommitted);
        if records > 0 {
            rows.finish(&mut batch);
            ids.finish(&mut batch);
            stored::put_records_count(now.position.records, &mut batch);
        }
        if batch.is_empty() && answers.is_empty() {
            return Ok(());
        }
        let is_visible = !touched.is_empty() || sealed.is_some();
        let visible = is_visible.then(|| {
            let accounts: Vec<_> = touched.iter().map(|account| self.committed_account(*account)).collect();
            let touched =
                Touched { all: accounts.iter().map(|(address, _)| *address).collect(), index: OnceLock::new() };
            let block_end = sealed.as_ref().map(|sealed| sealed.first + u64::from(sealed.count));
            let published = Arc::new(Published { position: now.position, touched, sealed });
            Visible { view: view_of(&self.state, self.read_only.clone()), accounts, block_end, published }
        });
        self.before = now;
        self.commits += 1;
        self.committer.send(Commit { batch, visible, answers, now_us: self.state.last_accepted_us() })?;
        Ok(())
    }

    fn committed_account(&self, number: AccountNumber) -> (Address, CommittedAccount) {
        let (address, account) = self.state.numbered(number);
        (address, CommittedAccount { account: account.clone(), last: self.last[number.index() as usize] })
    }

    /// Adds pages of accounts, as they are now, to the next commit.
    fn put_pages(&mut self, pages: &[u32]) {
        let position = self.state.position();
        for page in pages {
            let end = ((page + 1) * PAGE_ACCOUNTS).min(self.state.accounts_count());
            let accounts = (page * PAGE_ACCOUNTS..end).map(|index| {
                let (address, account) = self.state.numbered(AccountNumber::new(index));
                (address, account, self.last[index as usize])
            });
            stored::put_page(*page, position, accounts, &mut self.uncommitted.batch);
        }
        if !pages.is_empty() {
            self.pages = self.pages.max(pages.iter().max().map_or(0, |last| last + 1));
            let kept = Kept { position: self.checkpoint.position(position), pages: self.pages };
            stored::put_checkpoint(&kept, &mut self.uncommitted.batch);
        }
    }
}

/// Why the writer ends before its time.
enum Failure {
    /// The committer has ended, and tells why.
    Committer,
    Store(StoreError),
}

impl From<Stopped> for Failure {
    fn from(_: Stopped) -> Self {
        Self::Committer
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn moment(state: &State) -> Moment {
    let position = state.position();
    Moment { position, progress: position.records + state.head().sealed }
}

/// What is wrong with the books, seen from all of them and from some accounts.
pub(super) fn violation<'a>(
    state: &State,
    accounts: impl IntoIterator<Item = (Address, &'a Account)>,
) -> Option<String> {
    if !state.is_conserved() {
        return Some("the balances do not add up to the supply".to_owned());
    }
    let overdrawn = accounts.into_iter().find(|(_, account)| account.outgoing > account.balance);
    overdrawn.map(|(address, _)| format!("more goes out of {address} than it has"))
}

fn as_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn view_of(state: &State, read_only: Option<String>) -> View {
    let head = state.head();
    View {
        position: state.position(),
        tip: Tip { height: head.height, hash: head.hash, sealed: head.sealed },
        supply: Supply {
            issued: head.issued,
            burned: head.burned,
            system: state.numbered(AccountNumber::SYSTEM).1.balance,
            accounts: u64::from(state.accounts_count()),
        },
        read_only,
    }
}
