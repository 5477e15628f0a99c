//! What the store keeps of workers: blocks and rewards. Shares and hash rates are of the process.

use super::workers::{Earned, Key, Worker, Workers};
use crate::{
    ledger::{Change, ChangeError, Ledger, StoreError},
    store::{Batch, Order, Table},
};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    address::Address,
    amount::Amount,
    encode::{decode, encode},
};
use std::{convert::Infallible, ops::Bound, sync::Arc};

/// The version of the record so far.
const VERSION: u8 = 1;

#[derive(BorshSerialize, BorshDeserialize)]
struct Record {
    version: u8,
    blocks: u64,
    rewards: Amount,
    seen_ms: u64,
}

/// The workers that earlier processes counted.
///
/// # Errors
/// When the store fails, or a newer release wrote it.
pub(super) fn load(ledger: &Ledger) -> Result<Workers, StoreError> {
    let workers = Workers::default();
    let snapshot = ledger.read().snapshot()?;
    let stored = snapshot.range(Table::Workers, Bound::Unbounded, Bound::Unbounded, Order::Ascending, usize::MAX)?;
    for (bytes, value) in stored {
        let corrupt = |detail: String| StoreError::Corrupt { path: Table::Workers.name().into(), detail };
        let record: Record = decode(&value).map_err(|error| corrupt(error.to_string()))?;
        if record.version != VERSION {
            return Err(corrupt(format!("a record of version {}, written by another release", record.version)));
        }
        let key = read_key(&bytes).ok_or_else(|| corrupt("a key that names no worker".into()))?;
        let Record { blocks, rewards, seen_ms, .. } = record;
        workers.restore(key, Earned { blocks, rewards, seen_ms }, ledger.now_ms());
    }
    Ok(workers)
}

/// Writes down what a worker has earned, soon.
pub(super) fn keep(ledger: &Ledger, workers: &Workers, worker: &Arc<Worker>) {
    let (ledger, workers, worker) = (ledger.clone(), workers.clone(), worker.clone());
    tokio::spawn(async move {
        let written = ledger.change(move |_| {
            let mut batch = Batch::new();
            for key in workers.take_forgotten() {
                batch.delete(Table::Workers, key_bytes(&key));
            }
            // Counted now and not before: of two changes under way the later one writes no less.
            let Earned { blocks, rewards, seen_ms } = worker.earned();
            let record = Record { version: VERSION, blocks, rewards, seen_ms };
            batch.put(Table::Workers, key_bytes(&worker.key), encode(&record));
            Ok::<_, Infallible>(Change { batch, transaction: None, answer: () })
        });
        if let Err(ChangeError::Ledger(error)) = written.await {
            tracing::warn!(%error, "a worker's count was not kept");
        }
    });
}

fn key_bytes((owner, name): &Key) -> Vec<u8> {
    let mut bytes = vec![u8::from(owner.is_some())];
    bytes.extend(owner.iter().flat_map(|owner| owner.to_bytes()));
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

fn read_key(bytes: &[u8]) -> Option<Key> {
    let (owner, name) = match bytes.split_first()? {
        (0, name) => (None, name),
        (1, rest) => {
            let (owner, name) = rest.split_first_chunk()?;
            (Some(Address::from_bytes(*owner)), name)
        }
        _ => return None,
    };
    Some((owner, String::from_utf8(name.to_vec()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back() {
        for key in [(None, String::new()), (Some(Address::from_bytes([7; 20])), "rig.1".to_owned())] {
            assert_eq!(read_key(&key_bytes(&key)), Some(key));
        }
        assert_eq!(read_key(&[]), None);
        assert_eq!(read_key(&[1, 2, 3]), None);
        assert_eq!(read_key(&[2]), None);
    }
}
