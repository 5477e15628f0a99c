//! Rights as types: who holds a [`Granted<R>`] may do what the [`Right`] `R` stands for.
//!
//! A handle comes from a member's session whose role has the capability, from the operator's door, or from the master
//! key. What can be done with it are its methods, so that the page, the command and the script run the same functions,
//! and the audit log names who it was. A role that is taken away ends the handles that came of it: each change looks
//! at the role again, in its own commit.

use super::error::{IdentityError, Refusal};
use super::record::SessionRecord;
use super::rights::MemberSession;
use super::token::TokenHash;
use super::{Identity, stored};
use crate::audit::{self, Action};
use crate::ledger::{Change, ChangeError, Paid, SystemPayment};
use crate::store::{Batch, Snapshot, Table};
use qoin_core::{
    api::capabilities::Capability,
    audit::{AuditAction, AuditActor, AuditTarget},
};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The refusals of one member that are recorded in a minute; what is beyond is refused all the same.
const REFUSALS_PER_MINUTE: u32 = 10;

/// A capability as a type.
pub trait Right: Send + Sync + 'static {
    /// Which.
    const CAPABILITY: Capability;
}

/// A type for each capability, under its name.
pub mod right {
    use super::{Capability, Right};

    macro_rules! rights {
        ($($name:ident),+ $(,)?) => {$(
            #[doc = concat!("See [`Capability::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}

            impl Right for $name {
                const CAPABILITY: Capability = Capability::$name;
            }
        )+};
    }

    rights!(
        ViewMembers,
        Invite,
        CreateMember,
        Suspend,
        Recover,
        Erase,
        SetRoles,
        ViewTreasury,
        Credit,
        Issue,
        Burn,
        Reverse,
        Approve,
        ViewNetwork,
        SetBudgets,
        Backup,
        ViewSettings,
        ChangeSettings,
        ViewAudit,
    );
}

/// Who asks with more than a member's rights, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Actor {
    who: AuditActor,
    from: Option<IpAddr>,
    session: Option<TokenHash>,
}

impl Actor {
    /// Whoever may read the leader's data folder.
    pub const fn operator() -> Self {
        Self { who: AuditActor::Operator, from: None, session: None }
    }

    /// Whoever has shown the master key.
    pub const fn master_key(from: Option<IpAddr>) -> Self {
        Self { who: AuditActor::MasterKey, from, session: None }
    }

    /// A member who has shown a link and no session.
    pub(super) const fn guest(who: AuditActor, from: IpAddr) -> Self {
        Self { who, from: Some(from), session: None }
    }

    /// The leader by itself.
    pub const fn system() -> Self {
        Self { who: AuditActor::System, from: None, session: None }
    }

    /// Who it is, for the audit log.
    pub const fn who(&self) -> AuditActor {
        self.who
    }

    /// The number of the member that it is; none for the operator and scripts.
    pub(super) const fn member_number(&self) -> Option<u64> {
        match self.who {
            AuditActor::Member { number, .. } => Some(number),
            _ => None,
        }
    }

    /// Whether whoever asks may do this as things stand in `snapshot`.
    pub(super) fn check(&self, snapshot: &dyn Snapshot, capability: Capability) -> Result<(), IdentityError> {
        let (AuditActor::Member { number, .. }, Some(session)) = (self.who, self.session) else { return Ok(()) };
        let member = stored::member(snapshot, number)?;
        let live = stored::one::<SessionRecord>(snapshot, Table::Sessions, &session)?;
        if live.is_none_or(|live| live.credentials != member.credentials) {
            return Err(Refusal::SessionExpired.into());
        }
        member.check_active()?;
        if !member.role.may(capability) {
            return Err(Refusal::NotAllowed(capability).into());
        }
        Ok(())
    }
}

/// The right `R`, for one who has it.
pub struct Granted<R> {
    pub(super) identity: Identity,
    pub(super) actor: Actor,
    right: PhantomData<fn() -> R>,
}

/// What is committed together with its entries in the audit log.
pub struct Recorded<T> {
    /// The change.
    pub change: Change<T>,
    /// What it is, for the audit log.
    pub actions: Vec<Action>,
}

impl MemberSession {
    /// The right `R`, if the member's role has it. A refusal is recorded in the audit log.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`].
    pub async fn grant<R: Right>(&self, from: IpAddr) -> Result<Granted<R>, IdentityError> {
        let who = AuditActor::Member { number: self.member.number, address: self.member.record.address };
        let actor = Actor { who, from: Some(from), session: Some(self.session.hash) };
        if self.member.record.role.may(R::CAPABILITY) {
            return Ok(self.identity.grant(actor));
        }
        self.identity.record_refusal(actor, R::CAPABILITY).await;
        Err(Refusal::NotAllowed(R::CAPABILITY).into())
    }
}

impl Identity {
    /// The right `R`, for an actor who has proven to be it.
    pub fn grant<R: Right>(&self, actor: Actor) -> Granted<R> {
        Granted { identity: self.clone(), actor, right: PhantomData }
    }

    /// Records that someone asked for a right that they do not have.
    async fn record_refusal(&self, actor: Actor, capability: Capability) {
        let AuditActor::Member { number, .. } = actor.who else { return };
        let now_ms = self.now_ms();
        let is_counted = self
            .people()
            .member(number)
            .is_some_and(|member| member.refusals.reserve(now_ms, 1, REFUSALS_PER_MINUTE).is_ok());
        if !is_counted {
            return;
        }
        let action = Action::new(AuditAction::Refused, AuditTarget::Right { right: capability });
        let recorded = self.commit(actor, move |_| {
            Ok::<_, IdentityError>(Recorded { change: Change::<()>::default(), actions: vec![action] })
        });
        if let Err(error) = recorded.await {
            tracing::warn!(%error, %capability, member = number, "a refusal could not be recorded");
        }
    }

    /// [`Self::change`] whose actions are recorded in the audit log by the same commit.
    pub(super) async fn commit<T, E>(
        &self,
        actor: Actor,
        change: impl FnOnce(&dyn Snapshot) -> Result<Recorded<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<IdentityError> + Send + 'static,
    {
        let at_ms = self.now_ms();
        let recorded = move |snapshot: &dyn Snapshot| {
            let Recorded { mut change, actions } = change(snapshot)?;
            let Actor { who, from, .. } = actor;
            audit::record(snapshot, &mut change.batch, who, from, at_ms, actions).map_err(IdentityError::from)?;
            Ok(change)
        };
        self.0.ledger.change(recorded).await.map_err(|error| match error {
            ChangeError::Refused(error) => error,
            ChangeError::Ledger(error) => IdentityError::Ledger(error).into(),
        })
    }
}

impl<R: Right> Granted<R> {
    /// Who holds it.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The people.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Runs `change` on the writer thread against the committed store, where nothing else changes meanwhile; what it
    /// returns is committed as one, together with the entries in the audit log. Whether the right is still there is
    /// looked at first.
    ///
    /// # Errors
    /// When the right was taken away meanwhile, what `change` says, or why its transaction was not accepted; nothing
    /// has changed then.
    pub async fn commit<T, E>(
        &self,
        change: impl FnOnce(&dyn Snapshot) -> Result<Recorded<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<IdentityError> + Send + 'static,
    {
        let actor = self.actor;
        // Tells a right that was taken away from what `change` refuses by itself.
        let lost = Arc::new(AtomicBool::new(false));
        let is_lost = lost.clone();
        let made = self
            .identity
            .commit(actor, move |snapshot| {
                actor.check(snapshot, R::CAPABILITY).inspect_err(|_| is_lost.store(true, Ordering::Relaxed))?;
                change(snapshot)
            })
            .await;
        if lost.load(Ordering::Relaxed) {
            self.identity.record_refusal(actor, R::CAPABILITY).await;
        }
        made
    }

    /// Accepts payments together with what `change` makes of the committed store and its entries in the audit log, as
    /// [`Ledger::submit_with`](crate::ledger::Ledger::submit_with) does. Whether the right is still there is looked at
    /// first.
    ///
    /// # Errors
    /// When the right was taken away meanwhile, what `change` says, or why a payment was not accepted; nothing has changed
    /// then.
    pub(crate) async fn submit_with<T, E>(
        &self,
        payments: Vec<SystemPayment>,
        change: impl FnOnce(&dyn Snapshot, u64) -> Result<(Batch, T, Vec<Action>), E> + Send + 'static,
    ) -> Result<Paid<T>, E>
    where
        T: Send + 'static,
        E: From<IdentityError> + Send + 'static,
    {
        let (actor, at_ms) = (self.actor, self.identity.now_ms());
        let ledger = &self.identity.0.ledger;
        let signed = ledger.sign(payments).await.map_err(IdentityError::Ledger)?;
        let lost = Arc::new(AtomicBool::new(false));
        let is_lost = lost.clone();
        let paid = ledger.submit_with(signed, move |snapshot, first| {
            actor.check(snapshot, R::CAPABILITY).inspect_err(|_| is_lost.store(true, Ordering::Relaxed))?;
            let (mut batch, answer, actions) = change(snapshot, first)?;
            let Actor { who, from, .. } = actor;
            audit::record(snapshot, &mut batch, who, from, at_ms, actions).map_err(IdentityError::from)?;
            Ok::<_, E>((batch, answer))
        });
        let paid = paid.await.map_err(|error| match error {
            ChangeError::Refused(error) => error,
            ChangeError::Ledger(error) => IdentityError::Ledger(error).into(),
        });
        if lost.load(Ordering::Relaxed) {
            self.identity.record_refusal(actor, R::CAPABILITY).await;
        }
        paid
    }

    /// Looks at whether the right is still there, and records that it was used, without changing anything else.
    ///
    /// # Errors
    /// When the right was taken away meanwhile, or the store fails.
    pub async fn record(&self, action: Action) -> Result<(), IdentityError> {
        self.commit(move |_| Ok(Recorded { change: Change::<()>::default(), actions: vec![action] })).await
    }
}
