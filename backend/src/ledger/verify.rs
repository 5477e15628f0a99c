//! Worker threads that check signatures, in batches, before the writer sees them.

use super::{
    LedgerError,
    handle::{Accepted, Context},
    read::Reader,
    writer::Request,
};
use getrandom::SysRng;
use qoin_core::{
    address::Address,
    keys::PublicKey,
    ledger::{Account, Refusal},
    memo::Memo,
    transaction::{Operation, SignedTransaction, VerifiedTransaction, WrongSignature},
};
use rand_core::UnwrapErr;
use std::{
    sync::{Arc, Mutex},
    thread,
};
use tokio::sync::{mpsc, oneshot};

/// How many signatures one worker checks together at most.
pub(super) const BATCH_MAX: usize = 1_024;

/// What waits for its signatures to be checked.
pub(super) enum Submission {
    /// A transaction that goes on to the writer by itself.
    One { signed: Box<SignedTransaction>, memo: Option<Memo>, reply: oneshot::Sender<Result<Accepted, LedgerError>> },
    /// At most [`BATCH_MAX`] that go back to where they came from.
    Many { signed: Vec<SignedTransaction>, reply: oneshot::Sender<Vec<Verified>> },
}

/// A transaction with its signature checked, or why it is none.
pub(super) type Verified = Result<VerifiedTransaction, LedgerError>;

/// Starts the workers; they end when the last sender of `queue` is gone.
pub(super) fn start(
    queue: mpsc::Receiver<Submission>,
    writer: mpsc::Sender<Request>,
    reader: Reader,
    context: Arc<Context>,
) -> std::io::Result<()> {
    let queue = Arc::new(Mutex::new(queue));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    for number in 0..workers {
        let (queue, writer, reader, context) = (queue.clone(), writer.clone(), reader.clone(), context.clone());
        thread::Builder::new().name(format!("verify-{number}")).spawn(move || {
            let mut batch = Vec::with_capacity(BATCH_MAX);
            loop {
                let received = queue.lock().expect("no worker panics").blocking_recv_many(&mut batch, BATCH_MAX);
                if received == 0 {
                    break;
                }
                work(batch.drain(..), &writer, &reader, &context);
            }
        })?;
    }
    Ok(())
}

fn work(
    batch: impl ExactSizeIterator<Item = Submission>,
    writer: &mpsc::Sender<Request>,
    reader: &Reader,
    context: &Context,
) {
    let mut singles = Vec::with_capacity(batch.len());
    let mut waiting = Vec::with_capacity(batch.len());
    for submission in batch {
        match submission {
            Submission::One { signed, memo, reply } => {
                singles.push(*signed);
                waiting.push((memo, reply));
            }
            // Whoever asked may be gone.
            Submission::Many { signed, reply } => drop(reply.send(verify(signed, reader, context))),
        }
    }
    for (verified, (memo, reply)) in verify(singles, reader, context).into_iter().zip(waiting) {
        match verified {
            Ok(verified) => {
                if let Err(error) = writer.try_send(Request::Submit { verified: Box::new(verified), memo, reply }) {
                    refuse(error);
                }
            }
            Err(error) => drop(reply.send(Err(error))),
        }
    }
}

/// Checks signatures together, each under the key that its signer has now; the writer checks that it still is.
fn verify(signed: Vec<SignedTransaction>, reader: &Reader, context: &Context) -> Vec<Verified> {
    let now_us = context.clock.now_us();
    let key_at = |address: &Address| reader.account(address).map(|snapshot| snapshot.account.key_at(now_us));
    let keys: Vec<Option<PublicKey>> = signed.iter().map(|signed| key_of(signed, context, key_at)).collect();
    let known = signed.into_iter().zip(&keys).filter_map(|(signed, key)| key.map(|key| (signed, key))).collect();
    let mut verified = SignedTransaction::verify_batch(known, &context.genesis.hash, UnwrapErr(SysRng)).into_iter();
    let answer = |key: &Option<PublicKey>| match key {
        Some(_) => {
            let verified = verified.next().expect("an answer for each that had a key");
            verified.map_err(|WrongSignature| LedgerError::WrongSignature)
        }
        None => Err(Refusal::UnknownSigner.into()),
    };
    keys.iter().map(answer).collect()
}

/// Answers a request that the writer's queue did not take.
fn refuse(error: mpsc::error::TrySendError<Request>) {
    let (request, answer) = match error {
        mpsc::error::TrySendError::Full(request) => (request, LedgerError::Busy),
        mpsc::error::TrySendError::Closed(request) => (request, LedgerError::Stopped),
    };
    if let Request::Submit { reply, .. } = request {
        drop(reply.send(Err(answer)));
    }
}

/// Checks one signature under the key that should have made it.
pub(super) fn verify_one<'a>(
    signed: SignedTransaction,
    context: &Context,
    account: impl Fn(&Address) -> Option<&'a Account>,
) -> Result<VerifiedTransaction, LedgerError> {
    let now_us = context.clock.now_us();
    let key = key_of(&signed, context, |address| account(address).map(|account| account.key_at(now_us)));
    let key = key.ok_or(Refusal::UnknownSigner)?;
    signed.verify(&key, &context.genesis.hash).map_err(|WrongSignature| LedgerError::WrongSignature)
}

/// The key that should have signed: the account's own, or for a rotation that this one did not sign, the system's.
fn key_of(
    signed: &SignedTransaction,
    context: &Context,
    key_at: impl Fn(&Address) -> Option<PublicKey>,
) -> Option<PublicKey> {
    match &signed.transaction.operation {
        Operation::OpenAccount { public_key } => Some(*public_key),
        Operation::RotateKey { .. } => {
            let own = key_at(&signed.transaction.signer)?;
            let is_own = signed.clone().verify(&own, &context.genesis.hash).is_ok();
            if is_own { Some(own) } else { key_at(&context.genesis.system) }
        }
        _ => key_at(&signed.transaction.signer),
    }
}
