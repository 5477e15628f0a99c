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
