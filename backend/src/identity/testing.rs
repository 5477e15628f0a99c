//! Members for tests, made without the work that a password takes.

use super::record::{MemberRecord, MemberState, StoredPassword};
use super::{Identity, IdentityError, stored};
use crate::ledger::Change;
use crate::store::Batch;
use qoin_core::{
    address::Address,
    api::bytes::Bytes,
    api::sessions::{NewSecrets, PasswordParameters, Role},
    keys::SecretKey,
    payment_id::PaymentId,
    transaction::{Operation, Transaction},
    vault::{KdfParameters, Salt, Seed, Vault, WrappingKey},
};

/// What some password would have made.
pub fn secrets(seed: [u8; 32], address: Address, authentication_key: [u8; 32]) -> NewSecrets {
    let parameters = KdfParameters::MINIMUM;
    let vault = Vault::seal(&Seed::from_bytes(seed), &WrappingKey::from_bytes([1; 32]), address, &parameters, [2; 24]);
    let password = PasswordParameters { salt: Bytes([3; 16]), parameters };
    NewSecrets { password, authentication_key: Bytes(authentication_key), vault }
}

impl Identity {
    /// Adds a member with this seed and authentication key, and signs it in.
    pub async fn add_for_test(
        &self,
        email: &str,
        role: Role,
        seed: [u8; 32],
        authentication_key: [u8; 32],
        first_password: bool,
    ) -> Result<String, IdentityError> {
        let key = SecretKey::from_seed(&seed);
        let address = Address::of(&key.public_key());
        let open = Operation::OpenAccount { public_key: key.public_key() };
        let id = PaymentId::new(self.now_ms(), [0; 10]);
        let open = Transaction::new(address, open, id, None).sign(&key, &self.0.ledger.genesis().hash);
        let secrets = secrets(seed, address, authentication_key);
        let salt = Salt::from_bytes(secrets.password.salt.0);
        let member = MemberRecord {
            address,
            name: email.split('@').next().unwrap_or_default().into(),
            email: email.into(),
            role,
            password: StoredPassword::new(salt, KdfParameters::MINIMUM, &authentication_key),
            first_password,
            credentials: 0,
            created_ms: 0,
            version: 0,
            state: MemberState::Active,
            last_signed_in_ms: 0,
        };
        let (number, member) = self
            .change(move |snapshot| {
                let mut batch = Batch::new();
                let number = stored::add_member(snapshot, &mut batch, &member, secrets.vault)?;
                Ok(Change { batch, transaction: Some(open), answer: (number, member) })
            })
            .await?;
        self.people_mut().show_member(number, member, None);
        Ok(self.open_session(number, 0).await?.token.expect("a new session has a token"))
    }
}
