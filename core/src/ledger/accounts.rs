//! All accounts, numbered in the order in which they were opened, with the sum of their balances kept beside them.

use super::Account;
use crate::{address::Address, amount::Amount};
use std::collections::HashMap;

/// The place of an account in the order of opening; the system account's is 0. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(u32);

impl AccountNumber {
    /// The system account's.
    pub const SYSTEM: Self = Self(0);

    /// The number of the account that was opened after `index` others.
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// How many accounts were opened before.
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// Accounts by number, and by address. The sum of balances is kept as a signed difference with every change,
/// so that checking conservation costs nothing after a block.
#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    numbers: HashMap<Address, AccountNumber>,
    slots: Vec<(Address, Account)>,
    total_units: i128,
}

impl Accounts {
    pub(super) fn reserve(&mut self, count: usize) {
        self.numbers.reserve(count);
        self.slots.reserve(count);
    }

    pub(super) fn number(&self, address: &Address) -> Option<AccountNumber> {
        self.numbers.get(address).copied()
    }

    pub(super) fn get(&self, number: AccountNumber) -> &Account {
        &self.slots[number.0 as usize].1
    }

    pub(super) fn address(&self, number: AccountNumber) -> Address {
        self.slots[number.0 as usize].0
    }

    pub(super) fn find(&self, address: &Address) -> Option<&Account> {
        self.number(address).map(|number| self.get(number))
    }

    /// Changes what an account holds; the sum of balances follows.
    pub(super) fn change(&mut self, number: AccountNumber, change: impl FnOnce(&mut Account)) {
        let account = &mut self.slots[number.0 as usize].1;
        let before = account.balance.units();
        change(account);
        self.total_units += i128::from(account.balance.units()) - i128::from(before);
    }

    /// Adds an account that is not there yet.
    pub(super) fn open(&mut self, address: Address, account: Account) -> AccountNumber {
        let number = AccountNumber(u32::try_from(self.slots.len()).expect("fewer accounts than 32 bits count"));
        self.total_units += i128::from(account.balance.units());
        self.numbers.insert(address, number);
        self.slots.push((address, account));
        number
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.slots.len()).expect("fewer accounts than 32 bits count")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Address, &Account)> {
        self.slots.iter().map(|(address, account)| (address, account))
    }

    /// The sum of all confirmed balances; `None` when it cannot be an amount.
    pub(super) fn total(&self) -> Option<Amount> {
        u64::try_from(self.total_units).ok().map(Amount::from_units)
    }

    pub(super) fn sorted(&self) -> Vec<(&Address, &Account)> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_unstable_by_key(|(address, _)| **address);
        all
    }
}
