//! Putting a ledger together from what was kept of it, without replaying its chain.
//!
//! What is kept need not be of one moment: each account comes with the position that it is exact at, and the log from the
//! earliest of them on brings all of them to the end. Nothing is checked again; a verifier does that.

use super::{
    Account, AccountNumber, Change, Effect, Head, KeptIds, Pending, Position, Recent, State, accounts::Accounts,
    operations,
};
use crate::{
    address::Address,
    block::{Block, Unchecked},
    genesis::Genesis,
    hash::MerkleNode,
    log::LogRecord,
    transaction::Operation,
};
use std::collections::VecDeque;

/// A ledger that is being put together: first the accounts, then the ids, then the log with its blocks.
#[derive(Debug)]
pub struct Restore {
    state: State,
    /// The position that each account is exact at.
    exact: Vec<Position>,
}

impl Restore {
    /// Begins with the chain's end. All records from `first` on will follow, and the blocks that seal them.
    pub fn begin(genesis: Genesis, head: Head, first: u64) -> Self {
        let mut state = State::new(genesis);
        state.accounts = Accounts::default();
        state.recent = Recent::default();
        state.pending = VecDeque::new();
        state.pending_first = first;
        state.head = head;
        Self { state, exact: Vec::new() }
    }

    /// Makes room for so many accounts, which are about to come; there may be more or fewer.
    pub fn reserve(&mut self, accounts: u32) {
        self.state.accounts.reserve(accounts as usize);
        self.exact.reserve(accounts as usize);
    }

    /// The next account in the order of opening, as it was at a position.
    pub fn account(&mut self, address: Address, account: Account, exact: Position) {
        self.state.accounts.open(address, account);
        self.exact.push(exact);
    }

    /// The number of the account at an address, if it is there already.
    pub fn number_of(&self, address: &Address) -> Option<AccountNumber> {
        self.state.accounts.number(address)
    }

    /// Where the payment ids of the last [`State::RECENT_US`] are kept; [`State::cold_ids`] asks for them when they matter.
    pub fn payment_ids(&mut self, kept: KeptIds) {
        self.state.recent.keep_cold(kept);
    }

    /// The next record of the log.
    ///
    /// # Panics
    /// When it names accounts that are not there: the log and the accounts are not of one ledger.
    pub fn record(&mut self, record: &LogRecord) {
        let (change, signer) = self.change(record);
        for number in change.accounts().into_iter().flatten() {
            if record.number >= self.exact[number.index() as usize].records {
                self.state.accounts.change(number, |account| change.apply(number, account));
            }
        }
        let leaf = if record.number >= self.state.head.sealed { record.leaf() } else { MerkleNode::default() };
        self.state.pending.push_back(Pending { leaf, effect: change.effect(signer) });
        self.state.last_accepted_us = record.accepted_us;
    }

    /// The next block, once all records that it seals have come.
    ///
    /// # Panics
    /// When they have not.
    pub fn block(&mut self, block: &Block<Unchecked>) {
        let height = block.coinbase.height;
        for _ in 0..block.count {
            let Pending { effect, .. } = self.state.pending.pop_front().expect("a block follows its records");
            self.confirm(&effect, height);
        }
        self.state.pending_first += u64::from(block.count);
        let reward = block.coinbase.reward;
        if let (Some(address), false) = (block.coinbase.rewarded, reward.is_zero()) {
            let miner = self.state.accounts.number(&address).expect("rewarded accounts are open");
            self.reward(AccountNumber::SYSTEM, height, |system| system.pay_reward(reward));
            self.reward(miner, height, |miner| miner.earn(reward));
        }
    }

    /// The ledger. Its last record was accepted at `last_accepted_us`; none in a ledger without records.
    pub fn finish(mut self, last_accepted_us: Option<u64>) -> State {
        if let Some(last_accepted_us) = last_accepted_us {
            self.state.last_accepted_us = last_accepted_us;
        }
        self.state
    }

    /// What a record changed, and the account that it opened or that acted.
    fn change(&mut self, record: &LogRecord) -> (Change, AccountNumber) {
        let transaction = &record.signed.transaction;
        let now_us = record.accepted_us;
        let known = |address: &Address| self.state.accounts.number(address).expect("a log's accounts are there");
        if let Operation::OpenAccount { public_key: key } = transaction.operation {
            let signer = self.state.accounts.number(&transaction.signer).unwrap_or_else(|| {
                self.exact.push(Position::default());
                self.state.accounts.open(transaction.signer, Account::open(key))
            });
            return (Change::Open { address: transaction.signer, key }, signer);
        }
        let signer = known(&transaction.signer);
        let change = match transaction.operation {
            Operation::Transfer { to, amount } => Change::Transfer { from: signer, to: known(&to), amount },
            Operation::RotateKey { public_key } => {
                let current = self.state.accounts.get(signer).key_at(now_us);
                if record.signed.clone().verify(&current, &self.state.genesis_hash).is_ok() {
                    operations::by_owner(signer, public_key)
                } else {
                    operations::by_system(&self.state, now_us, signer, public_key)
                }
            }
            Operation::CancelRotation => Change::CancelRotation { account: signer, now_us },
            Operation::SetRecoverable { recoverable } => Change::SetRecoverable { account: signer, recoverable },
            Operation::Issue { amount } => Change::Issue(amount),
            Operation::Burn { amount } => Change::Burn(amount),
            Operation::ReplaceLeader { public_key } => Change::ReplaceLeader(public_key),
            Operation::OpenAccount { .. } => unreachable!("handled above"),
        };
        (change, signer)
    }

    fn confirm(&mut self, effect: &Effect, height: u32) {
        for number in effect.accounts().into_iter().flatten() {
            if height > self.exact[number.index() as usize].blocks {
                self.state.accounts.change(number, |account| effect.confirm(number, account));
            }
        }
    }

    fn reward(&mut self, number: AccountNumber, height: u32, change: impl FnOnce(&mut Account)) {
        if height > self.exact[number.index() as usize].blocks {
            self.state.accounts.change(number, change);
        }
    }
}
