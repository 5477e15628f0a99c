//! A service shows its key.

use super::super::Identity;
use super::super::people::Member;
use super::super::token::{Token, TokenKind};
use super::known::{KeyEnd, Service};
use qoin_core::{address::Address, api::services::ServiceRole, validate};
use std::net::IpAddr;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;

/// Why a key opens nothing. A key has 256 random bits, so that saying which of these it is helps nobody to guess one.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefusal {
    /// It is and was nobody's.
    #[error("this is no service's key; copy it from Account > Services in the wallet")]
    Unknown,
    /// It was good.
    #[error(transparent)]
    Ended(#[from] KeyEnd),
    /// It is that of a service which does something else.
    #[error("this is the key of a {is}, not of a {asked}")]
    WrongRole {
        /// What it does.
        is: ServiceRole,
        /// What was asked for.
        asked: ServiceRole,
    },
    /// It belongs to someone else.
    #[error("this key does not belong to the member that was named with it")]
    WrongOwner,
}

/// A miner that has shown its credentials.
#[derive(Clone)]
pub struct DeclaredMiner {
    identity: Identity,
    owner: Address,
    service: Arc<Service>,
}

impl Identity {
    /// Who is rewarded for what a miner with these credentials solves.
    ///
    /// # Errors
    /// When the key is not that of a miner which this owner declared.
    pub fn authenticate_miner(&self, owner_email: &str, key: &str) -> Result<DeclaredMiner, KeyRefusal> {
        let (service, owner) = self.authenticate_service(owner_email, key, ServiceRole::Miner)?;
        Ok(DeclaredMiner { identity: self.clone(), owner: owner.record.address, service })
    }

    /// The service with this role, owner and key.
    pub(super) fn authenticate_service(
        &self,
        owner_email: &str,
        key: &str,
        role: ServiceRole,
    ) -> Result<(Arc<Service>, Arc<Member>), KeyRefusal> {
        let service = self.service_with_key(key)?;
        let owner = self.people().member(service.record.owner).cloned().ok_or(KeyRefusal::WrongOwner)?;
        if validate::email(owner_email).ok().as_ref() != Some(&owner.record.email) {
            return Err(KeyRefusal::WrongOwner);
        }
        service.check_role(role)?;
        Ok((service, owner))
    }

    /// The service with this key.
    pub(super) fn service_with_key(&self, key: &str) -> Result<Arc<Service>, KeyRefusal> {
        let hash = Token::read(key).ok_or(KeyRefusal::Unknown)?.hash(TokenKind::Service);
        let people = self.people();
        let (service, end) = people.services.with_key(&hash).ok_or(KeyRefusal::Unknown)?;
        let owner = people.member(service.record.owner).ok_or(KeyRefusal::WrongOwner)?;
        let end = end.or(owner.record.check_active().is_err().then_some(KeyEnd::Suspended));
        end.map_or_else(|| Ok(service.clone()), |end| Err(end.into()))
    }
}

impl Service {
    /// Whether it does what is asked for.
    pub(super) fn check_role(&self, asked: ServiceRole) -> Result<(), KeyRefusal> {
        let is = self.record.role;
        if is == asked { Ok(()) } else { Err(KeyRefusal::WrongRole { is, asked }) }
    }
}

impl DeclaredMiner {
    /// The owner's account.
    pub fn owner(&self) -> Address {
        self.owner
    }

    /// The service's number.
    pub fn service(&self) -> u64 {
        self.service.number
    }

    /// Counts a connection of the service, until what this answers is dropped.
    pub fn connect(&self, from: IpAddr) -> ServiceConnection {
        let (identity, service) = (self.identity.clone(), self.service.clone());
        if service.presence.connect(from, identity.now_ms()) {
            identity.keep_sight(&service);
        }
        ServiceConnection { ended: service.ended.subscribe(), identity, service }
    }
}

/// A connection of a service, as long as this lives.
pub struct ServiceConnection {
    identity: Identity,
    service: Arc<Service>,
    ended: watch::Receiver<Option<KeyEnd>>,
}

impl ServiceConnection {
    /// Waits until the key that opened it is worthless.
    pub async fn ended(&mut self) -> KeyEnd {
        match self.ended.wait_for(Option::is_some).await.map(|end| *end) {
            Ok(Some(end)) => end,
            // The connection itself keeps the service that would tell.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for ServiceConnection {
    fn drop(&mut self) {
        if self.service.presence.leave(self.identity.now_ms()) {
            self.identity.keep_sight(&self.service);
        }
    }
}
