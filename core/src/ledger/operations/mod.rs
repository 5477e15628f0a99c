//! What each operation does at its place in the log, one file an operation.

mod burn;
mod cancel_rotation;
mod issue;
mod open_account;
mod replace_leader;
mod rotate_key;
mod set_recoverable;
mod transfer;

use super::{Account, Effect, Refusal, State};
use crate::{
    address::Address,
    amount::Amount,
    transaction::{Operation, Transaction, VerifiedTransaction},
};

/// The accounts as they are after the operation.
pub(super) struct Changes {
    pub(super) accounts: Vec<(Address, Account)>,
}

impl Changes {
    fn one(address: Address, account: Account) -> Self {
        Self { accounts: vec![(address, account)] }
    }
}

/// Checks a transaction against the state and says what changes at once.
/// `reserve` is what a payment of the system account must leave (the leader's policy).
pub(super) fn apply(
    state: &State,
    now_us: u64,
    verified: &VerifiedTransaction,
    reserve: Amount,
) -> Result<Changes, Refusal> {
    let transaction = verified.transaction();
    let signer = transaction.signer;
    if let Operation::OpenAccount { public_key } = &transaction.operation {
        return open_account::apply(state, signer, verified.key(), *public_key);
    }
    let account = state.account(&signer).ok_or(Refusal::UnknownSigner)?;
    let by_owner = verified.key() == account.key_at(now_us);
    if let Operation::RotateKey { public_key } = &transaction.operation {
        return rotate_key::apply(state, now_us, signer, verified.key(), *public_key);
    }
    if !by_owner {
        return Err(Refusal::WrongKey);
    }
    let account = account.clone();
    match &transaction.operation {
        Operation::Transfer { to, amount } => transfer::apply(state, signer, account, *to, *amount, reserve),
        Operation::CancelRotation => cancel_rotation::apply(now_us, signer, account),
        Operation::SetRecoverable { recoverable } => set_recoverable::apply(signer, account, *recoverable),
        _ if signer != state.system() => Err(Refusal::SystemOnly),
        Operation::Issue { amount } => issue::apply(state, signer, account, *amount),
        Operation::Burn { amount } => burn::apply(signer, account, *amount, reserve),
        Operation::ReplaceLeader { public_key } => replace_leader::apply(state, signer, account, *public_key),
        Operation::OpenAccount { .. } | Operation::RotateKey { .. } => unreachable!("handled above"),
    }
}

/// What a transaction changes when its block seals it.
pub(super) fn effect(transaction: &Transaction) -> Effect {
    match &transaction.operation {
        Operation::Transfer { to, amount } => Effect::Transfer { from: transaction.signer, to: *to, amount: *amount },
        Operation::Issue { amount } => Effect::Issue(*amount),
        Operation::Burn { amount } => Effect::Burn(*amount),
        Operation::ReplaceLeader { public_key } => Effect::ReplaceLeader(*public_key),
        Operation::OpenAccount { .. } => Effect::Open(transaction.signer),
        Operation::RotateKey { .. } | Operation::CancelRotation | Operation::SetRecoverable { .. } => Effect::None,
    }
}

/// Reserves `amount` of what an account has available, leaving at least `reserve`.
fn reserve_outgoing(account: &mut Account, amount: Amount, reserve: Amount) -> Result<(), Refusal> {
    if amount.is_zero() {
        return Err(Refusal::ZeroAmount);
    }
    let available = account.available().checked_sub(reserve).unwrap_or(Amount::ZERO);
    if amount > available {
        return Err(Refusal::InsufficientFunds { available });
    }
    account.outgoing = account.outgoing.checked_add(amount).expect("an available amount fits beside what is going out");
    Ok(())
}
