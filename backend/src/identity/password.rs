//! Passwords: how keys are derived from them, proving one, and replacing one.

use super::error::{IdentityError, Refusal};
use super::people::Member;
use super::record::StoredPassword;
use super::rights::{Guest, OpenSession};
use super::secret::Use;
use super::session::view;
use super::{Identity, stored};
use crate::ledger::Change;
use crate::store::{Batch, Table};
use qoin_core::{
    address::Address,
    api::{
        bytes::Bytes,
        sessions::{NewSecrets, ParametersRequest, PasswordParameters, ReplacePassword, SessionView},
    },
    transaction::{Operation, SignedTransaction},
    validate,
    vault::{KdfParameters, Salt},
};
use std::sync::Arc;

impl Guest {
    /// How the keys of the account with this e-mail address are derived. An address without a member gets an answer
    /// that looks no different and stays the same.
    ///
    /// # Errors
    /// When the text is no e-mail address.
    pub async fn password_parameters(&self, request: &ParametersRequest) -> Result<PasswordParameters, IdentityError> {
        let email = validate::email(&request.email).map_err(Refusal::from)?;
        let known = self.identity.people().member_of_email(&email).map(|member| member.number);
        if let Some(number) = known {
            self.identity.settle_recovery(number).await?;
        }
        // Derived in either case, so that both take the same time.
        let salt = self.identity.0.secret.derive(Use::UnknownSalt, email.as_bytes());
        let unknown = PasswordParameters { salt: Bytes(salt), parameters: KdfParameters::MINIMUM };
        Ok(self.identity.people().member_of_email(&email).map_or(unknown, |member| member.record.password.view()))
    }
}

impl Identity {
    /// The member with this e-mail address (in its stored form), if `authentication_key` is that of its password.
    /// An unknown address is refused in the same way and after the same work.
    pub(super) fn proven_member(&self, email: &str, authentication_key: &[u8; 32]) -> Result<Arc<Member>, Refusal> {
        let member = self.people().member_of_email(email).cloned();
        let nobodys =
            StoredPassword { salt: Salt::from_bytes([0; 16]), parameters: KdfParameters::MINIMUM, hash: [0; 32] };
        let password = member.as_ref().map_or(&nobodys, |member| &member.record.password);
        let is_proven = password.is_proven_by(authentication_key);
        let member = member.filter(|_| is_proven).ok_or(Refusal::WrongCredentials)?;
        member.record.check_active()?;
        Ok(member)
    }
}

impl OpenSession {
    /// Sets a new password and vault, and a new key where one comes along; all other sessions of the member end.
    ///
    /// # Errors
    /// When the current password is not proven, the new parameters are too weak, a first password is replaced without
    /// a new key, or the ledger refuses the rotation. Nothing has changed then.
    pub async fn replace_password(self, request: ReplacePassword) -> Result<SessionView, IdentityError> {
        let ReplacePassword { current_authentication_key, secrets, rotation } = request;
        let identity = self.identity.clone();
        let record = &self.member.record;
        let password = stored_password(&secrets)?;
        match &rotation {
            Some(rotation) => check_rotation(rotation, record.address)?,
            None if record.first_password => return Err(Refusal::RotationMissing.into()),
            None => {}
        }
        let attempt = identity.0.attempts.begin_within_session(&record.email, identity.now_ms())?;
        identity.proven_member(&record.email, &current_authentication_key.0)?;
        attempt.succeeded();

        let (number, credentials) = (self.member.number, record.credentials);
        let hash = self.session.hash;
        let ending = identity.people().sessions_of(number);
        let mut session = self.session.record.clone();
        let vault = secrets.vault.clone();
        let (member, session) = identity
            .change(move |snapshot| {
                let mut member = stored::member(snapshot, number)?;
                if member.credentials != credentials || snapshot.get(Table::Sessions, &hash)?.is_none() {
                    return Err(Refusal::SessionExpired.into());
                }
                member.password = password;
                member.first_password = false;
                member.credentials += 1;
                member.version += 1;
                session.credentials = member.credentials;
                let mut batch = Batch::new();
                for hash in &ending {
                    batch.delete(Table::Sessions, hash.as_slice());
                }
                stored::put_session(&mut batch, &hash, &session);
                stored::put_member(&mut batch, number, &member, vault);
                Ok(Change { batch, transaction: rotation, answer: (member, session) })
            })
            .await?;
        let mut people = identity.people_mut();
        people.show_member(number, member, Some((hash, session.clone())));
        let member = people.member(number).ok_or(Refusal::SessionExpired)?;
        Ok(view(member, &session, secrets.vault))
    }
}

/// What is stored of a new password.
///
/// # Errors
/// When its parameters are out of bounds.
pub(super) fn stored_password(secrets: &NewSecrets) -> Result<StoredPassword, Refusal> {
    let PasswordParameters { salt, parameters } = secrets.password;
    parameters.check()?;
    Ok(StoredPassword::new(Salt::from_bytes(salt.0), parameters, &secrets.authentication_key.0))
}

fn check_rotation(rotation: &SignedTransaction, account: Address) -> Result<(), Refusal> {
    let transaction = &rotation.transaction;
    if !matches!(transaction.operation, Operation::RotateKey { .. }) {
        return Err(Refusal::WrongOperation("a RotateKey"));
    }
    if transaction.signer != account {
        return Err(Refusal::ForeignSigner { signer: transaction.signer, account });
    }
    Ok(())
}
