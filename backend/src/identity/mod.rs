//! Who is asking, and what that gives them.
//!
//! Rights are handles: whoever shows nothing is a [`Guest`], a live session's token gives an [`OpenSession`], that a
//! [`MemberSession`] once the password is the member's own, and with a role that has more rights a [`Granted`]. What
//! each may do are its methods, so that nothing can be done with less than it asks for.
//!
//! Passwords never come here, except for the first one that an administrator sets; see [`qoin_core::vault`].

mod administration;
mod audit;
mod error;
mod granted;
mod invitation;
mod invitation_file;
mod master_key;
mod membership;
mod password;
mod password_session;
mod people;
mod policy;
mod rate;
mod record;
mod recovery;
mod recovery_link;
mod rights;
mod sealed;
mod secret;
mod service;
mod session;
mod settings;
mod stored;
#[cfg(test)]
pub(crate) mod testing;
mod token;

pub use administration::MembersFilter;
pub use audit::{AuditExport, AuditFilter};
pub use error::{Failure, IdentityError, Refusal};
pub use granted::{Actor, Granted, Recorded, Right, right};
pub use invitation::InvitationFilter;
pub use membership::NewMember;
pub use password_session::{PasswordSession, PasswordSignedIn};
pub use policy::AmountReservation;
pub use rights::{EventsReservation, Guest, MemberSession, OpenSession, PaymentsReservation};
pub use secret::LeaderSecret;
pub use service::{
    Contributed, DeclaredMiner, KeyEnd, KeyRefusal, Qwinner, ServiceConnection, ServiceRefusal, ServiceWithKey,
};
pub use settings::Banner;

use crate::ledger::{Change, Ledger};
use crate::store::{Snapshot, Table};
use master_key::MasterKey;
use password_session::PasswordSessions;
use people::People;
use qoin_core::{
    address::Address,
    api::{
        account::Party,
        capabilities::Capability,
        members::{MemberView, MembersPage},
    },
    audit::{AuditActor, REASON_CHARACTERS_MAX},
    genesis::SYSTEM_ACCOUNT_NAME,
    validate,
};
use rate::Attempts;
use record::SessionRecord;
use recovery::Challenges;
use service::Registrations;
use std::net::IpAddr;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::Semaphore;

/// First passwords whose keys are derived at the same time; each takes 64 MiB and the better part of a second.
const DERIVATIONS_MAX: usize = 2;

/// What administrators can set while the leader runs.
pub use crate::config::LiveSettings as Settings;

/// The longest reason, in characters, brought into the form in which it is recorded.
pub(crate) fn reason(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let is_bad = |letter: char| validate::is_invisible(letter) && letter != '\n';
    if text.chars().count() > REASON_CHARACTERS_MAX || text.chars().any(is_bad) {
        return Err(Refusal::Reason);
    }
    Ok(text.to_owned())
}

/// The people of a currency. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    live: settings::Live,
    secret: LeaderSecret,
    people: RwLock<People>,
    attempts: Attempts,
    challenges: Challenges,
    registrations: Registrations,
    derivations: Semaphore,
    master_key: MasterKey,
    password_sessions: PasswordSessions,
}

impl Identity {
    /// Reads all members, sessions and services of the ledger's store, forgets the sessions that are over, and makes the
    /// master key if there is none.
    ///
    /// # Errors
    /// When the store fails or holds what this release cannot read.
    pub async fn open(ledger: Ledger, secret: LeaderSecret, settings: Settings) -> Result<Self, IdentityError> {
        let snapshot = ledger.read().snapshot()?;
        let mut people = People::default();
        for (number, member) in stored::members(&*snapshot)? {
            people.show_member(number, member, None);
        }
        let over = stored::load_sessions(&*snapshot, &mut people, ledger.now_ms())?;
        for (number, service) in stored::services(&*snapshot)? {
            people.services.show(number, service);
        }
        for (number, recovery) in stored::recoveries(&*snapshot)? {
            people.show_recovery(number, Some(recovery));
        }
        let (master_key, new_master_key) = MasterKey::load(&*snapshot, &secret)?;
        let live = settings::Live::open(&*snapshot, settings)?;
        drop(snapshot);
        let attempts = Attempts::new(live.sign_ins_per_minute());
        let identity = Self(Arc::new(Inner {
            ledger,
            live,
            secret,
            people: RwLock::new(people),
            attempts,
            challenges: Challenges::default(),
            registrations: Registrations::default(),
            derivations: Semaphore::new(DERIVATIONS_MAX),
            master_key,
            password_sessions: PasswordSessions::default(),
        }));
        if !over.is_empty() || new_master_key.is_some() {
            identity
                .change(move |_| {
                    let mut batch = new_master_key.unwrap_or_default();
                    for hash in &over {
                        batch.delete(Table::Sessions, hash.as_slice());
                    }
                    Ok(Change { batch, transaction: None, answer: () })
                })
                .await?;
        }
        Ok(identity)
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Whether a member has this e-mail address and has never signed in.
    pub(crate) fn has_never_signed_in(&self, email: &str) -> bool {
        let email = qoin_core::validate::email(email).ok();
        let people = self.people();
        let member = email.and_then(|email| people.member_of_email(&email));
        member.is_some_and(|member| member.record.last_signed_in_ms == 0)
    }

    /// How many members other than this one could approve what waits for a second administrator.
    pub(crate) fn approvers_beside(&self, who: &AuditActor) -> u32 {
        let number = if let AuditActor::Member { number, .. } = who { Some(*number) } else { None };
        let people = self.people();
        let count = people
            .iter()
            .filter(|member| Some(member.number) != number && member.record.check_active().is_ok())
            .filter(|member| member.record.role.may(Capability::Approve))
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The handle of someone at this address who has shown nothing yet.
    pub fn guest(&self, from: IpAddr) -> Guest {
        Guest { identity: self.clone(), from }
    }

    /// The name and e-mail address behind an account, as far as they are known.
    pub fn party(&self, address: &Address) -> Party {
        if *address == self.0.ledger.genesis().system {
            return Party { address: *address, name: Some(SYSTEM_ACCOUNT_NAME.into()), email: None };
        }
        let people = self.people();
        let member = people.member_of_address(address);
        Party {
            address: *address,
            name: member.map(|member| member.name().to_owned()),
            email: member.map(|member| member.record.email.clone()).filter(|email| !email.is_empty()),
        }
    }

    /// Members by name, those whose name or e-mail address contains `query`, from behind the member with the address
    /// `after`; `None` when there is no such member.
    pub fn members(&self, query: &str, after: Option<&Address>, limit: usize) -> Option<MembersPage> {
        let people = self.people();
        let after = match after {
            Some(address) => Some(&**people.member_of_address(address)?),
            None => None,
        };
        Some(people.page(&query.trim().to_lowercase(), after, limit))
    }

    /// The member with this e-mail address.
    pub fn member_of_email(&self, email: &str) -> Option<MemberView> {
        let email = qoin_core::validate::email(email).ok()?;
        self.people().member_of_email(&email).map(|member| member.view())
    }

    /// How many members there are.
    pub fn members_count(&self) -> usize {
        self.people().count()
    }

    fn people(&self) -> RwLockReadGuard<'_, People> {
        self.0.people.read().expect("nothing panics while it holds the lock")
    }

    fn people_mut(&self) -> RwLockWriteGuard<'_, People> {
        self.0.people.write().expect("nothing panics while it holds the lock")
    }

    /// [`Ledger::change`] with this module's error.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&dyn Snapshot) -> Result<Change<T>, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        Ok(self.0.ledger.change(change).await?)
    }

    fn now_ms(&self) -> u64 {
        self.0.ledger.now_ms()
    }

    /// A new session's record, from now on.
    fn new_session(&self, member: u64, credentials: u64) -> Result<SessionRecord, Failure> {
        let created_ms = self.now_ms();
        Ok(SessionRecord {
            member,
            credentials,
            share: token::random()?,
            created_ms,
            expires_ms: created_ms + u64::from(self.settings().session_hours) * 3_600_000,
            scope: record::Scope::Full,
        })
    }
}
