//! Services: what acts for a member with a key of its own, such as a miner.

use super::error::{IdentityError, Refusal};
use super::record::{ServiceRecord, to_bytes};
use super::rights::MemberSession;
use super::token::{Token, TokenKind};
use super::{Identity, stored};
use crate::ledger::Change;
use crate::store::{Batch, Table};
use qoin_core::{
    address::Address,
    api::services::{DeclareService, ServiceDeclared, ServiceRole, ServiceView, ServicesPage},
    validate,
};
use thiserror::Error;

/// The services that a member can have.
const SERVICES_MAX: usize = 100;
/// The characters of a key that are shown again.
const KEY_ENDS: usize = 4;

/// Why a miner is not let in with its credentials.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the key is not that of a miner of this owner")]
pub struct MinerRefusal;

/// A miner that has shown its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredMiner {
    /// The owner's account.
    pub owner: Address,
    /// The service's name within the leader, which is no secret.
    pub service: [u8; 32],
}

impl MemberSession {
    /// Declares a service; its key is told this once.
    ///
    /// # Errors
    /// When the member has too many.
    pub async fn declare_service(&self, request: DeclareService) -> Result<ServiceDeclared, IdentityError> {
        let key = Token::random()?;
        let text = key.text();
        let record = ServiceRecord {
            owner: self.member.number,
            role: request.role,
            key_hash: key.hash(TokenKind::Service),
            key_ends: text[text.len() - KEY_ENDS..].into(),
            declared_ms: self.identity.now_ms(),
        };
        if self.identity.people().services_of(record.owner).count() >= SERVICES_MAX {
            let remedy = "use one of them again";
            return Err(Refusal::TooMany { what: "services", max: SERVICES_MAX, remedy }.into());
        }
        let stored = record.clone();
        self.identity
            .change(move |snapshot| {
                let number = stored::next_number(snapshot, Table::Services)?;
                let mut batch = Batch::new();
                batch.put(Table::Services, number.to_be_bytes(), to_bytes(&stored));
                Ok(Change { batch, transaction: None, answer: () })
            })
            .await?;
        let service = view(&record);
        self.identity.people_mut().show_service(record);
        Ok(ServiceDeclared { key: text, service })
    }

    /// The member's services, oldest first.
    pub fn services(&self) -> ServicesPage {
        let people = self.identity.people();
        ServicesPage { services: people.services_of(self.member.number).map(|service| view(service)).collect() }
    }
}

impl Identity {
    /// Who is rewarded for what a miner with these credentials solves.
    ///
    /// # Errors
    /// When the key is not that of a miner which this owner declared.
    pub fn authenticate_miner(&self, owner_email: &str, key: &str) -> Result<DeclaredMiner, MinerRefusal> {
        let email = validate::email(owner_email).map_err(|_| MinerRefusal)?;
        let hash = Token::read(key).ok_or(MinerRefusal)?.hash(TokenKind::Service);
        let people = self.people();
        let service = people.service(&hash).filter(|it| it.role == ServiceRole::Miner).ok_or(MinerRefusal)?;
        let owner = people.member(service.owner).filter(|owner| owner.record.email == email).ok_or(MinerRefusal)?;
        Ok(DeclaredMiner { owner: owner.record.address, service: hash })
    }
}

fn view(service: &ServiceRecord) -> ServiceView {
    ServiceView { role: service.role, key_ends: service.key_ends.clone(), declared_ms: service.declared_ms }
}
