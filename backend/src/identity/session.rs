//! Signing in and out.

use super::error::{Failure, IdentityError, Refusal};
use super::people::Member;
use super::record::SessionRecord;
use super::rights::{Guest, OpenSession};
use super::token::{Token, TokenKind};
use super::{Identity, stored};
use crate::ledger::Change;
use crate::store::{Batch, Table};
use qoin_core::{
    api::{
        bytes::Bytes,
        sessions::{SessionOpened, SessionView, SignIn},
    },
    validate,
    vault::Vault,
};

/// The sessions that a member can have at once; a newer one ends the oldest.
const SESSIONS_MAX: usize = 200;

impl Guest {
    /// Opens a session with what the password proves.
    ///
    /// # Errors
    /// When e-mail address and password do not belong together (both alike), or too many attempts failed.
    pub async fn sign_in(&self, request: SignIn) -> Result<SessionOpened, IdentityError> {
        let email = validate::email(&request.email).map_err(Refusal::from)?;
        let attempt = self.identity.0.attempts.begin(&email, self.from, self.identity.now_ms())?;
        let known = self.identity.people().member_of_email(&email).map(|member| member.number);
        if let Some(number) = known {
            self.identity.settle_recovery(number).await?;
        }
        let member = self.identity.proven_member(&email, &request.authentication_key.0)?;
        attempt.succeeded();
        self.identity.open_session(member.number, member.record.credentials).await
    }
}

impl Identity {
    /// Opens a session of a member whose credentials were just proven.
    pub(super) async fn open_session(&self, number: u64, credentials: u64) -> Result<SessionOpened, IdentityError> {
        let token = Token::random()?;
        let hash = token.hash(TokenKind::Session);
        let session = self.new_session(number, credentials)?;
        let over = self.people().superfluous_sessions(number, SESSIONS_MAX, session.created_ms);
        let ending = over.clone();
        let record = session.clone();
        let (member, vault) = self
            .change(move |snapshot| {
                // The password may have been replaced since it was proven.
                let mut member = stored::member(snapshot, number)?;
                if member.credentials != credentials {
                    return Err(Refusal::WrongCredentials.into());
                }
                member.check_active()?;
                member.last_signed_in_ms = record.created_ms;
                let mut batch = Batch::new();
                stored::put_record(&mut batch, number, &member);
                for hash in &ending {
                    batch.delete(Table::Sessions, hash.as_slice());
                }
                stored::put_session(&mut batch, &hash, &record);
                let answer = (member, stored::vault(snapshot, number)?);
                Ok(Change { batch, transaction: None, answer })
            })
            .await?;
        let mut people = self.people_mut();
        people.show_member(number, member, None);
        over.iter().for_each(|hash| people.end_session(hash));
        people.show_session(hash, session.clone());
        let member = people.member(number).ok_or_else(|| Failure::Missing(format!("member {number}")))?;
        Ok(SessionOpened { token: Some(token.text()), session: view(member, &session, vault) })
    }
}

impl OpenSession {
    /// What the session's own member sees of it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn view(&self) -> Result<SessionView, IdentityError> {
        let snapshot = self.identity.0.ledger.read().snapshot()?;
        let vault = stored::vault(&*snapshot, self.member.number)?;
        Ok(view(&self.member, &self.session.record, vault))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(self) -> Result<(), IdentityError> {
        let hash = self.session.hash;
        self.identity
            .change(move |_| {
                let mut batch = Batch::new();
                batch.delete(Table::Sessions, hash.as_slice());
                Ok(Change { batch, transaction: None, answer: () })
            })
            .await?;
        self.identity.people_mut().end_session(&hash);
        Ok(())
    }
}

/// A session as its own member sees it.
pub(super) fn view(member: &Member, session: &SessionRecord, vault: Vault) -> SessionView {
    SessionView {
        member: member.me(),
        expires_ms: session.expires_ms,
        share: Bytes(session.share),
        password: member.record.password.view(),
        vault,
    }
}
