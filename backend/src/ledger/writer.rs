//! THE writer: the one thread that owns the ledger's state and writes the store.
//!
//! It takes whatever waits in its queue, applies it, commits it as one, and only then answers and publishes.

use super::{
    LedgerError, Template,
    handle::{Accepted, Context},
    read::Supply,
    stored::{self, Links, MovementRef, Position, StoredAccount, StoredBlock, StoredRecord},
    template::{Solution, SolveError},
    verify::verify_one,
};
use crate::store::{Batch, Epoch, Snapshot, Store, StoreError};
use qoin_core::{
    address::Address,
    api::blocks::Tip,
    block::Block,
    hash::{BlockHash, MerkleNode, TransactionId},
    ledger::{Command, Event, Refusal, Sealed, State},
    memo::Memo,
    merkle, retarget,
    transaction::{SignedTransaction, VerifiedTransaction},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, RwLock},
    time::Instant,
};
use tokio::sync::{broadcast, mpsc, oneshot};

/// How many requests are committed together at most.
const BATCH_MAX: usize = 8_192;

/// What is asked of the writer.
pub(super) enum Request {
    /// Accept a transaction whose signature was checked.
    Submit {
        verified: Box<VerifiedTransaction>,
        memo: Option<Memo>,
        reply: oneshot::Sender<Result<Accepted, LedgerError>>,
    },
    /// Commit what a closure makes of the committed store, alone.
    Change(Box<dyn Changing>),
    /// Work for miners, if something waits.
    Template { reply: oneshot::Sender<Option<Template>> },
    /// The last miner has left.
    MinersGone,
    /// A solution of a template.
    Solve { solution: Box<Solution>, reply: oneshot::Sender<Result<BlockSummary, SolveError>> },
}

/// A change of tables beside the ledger's, with at most one transaction, as one commit.
pub(super) trait Changing: Send {
    /// Looks at the store and says what to write; none if it was refused (and has been answered).
    fn prepare(&mut self, from: &dyn Snapshot) -> Option<(Batch, Option<SignedTransaction>)>;
    /// Answers after the commit, or with why there was none.
    fn answer(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// What all readers share: how far the ledger is.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub position: Position,
    pub tip: Tip,
    pub supply: Supply,
    pub read_only: bool,
}

/// What one commit made visible.
#[derive(Debug, Clone)]
pub struct Published {
    /// How far the ledger is with it.
    pub position: Position,
    /// Every account that it changed, with its new movements.
    pub touched: HashMap<Address, Vec<MovementRef>>,
    /// The block that it sealed.
    pub sealed: Option<BlockSummary>,
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

type Answer = Box<dyn FnOnce() + Send>;

pub(super) struct Writer {
    state: State,
    /// Each account's latest movement: where its history begins.
    last: HashMap<Address, MovementRef>,
    store: Arc<dyn Store>,
    epoch: Epoch,
    context: Arc<Context>,
    view: Arc<RwLock<View>>,
    events: broadcast::Sender<Arc<Published>>,
    /// When work on the next height first went to a miner.
    opened: Option<(u64, Instant)>,
    read_only: Option<String>,
    uncommitted: Uncommitted,
}

/// What the next commit holds, and what follows it.
#[derive(Default)]
struct Uncommitted {
    batch: Batch,
    accounts: HashSet<Address>,
    touched: HashMap<Address, Vec<MovementRef>>,
    sealed: Option<BlockSummary>,
    answers: Vec<Answer>,
}

impl Writer {
    pub(super) fn new(
        state: State,
        last: HashMap<Address, MovementRef>,
        store: Arc<dyn Store>,
        epoch: Epoch,
        context: Arc<Context>,
        events: broadcast::Sender<Arc<Published>>,
    ) -> Self {
        let view = Arc::new(RwLock::new(view_of(&state, false)));
        let uncommitted = Uncommitted::default();
        Self { state, last, store, epoch, context, view, events, opened: None, read_only: None, uncommitted }
    }

    pub(super) fn view(&self) -> Arc<RwLock<View>> {
        self.view.clone()
    }

    /// Works until every sender of `queue` is gone, or the store fails.
    ///
    /// # Errors
    /// When the store fails. What was not answered was not accepted, and what was not committed is not visible.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) -> Result<(), StoreError> {
        let mut requests = Vec::with_capacity(BATCH_MAX);
        while queue.blocking_recv_many(&mut requests, BATCH_MAX) > 0 {
            for request in requests.drain(..) {
                self.handle(request)?;
            }
            self.commit()?;
        }
        Ok(())
    }

    fn handle(&mut self, request: Request) -> Result<(), StoreError> {
        match request {
            Request::Submit { verified, memo, reply } => {
                let result = self.submit(*verified, memo);
                self.answer(move || drop(reply.send(result)));
            }
            Request::Change(changing) => {
                self.commit()?;
                self.change(changing)?;
            }
            Request::Template { reply } => {
                let template = self.template();
                self.answer(move || drop(reply.send(template)));
            }
            Request::MinersGone => self.opened = None,
            Request::Solve { solution, reply } => {
                let result = self.solve(*solution);
                self.answer(move || drop(reply.send(result)));
                self.commit()?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, answer: impl FnOnce() + Send + 'static) {
        self.uncommitted.answers.push(Box::new(answer));
    }

    fn submit(&mut self, verified: VerifiedTransaction, memo: Option<Memo>) -> Result<Accepted, LedgerError> {
        if let Some(reason) = &self.read_only {
            return Err(LedgerError::ReadOnly(reason.clone()));
        }
        let id = verified.id();
        let accepted_us = self.context.clock.now_us().max(self.state.last_accepted_us() + 1);
        match self.state.apply(Command::Submit { accepted_us, transaction: verified })? {
            Event::Accepted(accepted) => {
                let number = accepted.record.number;
                self.record(accepted.record, accepted.recipient, memo);
                Ok(Accepted { number, accepted_us, id, block: None, repeated: false })
            }
            Event::Repeated { number } => self.repeated(number, id),
            Event::Sealed(_) => unreachable!("a transaction seals nothing"),
        }
    }

    /// The answer to a payment that is in the log already. Its record is committed, or is with this very commit.
    fn repeated(&self, number: u64, id: TransactionId) -> Result<Accepted, LedgerError> {
        let reader = self.reader();
        let failed = |error: StoreError| {
            tracing::error!(%error, "cannot read a log record");
            LedgerError::Stopped
        };
        let accepted_us = match reader.record(number).map_err(failed)? {
            Some(stored) => stored.record.accepted_us,
            None => self.state.last_accepted_us(),
        };
        let block = reader.height_of(number).map_err(failed)?;
        Ok(Accepted { number, accepted_us, id, block, repeated: true })
    }

    fn reader(&self) -> super::Reader {
        super::Reader { store: self.store.clone(), view: self.view.clone(), system: self.state.system() }
    }

    fn record(&mut self, record: qoin_core::log::LogRecord, recipient: Option<Address>, memo: Option<Memo>) {
        let movement = MovementRef::Record(record.number);
        let signer = record.signed.transaction.signer;
        let links = Links {
            payer: self.moved(signer, movement),
            payee: recipient.and_then(|recipient| self.moved(recipient, movement)),
        };
        StoredRecord { record, memo, links }.put(&mut self.uncommitted.batch);
    }

    /// Makes a movement an account's latest, and gives the one before.
    fn moved(&mut self, address: Address, movement: MovementRef) -> Option<MovementRef> {
        self.uncommitted.accounts.insert(address);
        self.uncommitted.touched.entry(address).or_default().push(movement);
        self.last.insert(address, movement)
    }

    fn change(&mut self, mut changing: Box<dyn Changing>) -> Result<(), StoreError> {
        let snapshot = self.store.snapshot()?;
        let Some((batch, signed)) = changing.prepare(&*snapshot) else { return Ok(()) };
        drop(snapshot);
        let accepted = signed.map(|signed| {
            let verified = verify_one(signed, &self.context, |address| self.state.account(address))?;
            match self.submit(verified, None)? {
                Accepted { repeated: true, .. } => Err(LedgerError::Refused(Refusal::PaymentIdConflict)),
                accepted => Ok(accepted),
            }
        });
        if let Some(Err(error)) = accepted {
            changing.answer(Err(error));
            return Ok(());
        }
        self.uncommitted.batch.append(batch);
        self.answer(move || changing.answer(Ok(())));
        self.commit()
    }

    fn template(&mut self) -> Option<Template> {
        let candidate = self.state.candidate();
        if candidate.count == 0 || self.read_only.is_some() {
            return None;
        }
        let head = self.state.head();
        let now_ms = self.context.clock.now_ms();
        let (opened_ms, opened_at) = *self.opened.get_or_insert_with(|| (now_ms.max(head.solved_ms), Instant::now()));
        let issued_ms = opened_ms + elapsed_ms(opened_at);
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
        let solved_ms = opened_ms + elapsed_ms(opened_at);
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

    fn sealed(&mut self, block: Block<qoin_core::block::Unchecked>, sealed: Sealed) -> BlockSummary {
        for address in &sealed.touched {
            self.uncommitted.accounts.insert(*address);
            self.uncommitted.touched.entry(*address).or_default();
        }
        let mut links = Links::default();
        if let Some((rewarded, _)) = sealed.reward {
            let movement = MovementRef::Reward(sealed.height);
            links = Links { payer: self.moved(self.state.system(), movement), payee: self.moved(rewarded, movement) };
        }
        self.check_invariants(&sealed);
        StoredBlock { block, links }.put(&mut self.uncommitted.batch);
        stored::put_head(self.state.head(), &mut self.uncommitted.batch);
        let Sealed { height, hash, first, count, .. } = sealed;
        tracing::info!(height, %hash, records = count, "sealed a block");
        let summary = BlockSummary { height, hash, first, count };
        self.uncommitted.sealed = Some(summary.clone());
        summary
    }

    /// Closes the ledger if the books do not balance: money was made or lost by a fault of this program.
    fn check_invariants(&mut self, sealed: &Sealed) {
        let covered =
            |address: &Address| self.state.account(address).is_some_and(|account| account.outgoing <= account.balance);
        if !self.state.is_conserved() {
            self.read_only = Some(format!("after block {} the balances do not add up to the supply", sealed.height));
        } else if let Some(address) = sealed.touched.iter().find(|address| !covered(address)) {
            self.read_only = Some(format!("after block {} more goes out of {address} than it has", sealed.height));
        }
        if let Some(reason) = &self.read_only {
            tracing::error!(reason, "the ledger is read-only from now on");
        }
    }

    /// Makes everything since the last commit durable, then visible, then answered.
    fn commit(&mut self) -> Result<(), StoreError> {
        let Uncommitted { mut batch, accounts, touched, sealed, answers } = std::mem::take(&mut self.uncommitted);
        for address in &accounts {
            let account = self.state.account(address).expect("touched accounts are open").clone();
            StoredAccount { account, last: self.last.get(address).copied() }.put(address, &mut batch);
        }
        if !batch.is_empty() {
            self.store.commit(self.epoch, &batch)?;
        }
        if !touched.is_empty() || sealed.is_some() {
            let view = view_of(&self.state, self.read_only.is_some());
            let position = view.position;
            *self.view.write().expect("no one panics while reading the view") = view;
            // Nobody may be listening.
            let _ = self.events.send(Arc::new(Published { position, touched, sealed }));
        }
        for answer in answers {
            answer();
        }
        Ok(())
    }
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn view_of(state: &State, read_only: bool) -> View {
    let head = state.head();
    View {
        position: Position { records: state.next_number(), blocks: head.height },
        tip: Tip { height: head.height, hash: head.hash, sealed: head.sealed },
        supply: Supply {
            issued: head.issued,
            burned: head.burned,
            system: state.account(&state.system()).map_or(Default::default(), |account| account.balance),
            accounts: state.accounts_count(),
        },
        read_only,
    }
}
