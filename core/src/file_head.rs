//! The first 16 bytes of every file that is handed on: what it is, and the version of its form.

use thiserror::Error;

/// The count of bytes of a head.
pub const HEAD_LEN: usize = 16;

/// The kinds of files. Each is named by 12 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A whole chain; see [`crate::chain_file`].
    Chain,
    /// The proof of one transaction; see [`crate::receipt`].
    Receipt,
}

/// Bytes that do not begin as the expected kind of file does.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum HeadError {
    /// Something else.
    #[error("this is not {}", kind.article())]
    Foreign {
        /// What was expected.
        kind: FileKind,
    },
    /// Written in a form that this program does not know.
    #[error("this is {} of version {found}; this program reads version {}", kind.article(), kind.version())]
    Version {
        /// What it is.
        kind: FileKind,
        /// Its version.
        found: u32,
    },
}

impl FileKind {
    const fn magic(self) -> &'static [u8; 12] {
        match self {
            Self::Chain => b"qoin/chain\0\0",
            Self::Receipt => b"qoin/receipt",
        }
    }

    /// The only version so far, of either kind.
    const fn version(self) -> u32 {
        match self {
            Self::Chain | Self::Receipt => 1,
        }
    }

    const fn article(self) -> &'static str {
        match self {
            Self::Chain => "a chain of Qoin",
            Self::Receipt => "a receipt of Qoin",
        }
    }

    /// The bytes that such a file begins with: 12 that name the kind, then the version (u32, little endian).
    pub fn head(self) -> [u8; HEAD_LEN] {
        let mut head = [0; HEAD_LEN];
        head[..12].copy_from_slice(self.magic());
        head[12..].copy_from_slice(&self.version().to_le_bytes());
        head
    }

    /// Checks a file's first bytes.
    ///
    /// # Errors
    /// When they name something else, or another version.
    pub fn check(self, head: &[u8; HEAD_LEN]) -> Result<(), HeadError> {
        let (magic, version) = head.split_at(12);
        if magic != self.magic() {
            return Err(HeadError::Foreign { kind: self });
        }
        let found = u32::from_le_bytes([version[0], version[1], version[2], version[3]]);
        if found == self.version() { Ok(()) } else { Err(HeadError::Version { kind: self, found }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_of_its_kind_and_version() {
        assert_eq!(FileKind::Chain.check(&FileKind::Chain.head()), Ok(()));
        assert_eq!(
            FileKind::Receipt.check(&FileKind::Chain.head()),
            Err(HeadError::Foreign { kind: FileKind::Receipt })
        );
        let mut newer = FileKind::Receipt.head();
        newer[12] = 2;
        let error = FileKind::Receipt.check(&newer).unwrap_err();
        assert_eq!(error.to_string(), "this is a receipt of Qoin of version 2; this program reads version 1");
    }
}
