//! SHA-256d and the 32-byte hashes of Qoin, one type for each meaning.

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// SHA-256 applied twice, as Bitcoin hashes headers, transactions and tree nodes.
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// SHA-256d of `parts` behind a prefix that is specific to `tag`, so that a hash made
/// for one purpose never equals one made for another (the construction of BIP 340,
/// with the outer hash doubled): SHA-256d(SHA-256(tag) || SHA-256(tag) || parts).
pub fn tagged_sha256d(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let prefix = Sha256::digest(tag.as_bytes());
    let mut hasher = Sha256::new();
    hasher.update(prefix);
    hasher.update(prefix);
    for part in parts {
        hasher.update(part);
    }
    Sha256::digest(hasher.finalize()).into()
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("expected 64 hexadecimal digits, got {0:?}")]
pub struct HashTextError(String);

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 32 bytes in the order in which they were computed; its text form is hexadecimal
        /// in the reverse order, as Bitcoin displays hashes.
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The hash with these bytes, in computed order.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Its bytes, in computed order.
            pub const fn to_bytes(self) -> [u8; 32] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut reversed = self.0;
                reversed.reverse();
                let mut text = [0; 64];
                hex::encode_to_slice(reversed, &mut text).expect("two digits for each byte");
                f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = HashTextError;

            fn from_str(text: &str) -> Result<Self, HashTextError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| HashTextError(text.chars().take(80).collect()))?;
                bytes.reverse();
                Ok(Self(bytes))
            }
        }

        crate::encode::text_serde!($name, "64 hexadecimal digits in display order");
    };
}

hash_type! {
    /// The SHA-256d of a block's header: the block's name, and what mining searches for.
    BlockHash
}
hash_type! {
    /// The root of the tree over a block's coinbase and log records.
    MerkleRoot
}
hash_type! {
    /// A leaf or an inner node of a block's tree.
    MerkleNode
}
hash_type! {
    /// The SHA-256d of a transaction's signed-over bytes: the transaction's name.
    TransactionId
}
hash_type! {
    /// The tagged hash of the currency's fixed parameters: the chain's name, and block 1's previous hash.
    GenesisHash
}
hash_type! {
    /// The tagged hash of a memo's salt and text: all that the chain says about a memo.
    MemoHash
}
hash_type! {
    /// A digest of the whole ledger state; equal digests mean equal ledgers.
    StateHash
}
hash_type! {
    /// The tagged hash of an entry of the audit log: the entry's name, and the next entry's `previous`.
    AuditHash
}
