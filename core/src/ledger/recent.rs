//! The payment ids of the last day: what makes sending a payment again harmless.
//!
//! An id tells when it was created, so ids are kept by that time: a lookup goes to one small map, and a whole map is
//! dropped once its time makes all of its ids refused. After a start most of these maps are cold: only where their ids are
//! kept is known, and whoever keeps them hands them over before the first look-up.

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
    cold: KeptIds,
}

/// Where the payment ids of the last day are kept, as long as they are not in memory.
#[derive(Debug, Clone, Default)]
pub struct KeptIds {
    /// For each slot the places, in order.
    places: BTreeMap<u64, Vec<u64>>,
}

impl KeptIds {
    /// Notes that an id is kept at a place, whatever that means to its keeper. Ids come in the order of the log.
    pub fn push(&mut self, id: PaymentId, place: u64) {
        let places = self.places.entry(slot_of(id)).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
}

/// Ids created within the same 2^[`SLOT_BITS`] milliseconds.
#[derive(Debug, Clone)]
struct Slot {
    /// The log record of the first id; those of the others are kept as distances from it.
    base: u64,
    distances: HashMap<Key, u32>,
}

impl Slot {
    fn beginning_at(base: u64) -> Self {
        Self { base, distances: HashMap::new() }
    }

    fn insert(&mut self, key: Key, number: u64) {
        let distance = u32::try_from(number - self.base).expect("a day holds fewer records than 32 bits count");
        self.distances.insert(key, distance);
    }
}

fn slot_of(id: PaymentId) -> u64 {
    id.created_ms() >> SLOT_BITS
}

fn key_of(signer: AccountNumber, id: PaymentId) -> Key {
    let within = u16::try_from(id.created_ms() & ((1 << SLOT_BITS) - 1)).expect("fewer bits than 16");
    let mut key = [0; 16];
    key[..10].copy_from_slice(&id.to_bytes()[6..]);
    key[10..12].copy_from_slice(&within.to_le_bytes());
    key[12..].copy_from_slice(&signer.index().to_le_bytes());
    key
}

impl Recent {
    /// The number of the log record that used an id; none once the id is too old to come again at `now_us`.
    ///
    /// # Panics
    /// When the ids created at its time are cold: answering "none" could let a payment through twice.
    pub(super) fn get(&self, now_us: u64, signer: AccountNumber, id: PaymentId) -> Option<u64> {
        if check_age(id, now_us) == Err(Refusal::Expired) {
            return None;
        }
        self.assert_warm(id);
        let slot = self.slots.get(&slot_of(id))?;
        slot.distances.get(&key_of(signer, id)).map(|distance| slot.base + u64::from(*distance))
    }

    fn assert_warm(&self, id: PaymentId) {
        assert!(self.places(id).is_none(), "the ids of this time were handed over before");
    }

    /// Where the ids created at the time of this one are kept, while they are cold.
    pub(super) fn places(&self, id: PaymentId) -> Option<&[u64]> {
        self.cold.places.get(&slot_of(id)).map(Vec::as_slice)
    }

    /// Takes the ids of the last day for cold, all of them.
    pub(super) fn keep_cold(&mut self, kept: KeptIds) {
        self.cold = kept;
    }

    /// Takes in what the places of [`Self::places`] hold, in the order of the log; ids of other times among it are left
    /// alone.
    pub(super) fn warm(&mut self, id: PaymentId, kept: impl Iterator<Item = (AccountNumber, PaymentId, u64)>) {
        let slot = slot_of(id);
        self.cold.places.remove(&slot);
        for (signer, id, number) in kept.filter(|(_, id, _)| slot_of(*id) == slot) {
            self.slots.entry(slot).or_insert_with(|| Slot::beginning_at(number)).insert(key_of(signer, id), number);
        }
    }

    /// Remembers the id of a log record, whose numbers increase, and forgets those that are too old to come again.
    pub(super) fn insert(&mut self, accepted_us: u64, signer: AccountNumber, id: PaymentId, number: u64) {
        let forgotten_ms = (accepted_us / 1000).saturating_sub(PaymentId::AGE_MAX_MS);
        forget(&mut self.slots, forgotten_ms);
        forget(&mut self.cold.places, forgotten_ms);
        self.assert_warm(id);
        let slot = self.slots.entry(slot_of(id)).or_insert_with(|| Slot::beginning_at(number));
        slot.insert(key_of(signer, id), number);
    }
}

/// Drops what belongs to times before `forgotten_ms`.
fn forget<T>(slots: &mut BTreeMap<u64, T>, forgotten_ms: u64) {
    while let Some(oldest) = slots.first_entry().filter(|oldest| (oldest.key() + 1) << SLOT_BITS <= forgotten_ms) {
        oldest.remove();
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
    fn cold_ids_are_known_by_their_places_and_found_once_they_are_warm() {
        let (mut recent, mut cold) = (Recent::default(), KeptIds::default());
        let (early, late) = (id(START_MS, 1), id(START_MS + (1 << SLOT_BITS), 2));
        let kept = [(SIGNER, early, 10), (SIGNER, late, 11), (SIGNER, id(START_MS, 3), 12)];
        for (place, (_, id, _)) in [7, 7, 9].into_iter().zip(kept) {
            cold.push(id, place);
        }
        recent.keep_cold(cold);
        assert_eq!(recent.places(early), Some([7, 9].as_slice()));
        assert_eq!(recent.places(late), Some([7].as_slice()));
        recent.warm(early, kept.into_iter());
        assert_eq!(recent.places(early), None);
        assert_eq!(recent.get(START_MS * 1000, SIGNER, early), Some(10));
        assert_eq!(recent.get(START_MS * 1000, SIGNER, id(START_MS, 3)), Some(12));
        assert_eq!(recent.get(START_MS * 1000, SIGNER, id(START_MS, 4)), None);
        assert_eq!(recent.places(late), Some([7].as_slice()), "another time stays cold");
        let later_ms = START_MS + (2 << SLOT_BITS) + PaymentId::AGE_MAX_MS;
        recent.insert(later_ms * 1000, SIGNER, id(later_ms, 5), 13);
        assert!(recent.cold.places.is_empty() && recent.slots.len() == 1, "{recent:?}");
    }

    #[test]
    #[should_panic = "were handed over before"]
    fn a_cold_id_is_never_taken_for_an_unused_one() {
        let (mut recent, mut cold) = (Recent::default(), KeptIds::default());
        cold.push(id(START_MS, 1), 7);
        recent.keep_cold(cold);
        recent.get(START_MS * 1000, SIGNER, id(START_MS, 2));
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
