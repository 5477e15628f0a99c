//! The async door to the ledger.

use super::{
    Clock, Position, Reader, Template,
    stored::{self, StoredAccount},
    template::{Solution, SolveError},
    verify,
    writer::{BlockSummary, Changing, Published, Request, Writer},
};
use crate::store::{Batch, Order, Snapshot, Store, StoreError, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    genesis::{Genesis, GenesisError},
    hash::{GenesisHash, TransactionId},
    keys::SecretKey,
    ledger::{Account, Refusal, State},
    log::LogRecord,
    memo::Memo,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
};
use std::{collections::HashMap, ops::Bound, sync::Arc, thread};
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// How many commits a slow listener may be behind before it must load anew.
const EVENTS_KEPT: usize = 1_024;

/// The currency's parameters with what follows from them.
#[derive(Debug, Clone)]
pub struct GenesisContext {
    /// The parameters.
    pub genesis: Genesis,
    /// Their hash.
    pub hash: GenesisHash,
    /// The system account.
    pub system: Address,
}

/// The leader's secret keys.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs for the system account.
    pub system: SecretKey,
    /// Seals blocks.
    pub leader: SecretKey,
}

/// How the engine works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many requests may wait before the next one is answered `Busy`.
    pub queue_length: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { queue_length: 8_192 }
    }
}

/// What every part of the engine knows.
pub(super) struct Context {
    pub genesis: GenesisContext,
    pub keys: Keys,
    pub clock: Clock,
}

/// A transaction on its way, with who waits for the answer.
pub(super) struct Submission {
    pub signed: SignedTransaction,
    pub memo: Option<Memo>,
    pub reply: oneshot::Sender<Result<Accepted, LedgerError>>,
}

/// An accepted transaction: durable when this is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its place in the log.
    pub number: u64,
    /// When it was accepted, in microseconds since 1970.
    pub accepted_us: u64,
    /// Its name.
    pub id: TransactionId,
    /// The block that sealed it, if it was there already.
    pub block: Option<u32>,
    /// Whether it was there already.
    pub repeated: bool,
}

/// Why a transaction was not accepted.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum LedgerError {
    /// It breaks a rule.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The memo is not the one whose hash it carries.
    #[error("the memo is not the one that the transaction names")]
    MemoMismatch,
    /// The signature is not by a key that may sign this.
    #[error("the signature is not by the account's current key")]
    WrongSignature,
    /// Too much waits already.
    #[error("the leader has more to do than it can take; try again shortly")]
    Busy,
    /// An invariant was violated; the operator has to look.
    #[error("the ledger is read-only: {0}")]
    ReadOnly(String),
    /// The writer has stopped.
    #[error("the ledger has stopped")]
    Stopped,
}

/// Why the ledger cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The currency cannot begin like this.
    #[error("the currency's parameters are not usable: {0}")]
    Genesis(#[from] GenesisError),
    /// The keys are those of another currency.
    #[error("the {0} key is not the one that this data folder's chain names; restore the keys that belong to it")]
    ForeignKey(&'static str),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// What a [`Ledger::change`] commits.
pub struct Change<T> {
    /// Writes to the tables beside the ledger's.
    pub batch: Batch,
    /// A transaction that is accepted in the same commit, or nothing happens.
    pub transaction: Option<SignedTransaction>,
    /// What to answer once it is durable.
    pub answer: T,
}

/// Why a change was not made.
#[derive(Debug, Error)]
pub enum ChangeError<E> {
    /// The closure said no.
    #[error("{0}")]
    Refused(E),
    /// The ledger refused its transaction, or has stopped.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The door to the ledger. Clones are the same door; when the last one is gone, the writer ends.
#[derive(Clone)]
pub struct Ledger {
    context: Arc<Context>,
    reader: Reader,
    verify: mpsc::Sender<Submission>,
    writer: mpsc::Sender<Request>,
    events: broadcast::Sender<Arc<Published>>,
    stopped: watch::Receiver<Option<String>>,
}

impl Ledger {
    /// Opens the ledger that `store` holds, or begins it with `first_genesis`, and starts its threads.
    /// The thread's handle tells when everything accepted is durable and the writer has ended.
    ///
    /// # Errors
    /// When the store fails, or the keys do not belong to its chain.
    pub fn open(
        store: Arc<dyn Store>,
        first_genesis: Genesis,
        keys: Keys,
        settings: Settings,
    ) -> Result<(Self, thread::JoinHandle<()>), OpenError> {
        let epoch = store.claim()?;
        if stored::genesis(&*store.snapshot()?)?.is_none() {
            begin(&*store, epoch, first_genesis)?;
        }
        let (state, last) = restore(&*store.snapshot()?)?;
        let system_now = state.account(&state.system()).map(|system| system.key_at(state.last_accepted_us()));
        if system_now != Some(keys.system.public_key()) {
            return Err(OpenError::ForeignKey("system"));
        }
        if state.head().leader_key != keys.leader.public_key() {
            return Err(OpenError::ForeignKey("leader"));
        }
        let genesis =
            GenesisContext { genesis: state.genesis().clone(), hash: state.genesis_hash(), system: state.system() };
        let clock = Clock::starting_after(state.last_accepted_us());
        let context = Arc::new(Context { genesis, keys, clock });
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let (writer_sender, writer_queue) = mpsc::channel(settings.queue_length);
        let (verify_sender, verify_queue) = mpsc::channel(settings.queue_length);
        let (stopped_sender, stopped) = watch::channel(None);
        let system = context.genesis.system;
        let writer = Writer::new(state, last, store.clone(), epoch, context.clone(), events.clone());
        let reader = Reader { store, view: writer.view(), system };
        verify::start(verify_queue, writer_sender.clone(), reader.clone(), context.clone())?;
        let thread = thread::Builder::new().name("writer".into()).spawn(move || {
            if let Err(error) = writer.run(writer_queue) {
                tracing::error!(%error, "the ledger has stopped");
                stopped_sender.send_replace(Some(error.to_string()));
            }
        })?;
        let ledger = Self { context, reader, verify: verify_sender, writer: writer_sender, events, stopped };
        Ok((ledger, thread))
    }

    /// The currency.
    pub fn genesis(&self) -> &GenesisContext {
        &self.context.genesis
    }

    /// The leader's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.context.clock.now_ms()
    }

    /// The leader's clock, in microseconds since 1970.
    pub fn now_us(&self) -> u64 {
        self.context.clock.now_us()
    }

    /// Reads of what is committed.
    pub fn read(&self) -> &Reader {
        &self.reader
    }

    /// What commits make visible, from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Published>> {
        self.events.subscribe()
    }

    /// Waits until the writer fails; the text says why. It never ends while all is well.
    pub async fn failed(&self) -> String {
        let mut stopped = self.stopped.clone();
        loop {
            if let Some(reason) = stopped.borrow_and_update().clone() {
                return reason;
            }
            if stopped.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether an invariant was violated, so that nothing more is accepted.
    pub fn is_read_only(&self) -> bool {
        self.reader.view.read().expect("no one panics while publishing").read_only
    }

    /// Accepts a transaction: checks its signature, applies it, makes it durable, and then answers. Sent again, it
    /// answers as the first time, however late.
    ///
    /// # Errors
    /// Why it was not accepted; nothing has changed then.
    pub async fn submit(&self, signed: SignedTransaction, memo: Option<Memo>) -> Result<Accepted, LedgerError> {
        let transaction = &signed.transaction;
        if memo.as_ref().map(Memo::hash) != transaction.memo_hash {
            return Err(LedgerError::MemoMismatch);
        }
        let (signer, payment_id) = (transaction.signer, transaction.payment_id);
        let id = transaction.id(&self.context.genesis.hash);
        let (reply, answer) = oneshot::channel();
        let sent = self.verify.try_send(Submission { signed, memo, reply });
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LedgerError::Busy,
            mpsc::error::TrySendError::Closed(_) => LedgerError::Stopped,
        })?;
        match answer.await.unwrap_or(Err(LedgerError::Stopped)) {
            Err(error @ (LedgerError::Refused(Refusal::Expired) | LedgerError::WrongSignature)) => {
                self.accepted_long_ago(signer, payment_id, id).await.unwrap_or(Err(error))
            }
            answer => answer,
        }
    }

    /// Looks a payment up in its signer's history; none if it is not there.
    async fn accepted_long_ago(
        &self,
        signer: Address,
        payment_id: PaymentId,
        id: TransactionId,
    ) -> Option<Result<Accepted, LedgerError>> {
        let (reader, hash) = (self.reader.clone(), self.context.genesis.hash);
        let found = tokio::task::spawn_blocking(move || {
            let Some((record, found)) = reader.find_payment(&signer, payment_id, &hash)? else { return Ok(None) };
            let block = reader.height_of(record.number)?;
            Ok::<_, StoreError>(Some((record, found, block)))
        });
        match found.await.map_err(|error| error.to_string()).and_then(|found| found.map_err(|error| error.to_string()))
        {
            Ok(None) => None,
            Ok(Some((_, found, _))) if found != id => Some(Err(Refusal::PaymentIdConflict.into())),
            Ok(Some((LogRecord { number, accepted_us, .. }, id, block))) => {
                Some(Ok(Accepted { number, accepted_us, id, block, repeated: true }))
            }
            Err(error) => {
                tracing::error!(error, "cannot look a payment up");
                Some(Err(LedgerError::Stopped))
            }
        }
    }

    /// Pays a member out of the system account.
    ///
    /// # Errors
    /// Why it was not accepted; nothing has changed then.
    pub async fn credit(
        &self,
        recipient: Address,
        amount: Amount,
        payment_id: PaymentId,
        memo: Option<Memo>,
    ) -> Result<Accepted, LedgerError> {
        let operation = Operation::Transfer { to: recipient, amount };
        let memo_hash = memo.as_ref().map(Memo::hash);
        let transaction = Transaction::new(self.context.genesis.system, operation, payment_id, memo_hash);
        self.submit(transaction.sign(&self.context.keys.system, &self.context.genesis.hash), memo).await
    }

    /// Runs `change` on the writer thread against the committed store, where nothing else changes meanwhile;
    /// what it returns is committed as one, together with its transaction.
    ///
    /// # Errors
    /// What `change` says, or why its transaction was not accepted; nothing has changed then.
    pub async fn change<T: Send + 'static, E: Send + 'static>(
        &self,
        change: impl FnOnce(&dyn Snapshot) -> Result<Change<T>, E> + Send + 'static,
    ) -> Result<T, ChangeError<E>> {
        let (reply, answer) = oneshot::channel();
        let changing = OneChange { change: Some(change), answer: None, reply: Some(reply) };
        let sent = self.writer.send(Request::Change(Box::new(changing))).await;
        sent.map_err(|_| LedgerError::Stopped)?;
        answer.await.unwrap_or(Err(LedgerError::Stopped.into()))
    }

    /// Work for miners: what the next block is made of. None while nothing waits.
    pub(super) async fn template(&self) -> Option<Template> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Request::Template { reply }).await.ok()?;
        answer.await.ok()?
    }

    /// Says that the last miner has left, so that the time until the next one comes does not count.
    pub(super) async fn miners_gone(&self) {
        // A writer that has stopped does not mind.
        let _ = self.writer.send(Request::MinersGone).await;
    }

    /// Makes a block of a miner's solution.
    ///
    /// # Errors
    /// Why it made none.
    pub async fn solve(&self, solution: Solution) -> Result<BlockSummary, SolveError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.writer.send(Request::Solve { solution: Box::new(solution), reply }).await;
        sent.map_err(|_| SolveError::Closed)?;
        answer.await.unwrap_or(Err(SolveError::Closed))
    }

    /// How far the ledger is.
    pub fn position(&self) -> Position {
        self.reader.position()
    }
}

fn begin(store: &dyn Store, epoch: crate::store::Epoch, genesis: Genesis) -> Result<(), OpenError> {
    genesis.check()?;
    let mut batch = Batch::new();
    stored::put_genesis(&genesis, &mut batch);
    let state = State::new(genesis);
    stored::put_head(state.head(), &mut batch);
    for (address, account) in state.accounts() {
        StoredAccount { account: account.clone(), last: None }.put(address, &mut batch);
    }
    store.commit(epoch, &batch)?;
    Ok(())
}

type Restored = (State, HashMap<Address, stored::MovementRef>);

/// The state as it was kept: head, accounts, and the end of the log.
fn restore(from: &dyn Snapshot) -> Result<Restored, StoreError> {
    let missing = |what: &str| StoreError::Corrupt { path: Table::Meta.name().into(), detail: format!("no {what}") };
    let genesis = stored::genesis(from)?.ok_or_else(|| missing("genesis"))?;
    let head = stored::head(from)?.ok_or_else(|| missing("head"))?;
    let mut accounts: Vec<(Address, Account)> = Vec::new();
    let mut last = HashMap::new();
    let stored = from.range(Table::Accounts, Bound::Unbounded, Bound::Unbounded, Order::Ascending, usize::MAX)?;
    for (key, bytes) in stored {
        let address = Address::from_bytes(key.try_into().map_err(|_| missing("address"))?);
        let StoredAccount { account, last: movement } = stored::read(Table::Accounts, &bytes)?;
        accounts.push((address, account));
        last.extend(movement.map(|movement| (address, movement)));
    }
    let log_end = log_end(from, head.sealed)?;
    Ok((State::restore(genesis, head, accounts, log_end), last))
}

/// The end of the log that [`State::restore`] asks for, oldest first.
fn log_end(from: &dyn Snapshot, sealed: u64) -> Result<Vec<LogRecord>, StoreError> {
    const STEP: usize = 4_096;
    let mut records: Vec<LogRecord> = Vec::new();
    let mut before: Option<[u8; 8]> = None;
    loop {
        let to = before.as_ref().map_or(Bound::Unbounded, |before| Bound::Excluded(before.as_slice()));
        let page = from.range(Table::Records, Bound::Unbounded, to, Order::Descending, STEP)?;
        for (_, bytes) in &page {
            let (record, _): (LogRecord, stored::Links) = stored::read(Table::Records, bytes)?;
            let newest_us = records.first().map_or(record.accepted_us, |newest| newest.accepted_us);
            if record.number < sealed && record.accepted_us.saturating_add(State::RECENT_US) < newest_us {
                records.reverse();
                return Ok(records);
            }
            before = Some(record.number.to_be_bytes());
            records.push(record);
        }
        if page.len() < STEP {
            records.reverse();
            return Ok(records);
        }
    }
}

/// A change that waits for the writer, with who waits for it.
struct OneChange<T, E, F> {
    change: Option<F>,
    answer: Option<T>,
    reply: Option<oneshot::Sender<Result<T, ChangeError<E>>>>,
}

impl<T, E, F> Changing for OneChange<T, E, F>
where
    T: Send,
    E: Send,
    F: FnOnce(&dyn Snapshot) -> Result<Change<T>, E> + Send,
{
    fn prepare(&mut self, from: &dyn Snapshot) -> Option<(Batch, Option<SignedTransaction>)> {
        match self.change.take()?(from) {
            Ok(Change { batch, transaction, answer }) => {
                self.answer = Some(answer);
                Some((batch, transaction))
            }
            Err(error) => {
                if let Some(reply) = self.reply.take() {
                    drop(reply.send(Err(ChangeError::Refused(error))));
                }
                None
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), LedgerError>) {
        let Self { answer, reply, .. } = *self;
        if let (Some(answer), Some(reply)) = (answer, reply) {
            drop(reply.send(committed.map(|()| answer).map_err(ChangeError::Ledger)));
        }
    }
}
