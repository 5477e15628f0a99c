//! The system account's statement: every movement, what was there after it, and who caused it.

use super::error::TreasuryError;
use super::record::{CauseRecord, Record};
use super::view::actor_name;
use super::{order::number_of, refund, repayment};
use crate::identity::{Granted, Identity, right};
use crate::ledger::{Entry, EntryKind, MovementRef, PositionError};
use crate::store::{Order as Sort, Snapshot, Table};
use qoin_core::{address::Address, amount::Amount, transaction::Operation};
use std::fmt;
use std::ops::Bound;
use std::str::FromStr;

/// How often it is read anew when something came in between.
const TRIES: usize = 3;

/// A page of the statement.
pub struct Statement {
    /// Newest first.
    pub lines: Vec<Line>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

/// One movement.
pub struct Line {
    /// What it was.
    pub entry: Entry,
    /// The balance with all that was pending, after it.
    pub balance_after: Option<Amount>,
    /// Who caused it.
    pub caused_by: Option<String>,
    /// The record that it gives back.
    pub refund_of: Option<u64>,
    /// How much of it was given or asked back.
    pub reversed: Amount,
}

/// Where a page begins: behind a movement, and what was there before that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    movement: MovementRef,
    balance: Option<Amount>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.balance {
            Some(balance) => write!(f, "{}.{balance}", self.movement),
            None => write!(f, "{}", self.movement),
        }
    }
}

impl FromStr for Cursor {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (movement, balance) = match text.split_once('.') {
            Some((movement, balance)) => (movement, Some(balance.parse().map_err(|_| PositionError::new(text))?)),
            None => (text, None),
        };
        Ok(Self { movement: movement.parse()?, balance })
    }
}

impl Granted<right::ViewTreasury> {
    /// Up to `limit` movements of the system account from `before` on, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn statement(&self, before: Option<Cursor>, limit: usize) -> Result<Statement, TreasuryError> {
        statement(self.identity(), before, limit)
    }
}

/// The same for whoever has shown the right before.
pub(crate) fn statement(identity: &Identity, before: Option<Cursor>, limit: usize) -> Result<Statement, TreasuryError> {
    let reader = identity.ledger().read();
    let system = identity.ledger().genesis().system;
    let (mut entries, mut balance) = match before {
        // One more than asked for tells whether there is a next page.
        Some(Cursor { movement, balance }) => (reader.history(&system, Some(movement), limit + 1)?, balance),
        None => newest(identity, &system, limit + 1)?,
    };
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let snapshot = reader.snapshot()?;
    let mut lines = Vec::with_capacity(entries.len());
    let mut next = None;
    for entry in entries {
        let balance_after = balance;
        balance = balance.and_then(|balance| undone(balance, &entry, &system));
        next = Some(Cursor { movement: entry.at, balance });
        lines.push(line(identity, &*snapshot, &system, entry, balance_after)?);
    }
    Ok(Statement { lines, next: next.filter(|_| has_more) })
}

/// The newest movements with what is there after them, if nothing comes in between.
fn newest(identity: &Identity, system: &Address, limit: usize) -> Result<(Vec<Entry>, Option<Amount>), TreasuryError> {
    let reader = identity.ledger().read();
    let mut entries = Vec::new();
    for _ in 0..TRIES {
        let before = reader.account(system);
        entries = reader.history(system, None, limit)?;
        if let Some(before) = before.filter(|before| before.position == reader.position()) {
            let account = before.account;
            let with_incoming = account.balance.checked_add(account.incoming);
            return Ok((entries, with_incoming.and_then(|sum| sum.checked_sub(account.outgoing))));
        }
    }
    Ok((entries, None))
}

/// What was there before a movement.
fn undone(after: Amount, entry: &Entry, system: &Address) -> Option<Amount> {
    match effect(entry, system) {
        Effect::In(amount) => after.checked_sub(amount),
        Effect::Out(amount) => after.checked_add(amount),
        Effect::None => Some(after),
    }
}

/// What a movement did to the system account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// So much came in.
    In(Amount),
    /// So much went out.
    Out(Amount),
    /// No money moved.
    None,
}

/// What a movement did to the system account.
pub fn effect(entry: &Entry, system: &Address) -> Effect {
    match &entry.what {
        EntryKind::Reward { amount, .. } => Effect::Out(*amount),
        EntryKind::Record { stored, .. } => {
            let transaction = &stored.record.signed.transaction;
            match &transaction.operation {
                Operation::Transfer { amount, .. } | Operation::Burn { amount } if transaction.signer == *system => {
                    Effect::Out(*amount)
                }
                Operation::Transfer { amount, .. } | Operation::Issue { amount } => Effect::In(*amount),
                _ => Effect::None,
            }
        }
    }
}

fn line(
    identity: &Identity,
    snapshot: &dyn Snapshot,
    system: &Address,
    entry: Entry,
    balance_after: Option<Amount>,
) -> Result<Line, TreasuryError> {
    let mut line = Line { entry, balance_after, caused_by: None, refund_of: None, reversed: Amount::ZERO };
    let EntryKind::Record { stored, .. } = &line.entry.what else { return Ok(line) };
    let number = stored.record.number;
    let transaction = &stored.record.signed.transaction;
    let is_own = transaction.signer == *system;
    match cause(snapshot, number)? {
        Some(cause) => {
            let by = actor_name(identity, &cause.who);
            let approved = cause.approved_by.map(|approver| actor_name(identity, &approver));
            line.caused_by =
                Some(approved.map_or_else(|| by.clone(), |approver| format!("{by}, approved by {approver}")));
            line.refund_of = cause.refund_of;
        }
        None if !is_own => line.caused_by = identity.party(&transaction.signer).name,
        None => {}
    }
    if let Operation::Transfer { .. } = transaction.operation {
        let reversed = if is_own { repayment::asked_back } else { refund::refunded };
        line.reversed = reversed(snapshot, number)?;
    }
    Ok(line)
}

/// Who caused a record.
fn cause(snapshot: &dyn Snapshot, number: u64) -> Result<Option<CauseRecord>, TreasuryError> {
    let key = number.to_be_bytes();
    let to = Bound::Included(key.as_slice());
    let found = snapshot.range(Table::Causes, Bound::Unbounded, to, Sort::Descending, 1)?;
    let Some((key, bytes)) = found.first() else { return Ok(None) };
    let cause = CauseRecord::from_bytes(bytes)?;
    Ok((number - number_of(key) < u64::from(cause.count)).then_some(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        for text in ["t7", "r3.0", "t12.9930000"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for text in ["", "t7.", "t7.x", ".5", "t7.-1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
