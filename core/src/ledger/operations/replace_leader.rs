//! `ReplaceLeader`: another key seals, from the block after the one that seals this.

use super::Changes;
use crate::{
    address::Address,
    keys::PublicKey,
    ledger::{Account, Refusal, State},
};

pub(super) fn apply(state: &State, system: Address, account: Account, key: PublicKey) -> Result<Changes, Refusal> {
    if key == state.next_leader_key() {
        return Err(Refusal::SameKey);
    }
    Ok(Changes::one(system, account))
}
