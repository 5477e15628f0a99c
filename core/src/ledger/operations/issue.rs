//! `Issue`: makes new money on the system account, from the next block on.

use super::check_incoming;
use crate::{
    amount::Amount,
    ledger::{AccountNumber, Change, Effect, Refusal, State},
};

pub(super) fn check(state: &State, amount: Amount) -> Result<Change, Refusal> {
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
    check_incoming(state.accounts.get(AccountNumber::SYSTEM), amount)?;
    Ok(Change::Issue(amount))
}
