//! Making a member with a password that someone else chose.

use super::error::{Failure, IdentityError, Refusal};
use super::record::{MemberRecord, StoredPassword};
use super::rights::AdministratorSession;
use super::token::random;
use super::{Identity, stored};
use crate::ledger::Change;
use crate::store::Batch;
use qoin_core::{
    address::Address,
    api::{admin::CreateMember, members::MemberView, sessions::Role},
    hash::GenesisHash,
    keys::SecretKey,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
    unicode::Tables,
    validate,
    vault::{KdfError, KdfParameters, Root, Salt, Seed, Vault},
};
use zeroize::Zeroizing;

/// A member whom someone else makes. Whoever knows the password could act for the member until it is replaced.
pub struct NewMember {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// What the member may do.
    pub role: Role,
    /// Whether the password, and the key with it, must be replaced at the first sign-in. Not needed where the member
    /// itself is who asked, like the operator for the first administrator.
    pub first_password: bool,
}

impl AdministratorSession {
    /// Makes a member with a first password, which the member replaces at the first sign-in.
    ///
    /// # Errors
    /// When a field cannot be one, or a member has the e-mail address.
    pub async fn create_member(&self, request: CreateMember) -> Result<MemberView, IdentityError> {
        let CreateMember { name, email, password } = request;
        let password = Zeroizing::new(password);
        self.identity.create_member(NewMember { name, email, password, role: Role::Member, first_password: true }).await
    }
}

impl Identity {
    /// Makes a member: keys from the password, a new seed, and in one commit the member, its vault and its account.
    ///
    /// # Errors
    /// When a field cannot be one, or a member has the e-mail address.
    pub async fn create_member(&self, new: NewMember) -> Result<MemberView, IdentityError> {
        let NewMember { name, email, password, role, first_password } = new;
        let name = validate::name(&name, &Tables).map_err(Refusal::from)?;
        let email = validate::email(&email).map_err(Refusal::from)?;
        validate::password(&password).map_err(Refusal::from)?;
        if self.people().member_of_email(&email).is_some() {
            return Err(Refusal::EmailTaken(email).into());
        }
        let made = self.derive(password).await?;
        let created_ms = self.now_ms();
        let Made { secret_key, stored_password, vault, address } = made;
        let open_account = open_account(&secret_key, address, created_ms, &self.0.ledger.genesis().hash)?;
        let member = MemberRecord {
            address,
            name,
            email,
            role,
            password: stored_password,
            first_password,
            credentials: 0,
            created_ms,
        };
        let (number, member) = self
            .change(move |snapshot| {
                let mut batch = Batch::new();
                let number = stored::add_member(snapshot, &mut batch, &member, vault)?;
                Ok(Change { batch, transaction: Some(open_account), answer: (number, member) })
            })
            .await?;
        let view = MemberView { name: member.name.clone(), email: member.email.clone(), address };
        self.people_mut().show_member(number, member, None);
        Ok(view)
    }

    /// Makes keys for a password, away from the threads that answer requests.
    async fn derive(&self, password: Zeroizing<String>) -> Result<Made, IdentityError> {
        let permit = self.0.derivations.acquire().await.map_err(|_| Failure::Stopping)?;
        let made = tokio::task::spawn_blocking(move || make(&password)).await.map_err(|_| Failure::Stopping)?;
        drop(permit);
        made
    }
}

/// What a browser would have made.
struct Made {
    secret_key: SecretKey,
    stored_password: StoredPassword,
    vault: Vault,
    address: Address,
}

fn make(password: &str) -> Result<Made, IdentityError> {
    let (salt, parameters) = (Salt::from_bytes(random()?), KdfParameters::MINIMUM);
    let root = Root::derive(password, &salt, &parameters, &Tables).map_err(|error| match error {
        KdfError::OutOfMemory(_) => IdentityError::Failed(Failure::Derivation(error)),
        _ => Refusal::Parameters(error).into(),
    })?;
    let seed = Seed::from_bytes(random()?);
    let secret_key = SecretKey::from_seed(seed.as_bytes());
    let address = Address::of(&secret_key.public_key());
    let vault = Vault::seal(&seed, &root.wrapping_key(), address, &parameters, random()?);
    let stored_password = StoredPassword::new(salt, parameters, root.authentication_key().as_bytes());
    Ok(Made { secret_key, stored_password, vault, address })
}

fn open_account(
    key: &SecretKey,
    address: Address,
    now_ms: u64,
    genesis: &GenesisHash,
) -> Result<SignedTransaction, Failure> {
    let operation = Operation::OpenAccount { public_key: key.public_key() };
    Ok(Transaction::new(address, operation, PaymentId::new(now_ms, random()?), None).sign(key, genesis))
}
