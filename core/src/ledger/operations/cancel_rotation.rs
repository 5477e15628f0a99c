//! `CancelRotation`: the account's own key stops a rotation that waits.

use crate::ledger::{Account, AccountNumber, Change, Refusal};

pub(super) fn check(now_us: u64, signer: AccountNumber, account: &Account) -> Result<Change, Refusal> {
    if account.pending_rotation_at(now_us).is_none() {
        return Err(Refusal::NoPendingRotation);
    }
    Ok(Change::CancelRotation { account: signer, now_us })
}
