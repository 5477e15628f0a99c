//! `Transfer`: reserves the amount at once; the block that seals it moves it.

use super::{Changes, reserve_outgoing};
use crate::{
    address::Address,
    amount::Amount,
    ledger::{Account, Refusal, State},
};

pub(super) fn apply(
    state: &State,
    from: Address,
    mut payer: Account,
    to: Address,
    amount: Amount,
    reserve: Amount,
) -> Result<Changes, Refusal> {
    if to == from {
        return Err(Refusal::ToSelf);
    }
    let mut payee = state.account(&to).ok_or(Refusal::UnknownRecipient)?.clone();
    let reserve = if from == state.system() { reserve } else { Amount::ZERO };
    reserve_outgoing(&mut payer, amount, reserve)?;
    payee.incoming = payee.incoming.checked_add(amount).ok_or(Refusal::SupplyOverflow)?;
    Ok(Changes { accounts: vec![(from, payer), (to, payee)] })
}
