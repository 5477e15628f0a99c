//! What the store holds about people: a version byte, then borsh.

use super::error::{Failure, Refusal};
use super::service::{Sight, StoredKey};
use super::token::TokenHash;
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{bytes::Bytes, services::ServiceRole, sessions::PasswordParameters, sessions::Role},
    encode::{decode, encode},
    hash::tagged_sha256d,
    keys::PublicKey,
    vault::{KdfParameters, Salt, Vault},
};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

/// A kind of record, each with a version of its own.
pub(super) trait Record: BorshSerialize + BorshDeserialize {
    /// The version that this release writes.
    const VERSION: u8 = 1;

    /// Reads a record of an earlier version, without its first byte.
    ///
    /// # Errors
    /// When there was none like that, or the bytes are damaged.
    fn read_earlier(version: u8, _: &[u8]) -> Result<Self, Failure> {
        Err(Failure::UnknownRecord(version))
    }
}

impl Record for VaultRecord {}
impl Record for SessionRecord {}
impl Record for SettingsRecord {}
impl Record for ContributionRecord {}

impl Record for ServiceRecord {
    const VERSION: u8 = 2;

    fn read_earlier(version: u8, bytes: &[u8]) -> Result<Self, Failure> {
        /// Version 1 kept no keys, only their hashes.
        #[derive(BorshDeserialize)]
        struct First {
            owner: u64,
            role: ServiceRole,
            key_hash: TokenHash,
            key_ends: String,
            declared_ms: u64,
        }
        if version != 1 {
            return Err(Failure::UnknownRecord(version));
        }
        let First { owner, role, key_hash, key_ends, declared_ms } = decode(bytes)?;
        Ok(Self {
            owner,
            role,
            key: StoredKey { hash: key_hash, ends: key_ends, sealed: None, since_ms: declared_ms },
            former: Vec::new(),
            declared_ms,
            revoked_ms: None,
            budget: Amount::ZERO,
            spent: Spent::default(),
            seen: None,
            revision: 0,
        })
    }
}

/// A record's bytes.
pub(super) fn to_bytes<T: Record>(record: &T) -> Vec<u8> {
    let mut bytes = vec![T::VERSION];
    bytes.extend(encode(record));
    bytes
}

/// Reads a record.
///
/// # Errors
/// When a newer release wrote it, or the bytes are damaged.
pub(super) fn from_bytes<T: Record>(bytes: &[u8]) -> Result<T, Failure> {
    match bytes.split_first() {
        Some((&version, rest)) if version == T::VERSION => Ok(decode(rest)?),
        Some((&version, rest)) if version < T::VERSION => T::read_earlier(version, rest),
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
    /// Grows with every change of the record but `last_signed_in_ms`, so that two who edit it notice each other.
    pub version: u64,
    pub state: MemberState,
    /// When a session was last opened; zero when none was.
    pub last_signed_in_ms: u64,
}

/// Whether a member may use the account.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum MemberState {
    /// As every member.
    Active,
    /// Not until an administrator lets the member back in.
    Suspended { since_ms: u64, reason: String },
    /// Never again: the member left, and nothing personal is kept.
    Erased { since_ms: u64 },
}

impl MemberRecord {
    /// Refuses who is suspended.
    pub fn check_active(&self) -> Result<(), Refusal> {
        match &self.state {
            MemberState::Active => Ok(()),
            MemberState::Suspended { .. } => Err(Refusal::Suspended),
            MemberState::Erased { .. } => Err(Refusal::SessionExpired),
        }
    }
}

/// A member as releases before the administration wrote it.
#[derive(BorshSerialize, BorshDeserialize)]
struct MemberRecord1 {
    address: Address,
    name: String,
    email: String,
    role: Role,
    password: StoredPassword,
    first_password: bool,
    credentials: u64,
    created_ms: u64,
}

impl Record for MemberRecord {
    const VERSION: u8 = 2;

    fn read_earlier(_: u8, bytes: &[u8]) -> Result<Self, Failure> {
        let MemberRecord1 { address, name, email, role, password, first_password, credentials, created_ms } =
            decode(bytes)?;
        Ok(Self {
            address,
            name,
            email,
            role,
            password,
            first_password,
            credentials,
            created_ms,
            version: credentials,
            state: MemberState::Active,
            last_signed_in_ms: 0,
        })
    }
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

    /// A password that nothing proves.
    pub fn nobodys(salt: Salt, parameters: KdfParameters) -> Self {
        Self { salt, parameters, hash: [0; 32] }
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
    /// What the member may do.
    pub role: Role,
    /// The number of the administrator; none for the operator and scripts.
    pub invited_by: Option<u64>,
    pub created_ms: u64,
    pub expires_ms: u64,
    pub state: InvitationState,
}

/// Whether an invitation can be used.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum InvitationState {
    /// Until it expires.
    Open,
    /// It became the member with this number.
    Used { member: u64, at_ms: u64 },
    /// It was withdrawn, or another one for the same e-mail address took its place.
    Withdrawn { at_ms: u64 },
}

impl InvitationRecord {
    pub fn is_open(&self, now_ms: u64) -> bool {
        self.state == InvitationState::Open && self.expires_ms > now_ms
    }

    /// When it is over, or will be.
    pub fn ended_ms(&self) -> u64 {
        match self.state {
            InvitationState::Open => self.expires_ms,
            InvitationState::Used { at_ms, .. } | InvitationState::Withdrawn { at_ms } => at_ms,
        }
    }
}

/// An invitation as releases before the administration wrote it; it was removed when it was used or withdrawn.
#[derive(BorshSerialize, BorshDeserialize)]
struct InvitationRecord1 {
    name: String,
    email: String,
    invited_by: u64,
    created_ms: u64,
    expires_ms: u64,
}

impl Record for InvitationRecord {
    const VERSION: u8 = 2;

    fn read_earlier(_: u8, bytes: &[u8]) -> Result<Self, Failure> {
        let InvitationRecord1 { name, email, invited_by, created_ms, expires_ms } = decode(bytes)?;
        let (role, state) = (Role::Member, InvitationState::Open);
        Ok(Self { name, email, role, invited_by: Some(invited_by), created_ms, expires_ms, state })
    }
}

/// A link by which a lost key is replaced; its key is the member's number.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct RecoveryRecord {
    pub token_hash: [u8; 32],
    /// The number of the administrator; none for the operator and scripts.
    pub started_by: Option<u64>,
    pub created_ms: u64,
    pub expires_ms: u64,
    /// What the member made of it.
    pub used: Option<UsedRecovery>,
}

/// What counts once the new key does.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct UsedRecovery {
    pub public_key: PublicKey,
    pub password: StoredPassword,
    pub vault: Vault,
}

impl Record for RecoveryRecord {}

/// The settings that were changed while the leader ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct SettingsRecord {
    /// Grows with every change.
    pub version: u64,
    /// The text of each setting that does not have the file's value.
    pub changes: BTreeMap<String, String>,
}

/// A service; its key is its number.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct ServiceRecord {
    /// The member's number.
    pub owner: u64,
    pub role: ServiceRole,
    pub key: StoredKey,
    /// The hashes of the keys that it had before, the newest last.
    pub former: Vec<TokenHash>,
    pub declared_ms: u64,
    pub revoked_ms: Option<u64>,
    /// What it may give in a day.
    pub budget: Amount,
    pub spent: Spent,
    pub seen: Option<Sight>,
    /// Grows with every change, except of when it was seen.
    pub revision: u64,
}

/// A contribution that was paid; its key is the service's number (big endian) and the hash of its name.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct ContributionRecord {
    pub recipient: Address,
    pub amount: Amount,
    /// The hash of what it was for.
    pub reason: [u8; 32],
    /// The payment's number in the log.
    pub number: u64,
    pub paid_ms: u64,
}

/// What a service gave on the last day on which it gave something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Spent {
    /// Counted from 1970 in UTC.
    day: u64,
    amount: Amount,
}

impl Spent {
    /// How much of it counts for the day of this moment.
    pub fn on(&self, now_ms: u64) -> Amount {
        if self.day == now_ms / DAY_MS { self.amount } else { Amount::ZERO }
    }

    /// With so much more; none where that cannot be counted.
    pub fn and(&self, more: Amount, now_ms: u64) -> Option<Self> {
        Some(Self { day: now_ms / DAY_MS, amount: self.on(now_ms).checked_add(more)? })
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A miner.
    pub fn service(owner: u64, hash: TokenHash, revision: u64) -> ServiceRecord {
        ServiceRecord {
            owner,
            role: ServiceRole::Miner,
            key: StoredKey { hash, ends: "abcd".into(), sealed: None, since_ms: 5 },
            former: Vec::new(),
            declared_ms: 5,
            revoked_ms: None,
            budget: Amount::ZERO,
            spent: Spent::default(),
            seen: None,
            revision,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_a_newer_version_and_refuse_damage() {
        let record = InvitationRecord {
            name: "Ada".into(),
            email: "ada@example.org".into(),
            role: Role::Treasurer,
            invited_by: None,
            created_ms: 1,
            expires_ms: 2,
            state: InvitationState::Open,
        };
        let mut bytes = to_bytes(&record);
        assert_eq!(from_bytes::<InvitationRecord>(&bytes).unwrap(), record);
        assert!(matches!(from_bytes::<InvitationRecord>(&bytes[..9]), Err(Failure::Record(_))));
        assert!(matches!(from_bytes::<InvitationRecord>(&[]), Err(Failure::Record(_))));
        bytes[0] = 3;
        assert!(matches!(from_bytes::<InvitationRecord>(&bytes), Err(Failure::NewerRecord(3))));
    }

    #[test]
    fn a_service_of_the_first_version_is_read_without_its_key() {
        let mut bytes = vec![1];
        bytes.extend(encode(&(7_u64, ServiceRole::Miner, [9_u8; 32], "abcd".to_owned(), 5_u64)));
        let record: ServiceRecord = from_bytes(&bytes).unwrap();
        assert_eq!(record, ServiceRecord { owner: 7, ..testing::service(7, [9; 32], 0) });
        assert_eq!(from_bytes::<ServiceRecord>(&to_bytes(&record)).unwrap(), record);
        bytes[0] = 0;
        assert!(matches!(from_bytes::<ServiceRecord>(&bytes), Err(Failure::UnknownRecord(0))));
        bytes[0] = 3;
        assert!(matches!(from_bytes::<ServiceRecord>(&bytes), Err(Failure::NewerRecord(3))));
    }

    #[test]
    fn what_is_spent_counts_for_its_day() {
        let one = Amount::from_units(1);
        let spent = Spent::default().and(one, DAY_MS * 3).unwrap().and(one, DAY_MS * 4 - 1).unwrap();
        assert_eq!((spent.on(DAY_MS * 4 - 1), spent.on(DAY_MS * 4)), (Amount::from_units(2), Amount::ZERO));
        assert_eq!(spent.and(one, DAY_MS * 4).unwrap().on(DAY_MS * 4), one);
        assert_eq!(spent.and(Amount::MAX, DAY_MS * 3), None);
    }

    #[test]
    fn a_password_is_proven_by_its_key_only() {
        let password = StoredPassword::new(Salt::from_bytes([1; 16]), KdfParameters::MINIMUM, &[2; 32]);
        assert!(password.is_proven_by(&[2; 32]));
        assert!(!password.is_proven_by(&[3; 32]));
        assert_ne!(password.hash, [2; 32]);
    }
}
