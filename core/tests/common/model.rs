//! The ledger's rules once more, as plainly as they can be written: every record is kept, and every sum is added up anew.

use super::chain::{RECOVERY_DELAY_MS, START_MS};
use qoin_core::{
    address::Address,
    hash::TransactionId,
    keys::PublicKey,
    payment_id::PaymentId,
    transaction::{Operation, Transaction, VerifiedTransaction},
};
use std::collections::BTreeMap;

const DAY_MS: u64 = 86_400_000;
const MINUTE_MS: u64 = 60_000;

/// What the model expects of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    Accepted,
    Repeated(u64),
    /// Sent again after its id may have been forgotten: the first answer, or a refusal.
    RepeatedOrRefused(u64),
    Refused,
}

pub struct ModelAccount {
    pub balance: u64,
    pub key: PublicKey,
    pub recoverable: bool,
    /// The key that comes, and when.
    pub rotation: Option<(PublicKey, u64)>,
}

pub struct Model {
    system: Address,
    units_per_whole: u64,
    pub accounts: BTreeMap<Address, ModelAccount>,
    pub log: Vec<Transaction>,
    ids: BTreeMap<(Address, PaymentId), (TransactionId, u64)>,
    pub sealed: usize,
    pub issued: u64,
    pub burned: u64,
    pub leader: PublicKey,
    last_us: u64,
}

impl Model {
    pub fn new(system_key: PublicKey, leader: PublicKey, issued: u64) -> Self {
        let system = Address::of(&system_key);
        let account = ModelAccount { balance: issued, key: system_key, recoverable: true, rotation: None };
        Self {
            system,
            units_per_whole: 100,
            accounts: BTreeMap::from([(system, account)]),
            log: Vec::new(),
            ids: BTreeMap::new(),
            sealed: 0,
            issued,
            burned: 0,
            leader,
            last_us: START_MS * 1000,
        }
    }

    /// What leaves an account with the records from `self.sealed` on, to another account or for ever.
    pub fn outgoing(&self, address: &Address) -> u64 {
        let pending = self.log[self.sealed..].iter().filter(|transaction| transaction.signer == *address);
        pending.map(|transaction| moved(&transaction.operation)).sum()
    }

    pub fn incoming(&self, address: &Address) -> u64 {
        let pending = self.log[self.sealed..].iter();
        pending.map(|transaction| received(transaction, address, &self.system)).sum()
    }

    pub fn available(&self, address: &Address) -> u64 {
        self.accounts[address].balance - self.outgoing(address)
    }

    /// The key that signs for an account at a moment.
    pub fn key(&self, address: &Address, now_us: u64) -> Option<PublicKey> {
        let account = self.accounts.get(address)?;
        match account.rotation {
            Some((key, effective_us)) if effective_us <= now_us => Some(key),
            _ => Some(account.key),
        }
    }

    /// What the leader has to answer.
    pub fn expect(&self, verified: &VerifiedTransaction, now_us: u64) -> Expected {
        let transaction = verified.transaction();
        let (now_ms, created_ms) = (now_us / 1000, transaction.payment_id.created_ms());
        if let Some((id, number)) = self.ids.get(&(transaction.signer, transaction.payment_id)) {
            return match *id == verified.id() {
                true if created_ms + DAY_MS < now_ms => Expected::RepeatedOrRefused(*number),
                true => Expected::Repeated(*number),
                false => Expected::Refused,
            };
        }
        let in_time = created_ms + DAY_MS >= now_ms && created_ms <= now_ms + 5 * MINUTE_MS;
        let allowed = in_time && now_us > self.last_us && self.allows(transaction, verified.key(), now_us);
        if allowed { Expected::Accepted } else { Expected::Refused }
    }

    fn allows(&self, transaction: &Transaction, signed_by: PublicKey, now_us: u64) -> bool {
        let signer = &transaction.signer;
        if let Operation::OpenAccount { public_key } = transaction.operation {
            return !self.accounts.contains_key(signer)
                && Address::of(&public_key) == *signer
                && signed_by == public_key;
        }
        let Some(account) = self.accounts.get(signer) else { return false };
        let current = self.key(signer, now_us).expect("open");
        let by_owner = signed_by == current;
        let by_system = Some(signed_by) == self.key(&self.system, now_us);
        let is_system = *signer == self.system;
        let reserve = if is_system { self.largest_reward() } else { 0 };
        let covered = |amount: u64| amount > 0 && amount <= self.available(signer).saturating_sub(reserve);
        match &transaction.operation {
            Operation::OpenAccount { .. } => unreachable!("answered above"),
            Operation::Transfer { to, amount } => {
                by_owner && to != signer && self.accounts.contains_key(to) && covered(amount.units())
            }
            Operation::RotateKey { public_key } => {
                *public_key != current && (by_owner || (by_system && account.recoverable))
            }
            Operation::CancelRotation => by_owner && account.rotation.is_some_and(|(_, at_us)| at_us > now_us),
            Operation::SetRecoverable { .. } => by_owner,
            Operation::Issue { amount } => {
                let issued = self.log[self.sealed..].iter().fold(self.issued, |sum, record| sum + issued(record));
                by_owner && is_system && !amount.is_zero() && issued.checked_add(amount.units()).is_some()
            }
            Operation::Burn { amount } => by_owner && is_system && covered(amount.units()),
            Operation::ReplaceLeader { public_key } => by_owner && is_system && *public_key != self.next_leader(),
        }
    }

    /// The key that seals once everything in the log is sealed.
    fn next_leader(&self) -> PublicKey {
        let mut pending = self.log[self.sealed..].iter().rev();
        let named = pending.find_map(|transaction| match transaction.operation {
            Operation::ReplaceLeader { public_key } => Some(public_key),
            _ => None,
        });
        named.unwrap_or(self.leader)
    }

    fn largest_reward(&self) -> u64 {
        self.reward(self.issued - self.burned)
    }

    /// The reward rule, by counting written digits.
    fn reward(&self, transferred: u64) -> u64 {
        match transferred {
            0 => 0,
            _ => {
                let digits = (transferred / self.units_per_whole).to_string().len() as u64;
                (digits - 1).max(1) * self.units_per_whole
            }
        }
    }

    /// Takes an accepted transaction into the log; gives its number.
    pub fn accept(&mut self, verified: &VerifiedTransaction, now_us: u64) -> u64 {
        let transaction = verified.transaction().clone();
        let signer = transaction.signer;
        let number = self.log.len() as u64;
        let current = self.key(&signer, now_us);
        match &transaction.operation {
            Operation::OpenAccount { public_key } => {
                let account = ModelAccount { balance: 0, key: *public_key, recoverable: true, rotation: None };
                self.accounts.insert(signer, account);
            }
            Operation::RotateKey { public_key } => {
                let account = self.accounts.get_mut(&signer).expect("open");
                if Some(verified.key()) == current {
                    (account.key, account.rotation) = (*public_key, None);
                } else {
                    account.key = current.expect("open");
                    account.rotation = Some((*public_key, now_us + RECOVERY_DELAY_MS * 1000));
                }
            }
            Operation::CancelRotation => self.accounts.get_mut(&signer).expect("open").rotation = None,
            Operation::SetRecoverable { recoverable } => {
                self.accounts.get_mut(&signer).expect("open").recoverable = *recoverable;
            }
            _ => {}
        }
        self.ids.insert((signer, transaction.payment_id), (verified.id(), number));
        self.log.push(transaction);
        self.last_us = now_us;
        number
    }

    /// The reward of a block of the next `count` records.
    pub fn reward_of(&self, count: u32) -> u64 {
        let block = &self.log[self.sealed..self.sealed + count as usize];
        let transfers = block.iter().filter(|record| matches!(record.operation, Operation::Transfer { .. }));
        let reward = self.reward(transfers.map(|record| moved(&record.operation)).sum());
        let gained: u64 = block.iter().map(|record| received(record, &self.system, &self.system)).sum();
        let lost: u64 =
            block.iter().filter(|record| record.signer == self.system).map(|record| moved(&record.operation)).sum();
        if self.accounts[&self.system].balance + gained - lost < reward { 0 } else { reward }
    }

    /// Seals the next `count` records, and pays their reward to whom it is due.
    pub fn seal(&mut self, count: u32, rewarded: Option<Address>) {
        let reward = rewarded.map(|address| (address, self.reward_of(count)));
        let (sealed, system) = (self.sealed, self.system);
        for record in &self.log[sealed..sealed + count as usize] {
            for (address, account) in &mut self.accounts {
                account.balance += received(record, address, &system);
                account.balance -= if *address == record.signer { moved(&record.operation) } else { 0 };
            }
            match &record.operation {
                Operation::Issue { amount } => self.issued += amount.units(),
                Operation::Burn { amount } => self.burned += amount.units(),
                Operation::ReplaceLeader { public_key } => self.leader = *public_key,
                _ => {}
            }
        }
        if let Some((address, amount)) = reward {
            self.accounts.get_mut(&system).expect("always open").balance -= amount;
            self.accounts.get_mut(&address).expect("only open accounts are rewarded").balance += amount;
        }
        self.sealed += count as usize;
    }
}

/// What an operation takes from its signer's balance.
fn moved(operation: &Operation) -> u64 {
    match operation {
        Operation::Transfer { amount, .. } | Operation::Burn { amount } => amount.units(),
        _ => 0,
    }
}

/// What a record brings to an account.
fn received(record: &Transaction, address: &Address, system: &Address) -> u64 {
    match &record.operation {
        Operation::Transfer { to, amount } if to == address => amount.units(),
        Operation::Issue { amount } if address == system => amount.units(),
        _ => 0,
    }
}

fn issued(record: &Transaction) -> u64 {
    match &record.operation {
        Operation::Issue { amount } => amount.units(),
        _ => 0,
    }
}
