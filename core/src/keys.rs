//! Ed25519 keys and signatures under the ZIP 215 rules, by which checking one signature
//! and checking a batch always agree.
//!
//! Every signature covers a domain tag and the genesis hash before its message, so that one made
//! for a purpose or a chain is worthless for another.

#[cfg(any(target_arch = "wasm32", test))]
mod signing;

use crate::hash::GenesisHash;
use borsh::{BorshDeserialize, BorshSerialize, io};
use curve25519_dalek::{Scalar, constants::ED25519_BASEPOINT_POINT, edwards::CompressedEdwardsY, traits::IsIdentity};
#[cfg(not(target_arch = "wasm32"))]
use ed25519_zebra::SigningKey;
use ed25519_zebra::{VerificationKey, VerificationKeyBytes, batch};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
#[cfg(target_arch = "wasm32")]
use signing::SigningKey;
use std::{fmt, str::FromStr};
use thiserror::Error;
use zeroize::Zeroizing;

/// What a signature is for; part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A transaction of an account.
    Transaction,
    /// The leader's seal under a block.
    Seal,
    /// A member's proof, with the recovery words, that the key is theirs.
    Recovery,
    /// The system key's word on a restored leader.
    RestoreNotice,
}

impl Purpose {
    const fn tag(self) -> &'static [u8; 16] {
        match self {
            Self::Transaction => b"qoin/transaction",
            Self::Seal => b"qoin/block-seal\0",
            Self::Recovery => b"qoin/recovery\0\0\0",
            Self::RestoreNotice => b"qoin/restore\0\0\0\0",
        }
    }

    /// The signed-over bytes: the purpose's tag (16 bytes), the genesis hash (32 bytes), the message.
    pub fn signed_bytes(self, genesis: &GenesisHash, message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48 + message.len());
        bytes.extend_from_slice(self.tag());
        bytes.extend_from_slice(&genesis.to_bytes());
        bytes.extend_from_slice(message);
        bytes
    }
}

/// A public key: 32 bytes that decode to a point of large order. Its text form is hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct PublicKey([u8; 32]);

/// Why bytes are not a usable public key.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum PublicKeyError {
    /// Not 64 hexadecimal digits.
    #[error("a public key is 64 hexadecimal digits, got {0:?}")]
    Malformed(String),
    /// The bytes name no point of the curve.
    #[error("these bytes are not a point of the curve")]
    NotAPoint,
    /// A key under which one signature fits many messages.
    #[error("the public key has small order")]
    SmallOrder,
}

impl PublicKey {
    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The key that this ledger kept with these bytes, having checked them when it took them in.
    pub(crate) const fn kept(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether `signature` is this key's over `message` for `purpose` on the chain `genesis`.
    pub fn verifies(&self, purpose: Purpose, genesis: &GenesisHash, message: &[u8], signature: &Signature) -> bool {
        self.verifies_bytes(&purpose.signed_bytes(genesis, message), signature)
    }

    /// The same answer as [`Self::verifies`] in about twice the time, out of what signing needs anyway: the tables that make
    /// the other fast are a thirtieth of all that the app has to download.
    pub fn verifies_compactly(
        &self,
        purpose: Purpose,
        genesis: &GenesisHash,
        message: &[u8],
        signature: &Signature,
    ) -> bool {
        self.satisfies(&purpose.signed_bytes(genesis, message), signature).unwrap_or(false)
    }

    /// Whether the equation of ZIP 215 holds: `[8]R = [8]([s]B - [k]A)`; none where a part is no point or number.
    fn satisfies(&self, signed_bytes: &[u8], signature: &Signature) -> Option<bool> {
        let (r_bytes, s_bytes) = signature.0.split_first_chunk::<32>()?;
        let s: Scalar = Option::from(Scalar::from_canonical_bytes(s_bytes.try_into().ok()?))?;
        let (r, a) = (CompressedEdwardsY(*r_bytes).decompress()?, CompressedEdwardsY(self.0).decompress()?);
        let hash = Sha512::new().chain_update(r_bytes).chain_update(self.0).chain_update(signed_bytes).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        Some((ED25519_BASEPOINT_POINT * s - a * k - r).mul_by_cofactor().is_identity())
    }

    /// Whether `signature` is this key's over exactly `signed_bytes` (see [`Purpose::signed_bytes`]).
    pub(crate) fn verifies_bytes(&self, signed_bytes: &[u8], signature: &Signature) -> bool {
        VerificationKey::try_from(self.0).is_ok_and(|key| key.verify(&signature.0.into(), signed_bytes).is_ok())
    }
}

impl TryFrom<[u8; 32]> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(bytes: [u8; 32]) -> Result<Self, PublicKeyError> {
        let point = CompressedEdwardsY(bytes).decompress().ok_or(PublicKeyError::NotAPoint)?;
        if point.is_small_order() {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Self(bytes))
    }
}

impl BorshDeserialize for PublicKey {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::try_from(<[u8; 32]>::deserialize_reader(reader)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| PublicKeyError::Malformed(text.chars().take(80).collect()))?;
        Self::try_from(bytes)
    }
}

crate::encode::text_serde!(PublicKey, "64 hexadecimal digits");

/// An Ed25519 signature, 64 bytes (RFC 8032). Its text form is hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Signature([u8; 64]);

/// A text that is not 128 hexadecimal digits.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("a signature is 128 hexadecimal digits, got {0:?}")]
pub struct SignatureError(String);

impl Signature {
    /// The signature with these bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 64] {
        self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let mut bytes = [0; 64];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SignatureError(text.chars().take(140).collect()))?;
        Ok(Self(bytes))
    }
}

crate::encode::text_serde!(Signature, "128 hexadecimal digits");

/// A secret key. It prints as redacted and is wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a 32-byte seed (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed it was made from.
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    ///
    /// # Panics
    /// Never: a secret key's public half is a multiple of the curve's base point and has large order.
    pub fn public_key(&self) -> PublicKey {
        #[cfg(not(target_arch = "wasm32"))]
        let bytes: [u8; 32] = VerificationKeyBytes::from(&self.0).into();
        #[cfg(target_arch = "wasm32")]
        let bytes = self.0.public();
        PublicKey::try_from(bytes).expect("a secret key's public half has large order")
    }

    /// Signs `message` for `purpose` on the chain `genesis`.
    pub fn sign(&self, purpose: Purpose, genesis: &GenesisHash, message: &[u8]) -> Signature {
        self.sign_bytes(&purpose.signed_bytes(genesis, message))
    }

    pub(crate) fn sign_bytes(&self, signed_bytes: &[u8]) -> Signature {
        #[cfg(not(target_arch = "wasm32"))]
        let bytes = self.0.sign(signed_bytes).to_bytes();
        #[cfg(target_arch = "wasm32")]
        let bytes = self.0.sign(signed_bytes);
        Signature(bytes)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

/// Checks many signatures together: about three times as fast as one by one, with the same answer.
#[derive(Default)]
pub(crate) struct SignatureBatch(batch::Verifier);

impl SignatureBatch {
    pub(crate) fn push(&mut self, key: &PublicKey, signed_bytes: &[u8], signature: &Signature) {
        self.0.queue((VerificationKeyBytes::from(key.0), signature.0.into(), signed_bytes));
    }

    /// Whether every signature is valid. The random source must be unpredictable to the signers.
    pub(crate) fn all_valid(self, random: impl CryptoRng) -> bool {
        self.0.verify(random).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: GenesisHash = GenesisHash::from_bytes([7; 32]);

    #[test]
    fn a_signature_holds_for_its_key_purpose_chain_and_message_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signature = key.sign(Purpose::Transaction, &GENESIS, b"pay");
        let public = key.public_key();
        assert!(public.verifies(Purpose::Transaction, &GENESIS, b"pay", &signature));
        assert!(!public.verifies(Purpose::Transaction, &GENESIS, b"pax", &signature));
        assert!(!public.verifies(Purpose::Seal, &GENESIS, b"pay", &signature));
        assert!(!public.verifies(Purpose::Transaction, &GenesisHash::from_bytes([8; 32]), b"pay", &signature));
        let other = SecretKey::from_seed(&[2; 32]).public_key();
        assert!(!other.verifies(Purpose::Transaction, &GENESIS, b"pay", &signature));
    }

    #[test]
    fn the_compact_check_answers_the_same() {
        let same = |key: &PublicKey, message: &[u8], signature: &Signature| {
            let answer = key.verifies(Purpose::RestoreNotice, &GENESIS, message, signature);
            assert_eq!(key.verifies_compactly(Purpose::RestoreNotice, &GENESIS, message, signature), answer);
            answer
        };
        for seed in 0..8 {
            let (key, message) = (SecretKey::from_seed(&[seed; 32]), [seed; 90]);
            let (public, signature) = (key.public_key(), key.sign(Purpose::RestoreNotice, &GENESIS, &message));
            assert!(same(&public, &message, &signature));
            assert!(!same(&SecretKey::from_seed(&[99; 32]).public_key(), &message, &signature));
            assert!(!same(&public, &message[1..], &signature));
            for bit in 0..512 {
                let mut bytes = signature.to_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(!same(&public, &message, &Signature(bytes)), "bit {bit}");
            }
        }
        // An R of small order, its y not reduced, and s = 0 under a key of mixed order: what ZIP 215 is about.
        let mut torsion = [0; 32];
        torsion[0] = 1;
        for y in [torsion, [0; 32], [0xff; 32]] {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(&y);
            same(&SecretKey::from_seed(&[1; 32]).public_key(), b"", &Signature(bytes));
        }
        let point = CompressedEdwardsY(SecretKey::from_seed(&[1; 32]).public_key().0).decompress().unwrap();
        let small = CompressedEdwardsY([0; 32]).decompress().unwrap();
        let mixed = PublicKey((point + small).compress().0);
        for seed in 0..8 {
            let signature = SecretKey::from_seed(&[1; 32]).sign(Purpose::RestoreNotice, &GENESIS, &[seed]);
            same(&mixed, &[seed], &signature);
        }
    }

    #[test]
    fn small_order_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::try_from(identity), Err(PublicKeyError::SmallOrder));
        assert_eq!(PublicKey::try_from([0; 32]), Err(PublicKeyError::SmallOrder));
        // The identity again, written with a y that is not reduced modulo the field's prime.
        let mut unreduced = [0xff; 32];
        unreduced[0] = 0xee;
        unreduced[31] = 0x7f;
        assert_eq!(PublicKey::try_from(unreduced), Err(PublicKeyError::SmallOrder));
        let mut no_point = [0; 32];
        no_point[0] = 2;
        assert_eq!(PublicKey::try_from(no_point), Err(PublicKeyError::NotAPoint));
    }

    #[test]
    fn a_secret_key_prints_nothing() {
        assert_eq!(format!("{:?}", SecretKey::from_seed(&[1; 32])), "SecretKey(redacted)");
    }
}
