//! The hashing of Qoin's miners, native and in the browser.
//!
//! [`job`] turns a Stratum job into headers, [`scan`] searches a header's nonces, [`kernel`] holds the innermost
//! loops. All of it is arithmetic on bytes: no network, no threads, no clock, so that it compiles to wasm32 too.

pub mod job;
pub mod kernel;
pub mod scan;
