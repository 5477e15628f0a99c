//! The payment ids of the last day: what makes sending a payment again harmless.

use super::Refusal;
use crate::{address::Address, hash::TransactionId, payment_id::PaymentId};
use std::collections::{HashMap, VecDeque};

/// How long an id is kept after its acceptance, in microseconds: longer ago, its own time makes it refused.
pub(super) const KEPT_US: u64 = (PaymentId::AGE_MAX_MS + PaymentId::AHEAD_MAX_MS + 1) * 1000;

type Key = (Address, PaymentId);

#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    by_key: HashMap<Key, (u64, TransactionId)>,
    in_order: VecDeque<(u64, Key)>,
}

impl Recent {
    pub(super) fn get(&self, key: &Key) -> Option<(u64, TransactionId)> {
        self.by_key.get(key).copied()
    }

    /// Remembers an accepted payment, and forgets those that are too old to come again.
    pub(super) fn insert(&mut self, accepted_us: u64, key: Key, number: u64, id: TransactionId) {
        while let Some((oldest_us, oldest)) = self.in_order.front() {
            if oldest_us.saturating_add(KEPT_US) >= accepted_us {
                break;
            }
            self.by_key.remove(oldest);
            self.in_order.pop_front();
        }
        self.by_key.insert(key, (number, id));
        self.in_order.push_back((accepted_us, key));
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

    const START_US: u64 = 1_800_000_000_000_000;

    fn key(number: u8) -> Key {
        (Address::from_bytes([7; 20]), PaymentId::new(START_US / 1000, [number; 10]))
    }

    #[test]
    fn an_id_is_kept_for_as_long_as_it_could_come_again() {
        let mut recent = Recent::default();
        let id = TransactionId::default();
        recent.insert(START_US, key(1), 0, id);
        recent.insert(START_US + KEPT_US, key(2), 1, id);
        assert_eq!(recent.get(&key(1)), Some((0, id)));
        recent.insert(START_US + KEPT_US + 1, key(3), 2, id);
        assert_eq!(recent.get(&key(1)), None);
        assert_eq!(recent.get(&key(2)), Some((1, id)));
        assert_eq!((recent.by_key.len(), recent.in_order.len()), (2, 2));
    }

    #[test]
    fn an_id_that_was_forgotten_has_expired() {
        // The latest creation time that its acceptance allowed, at the last microsecond of a millisecond.
        let accepted_us = START_US + 999;
        let created_ms = accepted_us / 1000 + PaymentId::AHEAD_MAX_MS;
        let latest = PaymentId::new(created_ms, [0; 10]);
        assert_eq!(check_age(latest, accepted_us), Ok(()));
        assert_eq!(check_age(latest, accepted_us + KEPT_US + 1), Err(Refusal::Expired));
    }
}
