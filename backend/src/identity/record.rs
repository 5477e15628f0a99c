//! What the store holds about people: a version byte, then borsh.

use super::error::Failure;
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    address::Address,
    api::{bytes::Bytes, services::ServiceRole, sessions::PasswordParameters, sessions::Role},
    encode::{decode, encode},
    hash::tagged_sha256d,
    vault::{KdfParameters, Salt, Vault},
};
use subtle::ConstantTimeEq;

/// The version of all these records so far.
const VERSION: u8 = 1;

/// A record's bytes.
pub(super) fn to_bytes<T: BorshSerialize>(record: &T) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(encode(record));
    bytes
}

/// Reads a record.
///
/// # Errors
/// When a newer release wrote it, or the bytes are damaged.
pub(super) fn from_bytes<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, Failure> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(decode(rest)?),
        Some((&newer, _)) => Err(Failure::NewerRecord(newer)),
        None => Ok(decode(bytes)?),
    }
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct MemberRecord {
    pub address: Address,
    pub name: String,
    /// In the form of `validate::email`.
    pub email: String,
    pub role: Role,
    pub password: StoredPassword,
    /// Set by an administrator and to be replaced.
    pub first_password: bool,
    /// Grows whenever the password is set anew; sessions opened under a smaller one have ended.
    pub credentials: u64,
    pub created_ms: u64,
}

/// What the leader keeps of a password.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct StoredPassword {
    pub salt: Salt,
    pub parameters: KdfParameters,
    /// See [`StoredPassword::hash`].
    pub hash: [u8; 32],
}

impl StoredPassword {
    pub fn new(salt: Salt, parameters: KdfParameters, authentication_key: &[u8; 32]) -> Self {
        Self { salt, parameters, hash: Self::hash(authentication_key) }
    }

    /// The key has 256 bits and comes from Argon2id with the account's salt, so a plain hash of it is enough.
    pub fn hash(authentication_key: &[u8; 32]) -> [u8; 32] {
        tagged_sha256d("qoin/authentication-hash", &[authentication_key])
    }

    /// Whether `authentication_key` is the one of this password, in a time that does not depend on the answer.
    pub fn is_proven_by(&self, authentication_key: &[u8; 32]) -> bool {
        self.hash.ct_eq(&Self::hash(authentication_key)).into()
    }

    pub fn view(&self) -> PasswordParameters {
        PasswordParameters { salt: Bytes(self.salt.to_bytes()), parameters: self.parameters }
    }
}

/// A sealed seed.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct VaultRecord {
    pub vault: Vault,
}

/// A session; its key is the hash of its token.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct SessionRecord {
    /// The member's number.
    pub member: u64,
    /// [`MemberRecord::credentials`] when it was opened.
    pub credentials: u64,
    /// Half of the key under which the browser keeps the seed over a reload.
    pub share: [u8; 32],
    pub created_ms: u64,
    pub expires_ms: u64,
    pub scope: Scope,
}

/// What a session may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Scope {
    /// All that its member may do.
    Full,
}

/// An invitation; its key is the hash of its token.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct InvitationRecord {
    pub name: String,
    pub email: String,
    /// The number of the administrator.
    pub invited_by: u64,
    pub created_ms: u64,
    pub expires_ms: u64,
}

/// A service; its key is its number.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct ServiceRecord {
    /// The member's number.
    pub owner: u64,
    pub role: ServiceRole,
    pub key_hash: [u8; 32],
    /// The last characters of the key, by which its owner recognises it.
    pub key_ends: String,
    pub declared_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_a_newer_version_and_refuse_damage() {
        let record = InvitationRecord {
            name: "Ada".into(),
            email: "ada@example.org".into(),
            invited_by: 0,
            created_ms: 1,
            expires_ms: 2,
        };
        let mut bytes = to_bytes(&record);
        assert_eq!(from_bytes::<InvitationRecord>(&bytes).unwrap(), record);
        assert!(matches!(from_bytes::<InvitationRecord>(&bytes[..9]), Err(Failure::Record(_))));
        assert!(matches!(from_bytes::<InvitationRecord>(&[]), Err(Failure::Record(_))));
        bytes[0] = 2;
        assert!(matches!(from_bytes::<InvitationRecord>(&bytes), Err(Failure::NewerRecord(2))));
    }

    #[test]
    fn a_password_is_proven_by_its_key_only() {
        let password = StoredPassword::new(Salt::from_bytes([1; 16]), KdfParameters::MINIMUM, &[2; 32]);
        assert!(password.is_proven_by(&[2; 32]));
        assert!(!password.is_proven_by(&[3; 32]));
        assert_ne!(password.hash, [2; 32]);
    }
}
