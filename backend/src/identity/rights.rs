//! The handles that carry rights, and how one gives the next.

use super::Identity;
use super::error::Refusal;
use super::people::{Member, Session};
use super::token::{Token, TokenKind};
use crate::config::value::MemberList;
use qoin_core::{address::Address, api::capabilities::Capability, audit::AuditActor};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

/// Someone who has shown nothing yet: may sign in, join with an invitation, or recover an account.
pub struct Guest {
    pub(super) identity: Identity,
    /// From where; failed attempts count for it.
    pub(super) from: IpAddr,
}

/// A live session, perhaps under a password that must be replaced first: may be looked at, ended, and given a new
/// password.
pub struct OpenSession {
    pub(super) identity: Identity,
    pub(super) session: Arc<Session>,
    pub(super) member: Arc<Member>,
}

/// A live session of a member with a password of their own: may do what members do.
pub struct MemberSession(OpenSession);

impl Identity {
    /// The session with this token.
    ///
    /// # Errors
    /// [`Refusal::SessionExpired`] when there is none, or none any more.
    pub fn session(&self, token: &str) -> Result<OpenSession, Refusal> {
        let hash = Token::read(token).ok_or(Refusal::SessionExpired)?.hash(TokenKind::Session);
        let (session, member) = self.people().session(&hash, self.now_ms()).ok_or(Refusal::SessionExpired)?;
        Ok(OpenSession { identity: self.clone(), session, member })
    }
}

impl OpenSession {
    /// The rights of a member.
    ///
    /// # Errors
    /// [`Refusal::Suspended`], and [`Refusal::FirstPassword`] while the password is one that an administrator set.
    pub fn into_member(self) -> Result<MemberSession, Refusal> {
        self.member.record.check_active()?;
        if self.member.record.first_password { Err(Refusal::FirstPassword) } else { Ok(MemberSession(self)) }
    }

    /// The people that the session's member is one of.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who the session's member is for the record.
    pub(crate) fn audit_actor(&self) -> AuditActor {
        AuditActor::Member { number: self.member.number, address: self.member.record.address }
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.member.record.address
    }

    /// Its name within the leader, which is no secret.
    pub fn id(&self) -> [u8; 32] {
        self.session.hash
    }

    /// When it ends by itself.
    pub fn expires_ms(&self) -> u64 {
        self.session.record.expires_ms
    }

    /// Whether it has ended because its member was suspended.
    pub fn is_suspended(&self) -> bool {
        let people = self.identity.people();
        people.member(self.member.number).is_some_and(|member| member.record.check_active() == Err(Refusal::Suspended))
    }

    /// Cancelled when it ends before its time.
    pub fn ended(&self) -> &CancellationToken {
        &self.session.ended
    }
}

impl MemberSession {
    /// A session that the member's password opened at the leader, whoever chose the password.
    pub(super) fn of_password(session: OpenSession) -> Self {
        Self(session)
    }

    /// Counts payments of the member.
    ///
    /// # Errors
    /// [`Refusal::TooManyPayments`] when with them more than `payments_per_minute` were made, and
    /// [`Refusal::TooManyAtOnce`] when they are more by themselves. None is counted then.
    pub fn reserve_payments(&self, count: u32) -> Result<PaymentsReservation<'_>, Refusal> {
        let per_minute = self.identity.settings().payments_per_minute;
        let start_ms = match per_minute {
            0 => None,
            max if count > max => return Err(Refusal::TooManyAtOnce { count, per_minute }),
            max => Some(
                self.member
                    .payments
                    .reserve(self.identity.now_ms(), count, max)
                    .map_err(|retry_after_s| Refusal::TooManyPayments { per_minute, retry_after_s })?,
            ),
        };
        Ok(PaymentsReservation { member: &self.member, start_ms, count })
    }

    /// Counts the payments of a batch. Those of who may hand in anyone's do not count, for most of them are others'.
    ///
    /// # Errors
    /// As [`Self::reserve_payments`].
    pub fn reserve_batch(&self, count: u32) -> Result<PaymentsReservation<'_>, Refusal> {
        if self.hands_in() {
            return Ok(PaymentsReservation { member: &self.member, start_ms: None, count });
        }
        self.reserve_payments(count)
    }

    /// Whether the session may hand in what this account has signed: a member its own; with [`Capability::HandIn`]
    /// anyone's, for whoever hands a signed transaction in can neither change it nor make another.
    pub fn may_hand_in(&self, signer: &Address) -> bool {
        *signer == self.address() || self.hands_in()
    }

    /// Whether the session's member sees all others, as the settings are.
    pub fn sees_everyone(&self) -> bool {
        self.member.record.role.may(Capability::ViewMembers)
            || self.identity.settings().member_list == MemberList::Members
    }

    fn hands_in(&self) -> bool {
        self.member.record.role.may(Capability::HandIn)
    }
}

/// The event streams that a member can have open at once.
const STREAMS_MAX: usize = 32;

impl MemberSession {
    /// Counts one more open event stream of the member, until the reservation is dropped.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub fn reserve_events(&self) -> Result<EventsReservation, Refusal> {
        // Counted first: of two that come at once, no more than one takes the last place.
        let reservation = EventsReservation(self.member.streams.clone());
        if reservation.0.fetch_add(1, Ordering::Relaxed) < STREAMS_MAX {
            return Ok(reservation);
        }
        Err(Refusal::TooMany { what: "event streams of this member", max: STREAMS_MAX, remedy: "close one of them" })
    }
}

/// An open event stream.
pub struct EventsReservation(Arc<AtomicUsize>);

impl Drop for EventsReservation {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Payments that count for their member's limit only when they were made: dropping this gives the places of the others
/// back.
pub struct PaymentsReservation<'a> {
    member: &'a Member,
    start_ms: Option<u64>,
    count: u32,
}

impl PaymentsReservation<'_> {
    /// So many of the payments were made.
    pub fn keep(mut self, made: u32) {
        self.count = self.count.saturating_sub(made);
    }
}

impl Drop for PaymentsReservation<'_> {
    fn drop(&mut self) {
        if let Some(start_ms) = self.start_ms.filter(|_| self.count > 0) {
            self.member.payments.give_back(start_ms, self.count);
        }
    }
}

impl Deref for MemberSession {
    type Target = OpenSession;

    fn deref(&self) -> &OpenSession {
        &self.0
    }
}
