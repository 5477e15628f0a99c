//! `SetRecoverable`: whether the system key may rotate the account's key.

use super::Changes;
use crate::{
    address::Address,
    ledger::{Account, Refusal},
};

pub(super) fn apply(address: Address, mut account: Account, recoverable: bool) -> Result<Changes, Refusal> {
    account.recoverable = recoverable;
    Ok(Changes::one(address, account))
}
