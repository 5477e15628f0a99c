//! Web Workers, each a program of its own: `mine.rs` and `mine_scalar.rs`. The app itself has only their messages.

pub mod message;
