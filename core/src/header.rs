//! A block's header: the 80 bytes that miners hash, laid out exactly as Bitcoin's.

use crate::{
    hash::{BlockHash, MerkleRoot, sha256d},
    target::CompactTarget,
};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// The version in every header of Qoin: BIP 9's marker with no bit set.
pub const HEADER_VERSION: u32 = 0x2000_0000;

/// The 80 bytes, in this order and little endian:
/// version (4), previous block's hash (32), Merkle root (32), time (4), compact target (4), nonce (4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Header {
    /// [`HEADER_VERSION`] in Qoin; other values occur in Bitcoin's blocks.
    pub version: u32,
    /// The block before; the genesis hash for block 1.
    pub previous: BlockHash,
    /// The root over the coinbase and the block's log records.
    pub merkle_root: MerkleRoot,
    /// When the job was issued, in seconds since 1970.
    pub time: u32,
    /// The target that the header's hash meets.
    pub bits: CompactTarget,
    /// What the miner varied.
    pub nonce: u32,
}

impl Header {
    /// The count of bytes of every header.
    pub const LEN: usize = 80;

    /// Its 80 bytes.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&self.version.to_le_bytes());
        bytes[4..36].copy_from_slice(&self.previous.to_bytes());
        bytes[36..68].copy_from_slice(&self.merkle_root.to_bytes());
        bytes[68..72].copy_from_slice(&self.time.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.bits.0.to_le_bytes());
        bytes[76..].copy_from_slice(&self.nonce.to_le_bytes());
        bytes
    }

    /// The header with these bytes; every 80 bytes are one.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        fn part<const N: usize>(bytes: &[u8; Header::LEN], start: usize) -> [u8; N] {
            let mut part = [0; N];
            part.copy_from_slice(&bytes[start..start + N]);
            part
        }
        Self {
            version: u32::from_le_bytes(part(bytes, 0)),
            previous: BlockHash::from_bytes(part(bytes, 4)),
            merkle_root: MerkleRoot::from_bytes(part(bytes, 36)),
            time: u32::from_le_bytes(part(bytes, 68)),
            bits: CompactTarget(u32::from_le_bytes(part(bytes, 72))),
            nonce: u32::from_le_bytes(part(bytes, 76)),
        }
    }

    /// The SHA-256d of its bytes: the block's name, and what has to meet the target.
    pub fn hash(&self) -> BlockHash {
        BlockHash::from_bytes(sha256d(&self.to_bytes()))
    }
}
