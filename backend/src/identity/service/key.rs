//! A service's key as the store holds it: a hash by which it is found, and the key itself encrypted for its owner.

use super::super::error::Failure;
use super::super::secret::{LeaderSecret, Use};
use super::super::token::{Token, TokenHash, TokenKind, random};
use borsh::{BorshDeserialize, BorshSerialize};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use qoin_core::encode::encode;
use zeroize::Zeroizing;

/// The characters of a key that are always shown.
const KEY_ENDS: usize = 4;

/// What the store holds of a key.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(in crate::identity) struct StoredKey {
    pub hash: TokenHash,
    /// The last characters, by which its owner recognises it.
    pub ends: String,
    /// Not there for a key that was made before keys were kept.
    pub sealed: Option<SealedKey>,
    pub since_ms: u64,
}

/// A key encrypted with XChaCha20-Poly1305. The associated data is the canonical form of (service's number, owner's
/// number, hash), so that it opens only where it was put.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(in crate::identity) struct SealedKey {
    nonce: [u8; 24],
    ciphertext: Vec<u8>,
}

/// Encrypts services' keys under the leader's secret.
pub(super) struct Sealer(Zeroizing<[u8; 32]>);

impl Sealer {
    pub fn new(secret: &LeaderSecret) -> Self {
        Self(Zeroizing::new(secret.derive(Use::ServiceKeys, &[])))
    }

    /// A key of the service with this number.
    ///
    /// # Errors
    /// Without randomness.
    pub fn seal(&self, key: &Token, number: u64, owner: u64, since_ms: u64) -> Result<StoredKey, Failure> {
        let (hash, text) = (key.hash(TokenKind::Service), key.text());
        let nonce: [u8; 24] = random()?;
        let data = associated(number, owner, &hash);
        let ciphertext = XChaCha20Poly1305::new((&*self.0).into())
            .encrypt(&XNonce::from(nonce), Payload { msg: key.bytes(), aad: &data })
            .expect("a key is short enough to be encrypted");
        let ends = text[text.len() - KEY_ENDS..].into();
        Ok(StoredKey { hash, ends, sealed: Some(SealedKey { nonce, ciphertext }), since_ms })
    }

    /// The key's text; none when it was never kept, or the leader has another secret by now.
    pub fn open(&self, key: &StoredKey, number: u64, owner: u64) -> Option<String> {
        let SealedKey { nonce, ciphertext } = key.sealed.as_ref()?;
        let data = associated(number, owner, &key.hash);
        let opened = XChaCha20Poly1305::new((&*self.0).into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &data })
            .map(Zeroizing::new)
            .ok()?;
        Some(hex::encode(&*opened))
    }
}

fn associated(number: u64, owner: u64, hash: &TokenHash) -> Vec<u8> {
    encode(&(number, owner, *hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_in_its_place_under_the_same_secret_only() {
        let sealer = Sealer::new(&LeaderSecret::new([1; 16]));
        let key = Token::random().unwrap();
        let stored = sealer.seal(&key, 7, 3, 1_000).unwrap();
        assert_eq!(sealer.open(&stored, 7, 3), Some(key.text()));
        assert!(key.text().ends_with(&stored.ends) && stored.ends.len() == 4);
        assert_eq!((sealer.open(&stored, 8, 3), sealer.open(&stored, 7, 4)), (None, None));
        assert_eq!(Sealer::new(&LeaderSecret::new([2; 16])).open(&stored, 7, 3), None);
        let mut altered = stored.clone();
        altered.sealed.as_mut().unwrap().ciphertext[0] ^= 1;
        assert_eq!(sealer.open(&altered, 7, 3), None);
        let kept = borsh::to_vec(&stored).unwrap();
        assert!(!kept.windows(32).any(|bytes| bytes == key.bytes()), "the key is not kept in clear");
    }
}
