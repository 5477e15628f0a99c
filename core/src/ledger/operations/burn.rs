//! `Burn`: destroys money of the system account.

use super::{Changes, reserve_outgoing};
use crate::{
    address::Address,
    amount::Amount,
    ledger::{Account, Refusal},
};

pub(super) fn apply(
    system: Address,
    mut account: Account,
    amount: Amount,
    reserve: Amount,
) -> Result<Changes, Refusal> {
    reserve_outgoing(&mut account, amount, reserve)?;
    Ok(Changes::one(system, account))
}
