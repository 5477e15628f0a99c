//! Making a member with a password that someone else chose.

use super::error::{Failure, IdentityError, Refusal};
use super::granted::{Actor, Granted, Recorded, right};
use super::record::{MemberRecord, MemberState, StoredPassword};
use super::token::random;
use super::{Identity, stored};
use crate::audit::Action;
use crate::ledger::Change;
use crate::store::Batch;
use qoin_core::{
    address::Address,
    api::{
        admin::{CreateMember, members::AdminMemberView},
        capabilities::Capability,
        members::MemberView,
        sessions::Role,
    },
    audit::{AuditAction, AuditChange, AuditTarget},
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

impl Granted<right::CreateMember> {
    /// Makes a member with a first password, which the member replaces at the first sign-in.
    ///
    /// # Errors
    /// When a field cannot be one, or a member has the e-mail address.
    pub async fn create_member(&self, request: CreateMember) -> Result<AdminMemberView, IdentityError> {
        let CreateMember { name, email, password, role } = request;
        let password = Zeroizing::new(password);
        let made = self.make_member(NewMember { name, email, password, role, first_password: true }).await?;
        Ok(self.identity.admin_view(&made.address)?)
    }

    /// Makes a member: keys from the password, a new seed, and in one commit the member, its vault and its account.
    ///
    /// # Errors
    /// When a field cannot be one, or a member has the e-mail address.
    pub async fn make_member(&self, new: NewMember) -> Result<MemberView, IdentityError> {
        let (identity, actor) = (&self.identity, self.actor);
        let NewMember { name, email, password, role, first_password } = new;
        let name = validate::name(&name, &Tables).map_err(Refusal::from)?;
        let email = validate::email(&email).map_err(Refusal::from)?;
        validate::password(&password).map_err(Refusal::from)?;
        if identity.people().member_of_email(&email).is_some() {
            return Err(Refusal::EmailTaken(email).into());
        }
        let made = identity.derive(password).await?;
        let created_ms = identity.now_ms();
        let Made { secret_key, stored_password, vault, address } = made;
        let open_account = open_account(&secret_key, address, created_ms, &identity.0.ledger.genesis().hash)?;
        let member = MemberRecord {
            address,
            name,
            email,
            role,
            password: stored_password,
            first_password,
            credentials: 0,
            created_ms,
            version: 0,
            state: MemberState::Active,
            last_signed_in_ms: 0,
        };
        let (number, member) = self
            .commit(move |snapshot| {
                if member.role != Role::Member {
                    actor.check(snapshot, Capability::SetRoles)?;
                }
                let mut batch = Batch::new();
                let number = stored::add_member(snapshot, &mut batch, &member, vault)?;
                let action = Action::new(AuditAction::MemberCreated, AuditTarget::Member { number, address })
                    .changing([AuditChange::made("role", member.role.name())]);
                let change = Change { batch, transaction: Some(open_account), answer: (number, member) };
                Ok::<_, IdentityError>(Recorded { change, actions: vec![action] })
            })
            .await?;
        let view = MemberView { name: member.name.clone(), email: member.email.clone(), address };
        identity.people_mut().show_member(number, member, None);
        Ok(view)
    }
}

impl Identity {
    /// Makes a member, as the leader does by itself for the first administrator.
    ///
    /// # Errors
    /// As [`Granted::make_member`].
    pub async fn create_member(&self, new: NewMember) -> Result<MemberView, IdentityError> {
        self.grant::<right::CreateMember>(Actor::system()).make_member(new).await
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
