//! `OpenAccount`: the first transaction of an account, signed by its first key.

use crate::{
    address::Address,
    keys::PublicKey,
    ledger::{AccountNumber, Change, Refusal},
};

pub(super) fn check(
    account: Option<AccountNumber>,
    signer: Address,
    signed_by: PublicKey,
    key: PublicKey,
) -> Result<Change, Refusal> {
    if account.is_some() {
        return Err(Refusal::AlreadyOpen);
    }
    if Address::of(&key) != signer {
        return Err(Refusal::AddressMismatch);
    }
    if signed_by != key {
        return Err(Refusal::WrongKey);
    }
    Ok(Change::Open { address: signer, key })
}
