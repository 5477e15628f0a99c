//! From a password to keys.

use crate::unicode::Normalize;
use argon2::{Algorithm, Argon2, Params, Version};
use borsh::{BorshDeserialize, BorshSerialize};
use hkdf::Hkdf;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use std::fmt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How much a guess at a password costs: the parameters of Argon2id (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KdfParameters {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// Why a password was not turned into keys.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum KdfError {
    /// Cheaper to guess than [`KdfParameters::MINIMUM`]: whoever asks for it may be after the password.
    #[error("{0} would protect the password too weakly; at least {minimum} are needed", minimum = KdfParameters::MINIMUM)]
    TooWeak(KdfParameters),
    /// Beyond [`KdfParameters::MAXIMUM`], or more lanes than fit the memory.
    #[error("{0} are more than is allowed; at most {maximum}", maximum = KdfParameters::MAXIMUM)]
    TooCostly(KdfParameters),
    /// This device cannot give the memory.
    #[error("{0} KiB of memory could not be had")]
    OutOfMemory(u32),
    /// The password is longer than [`Root::PASSWORD_BYTES_MAX`].
    #[error("a password of {0} bytes is too long, at most {max} are allowed", max = Root::PASSWORD_BYTES_MAX)]
    PasswordTooLong(usize),
}

impl KdfParameters {
    /// The least that is ever accepted, and what new vaults use: 64 MiB, 3 passes, 1 lane (the second recommendation of RFC 9106,
    /// with one lane for browsers).
    pub const MINIMUM: Self = Self { memory_kib: 64 * 1024, iterations: 3, parallelism: 1 };
    /// The most that is accepted, so that no answer of a server can keep a wallet busy for minutes.
    pub const MAXIMUM: Self = Self { memory_kib: 1024 * 1024, iterations: 16, parallelism: 16 };

    /// Whether they lie between [`KdfParameters::MINIMUM`] and [`KdfParameters::MAXIMUM`].
    ///
    /// # Errors
    /// Names the side on which they do not.
    pub fn check(self) -> Result<(), KdfError> {
        let each = [
            (self.memory_kib, Self::MINIMUM.memory_kib, Self::MAXIMUM.memory_kib),
            (self.iterations, Self::MINIMUM.iterations, Self::MAXIMUM.iterations),
            (self.parallelism, Self::MINIMUM.parallelism, Self::MAXIMUM.parallelism),
        ];
        if each.iter().any(|(value, least, _)| value < least) {
            return Err(KdfError::TooWeak(self));
        }
        if each.iter().any(|(value, _, most)| value > most) {
            return Err(KdfError::TooCostly(self));
        }
        Ok(())
    }
}

impl fmt::Display for KdfParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory_kib, iterations, parallelism } = self;
        write!(f, "{memory_kib} KiB, {iterations} iterations and {parallelism} lanes")
    }
}

/// 16 random bytes of an account, so that equal passwords give different keys. Hexadecimal in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
#[serde(transparent)]
pub struct Salt(#[serde(with = "hex::serde")] [u8; 16]);

impl Salt {
    /// The salt with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// What Argon2id makes of a password: the source of both keys, and nothing else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Root([u8; 32]);

/// Proves to the leader, which stores a hash of it, that someone knows the password. Hexadecimal in JSON.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AuthenticationKey([u8; 32]);

/// Opens the vault; never leaves the device on which the password was typed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct WrappingKey([u8; 32]);

impl Root {
    /// The longest password, in bytes of UTF-8.
    pub const PASSWORD_BYTES_MAX: usize = 1024;

    /// Argon2id (version 0x13) of the password in Unicode normalisation form KC, so that it does not matter on which keyboard it was
    /// typed. Takes a noticeable part of a second.
    ///
    /// # Errors
    /// When the parameters are outside of their bounds, the memory is not there, or the password is too long.
    pub fn derive(
        password: &str,
        salt: &Salt,
        parameters: &KdfParameters,
        forms: &impl Normalize,
    ) -> Result<Self, KdfError> {
        parameters.check()?;
        if password.len() > Self::PASSWORD_BYTES_MAX {
            return Err(KdfError::PasswordTooLong(password.len()));
        }
        let KdfParameters { memory_kib, iterations, parallelism } = *parameters;
        let costs =
            Params::new(memory_kib, iterations, parallelism, Some(32)).map_err(|_| KdfError::TooCostly(*parameters))?;
        let normalised = Zeroizing::new(forms.nfkc(password));
        let mut root = Self([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
            .hash_password_into(normalised.as_bytes(), &salt.0, &mut root.0)
            .map_err(|_| KdfError::OutOfMemory(memory_kib))?;
        Ok(root)
    }

    /// The key that proves the password: HKDF-SHA256 with the label `qoin/authentication`.
    pub fn authentication_key(&self) -> AuthenticationKey {
        AuthenticationKey(self.expand("qoin/authentication"))
    }

    /// The key that opens the vault: HKDF-SHA256 with the label `qoin/wrapping`.
    pub fn wrapping_key(&self) -> WrappingKey {
        WrappingKey(self.expand("qoin/wrapping"))
    }

    fn expand(&self, label: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(label.as_bytes(), &mut key)
            .expect("32 bytes are within HKDF's limit");
        key
    }
}

impl AuthenticationKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl WrappingKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )*};
}
redacted!(Root, AuthenticationKey, WrappingKey);

impl Serialize for AuthenticationKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serde::serialize(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for AuthenticationKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::serde::deserialize(deserializer).map(Self)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for AuthenticationKey {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("64 hexadecimal digits"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for AuthenticationKey {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unicode::Tables;

    fn derive(password: &str) -> Root {
        Root::derive(password, &Salt([3; 16]), &KdfParameters::MINIMUM, &Tables).unwrap()
    }

    #[test]
    fn the_same_password_gives_the_same_keys_however_it_was_typed() {
        let (composed, decomposed) = (derive("caf\u{e9} \u{2460}"), derive("cafe\u{301} 1"));
        assert_eq!(composed.0, decomposed.0);
        assert_ne!(composed.authentication_key().0, composed.wrapping_key().0);
    }

    #[test]
    fn keys_stay_what_they_were() {
        // From another implementation (Python: argon2-cffi and cryptography), as are all three.
        let root = derive("correct horse");
        assert_eq!(hex::encode(root.0), "c78a0653834a28970cef3be1c13c77279a7a9d8ef13d6a55ad7f42e14eb03ddb");
        assert_eq!(
            hex::encode(root.authentication_key().0),
            "90132e40849040b4138c3f3042c982cc35b3da304ff9e545f5ce20c2acd25bc9"
        );
        assert_eq!(
            hex::encode(root.wrapping_key().0),
            "c2e95aec8349944cebbbb2e11d7a244f910dffac2cbd68c90578f330453a2952"
        );
    }

    #[test]
    fn weak_and_excessive_parameters_are_refused() {
        let least = KdfParameters::MINIMUM;
        for weak in [
            KdfParameters { memory_kib: least.memory_kib - 1, ..least },
            KdfParameters { iterations: 2, ..least },
            KdfParameters { parallelism: 0, ..least },
        ] {
            assert_eq!(Root::derive("x", &Salt([0; 16]), &weak, &Tables).unwrap_err(), KdfError::TooWeak(weak));
        }
        let costly = KdfParameters { memory_kib: u32::MAX, ..least };
        assert_eq!(Root::derive("x", &Salt([0; 16]), &costly, &Tables).unwrap_err(), KdfError::TooCostly(costly));
        let long = "x".repeat(1025);
        assert_eq!(Root::derive(&long, &Salt([0; 16]), &least, &Tables).unwrap_err(), KdfError::PasswordTooLong(1025));
    }

    #[test]
    fn secrets_do_not_print() {
        let key = AuthenticationKey([0xab; 32]);
        assert_eq!(
            format!("{key:?} {:?} {:?}", WrappingKey([1; 32]), Root([1; 32])),
            "AuthenticationKey(redacted) WrappingKey(redacted) Root(redacted)"
        );
        assert_eq!(serde_json::to_string(&key).unwrap(), format!("\"{}\"", "ab".repeat(32)));
    }
}
