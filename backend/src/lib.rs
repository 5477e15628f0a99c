//! The leader of a Qoin currency, its website, and the operator's commands.

pub mod config;
pub mod ledger;
pub mod store;
