//! What a page and its mining workers say to each other.
//!
//! A worker first says of which build it is, as a text: its file's name is the same in every release, so that a page may
//! get a worker of another one. Then there are two messages, each a buffer that is handed over and not copied:
//! [`Job`] in, [`Progress`] out. An empty buffer instead of a job lets the worker rest.

use borsh::{BorshDeserialize, BorshSerialize};

/// The build that this is of: a hash of the sources where `cargo xtask` builds, else the version.
pub const BUILD: &str = match option_env!("QOIN_BUILD") {
    Some(build) => build,
    None => env!("CARGO_PKG_VERSION"),
};

/// What a worker is to search.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Job {
    /// The page's number for it; comes back with progress.
    pub number: u32,
    /// The header's 80 bytes; the nonce in it plays no part.
    pub header: [u8; 80],
    /// What a share's hash has to meet, most significant byte first.
    pub target: [u8; 32],
    /// The first nonce of this worker's part.
    pub first: u32,
    /// The last one.
    pub last: u32,
    /// How much of the time it computes, in percent from 1 to 100.
    pub duty_percent: u32,
}

/// What a worker has done since it last told.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Progress {
    /// The job's number.
    pub number: u32,
    /// Nonces searched.
    pub hashes: u32,
    /// A share.
    pub found: Option<Found>,
}

/// What makes the job's header a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Found {
    /// The header's time, in seconds since 1970.
    pub time: u32,
    /// The header's nonce.
    pub nonce: u32,
}
