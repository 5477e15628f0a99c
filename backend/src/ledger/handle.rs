//! The async door to the ledger.

use super::{
    Clock, Reader, Template,
    clock::{MachineTimes, Times},
    committed::Committed,
    committer::Committer,
    migrate, open, stored,
    template::{Solution, SolveError},
    verify::{self, Submission},
    writer::{self, BlockSummary, Changing, Many, Opened, Pay, Paying, Published, Request, Writer},
};
use crate::store::{Batch, Epoch, Snapshot, Store, StoreError};
use qoin_core::{
    address::Address,
    amount::Amount,
    genesis::{Genesis, GenesisError},
    hash::{GenesisHash, TransactionId},
    keys::{PublicKey, SecretKey},
    ledger::{AccountNumber, Position, Refusal},
    log::LogRecord,
    memo::Memo,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction, VerifiedTransaction},
};
use std::{sync::Arc, thread};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, oneshot, watch};

/// How many commits a slow listener may be behind before it must load anew.
const EVENTS_KEPT: usize = 1_024;

/// How many transactions may be in batches on their way, and so the most that a batch can hold.
const BATCHED_MAX: u32 = 65_536;

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
#[derive(Default)]
pub struct Change<T> {
    /// Writes to the tables beside the ledger's.
    pub batch: Batch,
    /// A transaction that is accepted in the same commit, or nothing happens.
    pub transaction: Option<SignedTransaction>,
    /// What to answer once it is durable.
    pub answer: T,
}

/// What the system account is to do.
#[derive(Debug, Clone)]
pub struct SystemPayment {
    /// A Transfer, an Issue or a Burn.
    pub operation: Operation,
    /// Its name for ever.
    pub payment_id: PaymentId,
    /// What the payee reads.
    pub memo: Option<Memo>,
}

/// What came of [`Ledger::submit_with`].
#[derive(Debug, Clone)]
pub enum Paid<T> {
    /// All was accepted now, the first of the payments as told here, and what goes with it was written.
    Now(Accepted, T),
    /// The only payment was accepted before, and nothing was written.
    Before(Accepted),
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
    batched: Arc<Semaphore>,
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
        Self::open_by(store, first_genesis, keys, settings, Arc::new(MachineTimes::now()))
    }

    /// The same by other times than the machine's.
    pub(super) fn open_by(
        store: Arc<dyn Store>,
        first_genesis: Genesis,
        keys: Keys,
        settings: Settings,
        times: Arc<dyn Times>,
    ) -> Result<(Self, thread::JoinHandle<()>), OpenError> {
        let epoch = store.claim()?;
        migrate::to_current(&*store, epoch)?;
        if stored::genesis(&*store.snapshot()?)?.is_none() {
            first_genesis.check()?;
            open::begin(&*store, epoch, first_genesis)?;
        }
        let opened = open::restore(&*store.snapshot()?)?;
        let accounts = (0..opened.state.accounts_count()).map(|index| opened.state.numbered(AccountNumber::new(index)));
        let read_only = writer::violation(&opened.state, accounts).inspect(|violation| {
            tracing::error!(violation, "the ledger is read-only from its opening on");
        });
        Self::start(store, epoch, opened, read_only, keys, settings, times)
    }

    /// Starts the threads over a state that was read; with `read_only` nothing is ever accepted.
    pub(super) fn start(
        store: Arc<dyn Store>,
        epoch: Epoch,
        opened: Opened,
        read_only: Option<String>,
        keys: Keys,
        settings: Settings,
        times: Arc<dyn Times>,
    ) -> Result<(Self, thread::JoinHandle<()>), OpenError> {
        let context = Arc::new(context(&opened, keys, times)?);
        let committed = Arc::new(committed(&opened, read_only.clone()));
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let (writer_sender, writer_queue) = mpsc::channel(settings.queue_length);
        let (verify_sender, verify_queue) = mpsc::channel(settings.queue_length);
        let (stopped_sender, stopped) = watch::channel(None);
        let reader = Reader { store: store.clone(), committed: committed.clone(), system: context.genesis.system };
        verify::start(verify_queue, writer_sender.clone(), reader.clone(), context.clone())?;
        let committer =
            Committer::start(store.clone(), epoch, committed.clone(), events.clone(), writer_sender.downgrade())?;
        let writer = Writer::new(opened, store, committed, committer, context.clone(), read_only);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || {
            if let Err(error) = writer.run(writer_queue) {
                tracing::error!(%error, "the ledger has stopped");
                stopped_sender.send_replace(Some(error.to_string()));
            }
        })?;
        let batched = Arc::new(Semaphore::new(BATCHED_MAX as usize));
        let ledger = Self { context, reader, verify: verify_sender, writer: writer_sender, batched, events, stopped };
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

    /// How many requests wait for the writer, and how many can.
    pub fn queue(&self) -> (usize, usize) {
        let capacity = self.writer.max_capacity();
        (capacity - self.writer.capacity(), capacity)
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
                // The writer works as long as there is a door, and says why it ends; unless it cannot.
                return stopped.borrow().clone().unwrap_or_else(|| "the ledger's writer panicked".to_owned());
            }
        }
    }

    /// Which invariant was violated, so that nothing more is accepted; none while all is well.
    pub fn read_only(&self) -> Option<String> {
        self.reader.read_only()
    }

    /// Accepts a transaction: checks its signature, applies it, makes it durable, and then answers. Sent again, it
    /// answers as the first time, however late.
    ///
    /// # Errors
    /// Why it was not accepted; nothing has changed then.
    pub async fn submit(&self, signed: SignedTransaction, memo: Option<Memo>) -> Result<Accepted, LedgerError> {
        if memo.as_ref().map(Memo::hash) != signed.transaction.memo_hash {
            return Err(LedgerError::MemoMismatch);
        }
        let names = self.names(&signed);
        let (reply, answer) = oneshot::channel();
        let sent = self.verify.try_send(Submission::One { signed: Box::new(signed), memo, reply });
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LedgerError::Busy,
            mpsc::error::TrySendError::Closed(_) => LedgerError::Stopped,
        })?;
        match answer.await.unwrap_or(Err(LedgerError::Stopped)) {
            Err(error) => self.answer_again(error, names).await,
            accepted => accepted,
        }
    }

    /// Accepts many transactions, each for itself as [`Self::submit`] does, and answers all of them in their order, once
    /// they are durable.
    pub async fn submit_batch(
        &self,
        batch: Vec<(SignedTransaction, Option<Memo>)>,
    ) -> Vec<Result<Accepted, LedgerError>> {
        let count = batch.len();
        let all = |error: LedgerError| vec![Err(error); count];
        let permit =
            u32::try_from(count).ok().and_then(|count| self.batched.clone().try_acquire_many_owned(count).ok());
        let Some(permit) = permit else { return all(LedgerError::Busy) };
        let ids: Vec<_> = batch.iter().map(|(signed, _)| self.names(signed)).collect();
        let Some(transactions) = self.verify_many(batch).await else { return all(LedgerError::Stopped) };
        let mut answers = match self.accept_many(transactions, permit).await {
            Ok(answers) => answers,
            Err(error) => return all(error),
        };
        for (answer, names) in answers.iter_mut().zip(ids) {
            if let Err(error) = answer {
                *answer = self.answer_again(std::mem::replace(error, LedgerError::Stopped), names).await;
            }
        }
        answers
    }

    /// Accepts transactions whose signatures were checked, as [`Self::submit_batch`] does, and waits where that says `Busy`.
    ///
    /// # Errors
    /// `Busy` when they are more than ever may wait, `Stopped` when the writer has.
    pub async fn submit_verified(
        &self,
        batch: Vec<VerifiedTransaction>,
    ) -> Result<Vec<Result<Accepted, LedgerError>>, LedgerError> {
        let count = u32::try_from(batch.len()).ok().filter(|count| *count <= BATCHED_MAX).ok_or(LedgerError::Busy)?;
        let permit = self.batched.clone().acquire_many_owned(count).await.map_err(|_| LedgerError::Stopped)?;
        self.accept_many(batch.into_iter().map(|verified| (Ok(verified), None)).collect(), permit).await
    }

    /// Checks signatures on all workers; none when they are gone.
    async fn verify_many(
        &self,
        batch: Vec<(SignedTransaction, Option<Memo>)>,
    ) -> Option<Vec<(verify::Verified, Option<Memo>)>> {
        let mut waiting = Vec::new();
        let (signed, memos): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let mut signed = signed.into_iter();
        loop {
            let part: Vec<_> = signed.by_ref().take(verify::BATCH_MAX).collect();
            if part.is_empty() {
                break;
            }
            let (reply, answer) = oneshot::channel();
            self.verify.send(Submission::Many { signed: part, reply }).await.ok()?;
            waiting.push(answer);
        }
        let mut verified = Vec::with_capacity(memos.len());
        for answer in waiting {
            verified.extend(answer.await.ok()?);
        }
        let checked = |(verified, memo): (verify::Verified, Option<Memo>)| match verified {
            Ok(verified) if memo.as_ref().map(Memo::hash) != verified.transaction().memo_hash => {
                (Err(LedgerError::MemoMismatch), None)
            }
            verified => (verified, memo),
        };
        Some(verified.into_iter().zip(memos).map(checked).collect())
    }

    async fn accept_many(
        &self,
        transactions: Vec<(verify::Verified, Option<Memo>)>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Vec<Result<Accepted, LedgerError>>, LedgerError> {
        let (reply, answers) = oneshot::channel();
        let many = Many { transactions, reply, permit };
        self.writer.send(Request::SubmitMany(Box::new(many))).await.map_err(|_| LedgerError::Stopped)?;
        answers.await.map_err(|_| LedgerError::Stopped)
    }

    /// What a transaction is looked up by once it is too old, or its key has changed.
    fn names(&self, signed: &SignedTransaction) -> (Address, PaymentId, TransactionId) {
        let transaction = &signed.transaction;
        (transaction.signer, transaction.payment_id, transaction.id(&self.context.genesis.hash))
    }

    /// The answer to a transaction that cannot be accepted now, but may have been before.
    async fn answer_again(
        &self,
        error: LedgerError,
        (signer, payment_id, id): (Address, PaymentId, TransactionId),
    ) -> Result<Accepted, LedgerError> {
        match error {
            LedgerError::Refused(Refusal::Expired) | LedgerError::WrongSignature => {
                self.accepted_long_ago(signer, payment_id, id).await.unwrap_or(Err(error))
            }
            error => Err(error),
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
            let block = reader.height_of(record.number);
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

    /// The rotation by which the system key gives an account another key, for a [`Change`].
    pub fn sign_recovery(&self, account: Address, public_key: PublicKey, random: [u8; 10]) -> SignedTransaction {
        let id = PaymentId::new(self.now_ms(), random);
        let transaction = Transaction::new(account, Operation::RotateKey { public_key }, id, None);
        transaction.sign(&self.context.keys.system, &self.context.genesis.hash)
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

    /// Signs payments for the system account, away from the threads that answer requests.
    ///
    /// # Errors
    /// When the process ends.
    pub async fn sign(
        &self,
        payments: Vec<SystemPayment>,
    ) -> Result<Vec<(SignedTransaction, Option<Memo>)>, LedgerError> {
        let context = self.context.clone();
        let signing = tokio::task::spawn_blocking(move || {
            let sign = |SystemPayment { operation, payment_id, memo }: SystemPayment| {
                let hash = memo.as_ref().map(Memo::hash);
                let transaction = Transaction::new(context.genesis.system, operation, payment_id, hash);
                (transaction.sign(&context.keys.system, &context.genesis.hash), memo)
            };
            payments.into_iter().map(sign).collect()
        });
        signing.await.map_err(|_| LedgerError::Stopped)
    }

    /// Accepts all of some payments, together with what `change` makes of the committed store, as one commit; or does
    /// nothing. `change` runs on the writer thread, and is told which number the first payment's record will have; those
    /// of the others follow. A single payment that is sent again is answered as the first time, however late.
    ///
    /// # Errors
    /// What `change` says, or why a payment was not accepted; nothing has changed then.
    pub async fn submit_with<T: Send + 'static, E: Send + 'static>(
        &self,
        signed: Vec<(SignedTransaction, Option<Memo>)>,
        change: impl FnOnce(&dyn Snapshot, u64) -> Result<(Batch, T), E> + Send + 'static,
    ) -> Result<Paid<T>, ChangeError<E>> {
        let only = if let [(signed, _)] = &*signed { Some(self.names(signed)) } else { None };
        let verified = self.verify_many(signed).await.ok_or(LedgerError::Stopped)?;
        let checked = verified.into_iter().map(|(verified, memo)| verified.map(|verified| (verified, memo)));
        let payments = checked.collect::<Result<Vec<_>, LedgerError>>()?;
        let (reply, answer) = oneshot::channel();
        let paying = OnePaying { change: Some(change), answer: None, reply: Some(reply) };
        let pay = Pay { payments, paying: Box::new(paying) };
        self.writer.send(Request::Pay(Box::new(pay))).await.map_err(|_| LedgerError::Stopped)?;
        match (answer.await.unwrap_or(Err(LedgerError::Stopped.into())), only) {
            (Err(ChangeError::Ledger(error)), Some(names)) => Ok(Paid::Before(self.answer_again(error, names).await?)),
            (answer, _) => answer,
        }
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

/// What every part of the engine knows of the ledger that was opened, if the keys are its own.
fn context(opened: &Opened, keys: Keys, times: Arc<dyn Times>) -> Result<Context, OpenError> {
    let state = &opened.state;
    let (system, account) = state.numbered(AccountNumber::SYSTEM);
    if account.key_at(state.last_accepted_us()) != keys.system.public_key() {
        return Err(OpenError::ForeignKey("system"));
    }
    if state.head().leader_key != keys.leader.public_key() {
        return Err(OpenError::ForeignKey("leader"));
    }
    let genesis = GenesisContext { genesis: state.genesis().clone(), hash: state.genesis_hash(), system };
    let last_us = state.last_accepted_us().max(state.head().solved_ms.saturating_mul(1000));
    Ok(Context { genesis, keys, clock: Clock::starting_after(last_us, times) })
}

/// What readers see of the ledger that was opened.
fn committed(opened: &Opened, read_only: Option<String>) -> Committed {
    let Opened { state, last, ends, .. } = opened;
    Committed::of(state, last, writer::view_of(state, read_only), ends.clone())
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

/// Payments that wait for the writer, with who waits for them.
struct OnePaying<T, E, F> {
    change: Option<F>,
    answer: Option<T>,
    reply: Option<oneshot::Sender<Result<Paid<T>, ChangeError<E>>>>,
}

impl<T, E, F> Paying for OnePaying<T, E, F>
where
    T: Send,
    E: Send,
    F: FnOnce(&dyn Snapshot, u64) -> Result<(Batch, T), E> + Send,
{
    fn prepare(&mut self, from: &dyn Snapshot, first: u64) -> Option<Batch> {
        match self.change.take()?(from, first) {
            Ok((batch, answer)) => {
                self.answer = Some(answer);
                Some(batch)
            }
            Err(error) => {
                if let Some(reply) = self.reply.take() {
                    drop(reply.send(Err(ChangeError::Refused(error))));
                }
                None
            }
        }
    }

    fn answer(self: Box<Self>, first: Result<Accepted, LedgerError>) {
        let Self { answer, reply, .. } = *self;
        if let (Some(answer), Some(reply)) = (answer, reply) {
            drop(reply.send(match first {
                Ok(first) if first.repeated => Ok(Paid::Before(first)),
                Ok(first) => Ok(Paid::Now(first, answer)),
                Err(error) => Err(error.into()),
            }));
        }
    }
}
