//! A member's seed, the password that protects it, and its sealed form that the leader stores.
//!
//! The way from a password: [`Root::derive`] (Argon2id), from which come the [`AuthenticationKey`] that proves the password to
//! the leader and the [`WrappingKey`] that opens the [`Vault`] with the [`Seed`]. The leader never sees the password or the wrapping key.

mod password;
mod seed;

pub use password::{AuthenticationKey, KdfError, KdfParameters, Root, Salt, WrappingKey};
pub use seed::{Seed, WordsError};

use crate::address::Address;
use borsh::{BorshDeserialize, BorshSerialize, io};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

/// The only version so far.
const VERSION: u8 = 1;
/// A seed and the tag of Poly1305.
const CIPHERTEXT_LEN: usize = 32 + 16;

/// A [`Seed`] encrypted with XChaCha20-Poly1305 under a [`WrappingKey`].
///
/// The associated data is the canonical form of (version, address, parameters), so that a vault opens only for the account and the
/// parameters it was sealed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "RawVault")]
pub struct Vault {
    version: u8,
    #[serde(with = "hex::serde")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    nonce: [u8; 24],
    #[serde(with = "hex::serde")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    ciphertext: [u8; CIPHERTEXT_LEN],
}

/// A vault as it is written down, before its version is checked.
#[derive(Deserialize, BorshDeserialize)]
struct RawVault {
    version: u8,
    #[serde(with = "hex::serde")]
    nonce: [u8; 24],
    #[serde(with = "hex::serde")]
    ciphertext: [u8; CIPHERTEXT_LEN],
}

/// A vault made by a newer release.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a vault of version {0} needs a newer release, this one knows version {VERSION}")]
pub struct UnknownVersion(u8);

/// The key, the account or the parameters are not those the vault was sealed with, or its bytes were altered; which of them
/// cannot be told.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the vault of {address} does not open with this password")]
pub struct OpenError {
    address: Address,
}

/// What the seal covers besides the seed.
fn associated_data(version: u8, address: Address, parameters: &KdfParameters) -> Vec<u8> {
    crate::encode::encode(&(version, address, *parameters))
}

impl Vault {
    /// Encrypts `seed`. The nonce is 24 random bytes, new for each call.
    pub fn seal(seed: &Seed, key: &WrappingKey, address: Address, parameters: &KdfParameters, nonce: [u8; 24]) -> Self {
        let aad = associated_data(VERSION, address, parameters);
        let sealed = XChaCha20Poly1305::new(key.as_bytes().into())
            .encrypt(&XNonce::from(nonce), Payload { msg: seed.as_bytes(), aad: &aad })
            .expect("32 bytes are far below the cipher's limit");
        let ciphertext = sealed.try_into().expect("a seed and a tag have 48 bytes");
        Self { version: VERSION, nonce, ciphertext }
    }

    /// Decrypts the seed.
    ///
    /// # Errors
    /// When the key, the address, the parameters or any byte differ from what was sealed.
    pub fn open(&self, key: &WrappingKey, address: Address, parameters: &KdfParameters) -> Result<Seed, OpenError> {
        let aad = associated_data(self.version, address, parameters);
        let opened = XChaCha20Poly1305::new(key.as_bytes().into())
            .decrypt(&XNonce::from(self.nonce), Payload { msg: &self.ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError { address })?;
        let seed = opened.as_slice().try_into().expect("48 bytes less the tag are 32");
        Ok(Seed::from_bytes(seed))
    }
}

impl TryFrom<RawVault> for Vault {
    type Error = UnknownVersion;

    fn try_from(raw: RawVault) -> Result<Self, UnknownVersion> {
        let RawVault { version, nonce, ciphertext } = raw;
        if version == VERSION { Ok(Self { version, nonce, ciphertext }) } else { Err(UnknownVersion(version)) }
    }
}

impl BorshDeserialize for Vault {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::try_from(RawVault::deserialize_reader(reader)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: Address = Address::from_bytes([9; 20]);
    const PARAMETERS: KdfParameters = KdfParameters::MINIMUM;

    fn key(byte: u8) -> WrappingKey {
        WrappingKey::from_bytes([byte; 32])
    }

    fn vault() -> Vault {
        Vault::seal(&Seed::from_bytes([5; 32]), &key(1), ADDRESS, &PARAMETERS, [2; 24])
    }

    #[test]
    fn opens_only_with_what_it_was_sealed_with() {
        let vault = vault();
        assert_eq!(vault.open(&key(1), ADDRESS, &PARAMETERS).unwrap().as_bytes(), &[5; 32]);
        assert!(vault.open(&key(2), ADDRESS, &PARAMETERS).is_err());
        assert!(vault.open(&key(1), Address::from_bytes([8; 20]), &PARAMETERS).is_err());
        let stronger = KdfParameters { iterations: 4, ..PARAMETERS };
        assert!(vault.open(&key(1), ADDRESS, &stronger).is_err());
    }

    #[test]
    fn every_altered_bit_is_noticed() {
        let vault = vault();
        for bit in 0..8 * (24 + CIPHERTEXT_LEN) {
            let mut altered = vault.clone();
            let (byte, mask) = (bit / 8, 1 << (bit % 8));
            if byte < 24 {
                altered.nonce[byte] ^= mask;
            } else {
                altered.ciphertext[byte - 24] ^= mask;
            }
            assert!(altered.open(&key(1), ADDRESS, &PARAMETERS).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn json_is_hexadecimal_and_a_newer_version_is_named() {
        let json = serde_json::to_string(&vault()).unwrap();
        assert!(json.starts_with(&format!(r#"{{"version":1,"nonce":"{}","ciphertext":""#, "02".repeat(24))), "{json}");
        assert_eq!(serde_json::from_str::<Vault>(&json).unwrap(), vault());
        let newer = json.replace(r#""version":1"#, r#""version":2"#);
        let error = serde_json::from_str::<Vault>(&newer).unwrap_err().to_string();
        assert!(error.contains("a vault of version 2 needs a newer release"), "{error}");
    }
}
