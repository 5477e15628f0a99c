//! The leader of a Qoin currency, its website, and the operator's commands.

pub mod audit;
pub mod backup;
pub mod config;
mod csv_lines;
pub mod host;
pub mod http;
pub mod identity;
pub mod leader;
pub mod ledger;
pub mod mining;
pub mod observe;
pub mod operator;
pub mod rpyc;
pub mod store;
pub mod stratum;
pub mod tls;
pub mod treasury;
pub mod verify;
pub mod website;
