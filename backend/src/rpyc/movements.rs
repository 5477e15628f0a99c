//! What moved on an account, as histories tell it.

use super::amounts;
use super::data::{Data, Dict, Key, dict};
use super::limits::MOVEMENTS_MAX;
use crate::identity::Identity;
use crate::ledger::{Entry, EntryKind, Ledger, StoreError, StoredRecord};
use qoin_core::{address::Address, amount::Amount, api::account::Party, transaction::Operation};
use std::sync::Arc;

/// What stands for a payment without a memo, or with one that the member may not see.
const TRANSACTION: &str = "Transaction";
/// What stands for a block's reward.
const REWARD: &str = "Reward";

/// A movement.
pub struct Movement {
    /// When it was accepted, in seconds. No two of an account are equal.
    pub ts: f64,
    /// As the client gets it.
    pub data: Data,
}

/// The newest movements of an account, oldest first. Reads from the disk.
///
/// # Errors
/// When the store cannot be read.
pub fn of(ledger: &Ledger, identity: &Identity, own: &Address) -> Result<Vec<Movement>, StoreError> {
    let mut entries = ledger.read().history(own, None, MOVEMENTS_MAX)?;
    entries.reverse();
    let mut told = Told { ledger, identity, own, names: Names::default(), last_us: 0 };
    Ok(entries.into_iter().filter_map(|entry| told.movement(entry)).collect())
}

/// All movements by their times.
pub fn by_time(movements: Vec<Movement>) -> Data {
    let entries = movements.into_iter().filter_map(|movement| Some((Key::of_number(movement.ts)?, movement.data)));
    Data::Dict(Dict::new(entries))
}

/// Texts that many movements share.
#[derive(Default)]
struct Names {
    parties: std::collections::HashMap<Address, (Data, Data)>,
    transaction: Option<Data>,
    reward: Option<Data>,
}

struct Told<'a> {
    ledger: &'a Ledger,
    identity: &'a Identity,
    own: &'a Address,
    names: Names,
    last_us: u64,
}

impl Told<'_> {
    fn movement(&mut self, entry: Entry) -> Option<Movement> {
        let (amount, is_outgoing, party, label, at_us) = match entry.what {
            EntryKind::Reward { amount, to, solved_ms, .. } => {
                let is_outgoing = to != *self.own;
                let party = if is_outgoing { to } else { self.ledger.genesis().system };
                let label = self.names.reward.get_or_insert_with(|| REWARD.into()).clone();
                (amount, is_outgoing, party, label, solved_ms.saturating_mul(1_000))
            }
            EntryKind::Record { stored, .. } => {
                let StoredRecord { record, memo, .. } = *stored;
                let transaction = &record.signed.transaction;
                let Operation::Transfer { to, amount } = transaction.operation else { return None };
                let is_outgoing = transaction.signer == *self.own;
                let party = if is_outgoing { to } else { transaction.signer };
                let label = match memo {
                    Some(memo) => Data::Str(Arc::from(memo.text())),
                    None => self.names.transaction.get_or_insert_with(|| TRANSACTION.into()).clone(),
                };
                (amount, is_outgoing, party, label, record.accepted_us)
            }
        };
        // A reward's time is the block's, which may be that of a payment.
        self.last_us = at_us.max(self.last_us + 1);
        let ts = seconds(self.last_us);
        let (name, email) = self.party(party);
        let amount = self.amount(amount, is_outgoing);
        let entries = [("amount", amount), ("name", name), ("email", email), ("label", label), ("ts", Data::Float(ts))];
        Some(Movement { ts, data: dict(entries) })
    }

    fn amount(&self, amount: Amount, is_outgoing: bool) -> Data {
        let decimals = self.ledger.genesis().genesis.decimals;
        if is_outgoing { amounts::negative(amount, decimals) } else { amounts::data(amount, decimals) }
    }

    fn party(&mut self, address: Address) -> (Data, Data) {
        let identity = self.identity;
        self.names
            .parties
            .entry(address)
            .or_insert_with(|| {
                let Party { name, email, .. } = identity.party(&address);
                (name.unwrap_or_else(|| address.to_string()).into(), email.unwrap_or_default().into())
            })
            .clone()
    }
}

/// Microseconds as seconds: exact enough to tell any two apart for the next two hundred years.
#[expect(clippy::cast_precision_loss, reason = "53 bits hold the microseconds until the year 2255")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}
