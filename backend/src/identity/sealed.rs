//! Secrets that the leader must be able to read again, encrypted where they lie.

use super::error::Failure;
use super::token::random;
use borsh::{BorshDeserialize, BorshSerialize};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

/// A secret under a key: XChaCha20-Poly1305 with a random nonce.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Sealed {
    nonce: [u8; 24],
    ciphertext: Vec<u8>,
}

impl Sealed {
    /// Encrypts `plain`; it opens only as what it is `about`.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(plain: &[u8], key: &[u8; 32], about: &[u8]) -> Result<Self, Failure> {
        let nonce = random()?;
        let ciphertext = XChaCha20Poly1305::new(key.into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: about })
            .expect("a secret is far below the cipher's limit");
        Ok(Self { nonce, ciphertext })
    }

    /// Decrypts it; `None` when the key or what it is about is another, or its bytes were altered.
    pub fn open(&self, key: &[u8; 32], about: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        XChaCha20Poly1305::new(key.into())
            .decrypt(&XNonce::from(self.nonce), Payload { msg: &self.ciphertext, aad: about })
            .ok()
            .map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_under_its_key_and_as_what_it_is_only() {
        let sealed = Sealed::seal(b"secret", &[1; 32], b"a key").unwrap();
        assert_eq!(&**sealed.open(&[1; 32], b"a key").unwrap(), b"secret");
        assert!(sealed.open(&[2; 32], b"a key").is_none());
        assert!(sealed.open(&[1; 32], b"another").is_none());
        assert_ne!(sealed, Sealed::seal(b"secret", &[1; 32], b"a key").unwrap());
        let mut altered = sealed;
        altered.ciphertext[0] ^= 1;
        assert!(altered.open(&[1; 32], b"a key").is_none());
    }
}
