//! All accounts, with the sum of their balances kept beside them.

use super::Account;
use crate::{address::Address, amount::Amount};
use std::collections::HashMap;

/// Accounts by address. The sum of balances is kept as a signed difference with every change,
/// so that checking conservation costs nothing after a block.
#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    by_address: HashMap<Address, Account>,
    total_units: i128,
}

impl Accounts {
    pub(super) fn get(&self, address: &Address) -> Option<&Account> {
        self.by_address.get(address)
    }

    pub(super) fn put(&mut self, address: Address, account: Account) {
        self.total_units += i128::from(account.balance.units());
        if let Some(before) = self.by_address.insert(address, account) {
            self.total_units -= i128::from(before.balance.units());
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.by_address.len() as u64
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Address, &Account)> {
        self.by_address.iter()
    }

    /// The sum of all confirmed balances; `None` when it cannot be an amount.
    pub(super) fn total(&self) -> Option<Amount> {
        u64::try_from(self.total_units).ok().map(Amount::from_units)
    }

    pub(super) fn sorted(&self) -> Vec<(&Address, &Account)> {
        let mut all: Vec<_> = self.by_address.iter().collect();
        all.sort_unstable_by_key(|(address, _)| **address);
        all
    }
}

impl FromIterator<(Address, Account)> for Accounts {
    fn from_iter<I: IntoIterator<Item = (Address, Account)>>(all: I) -> Self {
        let mut accounts = Self::default();
        for (address, account) in all {
            accounts.put(address, account);
        }
        accounts
    }
}
