//! `Transfer`: reserves the amount at once; the block that seals it moves it.

use super::{Strictness, check_available, check_incoming};
use crate::{
    address::Address,
    amount::Amount,
    ledger::{AccountNumber, Change, Refusal, State},
};

pub(super) fn check(
    state: &State,
    from: AccountNumber,
    to: Address,
    amount: Amount,
    strictness: Strictness,
) -> Result<Change, Refusal> {
    let payee = state.accounts.number(&to);
    if payee == Some(from) {
        return Err(Refusal::ToSelf);
    }
    let to = payee.ok_or(Refusal::UnknownRecipient)?;
    check_available(state, from, amount, strictness)?;
    check_incoming(state.accounts.get(to), amount)?;
    Ok(Change::Transfer { from, to, amount })
}
