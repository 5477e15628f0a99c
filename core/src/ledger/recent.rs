//! The payment ids of the last day: what makes sending a payment again harmless.
//!
//! An id tells when it was created, so ids are kept by that time: a lookup goes to one small map, and a whole map is
//! dropped once its time makes all of its ids refused.

use super::{AccountNumber, Refusal};
use crate::payment_id::PaymentId;
use std::collections::{BTreeMap, HashMap};

/// How long an id is kept after its acceptance, in microseconds: longer ago, its own time makes it refused.
pub(super) const KEPT_US: u64 = (PaymentId::AGE_MAX_MS + PaymentId::AHEAD_MAX_MS + 1) * 1000;

/// How many milliseconds of creation times share a map, as a power of two.
const SLOT_BITS: u32 = 10;

/// What tells the ids of one map apart: the milliseconds within the slot, the random part, and the signer.
type Key = [u8; 16];

#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    slots: BTreeMap<u64, Slot>,
}

/// Ids created within the same 2^[`SLOT_BITS`] milliseconds.
#[derive(Debug, Clone)]
struct Slot {
    /// The log record of the first id; those of the others are kept as distances from it.
    base: u64,
    distances: HashMap<Key, u32>,
}

fn place(signer: AccountNumber, id: PaymentId) -> (u64, Key) {
    let created_ms = id.created_ms();
    let within = u16::try_from(created_ms & ((1 << SLOT_BITS) - 1)).expect("fewer bits than 16");
    let mut key = [0; 16];
    key[..10].copy_from_slice(&id.to_bytes()[6..]);
    key[10..12].copy_from_slice(&within.to_le_bytes());
    key[12..].copy_from_slice(&signer.index().to_le_bytes());
    (created_ms >> SLOT_BITS, key)
}

impl Recent {
    /// The number of the log record that used an id; none once the id is too old to come again at `now_us`.
    pub(super) fn get(&self, now_us: u64, signer: AccountNumber, id: PaymentId) -> Option<u64> {
        if check_age(id, now_us) == Err(Refusal::Expired) {
            return None;
        }
        let (slot, key) = place(signer, id);
        let slot = self.slots.get(&slot)?;
        slot.distances.get(&key).map(|distance| slot.base + u64::from(*distance))
    }

    /// Remembers the id of a log record, whose numbers increase, and forgets those that are too old to come again.
    pub(super) fn insert(&mut self, accepted_us: u64, signer: AccountNumber, id: PaymentId, number: u64) {
        let forgotten_ms = (accepted_us / 1000).saturating_sub(PaymentId::AGE_MAX_MS);
        while let Some(oldest) =
            self.slots.first_entry().filter(|oldest| (oldest.key() + 1) << SLOT_BITS <= forgotten_ms)
        {
            oldest.remove();
        }
        let (slot, key) = place(signer, id);
        let slot = self.slots.entry(slot).or_insert_with(|| Slot { base: number, distances: HashMap::new() });
        let distance = u32::try_from(number - slot.base).expect("a day holds fewer records than 32 bits count");
        slot.distances.insert(key, distance);
    }
}

/// Checks that a payment's own time fits its acceptance: at most 24 hours before and 5 minutes after.
pub(super) fn check_age(payment_id: PaymentId, accepted_us: u64) -> Result<(), Refusal> {
    let (created_ms, accepted_ms) = (payment_id.created_ms(), accepted_us / 1000);
    if created_ms.saturating_add(PaymentId::AGE_MAX_MS) < accepted_ms {
        Err(Refusal::Expired)
    } else if created_ms > accepted_ms.saturating_add(PaymentId::AHEAD_MAX_MS) {
        Err(Refusal::FromFuture)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 1_800_000_000_000;
    const SIGNER: AccountNumber = AccountNumber::new(7);

    fn id(created_ms: u64, random: u8) -> PaymentId {
        PaymentId::new(created_ms, [random; 10])
    }

    #[test]
    fn an_id_is_kept_for_as_long_as_it_could_come_again() {
        let mut recent = Recent::default();
        // At the end of its slot, so that the slot goes as soon as it may.
        let created_ms = START_MS | ((1 << SLOT_BITS) - 1);
        recent.insert(created_ms * 1000, SIGNER, id(created_ms, 1), 40);
        let last_ms = created_ms + PaymentId::AGE_MAX_MS;
        recent.insert(last_ms * 1000 + 999, SIGNER, id(last_ms, 2), 41);
        assert_eq!(check_age(id(created_ms, 1), last_ms * 1000 + 999), Ok(()));
        assert_eq!(recent.get(last_ms * 1000, SIGNER, id(created_ms, 1)), Some(40));
        recent.insert((last_ms + 1) * 1000, SIGNER, id(last_ms, 3), 42);
        assert_eq!(check_age(id(created_ms, 1), (last_ms + 1) * 1000), Err(Refusal::Expired));
        assert_eq!(recent.get((last_ms + 1) * 1000, SIGNER, id(created_ms, 1)), None);
        assert_eq!(recent.get(last_ms * 1000, SIGNER, id(last_ms, 2)), Some(41));
        assert_eq!(recent.get(last_ms * 1000, SIGNER, id(last_ms, 3)), Some(42));
        assert_eq!(recent.slots.len(), 1);
    }

    #[test]
    fn ids_differ_by_signer_time_and_random_part() {
        let mut recent = Recent::default();
        recent.insert(START_MS * 1000, SIGNER, id(START_MS, 1), 5);
        assert_eq!(recent.get(START_MS * 1000, AccountNumber::new(8), id(START_MS, 1)), None);
        assert_eq!(recent.get(START_MS * 1000, SIGNER, id(START_MS + 1, 1)), None);
        assert_eq!(recent.get(START_MS * 1000, SIGNER, id(START_MS + (1 << SLOT_BITS), 1)), None);
        assert_eq!(recent.get(START_MS * 1000, SIGNER, id(START_MS, 2)), None);
        assert_eq!(recent.get(START_MS * 1000, SIGNER, id(START_MS, 1)), Some(5));
    }

    #[test]
    fn an_id_that_was_forgotten_has_expired() {
        // The latest creation time that its acceptance allowed, at the last microsecond of a millisecond.
        let accepted_us = START_MS * 1000 + 999;
        let latest = id(accepted_us / 1000 + PaymentId::AHEAD_MAX_MS, 0);
        assert_eq!(check_age(latest, accepted_us), Ok(()));
        assert_eq!(check_age(latest, accepted_us + KEPT_US + 1), Err(Refusal::Expired));
    }
}
