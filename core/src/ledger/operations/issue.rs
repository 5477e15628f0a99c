//! `Issue`: makes new money on the system account, from the next block on.

use super::Changes;
use crate::{
    address::Address,
    amount::Amount,
    ledger::{Account, Effect, Refusal, State},
};

pub(super) fn apply(state: &State, system: Address, mut account: Account, amount: Amount) -> Result<Changes, Refusal> {
    if amount.is_zero() {
        return Err(Refusal::ZeroAmount);
    }
    let waiting = state.pending.iter().filter_map(|pending| match pending.effect {
        Effect::Issue(amount) => Some(amount),
        _ => None,
    });
    let issued = waiting.chain([amount]).try_fold(state.head().issued, |sum, more| sum.checked_add(more));
    if issued.is_none() {
        return Err(Refusal::SupplyOverflow);
    }
    account.incoming = account.incoming.checked_add(amount).ok_or(Refusal::SupplyOverflow)?;
    Ok(Changes::one(system, account))
}
