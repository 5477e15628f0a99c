//! What each operation needs and does, one file an operation. Each checks against the state and names the [`Change`]
//! that it makes at its place in the log.

mod burn;
mod cancel_rotation;
mod issue;
mod open_account;
mod replace_leader;
mod rotate_key;
mod set_recoverable;
mod transfer;

pub(super) use rotate_key::{by_owner, by_system};

use super::{Account, AccountNumber, Change, Refusal, State};
use crate::{
    amount::Amount,
    transaction::{Operation, VerifiedTransaction},
};

/// Whose rules a transaction has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The chain's.
    Rules,
    /// The chain's, and the leader's policy of leaving enough for rewards.
    Policy,
}

/// Checks a transaction against the state and says what it changes. `signer` is the account at the signer's address.
pub(super) fn check(
    state: &State,
    now_us: u64,
    verified: &VerifiedTransaction,
    signer: Option<AccountNumber>,
    strictness: Strictness,
) -> Result<Change, Refusal> {
    let transaction = verified.transaction();
    if let Operation::OpenAccount { public_key } = &transaction.operation {
        return open_account::check(signer, transaction.signer, verified.key(), *public_key);
    }
    let signer = signer.ok_or(Refusal::UnknownSigner)?;
    if let Operation::RotateKey { public_key } = &transaction.operation {
        return rotate_key::check(state, now_us, signer, verified.key(), *public_key);
    }
    let account = state.accounts.get(signer);
    if verified.key() != account.key_at(now_us) {
        return Err(Refusal::WrongKey);
    }
    match &transaction.operation {
        Operation::Transfer { to, amount } => transfer::check(state, signer, *to, *amount, strictness),
        Operation::CancelRotation => cancel_rotation::check(now_us, signer, account),
        Operation::SetRecoverable { recoverable } => Ok(set_recoverable::change(signer, *recoverable)),
        _ if signer != AccountNumber::SYSTEM => Err(Refusal::SystemOnly),
        Operation::Issue { amount } => issue::check(state, *amount),
        Operation::Burn { amount } => burn::check(state, *amount, strictness),
        Operation::ReplaceLeader { public_key } => replace_leader::check(state, *public_key),
        Operation::OpenAccount { .. } | Operation::RotateKey { .. } => unreachable!("handled above"),
    }
}

/// Checks that an account has `amount` available. The system account must leave, by policy, what rewards may take.
fn check_available(state: &State, payer: AccountNumber, amount: Amount, strictness: Strictness) -> Result<(), Refusal> {
    if amount.is_zero() {
        return Err(Refusal::ZeroAmount);
    }
    let reserve = match strictness {
        Strictness::Policy if payer == AccountNumber::SYSTEM => state.reward_reserve(),
        _ => Amount::ZERO,
    };
    let available = state.accounts.get(payer).available().checked_sub(reserve).unwrap_or(Amount::ZERO);
    if amount > available { Err(Refusal::InsufficientFunds { available }) } else { Ok(()) }
}

/// Checks that what is on its way to an account stays an amount.
fn check_incoming(payee: &Account, amount: Amount) -> Result<(), Refusal> {
    payee.incoming.checked_add(amount).map(|_| ()).ok_or(Refusal::SupplyOverflow)
}
