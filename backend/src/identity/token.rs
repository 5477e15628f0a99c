//! Random tokens: told once to whom they belong, kept only as a hash.

use super::error::Failure;
use qoin_core::hash::tagged_sha256d;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a token is for; a token of one kind is worthless as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Session,
    Invitation,
    Service,
    Password,
    Registration,
    Recovery,
}

impl TokenKind {
    const fn tag(self) -> &'static str {
        match self {
            Self::Session => "qoin/session-token",
            Self::Invitation => "qoin/invitation-token",
            Self::Service => "qoin/service-key",
            Self::Password => "qoin/password-session-token",
            Self::Registration => "qoin/service-registration",
            Self::Recovery => "qoin/recovery-link",
        }
    }
}

/// 32 random bytes, written as 64 hexadecimal digits.
pub(super) struct Token(Zeroizing<[u8; 32]>);

/// The tagged SHA-256d of a token: all that is stored of it.
pub(super) type TokenHash = [u8; 32];

impl Token {
    /// A new one.
    pub fn random() -> Result<Self, Failure> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// Reads one; `None` when it is not 64 hexadecimal digits.
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, &mut *bytes).ok()?;
        Some(Self(bytes))
    }

    /// The token with these bytes; `None` when they are not 32.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is the same as `other`, in a time that does not depend on the answer.
    pub fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }

    /// What is stored of it.
    pub fn hash(&self, kind: TokenKind) -> TokenHash {
        tagged_sha256d(kind.tag(), &[&*self.0])
    }

    /// What its owner is told.
    pub fn text(&self) -> String {
        hex::encode(*self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// Bytes from the operating system's random source.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_hashes_by_kind() {
        let token = Token::random().unwrap();
        let read = Token::read(&token.text()).unwrap();
        assert_eq!(read.hash(TokenKind::Session), token.hash(TokenKind::Session));
        assert_ne!(token.hash(TokenKind::Session), token.hash(TokenKind::Invitation));
        assert_ne!(token.hash(TokenKind::Session), Token::random().unwrap().hash(TokenKind::Session));
        assert!(Token::read("").is_none());
        assert!(Token::read(&"g".repeat(64)).is_none());
        assert!(Token::read(&"a".repeat(66)).is_none());
        assert_eq!(format!("{token:?}"), "Token(redacted)");
    }
}
