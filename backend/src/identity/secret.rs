//! The leader's own secret, from which every use derives its own bytes.

use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes that only the leader knows. They print as redacted and are wiped when dropped.
///
/// What is derived from them must stay the same over restarts, so the secret belongs into the configuration or the
/// data folder.
pub struct LeaderSecret(Zeroizing<Vec<u8>>);

/// What is derived from a [`LeaderSecret`]; each use has its own label.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    /// The salt that an e-mail address without a member seems to have.
    UnknownSalt,
    /// The account that an e-mail address without a member seems to have.
    UnknownAddress,
    /// The key under which the master key is stored.
    MasterKey,
    /// The key under which services' keys are kept.
    ServiceKeys,
}

impl Use {
    const fn label(self) -> &'static str {
        match self {
            Self::UnknownSalt => "qoin/unknown-email-salt",
            Self::UnknownAddress => "qoin/unknown-email-address",
            Self::MasterKey => "qoin/master-key",
            Self::ServiceKeys => "qoin/service-keys",
        }
    }
}

impl LeaderSecret {
    /// The secret with these bytes; at least 16 random ones.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// `N` bytes for `purpose` and `context`: HKDF-SHA256 of the secret with the purpose's label, a zero byte and the
    /// context as the info.
    pub(super) fn derive<const N: usize>(&self, purpose: Use, context: &[u8]) -> [u8; N] {
        let mut bytes = [0; N];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand_multi_info(&[purpose.label().as_bytes(), &[0], context], &mut bytes)
            .expect("the few bytes asked for are within HKDF's limit");
        bytes
    }
}

impl fmt::Debug for LeaderSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaderSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_bytes_are_stable_and_differ_by_secret_use_and_context() {
        let secret = LeaderSecret::new([1; 16]);
        let salt: [u8; 16] = secret.derive(Use::UnknownSalt, b"ada@example.org");
        assert_eq!(salt, secret.derive::<16>(Use::UnknownSalt, b"ada@example.org"));
        assert_ne!(salt, secret.derive::<16>(Use::UnknownSalt, b"bob@example.org"));
        assert_ne!(salt, secret.derive::<16>(Use::UnknownAddress, b"ada@example.org"));
        assert_ne!(salt, LeaderSecret::new([2; 16]).derive::<16>(Use::UnknownSalt, b"ada@example.org"));
        assert_eq!(format!("{secret:?}"), "LeaderSecret(redacted)");
    }
}
