//! Blocks and headers.

use super::bytes::Bytes;
use crate::{address::Address, amount::Amount, hash::BlockHash, keys::Signature};
use serde::{Deserialize, Serialize};

/// `GET` with `before` and `limit`: blocks, newest first; below it with a height: one block.
pub const BLOCKS_PATH: &str = "/api/v1/blocks";
/// `GET` with `from` (a height, 1 if absent) and `limit`: headers, oldest first.
pub const HEADERS_PATH: &str = "/api/v1/headers";

/// The chain's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tip {
    /// The last block's height; 0 before the first block.
    pub height: u32,
    /// Its hash; the genesis hash before the first block.
    pub hash: BlockHash,
    /// How many log records are sealed: those with smaller numbers.
    pub sealed: u64,
}

/// A page of blocks, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlocksPage {
    /// The blocks, newest first.
    pub blocks: Vec<BlockView>,
    /// What to pass as `before` for the next page; absent at the end.
    pub next: Option<u32>,
}

/// A block without its log records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockView {
    /// Its height, from 1.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Its header, 80 bytes as in Bitcoin.
    pub header: Bytes<80>,
    /// Its coinbase transaction, hexadecimal.
    pub coinbase: String,
    /// The number of its first log record.
    pub first: u64,
    /// How many log records it seals.
    pub count: u32,
    /// When work on this height first went to a miner.
    pub opened_ms: u64,
    /// When the solved job was made.
    pub issued_ms: u64,
    /// When the leader took the solution.
    pub solved_ms: u64,
    /// The reward paid.
    pub reward: Amount,
    /// Whose miner solved it; absent for an anonymous one.
    pub rewarded: Option<Address>,
    /// The leader's signature over it.
    pub seal: Signature,
}

/// A run of headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeadersPage {
    /// The height of the first.
    pub from: u32,
    /// The headers, oldest first.
    pub headers: Vec<Bytes<80>>,
}
