//! The hashing of Qoin's miners, native and in the browser.
//!
//! [`job`] turns a Stratum job into headers, [`scan`] searches a header's nonces, [`kernel`] holds the innermost
//! loops. All of it is arithmetic on bytes: no network, no threads, no clock, so that it compiles to wasm32 too.
//! With the feature `config` there is [`config`] as well, the native miner's settings, which `qoin check-config` reads.

#[cfg(feature = "config")]
pub mod config;
pub mod job;
pub mod kernel;
#[cfg(feature = "config")]
pub mod pace;
pub mod scan;
#[cfg(feature = "config")]
pub mod secret;
