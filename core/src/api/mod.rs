//! What crosses HTTP, one file a subject: the types of requests and answers with their paths.
//!
//! The leader and the app share these types, so that they cannot disagree. Times ending in
//! `_ms` are milliseconds and in `_us` microseconds since 1970; bytes are lower-case hexadecimal;
//! amounts are strings of smallest units.

pub mod account;
pub mod admin;
pub mod blocks;
pub mod bytes;
pub mod capabilities;
pub mod chain;
pub mod contributions;
pub mod currency;
pub mod events;
pub mod invitations;
pub mod members;
pub mod mining;
pub mod operator;
pub mod problem;
pub mod recovery;
pub mod registration;
pub mod restores;
pub mod services;
pub mod sessions;
pub mod transactions;

/// What every path of this version of the API starts with.
pub const PREFIX: &str = "/api/v1";
