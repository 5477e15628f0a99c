//! `SetRecoverable`: whether the system key may rotate the account's key.

use crate::ledger::{AccountNumber, Change};

pub(super) fn change(signer: AccountNumber, recoverable: bool) -> Change {
    Change::SetRecoverable { account: signer, recoverable }
}
