//! `Burn`: destroys money of the system account.

use super::{Strictness, check_available};
use crate::{
    amount::Amount,
    ledger::{AccountNumber, Change, Refusal, State},
};

pub(super) fn check(state: &State, amount: Amount, strictness: Strictness) -> Result<Change, Refusal> {
    check_available(state, AccountNumber::SYSTEM, amount, strictness)?;
    Ok(Change::Burn(amount))
}
