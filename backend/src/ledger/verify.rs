//! Worker threads that check signatures, in batches, before the writer sees them.

use super::{
    Clock, LedgerError,
    handle::{Context, Submission},
    read::Reader,
    writer::Request,
};
use crate::store::StoreError;
use getrandom::SysRng;
use qoin_core::{
    address::Address,
    keys::PublicKey,
    ledger::Account,
    transaction::{Operation, SignedTransaction, VerifiedTransaction, WrongSignature},
};
use rand_core::UnwrapErr;
use std::{
    sync::{Arc, Mutex},
    thread,
};
use tokio::sync::mpsc;

/// How many signatures one worker checks together at most.
const BATCH_MAX: usize = 64;

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
                verify(std::mem::take(&mut batch), &writer, &reader, &context);
            }
        })?;
    }
    Ok(())
}

fn verify(batch: Vec<Submission>, writer: &mpsc::Sender<Request>, reader: &Reader, context: &Context) {
    let mut signed = Vec::with_capacity(batch.len());
    let mut waiting = Vec::with_capacity(batch.len());
    for Submission { signed: transaction, memo, reply } in batch {
        match key_of(&transaction, reader, &context.clock) {
            Ok(Some(key)) => {
                signed.push((transaction, key));
                waiting.push((memo, reply));
            }
            Ok(None) => drop(reply.send(Err(qoin_core::ledger::Refusal::UnknownSigner.into()))),
            Err(error) => {
                tracing::error!(%error, "cannot read an account's key");
                drop(reply.send(Err(LedgerError::Stopped)));
            }
        }
    }
    let verified = SignedTransaction::verify_batch(signed, &context.genesis.hash, UnwrapErr(SysRng));
    for (verified, (memo, reply)) in verified.into_iter().zip(waiting) {
        match verified {
            Ok(verified) => {
                if let Err(error) = writer.try_send(Request::Submit { verified: Box::new(verified), memo, reply }) {
                    refuse(error);
                }
            }
            Err(WrongSignature) => drop(reply.send(Err(LedgerError::WrongSignature))),
        }
    }
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

fn key_of(signed: &SignedTransaction, reader: &Reader, clock: &Clock) -> Result<Option<PublicKey>, StoreError> {
    if let Operation::OpenAccount { public_key } = &signed.transaction.operation {
        return Ok(Some(*public_key));
    }
    let account = reader.account(&signed.transaction.signer)?;
    Ok(account.map(|snapshot| snapshot.account.key_at(clock.now_us())))
}

/// Checks one signature under the keys that may have made it: the account's own, and for a rotation the system's.
pub(super) fn verify_one<'a>(
    signed: SignedTransaction,
    context: &Context,
    account: impl Fn(&Address) -> Option<&'a Account>,
) -> Result<VerifiedTransaction, LedgerError> {
    let now_us = context.clock.now_us();
    let key = match &signed.transaction.operation {
        Operation::OpenAccount { public_key } => *public_key,
        _ => account(&signed.transaction.signer).ok_or(qoin_core::ledger::Refusal::UnknownSigner)?.key_at(now_us),
    };
    signed.verify(&key, &context.genesis.hash).map_err(|WrongSignature| LedgerError::WrongSignature)
}
