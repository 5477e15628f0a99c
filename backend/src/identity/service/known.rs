//! All services in memory, found by key, owner and number.

use super::super::record::ServiceRecord;
use super::super::token::TokenHash;
use super::contribution::UNDER_WAY_MAX;
use super::presence::Presence;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{Semaphore, watch};

/// Why a key is worthless that was good.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnd {
    /// The service has a newer one.
    #[error("the key was replaced by a newer one; use that one")]
    Refreshed,
    /// The service's owner was suspended.
    #[error("the service's owner is suspended; an administrator can let the owner back in")]
    Suspended,
    /// The service was revoked.
    #[error("the service was revoked by its owner; declare a new one")]
    Revoked,
}

/// A service, as of the moment of asking.
pub(in crate::identity) struct Service {
    pub number: u64,
    pub record: ServiceRecord,
    pub presence: Arc<Presence>,
    /// Told when the key is no longer good.
    pub ended: Arc<watch::Sender<Option<KeyEnd>>>,
    /// Places for contributions on their way.
    pub contributing: Arc<Semaphore>,
}

impl Service {
    fn key_end(&self, hash: &TokenHash) -> Option<KeyEnd> {
        if self.record.revoked_ms.is_some() {
            return Some(KeyEnd::Revoked);
        }
        (self.record.key.hash != *hash).then_some(KeyEnd::Refreshed)
    }
}

#[derive(Default)]
pub(in crate::identity) struct KnownServices {
    by_number: BTreeMap<u64, Arc<Service>>,
    /// By the keys of now and by those before.
    by_key: HashMap<TokenHash, u64>,
    by_owner: HashMap<u64, BTreeSet<u64>>,
}

impl KnownServices {
    /// Shows a service as committed, unless what is shown is newer. Whoever is connected with a key that is worthless
    /// by now is told.
    pub fn show(&mut self, number: u64, record: ServiceRecord) {
        let known = self.by_number.get(&number);
        if known.is_some_and(|known| known.record.revision >= record.revision) {
            return;
        }
        for hash in record.former.iter().chain([&record.key.hash]) {
            self.by_key.insert(*hash, number);
        }
        for forgotten in known.into_iter().flat_map(|known| &known.record.former) {
            if !record.former.contains(forgotten) {
                self.by_key.remove(forgotten);
            }
        }
        self.by_owner.entry(record.owner).or_default().insert(number);
        let presence =
            known.map_or_else(|| Arc::new(Presence::new(record.seen.clone())), |known| known.presence.clone());
        let ended = Arc::new(watch::Sender::new(None));
        let places = || Arc::new(Semaphore::new(UNDER_WAY_MAX));
        let contributing = known.map_or_else(places, |known| known.contributing.clone());
        let mut service = Service { number, record, presence, ended, contributing };
        if let Some(known) = known {
            match service.key_end(&known.record.key.hash) {
                None => service.ended = known.ended.clone(),
                Some(end) => {
                    service.presence.forget_call();
                    known.ended.send_replace(Some(end));
                }
            }
        }
        self.by_number.insert(number, Arc::new(service));
    }

    /// Drops whoever is connected with a key of this owner's services, and lets them come again if they may.
    pub fn drop_all(&mut self, owner: u64, end: KeyEnd) {
        for number in self.by_owner.get(&owner).into_iter().flatten() {
            if let Some(service) = self.by_number.get_mut(number) {
                service.presence.forget_call();
                service.ended.send_replace(Some(end));
                let Service { record, presence, contributing, .. } = &**service;
                let (record, presence, contributing) = (record.clone(), presence.clone(), contributing.clone());
                let ended = Arc::new(watch::Sender::new(None));
                *service = Arc::new(Service { number: *number, record, presence, ended, contributing });
            }
        }
    }

    /// Forgets all services of an owner who left.
    pub fn forget_all(&mut self, owner: u64) {
        self.drop_all(owner, KeyEnd::Revoked);
        for number in self.by_owner.get(&owner).cloned().unwrap_or_default() {
            self.forget(number);
        }
    }

    /// Forgets a revoked service.
    pub fn forget(&mut self, number: u64) {
        let Some(service) = self.by_number.remove(&number) else { return };
        for hash in service.record.former.iter().chain([&service.record.key.hash]) {
            self.by_key.remove(hash);
        }
        if let Some(numbers) = self.by_owner.get_mut(&service.record.owner) {
            numbers.remove(&number);
        }
    }

    /// The service whose key has or had this hash, and why the key is worthless if it is.
    pub fn with_key(&self, hash: &TokenHash) -> Option<(&Arc<Service>, Option<KeyEnd>)> {
        let service = self.by_number.get(self.by_key.get(hash)?)?;
        Some((service, service.key_end(hash)))
    }

    /// The service with this number, unless it was revoked.
    pub fn get(&self, number: u64) -> Option<&Arc<Service>> {
        self.by_number.get(&number).filter(|service| service.record.revoked_ms.is_none())
    }

    /// All services behind this number, oldest first, without the revoked ones.
    pub fn after(&self, number: Option<u64>) -> impl Iterator<Item = &Arc<Service>> {
        let from = number.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.by_number.range((from, Bound::Unbounded)).map(|(_, service)| service);
        behind.filter(|service| service.record.revoked_ms.is_none())
    }

    /// A member's services, oldest first, without the revoked ones.
    pub fn of(&self, owner: u64) -> impl Iterator<Item = &Arc<Service>> {
        self.all_of(owner).filter(|service| service.record.revoked_ms.is_none())
    }

    /// A member's revoked services, oldest first.
    pub fn revoked_of(&self, owner: u64) -> impl Iterator<Item = &Arc<Service>> {
        self.all_of(owner).filter(|service| service.record.revoked_ms.is_some())
    }

    fn all_of(&self, owner: u64) -> impl Iterator<Item = &Arc<Service>> {
        self.by_owner.get(&owner).into_iter().flatten().filter_map(|number| self.by_number.get(number))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::record::testing::service;
    use super::*;

    #[test]
    fn a_newer_key_ends_the_older_one_and_a_change_of_anything_else_does_not() {
        let mut known = KnownServices::default();
        known.show(5, service(1, [1; 32], 0));
        let ended = known.get(5).unwrap().ended.subscribe();
        let budget = ServiceRecord { budget: qoin_core::amount::Amount::from_units(9), ..service(1, [1; 32], 1) };
        known.show(5, budget);
        assert_eq!(*ended.borrow(), None);
        let refreshed = ServiceRecord { former: vec![[1; 32]], ..service(1, [2; 32], 2) };
        known.show(5, refreshed.clone());
        assert_eq!(*ended.borrow(), Some(KeyEnd::Refreshed));
        assert_eq!(known.with_key(&[1; 32]).unwrap().1, Some(KeyEnd::Refreshed));
        assert_eq!(known.with_key(&[2; 32]).unwrap().1, None);
        // What was committed before and arrives late changes nothing.
        known.show(5, service(1, [1; 32], 1));
        assert_eq!(known.with_key(&[2; 32]).unwrap().1, None);

        let ended = known.get(5).unwrap().ended.subscribe();
        known.drop_all(1, KeyEnd::Suspended);
        assert_eq!(*ended.borrow(), Some(KeyEnd::Suspended));
        let ended = known.get(5).unwrap().ended.subscribe();
        assert_eq!(*ended.borrow(), None);
        known.show(5, ServiceRecord { revoked_ms: Some(1), revision: 3, ..refreshed });
        assert_eq!(*ended.borrow(), Some(KeyEnd::Revoked));
        for key in [[1; 32], [2; 32]] {
            assert_eq!(known.with_key(&key).unwrap().1, Some(KeyEnd::Revoked));
        }
        assert!(known.get(5).is_none() && known.of(1).next().is_none() && known.revoked_of(1).count() == 1);
        known.forget(5);
        assert!(known.with_key(&[2; 32]).is_none() && known.revoked_of(1).next().is_none());
    }
}
