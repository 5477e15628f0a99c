//! What the settings allow of a member's payments: how much someone can hold, how much can be sent in a day. These are
//! policy, not rules of the ledger: two payments at the same moment can together lift their recipient above the maximum.

use super::error::{IdentityError, Refusal};
use super::people::Member;
use super::rights::MemberSession;
use super::{Failure, Identity};
use crate::ledger::{EntryKind, Reader};
use qoin_core::{
    address::Address,
    amount::Amount,
    transaction::{Operation, Transaction},
};
use std::sync::{Arc, Mutex, MutexGuard};

const DAY_MS: u64 = 86_400_000;
/// The movements that are read at a time.
const MOVEMENTS_AT_ONCE: usize = 200;

/// What a member has sent on one day (UTC), as far as it was counted.
#[derive(Debug, Default)]
pub(super) struct DaySent(Mutex<Option<(u64, Amount)>>);

impl DaySent {
    fn lock(&self) -> MutexGuard<'_, Option<(u64, Amount)>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }

    /// Counts `amount` for `day`, at most `max` in all; `before` knows what was sent on it so far.
    fn reserve(
        &self,
        day: u64,
        amount: Amount,
        max: Amount,
        before: impl FnOnce() -> Result<Amount, IdentityError>,
    ) -> Result<bool, IdentityError> {
        let mut sent = self.lock();
        let so_far = match *sent {
            Some((counted, so_far)) if counted == day => so_far,
            _ => before()?,
        };
        let with = so_far.checked_add(amount).filter(|with| *with <= max);
        *sent = Some((day, with.unwrap_or(so_far)));
        Ok(with.is_some())
    }

    fn give_back(&self, day: u64, amount: Amount) {
        if let Some((counted, so_far)) = &mut *self.lock()
            && *counted == day
        {
            *so_far = so_far.checked_sub(amount).unwrap_or(Amount::ZERO);
        }
    }
}

/// An amount that counts for its day only when it was paid.
pub struct AmountReservation {
    counted: Option<(Arc<Member>, u64, Amount)>,
}

impl AmountReservation {
    /// It was paid.
    pub fn keep(mut self) {
        self.counted = None;
    }
}

impl Drop for AmountReservation {
    fn drop(&mut self) {
        if let Some((member, day, amount)) = self.counted.take() {
            member.sent.give_back(day, amount);
        }
    }
}

impl MemberSession {
    /// Holds a payment of the session's account against the settings and counts it for the day. One that was accepted
    /// before passes: it is answered as the first time. What others have signed is not held against them here.
    ///
    /// # Errors
    /// [`Refusal::MaximumBalance`] and [`Refusal::DailyAmount`].
    pub async fn reserve_amount(&self, transaction: &Transaction) -> Result<AmountReservation, IdentityError> {
        let nothing = AmountReservation { counted: None };
        let Operation::Transfer { to, amount } = transaction.operation else { return Ok(nothing) };
        if transaction.signer != self.address() {
            return Ok(nothing);
        }
        let refusal = match self.identity.check_maximum(&to, amount) {
            Ok(()) => match self.reserve_day(amount)? {
                Ok(reservation) => return Ok(reservation),
                Err(refusal) => refusal,
            },
            Err(refusal) => refusal,
        };
        let ledger = self.identity.0.ledger.clone();
        let (signer, id) = (transaction.signer, transaction.payment_id);
        let find = move || ledger.read().find_payment(&signer, id, &ledger.genesis().hash);
        let found = tokio::task::spawn_blocking(find).await.map_err(|_| Failure::Stopping)??;
        if found.is_some() { Ok(nothing) } else { Err(refusal.into()) }
    }

    fn reserve_day(&self, amount: Amount) -> Result<Result<AmountReservation, Refusal>, IdentityError> {
        let identity = &self.identity;
        let max = identity.settings().daily_amount.limit(identity.0.ledger.genesis().genesis.decimals);
        let Some(max) = max else {
            // Nothing is counted, so nothing that was counted holds any more.
            *self.member.sent.lock() = None;
            return Ok(Ok(AmountReservation { counted: None }));
        };
        let day = identity.now_ms() / DAY_MS;
        let address = self.address();
        let before = || sent_since(identity.0.ledger.read(), &address, day * DAY_MS);
        if self.member.sent.reserve(day, amount, max, before)? {
            return Ok(Ok(AmountReservation { counted: Some((self.member.clone(), day, amount)) }));
        }
        Ok(Err(Refusal::DailyAmount { max: identity.shown(max) }))
    }
}

impl Identity {
    /// Whether a payment leaves its recipient below what a member may hold. The system account may hold anything.
    ///
    /// # Errors
    /// [`Refusal::MaximumBalance`].
    pub fn check_maximum(&self, to: &Address, amount: Amount) -> Result<(), Refusal> {
        let genesis = self.0.ledger.genesis();
        let Some(max) = self.settings().maximum_balance.limit(genesis.genesis.decimals) else { return Ok(()) };
        // Who has no account is for the ledger to refuse.
        let account = self.0.ledger.read().account(to).filter(|_| *to != genesis.system);
        let Some(account) = account.map(|it| it.account) else { return Ok(()) };
        let held = account.available().checked_add(account.incoming).and_then(|held| held.checked_add(amount));
        if held.is_some_and(|held| held <= max) {
            return Ok(());
        }
        Err(Refusal::MaximumBalance { max: self.shown(max) })
    }

    fn shown(&self, amount: Amount) -> String {
        let genesis = &self.0.ledger.genesis().genesis;
        format!("{} {}", amount.display(genesis.decimals), genesis.symbol)
    }
}

/// What an account has sent from this time on.
fn sent_since(reader: &Reader, address: &Address, from_ms: u64) -> Result<Amount, IdentityError> {
    let (mut sent, mut before) = (Amount::ZERO, None);
    loop {
        let entries = reader.history(address, before, MOVEMENTS_AT_ONCE)?;
        before = entries.last().map(|entry| entry.at);
        let count = entries.len();
        for entry in entries {
            let EntryKind::Record { stored, .. } = entry.what else { continue };
            if stored.record.accepted_us / 1000 < from_ms {
                return Ok(sent);
            }
            let transaction = &stored.record.signed.transaction;
            if let Operation::Transfer { amount, .. } = transaction.operation
                && transaction.signer == *address
            {
                sent = sent.checked_add(amount).unwrap_or(sent);
            }
        }
        if count < MOVEMENTS_AT_ONCE {
            return Ok(sent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: u64) -> Amount {
        Amount::from_units(units)
    }

    #[test]
    fn a_day_counts_what_was_sent_and_forgets_what_was_not() {
        let sent = DaySent::default();
        let reserve = |day, amount| sent.reserve(day, units(amount), units(10), || Ok(units(4))).unwrap();
        assert!(reserve(1, 5));
        assert!(!reserve(1, 2));
        sent.give_back(1, units(5));
        assert!(reserve(1, 6));
        assert!(!reserve(1, 1));
        assert!(reserve(2, 6));
        sent.give_back(1, units(6));
        assert!(!reserve(2, 1));
    }
}
