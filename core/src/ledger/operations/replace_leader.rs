//! `ReplaceLeader`: another key seals, from the block after the one that seals this.

use crate::{
    keys::PublicKey,
    ledger::{Change, Refusal, State},
};

pub(super) fn check(state: &State, key: PublicKey) -> Result<Change, Refusal> {
    if key == state.next_leader_key() {
        return Err(Refusal::SameKey);
    }
    Ok(Change::ReplaceLeader(key))
}
