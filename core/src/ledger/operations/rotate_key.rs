//! `RotateKey`: by the account's own key at once, by the system key after the recovery delay.

use crate::{
    keys::PublicKey,
    ledger::{AccountNumber, Change, PendingRotation, Refusal, State},
};

pub(super) fn check(
    state: &State,
    now_us: u64,
    signer: AccountNumber,
    signed_by: PublicKey,
    key: PublicKey,
) -> Result<Change, Refusal> {
    let account = state.accounts.get(signer);
    let current = account.key_at(now_us);
    if key == current {
        return Err(Refusal::SameKey);
    }
    if signed_by == current {
        return Ok(by_owner(signer, key));
    }
    if signed_by != state.accounts.get(AccountNumber::SYSTEM).key_at(now_us) {
        return Err(Refusal::WrongKey);
    }
    if !account.recoverable {
        return Err(Refusal::NotRecoverable);
    }
    Ok(by_system(state, now_us, signer, key))
}

/// The account's own key names the next one.
pub(in crate::ledger) fn by_owner(account: AccountNumber, key: PublicKey) -> Change {
    Change::SetKey { account, key }
}

/// The system key names the next one, which waits.
pub(in crate::ledger) fn by_system(state: &State, now_us: u64, account: AccountNumber, key: PublicKey) -> Change {
    let delay_us = state.genesis().recovery_delay_ms.saturating_mul(1000);
    let rotation = PendingRotation { key, effective_us: now_us.saturating_add(delay_us) };
    Change::LetRotate { account, now_us, rotation }
}
