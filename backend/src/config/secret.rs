//! Secret keys of a host: where they come from, what they must be, and what is derived from them.

use super::value::Refused;
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// How to make one.
pub const MEND: &str = "make one with `openssl rand -hex 16`";

/// The least of hexadecimal digits: 16 bytes.
const DIGITS_MIN: usize = 32;

/// A secret key. It prints as redacted and is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The secret of a field's text: itself, the content of an environment variable (`env:NAME`), or that of a file
    /// (`file:PATH`, from `folder`).
    pub(super) fn given(text: &str, folder: &Path) -> Result<Self, Refused> {
        let mend = |what: String| Refused { what, mend: Some(MEND.to_owned()) };
        if let Some(name) = text.strip_prefix("env:") {
            let content = std::env::var(name)
                .map(Zeroizing::new)
                .map_err(|_| mend(format!("the environment variable {name} is not set")))?;
            return Self::parse(&content).map_err(|what| mend(format!("the environment variable {name} {what}")));
        }
        if let Some(path) = text.strip_prefix("file:") {
            let path = folder.join(path);
            let content = std::fs::read_to_string(&path)
                .map(Zeroizing::new)
                .map_err(|error| mend(format!("cannot read the secret's file {}: {error}", path.display())))?;
            return Self::parse(&content).map_err(|what| mend(format!("the file {} {what}", path.display())));
        }
        Self::parse(text).map_err(|what| mend(format!("it {what}")))
    }

    /// The secret of at least 32 hexadecimal digits.
    ///
    /// # Errors
    /// Says what the text is instead, without repeating it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = text.trim();
        let lower = Zeroizing::new(digits.to_lowercase());
        if ["replace", "change", "secret", "example", "openssl", "xxx", "..."].iter().any(|word| lower.contains(word)) {
            return Err("still holds a placeholder and no secret key");
        }
        let bytes = hex::decode(digits).map(Zeroizing::new).map_err(|_| "is not made of hexadecimal digits")?;
        if digits.len() < DIGITS_MIN {
            return Err("has fewer than 32 hexadecimal digits");
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err("still holds a placeholder and no secret key");
        }
        Ok(Self(bytes))
    }

    /// The key for one use: HKDF-SHA256 with that use's own label.
    ///
    /// # Panics
    /// Never: 32 bytes are within HKDF's limit.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(label.as_bytes(), &mut *key);
        expanded.expect("32 bytes are within HKDF's limit");
        key
    }

    /// Whether both are the same, for which the time taken tells nothing.
    pub fn equals(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_has_its_own_key() {
        let secret = Secret::parse("000102030405060708090a0b0c0d0e0f").unwrap();
        assert_ne!(secret.derive("qoin/a"), secret.derive("qoin/b"));
        assert_eq!(secret.derive("qoin/a"), secret.derive("qoin/a"));
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
    }

    #[test]
    fn placeholders_and_short_ones_are_refused() {
        for text in ["replace-me", "CHANGE ME", "secret", "", "abcd", "00000000000000000000000000000000", "zz"] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "000102030405060708090a0b0c0d0e0f\n").unwrap();
        assert!(Secret::given("file:key", folder.path()).is_ok());
        let refused = Secret::given("file:other", folder.path()).unwrap_err();
        assert!(refused.what.contains("other"), "{refused:?}");
        assert_eq!(refused.mend.as_deref(), Some(MEND));
        let refused = Secret::given("env:QOIN_NO_SUCH_VARIABLE", folder.path()).unwrap_err();
        assert!(refused.what.contains("QOIN_NO_SUCH_VARIABLE"), "{refused:?}");
    }
}
