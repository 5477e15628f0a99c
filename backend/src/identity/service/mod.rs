//! Services: what acts for a member with a key of its own, such as a miner.

mod administration;
mod authenticate;
mod contribution;
mod key;
mod known;
mod presence;
mod registration;

pub use authenticate::{DeclaredMiner, KeyRefusal, ServiceConnection};
pub use contribution::{Contributed, Qwinner};
pub(super) use key::StoredKey;
pub use known::KeyEnd;
pub(super) use known::KnownServices;
pub(super) use presence::Sight;
pub(super) use registration::Registrations;
pub use registration::ServiceRefusal;

use super::error::{IdentityError, Refusal};
use super::record::{ServiceRecord, Spent, to_bytes};
use super::rights::MemberSession;
use super::token::Token;
use super::{Identity, stored};
use crate::ledger::Change;
use crate::store::{Batch, Snapshot, Table};
use key::Sealer;
use known::Service;
use qoin_core::{
    amount::Amount,
    api::services::{DeclareService, ServiceBudget, ServiceDeclared, ServiceRole, ServiceView, ServicesPage},
};
use std::sync::Arc;

/// The services that a member can have.
const SERVICES_MAX: usize = 100;
/// The revoked services of a member that are remembered, to say that they were revoked.
const REVOKED_MAX: usize = 100;
/// The earlier keys of a service that are remembered, to say that they were replaced.
const FORMER_KEYS_MAX: usize = 100;

/// A service with its key in full.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceWithKey {
    /// The key. None when it was declared before keys were kept, or under another secret of the leader: then only
    /// [`ServiceView::key_ends`] is known until it is refreshed.
    pub key: Option<String>,
    /// The service as it is listed.
    pub service: ServiceView,
}

impl MemberSession {
    /// Declares a service. Its key is told with it.
    ///
    /// # Errors
    /// When the member has too many.
    pub async fn declare_service(&self, request: DeclareService) -> Result<ServiceDeclared, IdentityError> {
        let (owner, declared_ms) = (self.member.number, self.identity.now_ms());
        if self.identity.people().services.of(owner).count() >= SERVICES_MAX {
            let remedy = "revoke one of them";
            return Err(Refusal::TooMany { what: "services", max: SERVICES_MAX, remedy }.into());
        }
        let (key, sealer) = (Token::random()?, Sealer::new(&self.identity.0.secret));
        let text = key.text();
        let change = move |snapshot: &dyn Snapshot| {
            let number = stored::next_number(snapshot, Table::Services)?;
            let record = ServiceRecord {
                owner,
                role: request.role,
                key: sealer.seal(&key, number, owner, declared_ms)?,
                former: Vec::new(),
                declared_ms,
                revoked_ms: None,
                budget: Amount::ZERO,
                spent: Spent::default(),
                seen: None,
                revision: 0,
            };
            let mut batch = Batch::new();
            batch.put(Table::Services, number.to_be_bytes(), to_bytes(&record));
            Ok(Change { batch, transaction: None, answer: (number, record) })
        };
        let (number, record) = self.identity.change(change).await?;
        self.identity.show_service(number, record, text)
    }

    /// The member's services, oldest first.
    pub fn services(&self) -> ServicesPage {
        let (people, now_ms) = (self.identity.people(), self.identity.now_ms());
        ServicesPage { services: people.services.of(self.member.number).map(|service| service.view(now_ms)).collect() }
    }

    /// The same with their keys.
    pub fn service_keys(&self) -> Vec<ServiceWithKey> {
        let (sealer, now_ms) = (Sealer::new(&self.identity.0.secret), self.identity.now_ms());
        let with_key = |service: &Arc<Service>| ServiceWithKey {
            key: sealer.open(&service.record.key, service.number, service.record.owner),
            service: service.view(now_ms),
        };
        self.identity.people().services.of(self.member.number).map(with_key).collect()
    }

    /// The number of the member's service with this key.
    ///
    /// # Errors
    /// When there is none, or none any more.
    pub fn service_with_key(&self, key: &str) -> Result<u64, KeyRefusal> {
        let service = self.identity.service_with_key(key)?;
        if service.record.owner == self.member.number { Ok(service.number) } else { Err(KeyRefusal::WrongOwner) }
    }

    /// Gives a service a new key, which is told with it. Whoever is connected with the old one is cut off.
    ///
    /// # Errors
    /// When the member has no such service.
    pub async fn refresh_service_key(&self, number: u64) -> Result<ServiceDeclared, IdentityError> {
        let (key, sealer) = (Token::random()?, Sealer::new(&self.identity.0.secret));
        let (text, now_ms) = (key.text(), self.identity.now_ms());
        let refresh = move |record: &mut ServiceRecord| {
            let former = std::mem::replace(&mut record.key, sealer.seal(&key, number, record.owner, now_ms)?);
            record.former.push(former.hash);
            let superfluous = record.former.len().saturating_sub(FORMER_KEYS_MAX);
            record.former.drain(..superfluous);
            Ok(Batch::new())
        };
        let record = self.change_service(number, refresh).await?;
        self.identity.show_service(number, record, text)
    }

    /// Ends a service. Whoever is connected with its key is cut off.
    ///
    /// # Errors
    /// When the member has no such service.
    pub async fn revoke_service(&self, number: u64) -> Result<(), IdentityError> {
        let now_ms = self.identity.now_ms();
        let forgotten = {
            let people = self.identity.people();
            let count = (people.services.revoked_of(self.member.number).count() + 1).saturating_sub(REVOKED_MAX);
            let oldest = people.services.revoked_of(self.member.number).take(count);
            oldest.map(|service| service.number).collect::<Vec<_>>()
        };
        let forgetting = forgotten.clone();
        let revoke = move |record: &mut ServiceRecord| {
            record.revoked_ms = Some(now_ms);
            let mut batch = Batch::new();
            for number in forgetting {
                batch.delete(Table::Services, number.to_be_bytes());
            }
            Ok(batch)
        };
        let record = self.change_service(number, revoke).await?;
        let mut people = self.identity.people_mut();
        people.services.show(number, record);
        forgotten.into_iter().for_each(|number| people.services.forget(number));
        Ok(())
    }

    /// Changes a service of the member, and answers its record once that is committed.
    async fn change_service(
        &self,
        number: u64,
        change: impl FnOnce(&mut ServiceRecord) -> Result<Batch, IdentityError> + Send + 'static,
    ) -> Result<ServiceRecord, IdentityError> {
        let owner = self.member.number;
        let change = move |snapshot: &dyn Snapshot| {
            let mut record = live_record(snapshot, number)?;
            if record.owner != owner {
                return Err(Refusal::NoService(number).into());
            }
            let mut batch = change(&mut record)?;
            put_record(&mut batch, number, &mut record);
            Ok(Change { batch, transaction: None, answer: record })
        };
        self.identity.change(change).await
    }
}

impl Identity {
    /// Shows a service with a new key.
    fn show_service(&self, number: u64, record: ServiceRecord, key: String) -> Result<ServiceDeclared, IdentityError> {
        let mut people = self.people_mut();
        people.services.show(number, record);
        let service = people.services.get(number).ok_or(Refusal::NoService(number))?;
        Ok(ServiceDeclared { key, service: service.view(self.now_ms()) })
    }

    /// Writes down, soon, when a service was seen.
    fn keep_sight(&self, service: &Service) {
        let (identity, number, presence) = (self.clone(), service.number, service.presence.clone());
        // A connection that ends with the process ends outside of it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let now_ms = identity.now_ms();
            let keep = move |snapshot: &dyn Snapshot| {
                let mut record = record(snapshot, number)?;
                record.seen = presence.last(now_ms);
                let mut batch = Batch::new();
                batch.put(Table::Services, number.to_be_bytes(), to_bytes(&record));
                Ok(Change { batch, transaction: None, answer: () })
            };
            if let Err(error) = identity.change(keep).await {
                tracing::warn!(%error, number, "it was not kept when a service was seen");
            }
        });
    }
}

/// A service's record, revoked or not.
fn record(snapshot: &dyn Snapshot, number: u64) -> Result<ServiceRecord, IdentityError> {
    let record = stored::one(snapshot, Table::Services, &number.to_be_bytes())?;
    record.ok_or_else(|| Refusal::NoService(number).into())
}

/// The record of a service that was not revoked.
fn live_record(snapshot: &dyn Snapshot, number: u64) -> Result<ServiceRecord, IdentityError> {
    let record = record(snapshot, number)?;
    if record.revoked_ms.is_some() { Err(Refusal::NoService(number).into()) } else { Ok(record) }
}

/// Writes a service's record as its next one.
fn put_record(batch: &mut Batch, number: u64, record: &mut ServiceRecord) {
    record.revision += 1;
    batch.put(Table::Services, number.to_be_bytes(), to_bytes(record));
}

impl Service {
    /// As its owner sees it.
    pub(super) fn view(&self, now_ms: u64) -> ServiceView {
        let ServiceRecord { role, key, declared_ms, .. } = &self.record;
        let seen = self.presence.last(now_ms);
        ServiceView {
            id: self.number,
            role: *role,
            status: self.presence.status(now_ms),
            key_ends: key.ends.clone(),
            declared_ms: *declared_ms,
            key_since_ms: key.since_ms,
            seen_ms: seen.as_ref().map(|seen| seen.at_ms),
            address: seen.as_ref().and_then(|seen| Some(seen.address?.to_canonical().to_string())),
            host: seen.and_then(|seen| seen.host),
            budget: (*role == ServiceRole::Qwinner).then(|| self.budget(now_ms)),
        }
    }

    fn budget(&self, now_ms: u64) -> ServiceBudget {
        let ServiceRecord { budget, spent, .. } = &self.record;
        ServiceBudget { per_day: *budget, spent_today: spent.on(now_ms) }
    }
}
