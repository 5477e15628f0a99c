//! The rules of Qoin: money, keys, transactions, the chain and the ledger.
//!
//! This crate does no input or output and knows no clock and no source of
//! randomness: whoever calls it passes those in. The leader, the miner, the
//! wallet in the browser and every verifier run this same code.

pub mod address;
pub mod amount;
pub mod api;
pub mod audit;
pub mod block;
pub mod chain_file;
pub mod coinbase;
pub mod decimals;
pub mod encode;
pub mod file_head;
pub mod genesis;
pub mod hash;
pub mod header;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod log;
pub mod memo;
pub mod merkle;
pub mod payment_id;
pub mod receipt;
pub mod replay;
pub mod restore_notice;
pub mod retarget;
pub mod reward;
pub mod target;
pub mod transaction;
pub mod unicode;
pub mod validate;
pub mod vault;
