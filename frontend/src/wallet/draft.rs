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
