//! `RotateKey`: by the account's own key at once, by the system key after the recovery delay.

use super::Changes;
use crate::{
    address::Address,
    keys::PublicKey,
    ledger::{PendingRotation, Refusal, State},
};

pub(super) fn apply(
    state: &State,
    now_us: u64,
    address: Address,
    signed_by: PublicKey,
    key: PublicKey,
) -> Result<Changes, Refusal> {
    let mut account = state.account(&address).ok_or(Refusal::UnknownSigner)?.clone();
    let current = account.key_at(now_us);
    if key == current {
        return Err(Refusal::SameKey);
    }
    if signed_by == current {
        account.set_key(key);
        return Ok(Changes::one(address, account));
    }
    let system_key = state.account(&state.system()).map(|system| system.key_at(now_us));
    if system_key != Some(signed_by) {
        return Err(Refusal::WrongKey);
    }
    if !account.recoverable {
        return Err(Refusal::NotRecoverable);
    }
    let delay_us = state.genesis().recovery_delay_ms.saturating_mul(1000);
    let rotation = PendingRotation { key, effective_us: now_us.saturating_add(delay_us) };
    account.set_rotation(now_us, Some(rotation));
    Ok(Changes::one(address, account))
}
