//! A forgotten password: the recovery words give the key, and the key signs a challenge.

use super::error::{Failure, IdentityError, Refusal};
use super::password::stored_password;
use super::rights::Guest;
use super::secret::Use;
use super::session::view;
use super::stored;
use super::token::{Token, TokenKind, random};
use crate::ledger::Change;
use crate::store::{Batch, Table};
use qoin_core::{
    address::Address,
    api::{
        bytes::Bytes,
        recovery::{Recover, RecoveryChallenge, RecoveryRequest},
        sessions::SessionOpened,
    },
    keys::Purpose,
    validate,
};
use std::collections::HashMap;
use std::sync::Mutex;

/// How long a challenge can be answered.
const CHALLENGE_MS: u64 = 5 * 60_000;
/// The challenges that are remembered; beyond it the oldest is forgotten.
const CHALLENGES_MAX: usize = 10_000;

/// The challenges that wait for an answer.
#[derive(Default)]
pub(super) struct Challenges(Mutex<HashMap<[u8; 32], Waiting>>);

struct Waiting {
    email: String,
    expires_ms: u64,
}

impl Challenges {
    fn add(&self, challenge: [u8; 32], email: String, now_ms: u64) {
        let mut waiting = self.0.lock().expect("nothing panics while it holds the lock");
        if waiting.len() >= CHALLENGES_MAX {
            waiting.retain(|_, it| it.expires_ms > now_ms);
        }
        if waiting.len() >= CHALLENGES_MAX
            && let Some(oldest) = waiting.iter().min_by_key(|(_, it)| it.expires_ms).map(|(challenge, _)| *challenge)
        {
            waiting.remove(&oldest);
        }
        waiting.insert(challenge, Waiting { email, expires_ms: now_ms + CHALLENGE_MS });
    }

    /// Whether the challenge waits for this e-mail address; it does not wait afterwards.
    fn take(&self, challenge: &[u8; 32], email: &str, now_ms: u64) -> bool {
        let mut waiting = self.0.lock().expect("nothing panics while it holds the lock");
        waiting.remove(challenge).is_some_and(|it| it.email == email && it.expires_ms > now_ms)
    }
}

impl Guest {
    /// A challenge for the key of the account with this e-mail address. An address without a member gets one as well,
    /// with an account that looks no different and stays the same.
    ///
    /// # Errors
    /// When the text is no e-mail address, or too many attempts failed.
    pub fn recovery_challenge(&self, request: &RecoveryRequest) -> Result<RecoveryChallenge, IdentityError> {
        let identity = &self.identity;
        let email = validate::email(&request.email).map_err(Refusal::from)?;
        let unknown = Address::from_bytes(identity.0.secret.derive(Use::UnknownAddress, email.as_bytes()));
        let address = identity.people().member_of_email(&email).map_or(unknown, |member| member.record.address);
        let challenge = random()?;
        identity.0.challenges.add(challenge, email, identity.now_ms());
        Ok(RecoveryChallenge { challenge: Bytes(challenge), address })
    }

    /// Sets a new password and vault for whoever signed the challenge with the account's current key; all other
    /// sessions end.
    ///
    /// # Errors
    /// When the challenge was not given, was answered or is too old, or the signature is not the key's: all alike.
    pub async fn recover(&self, request: Recover) -> Result<SessionOpened, IdentityError> {
        let Recover { email, challenge, signature, secrets } = request;
        let identity = &self.identity;
        let email = validate::email(&email).map_err(Refusal::from)?;
        let password = stored_password(&secrets)?;
        let now_ms = identity.now_ms();
        let attempt = identity.0.attempts.begin(&email, self.from, now_ms)?;
        if !identity.0.challenges.take(&challenge.0, &email, now_ms) {
            return Err(Refusal::WrongCredentials.into());
        }
        let member = identity.people().member_of_email(&email).cloned().ok_or(Refusal::WrongCredentials)?;
        identity.settle_recovery(member.number).await?;
        let ledger = &identity.0.ledger;
        let account = ledger
            .read()
            .account(&member.record.address)
            .ok_or_else(|| Failure::Missing(format!("the account {}", member.record.address)))?;
        let key = account.account.key_at(ledger.now_us());
        if !key.verifies(Purpose::Recovery, &ledger.genesis().hash, &challenge.0, &signature) {
            return Err(Refusal::WrongCredentials.into());
        }
        attempt.succeeded();

        let number = member.number;
        let token = Token::random()?;
        let hash = token.hash(TokenKind::Session);
        let mut session = identity.new_session(number, 0)?;
        let ending = identity.people().sessions_of(number);
        let vault = secrets.vault.clone();
        let (member, session) = identity
            .change(move |snapshot| {
                let mut member = stored::member(snapshot, number)?;
                member.check_active()?;
                member.password = password;
                member.last_signed_in_ms = session.created_ms;
                member.credentials += 1;
                member.version += 1;
                session.credentials = member.credentials;
                let mut batch = Batch::new();
                for hash in &ending {
                    batch.delete(Table::Sessions, hash.as_slice());
                }
                stored::put_session(&mut batch, &hash, &session);
                stored::put_member(&mut batch, number, &member, vault);
                Ok(Change { batch, transaction: None, answer: (member, session) })
            })
            .await?;
        let mut people = identity.people_mut();
        people.show_member(number, member, None);
        people.show_session(hash, session.clone());
        let member = people.member(number).ok_or_else(|| Failure::Missing(format!("member {number}")))?;
        Ok(SessionOpened { token: Some(token.text()), session: view(member, &session, secrets.vault) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_once_in_time_by_whom_it_was_for() {
        let challenges = Challenges::default();
        challenges.add([1; 32], "ada@x".into(), 0);
        assert!(challenges.take(&[1; 32], "ada@x", CHALLENGE_MS - 1));
        assert!(!challenges.take(&[1; 32], "ada@x", 0));
        challenges.add([2; 32], "ada@x".into(), 0);
        assert!(!challenges.take(&[2; 32], "bob@x", 0));
        challenges.add([3; 32], "ada@x".into(), 0);
        assert!(!challenges.take(&[3; 32], "ada@x", CHALLENGE_MS));
    }

    #[test]
    fn the_oldest_challenge_makes_room() {
        let challenges = Challenges::default();
        let challenge = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            bytes
        };
        for number in 0..=CHALLENGES_MAX {
            challenges.add(challenge(number), "ada@x".into(), number as u64);
        }
        assert!(!challenges.take(&challenge(0), "ada@x", 10));
        assert!(challenges.take(&challenge(1), "ada@x", 10));
    }
}
