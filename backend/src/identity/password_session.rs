//! Sessions for doors that only know a password, such as RPyC: the leader derives the keys for that moment and signs
//! payments for the member.
//!
//! The seed stays in memory only, encrypted under a key that the token carries and the leader forgets, until the
//! session expires, the member's password is replaced, or the process ends. These sessions are worth nothing over HTTP,
//! and those of HTTP nothing here. A first password is good enough: whoever set it knows it in either case.

use super::Identity;
use super::error::{Failure, IdentityError, Refusal};
use super::rights::{Guest, MemberSession, OpenSession};
use super::sealed::Sealed;
use super::stored;
use super::token::{Token, TokenHash, TokenKind, random};
use crate::ledger::Accepted;
use qoin_core::{
    address::Address,
    amount::Amount,
    api::sessions::ParametersRequest,
    hash::tagged_sha256d,
    keys::SecretKey,
    payment_id::PaymentId,
    transaction::{Operation, Transaction},
    unicode::Tables,
    validate,
    vault::{AuthenticationKey, KdfError, KdfParameters, Root, Salt, WrappingKey},
};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard};
use zeroize::Zeroizing;

/// How long such a session lasts at most, in milliseconds.
const SESSION_MS: u64 = 12 * 3_600_000;
/// How many a member can have at once; a newer one ends the oldest.
const SESSIONS_MAX: usize = 64;
/// The most work that the leader does for a sign-in: four times what every app asks for. A member could have chosen more.
const PARAMETERS_MAX: KdfParameters = KdfParameters { memory_kib: 256 * 1024, iterations: 6, parallelism: 4 };

/// The seeds of those who are signed in by password.
#[derive(Default)]
pub(super) struct PasswordSessions(Mutex<HashMap<TokenHash, Kept>>);

struct Kept {
    member: u64,
    created_ms: u64,
    seed: Sealed,
}

impl PasswordSessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Kept>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

/// What whoever signs in by password is told.
pub struct PasswordSignedIn {
    /// Shows the session from now on.
    pub token: Zeroizing<String>,
    /// The member's name.
    pub name: String,
    /// The member's e-mail address.
    pub email: String,
}

/// A live session of a member who signed in by password: may do what members do, and has the leader sign payments.
pub struct PasswordSession {
    session: MemberSession,
    token: Token,
}

impl Guest {
    /// Opens a session with a password. Takes the better part of a second, away from the threads that answer requests.
    ///
    /// # Errors
    /// When e-mail address and password do not belong together (both alike), too many attempts failed, or the password's
    /// parameters would cost the leader too much.
    pub async fn sign_in_with_password(
        &self,
        email: &str,
        password: Zeroizing<String>,
    ) -> Result<PasswordSignedIn, IdentityError> {
        let identity = &self.identity;
        let email = validate::email(email).map_err(Refusal::from)?;
        let attempt = identity.0.attempts.begin(&email, self.from, identity.now_ms())?;
        let (salt, parameters) = self.kdf(&email).await?;
        let (authentication_key, wrapping_key) = identity.derive_keys(password, salt, parameters).await?;
        let member = identity.proven_member(&email, authentication_key.as_bytes())?;
        attempt.succeeded();

        let record = &member.record;
        record.check_active()?;
        let vault = stored::vault(&*identity.0.ledger.read().snapshot()?, member.number)?;
        // The password may have been replaced since it was proven.
        let seed = vault.open(&wrapping_key, record.address, &parameters).map_err(|_| Refusal::WrongCredentials)?;
        let token = Token::random()?;
        let hash = token.hash(TokenKind::Password);
        let sealed = Sealed::seal(seed.as_bytes(), &seed_key(&token), &hash)?;
        let mut session = identity.new_session(member.number, record.credentials)?;
        session.expires_ms = session.expires_ms.min(session.created_ms + SESSION_MS);
        let kept = Kept { member: member.number, created_ms: session.created_ms, seed: sealed };
        identity.people_mut().show_session(hash, session);
        identity.keep(hash, kept);
        Ok(PasswordSignedIn {
            token: Zeroizing::new(token.text()),
            name: record.name.clone(),
            email: record.email.clone(),
        })
    }

    /// How the keys of the account with this e-mail address are derived, for an address without a member too.
    async fn kdf(&self, email: &str) -> Result<(Salt, KdfParameters), IdentityError> {
        let asked = self.password_parameters(&ParametersRequest { email: email.to_owned() }).await?;
        let KdfParameters { memory_kib, iterations, parallelism } = asked.parameters;
        let most = PARAMETERS_MAX;
        if memory_kib > most.memory_kib || iterations > most.iterations || parallelism > most.parallelism {
            return Err(Refusal::from(KdfError::TooCostly(asked.parameters)).into());
        }
        Ok((Salt::from_bytes(asked.salt.0), asked.parameters))
    }
}

impl Identity {
    /// The session with this token, which is not one of HTTP.
    ///
    /// # Errors
    /// [`Refusal::SessionExpired`] when there is none, or none any more.
    pub fn password_session(&self, token: &str) -> Result<PasswordSession, Refusal> {
        let token = Token::read(token).ok_or(Refusal::SessionExpired)?;
        let hash = token.hash(TokenKind::Password);
        let live = self.people().session(&hash, self.now_ms());
        let (session, member) = live.ok_or(Refusal::SessionExpired)?;
        member.record.check_active()?;
        if !self.0.password_sessions.lock().contains_key(&hash) {
            return Err(Refusal::SessionExpired);
        }
        let session = MemberSession::of_password(OpenSession { identity: self.clone(), session, member });
        Ok(PasswordSession { session, token })
    }

    /// Keeps the seed of a new session, and forgets those of sessions that are over or too many.
    fn keep(&self, hash: TokenHash, new: Kept) {
        let (member, now_ms) = (new.member, new.created_ms);
        let mut people = self.people_mut();
        let mut seeds = self.0.password_sessions.lock();
        seeds.insert(hash, new);
        seeds.retain(|hash, _| people.session(hash, now_ms).is_some());
        let mut own: Vec<_> = seeds.iter().filter(|(_, kept)| kept.member == member).collect();
        own.sort_by_key(|(_, kept)| kept.created_ms);
        let superfluous: Vec<_> =
            own.iter().take(own.len().saturating_sub(SESSIONS_MAX)).map(|(hash, _)| **hash).collect();
        for hash in superfluous {
            seeds.remove(&hash);
            people.end_session(&hash);
        }
    }

    /// Makes the keys of a password, away from the threads that answer requests.
    async fn derive_keys(
        &self,
        password: Zeroizing<String>,
        salt: Salt,
        parameters: KdfParameters,
    ) -> Result<(AuthenticationKey, WrappingKey), IdentityError> {
        let permit = self.0.derivations.acquire().await.map_err(|_| Failure::Stopping)?;
        let derived = tokio::task::spawn_blocking(move || {
            let root = Root::derive(&password, &salt, &parameters, &Tables)?;
            Ok((root.authentication_key(), root.wrapping_key()))
        });
        let derived = derived.await.map_err(|_| Failure::Stopping)?;
        drop(permit);
        derived.map_err(|error| match error {
            KdfError::OutOfMemory(_) => IdentityError::Failed(Failure::Derivation(error)),
            // No member has such a password.
            KdfError::PasswordTooLong(_) => Refusal::WrongCredentials.into(),
            _ => Refusal::Parameters(error).into(),
        })
    }
}

impl PasswordSession {
    /// Signs a payment in the member's name and hands it in. Each call is a payment of its own.
    ///
    /// # Errors
    /// When the member has made too many, or why the ledger does not accept it; nothing has changed then.
    pub async fn pay(&self, to: Address, amount: Amount) -> Result<Accepted, IdentityError> {
        let key = self.key().ok_or(Refusal::SessionExpired)?;
        let reservation = self.session.reserve_payments(1)?;
        let ledger = &self.session.identity.0.ledger;
        let payment_id = PaymentId::new(ledger.now_ms(), random()?);
        let operation = Operation::Transfer { to, amount };
        let transaction = Transaction::new(self.session.address(), operation, payment_id, None);
        let counted = self.session.reserve_amount(&transaction).await?;
        let accepted = ledger.submit(transaction.sign(&key, &ledger.genesis().hash), None).await?;
        reservation.keep(1);
        counted.keep();
        Ok(accepted)
    }

    /// The member's key, out of what the token opens; none when the session has ended meanwhile.
    fn key(&self) -> Option<SecretKey> {
        let hash = self.token.hash(TokenKind::Password);
        let seeds = self.session.identity.0.password_sessions.lock();
        let seed = seeds.get(&hash)?.seed.open(&seed_key(&self.token), &hash)?;
        Some(SecretKey::from_seed(seed.as_slice().try_into().ok()?))
    }
}

impl Deref for PasswordSession {
    type Target = MemberSession;

    fn deref(&self) -> &MemberSession {
        &self.session
    }
}

/// The key that only whoever has the token knows.
fn seed_key(token: &Token) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(tagged_sha256d("qoin/password-session-seed", &[token.bytes()]))
}
