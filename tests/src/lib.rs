//! What the tests that cross processes share: the real programs in temporary folders on free ports, and a client that
//! does what a wallet does.

pub mod api;
pub mod authority;
pub mod books;
pub mod chains;
pub mod configured;
pub mod kept;
pub mod leader;
pub mod member;
pub mod memory;
pub mod miner;
pub mod network;
pub mod process;
pub mod rpyc;
pub mod stratum;
pub mod tab;
pub mod wait;

pub use api::{Api, Refusal};
pub use leader::Leader;
pub use member::Member;
pub use miner::Miner;
pub use tab::Tab;
