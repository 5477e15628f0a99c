//! `CancelRotation`: the account's own key stops a rotation that waits.

use super::Changes;
use crate::{
    address::Address,
    ledger::{Account, Refusal},
};

pub(super) fn apply(now_us: u64, address: Address, mut account: Account) -> Result<Changes, Refusal> {
    if account.pending_rotation_at(now_us).is_none() {
        return Err(Refusal::NoPendingRotation);
    }
    account.set_rotation(now_us, None);
    Ok(Changes::one(address, account))
}
