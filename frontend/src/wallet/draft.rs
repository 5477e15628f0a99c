//! A payment before it is signed, and what can be wrong with it.

use qoin_core::{
    address::Address,
    amount::Amount,
    api::{account::AccountView, members::MemberView},
    memo::{Memo, MemoError},
};
use thiserror::Error;

/// A payment as it was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentDraft {
    /// Who is paid.
    pub to: MemberView,
    /// How much.
    pub amount: Amount,
    /// What for; empty for no memo.
    pub memo: String,
}

/// Why a draft cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DraftFault {
    /// The wallet is locked or its balance is not known yet.
    #[error("the wallet is not ready")]
    NotReady,
    /// An amount of nothing.
    #[error("the amount is nothing")]
    ZeroAmount,
    /// More than is available.
    #[error("{amount} units are more than the {available} that are available")]
    InsufficientFunds {
        /// What the draft says.
        amount: Amount,
        /// What can be spent.
        available: Amount,
    },
    /// A payment to oneself.
    #[error("a payment to oneself")]
    PaymentToSelf,
    /// The payee's address is another one than was paid before.
    #[error("the payee's address was {was} before")]
    PayeeChanged {
        /// The address paid before.
        was: Address,
    },
    /// A memo that cannot be one.
    #[error(transparent)]
    Memo(#[from] MemoError),
    /// The browser gave no random numbers.
    #[error("the browser gave no random numbers")]
    NoRandomness,
}

impl PaymentDraft {
    /// Checks the draft against the account it is paid from and returns what will be available after it.
    ///
    /// # Errors
    /// The first fault, in the order of the form: payee, amount, memo.
    pub fn check(&self, account: &AccountView) -> Result<Amount, DraftFault> {
        if self.to.address == account.address {
            return Err(DraftFault::PaymentToSelf);
        }
        if self.amount.is_zero() {
            return Err(DraftFault::ZeroAmount);
        }
        let available = account.available;
        let resulting = available
            .checked_sub(self.amount)
            .ok_or(DraftFault::InsufficientFunds { amount: self.amount, available })?;
        Memo::check(self.memo.trim())?;
        Ok(resulting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::{api::blocks::Tip, hash::BlockHash, keys::SecretKey};

    const OWN: Address = Address::from_bytes([1; 20]);
    const OTHER: Address = Address::from_bytes([2; 20]);

    fn account(available: u64) -> AccountView {
        AccountView {
            address: OWN,
            balance: Amount::from_units(available + 50),
            available: Amount::from_units(available),
            outgoing: Amount::from_units(50),
            incoming: Amount::ZERO,
            public_key: SecretKey::from_seed(&[1; 32]).public_key(),
            recoverable: true,
            rotation: None,
            position: "0-0".into(),
            tip: Tip { height: 0, hash: BlockHash::from_bytes([0; 32]), sealed: 0 },
            read_only: false,
        }
    }

    fn check(to: Address, amount: u64, memo: &str) -> Result<Amount, DraftFault> {
        let to = MemberView { name: "Bob".into(), email: "bob@example.org".into(), address: to };
        PaymentDraft { to, amount: Amount::from_units(amount), memo: memo.into() }.check(&account(100))
    }

    #[test]
    fn what_is_left_comes_from_what_is_available() {
        assert_eq!(check(OTHER, 30, "coffee"), Ok(Amount::from_units(70)));
        assert_eq!(check(OTHER, 100, ""), Ok(Amount::ZERO));
    }

    #[test]
    fn each_fault_has_its_name() {
        let (amount, available) = (Amount::from_units(101), Amount::from_units(100));
        assert_eq!(check(OTHER, 101, ""), Err(DraftFault::InsufficientFunds { amount, available }));
        assert_eq!(check(OTHER, 0, ""), Err(DraftFault::ZeroAmount));
        assert_eq!(check(OWN, 1, ""), Err(DraftFault::PaymentToSelf));
        assert_eq!(check(OTHER, 1, &"x".repeat(141)), Err(DraftFault::Memo(MemoError::TooLong(141))));
        assert_eq!(check(OTHER, 1, &format!(" {} ", "x".repeat(140))), Ok(Amount::from_units(99)));
    }
}
