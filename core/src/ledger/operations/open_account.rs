//! `OpenAccount`: the first transaction of an account, signed by its first key.

use super::Changes;
use crate::{
    address::Address,
    keys::PublicKey,
    ledger::{Account, Refusal, State},
};

pub(super) fn apply(state: &State, signer: Address, signed_by: PublicKey, key: PublicKey) -> Result<Changes, Refusal> {
    if state.account(&signer).is_some() {
        return Err(Refusal::AlreadyOpen);
    }
    if Address::of(&key) != signer {
        return Err(Refusal::AddressMismatch);
    }
    if signed_by != key {
        return Err(Refusal::WrongKey);
    }
    Ok(Changes::one(signer, Account::open(key)))
}
