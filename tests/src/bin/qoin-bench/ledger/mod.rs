//! The ledger's speed and cost, beside PostgreSQL's where that does something comparable.
//!
//! Nothing here is signed or made up within what is timed: keys, transactions and checked signatures are made before, on
//! every core. What is measured runs on the same cores as who asks.

mod accounts;
mod engine;
mod headers;
mod http;
mod lookups;
mod postgres;
mod program;
mod sealer;

use crate::Row;
use accounts::Accounts;
use anyhow::{Context, Result};
use engine::Engine;
use lookups::Lookups;
use program::Program;

/// How much is measured.
struct Scale {
    accounts: usize,
    /// Given to the engine in process.
    transfers: usize,
    /// Handed in over HTTP, in batches.
    batched: usize,
    /// Handed in over HTTP, one a request.
    single: usize,
    /// Handed in over HTTP by one client, one after the other.
    alone: usize,
    /// How long each run of pgbench takes, in seconds.
    pgbench_s: u32,
}

impl Scale {
    const fn of(quick: bool) -> Self {
        if quick {
            Self { accounts: 50_000, transfers: 250_000, batched: 80_000, single: 30_000, alone: 1_000, pgbench_s: 2 }
        } else {
            Self {
                accounts: 1_000_000,
                transfers: 10_000_000,
                batched: 400_000,
                single: 200_000,
                alone: 5_000,
                pgbench_s: 15,
            }
        }
    }
}

/// All rows of the ledger.
pub fn measure(quick: bool) -> Result<Vec<Row>> {
    let scale = Scale::of(quick);
    let postgres = postgres::measure(scale.accounts, scale.pgbench_s)?;
    let folder = tempfile::Builder::new().prefix("qoin-bench").tempdir().context("making a temporary folder")?;
    let mut rows = postgres.rows();
    eprintln!("making {} keys", scale.accounts);
    let accounts = Accounts::make(scale.accounts);
    let engine = Engine::begin(folder.path(), &accounts)?;
    let few = engine.transfer_among_few(&accounts)?;
    let before = Lookups::measure(&engine, &accounts, few)?;
    rows.extend(engine.transfer_at_random(&accounts, scale.transfers, &postgres)?);
    let after = Lookups::measure(&engine, &accounts, few)?;
    rows.extend(after.against(&before));
    rows.push(engine.seal_transfers());
    let members = engine.close()?;
    let data = format!("{}k accounts, {}k transfers", scale.accounts / 1_000, scale.transfers / 1_000);
    rows.extend(program::measure(folder.path(), &members, &data)?);
    let program = Program::start(folder.path())?;
    rows.extend(http::measure(&program, folder.path(), &accounts, &members, &scale, &postgres)?);
    drop(program);
    rows.push(headers::measure(quick));
    Ok(rows)
}
