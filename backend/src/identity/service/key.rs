//! A service's key as the store holds it: a hash by which it is found, and the key itself encrypted for its owner.

use super::super::error::Failure;
use super::super::sealed::Sealed;
use super::super::secret::{LeaderSecret, Use};
use super::super::token::{Token, TokenHash, TokenKind};
use borsh::{BorshDeserialize, BorshSerialize};
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
    pub sealed: Option<Sealed>,
    pub since_ms: u64,
}

/// Encrypts services' keys under the leader's secret.
pub(super) struct Sealer(Zeroizing<[u8; 32]>);

impl Sealer {
    pub fn new(secret: &LeaderSecret) -> Self {
        Self(Zeroizing::new(secret.derive(Use::ServiceKeys, &[])))
    }

    /// A key of the service with this number. It opens only in its place: as the key with this hash of this service and
    /// owner.
    ///
    /// # Errors
    /// Without randomness.
    pub fn seal(&self, key: &Token, number: u64, owner: u64, since_ms: u64) -> Result<StoredKey, Failure> {
        let (hash, text) = (key.hash(TokenKind::Service), key.text());
        let sealed = Sealed::seal(key.bytes(), &self.0, &encode(&(number, owner, hash)))?;
        Ok(StoredKey { hash, ends: text[text.len() - KEY_ENDS..].into(), sealed: Some(sealed), since_ms })
    }

    /// The key's text; none when it was never kept, or the leader has another secret by now.
    pub fn open(&self, key: &StoredKey, number: u64, owner: u64) -> Option<String> {
        let opened = key.sealed.as_ref()?.open(&self.0, &encode(&(number, owner, key.hash)))?;
        Some(hex::encode(&*opened))
    }
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
        let kept = borsh::to_vec(&stored).unwrap();
        assert!(!kept.windows(32).any(|bytes| bytes == key.bytes()), "the key is not kept in clear");
    }
}
