//! Measures the programs that lie beside it; `cargo xtask bench` builds them, calls this and shows the table.
//!
//! One row a line on standard output, as JSON; what is going on goes to standard error.

mod ledger;
mod load;
mod miners;
mod rpyc;
mod verify;
mod web;

use anyhow::{Result, bail};
use serde::Serialize;

/// One measured value; see xtask's `bench::row::Row`.
#[derive(Serialize)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    peer: Option<String>,
    peer_value: Option<f64>,
    ratio: Option<f64>,
    goal: Option<Goal>,
}

/// What the value, or its ratio to the peer's, should be: at first, and in the end.
#[derive(Serialize)]
struct Goal {
    reach: f64,
    aim: f64,
    more_is_better: bool,
    of_ratio: bool,
}

impl Row {
    fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, peer: None, peer_value: None, ratio: None, goal: None }
    }

    fn against(self, peer: impl Into<String>, value: f64) -> Self {
        Self { peer: Some(peer.into()), peer_value: Some(value), ratio: Some(self.value / value), ..self }
    }

    fn at_least(self, reach: f64, aim: f64) -> Self {
        Self { goal: Some(Goal { reach, aim, more_is_better: true, of_ratio: false }), ..self }
    }

    fn at_most(self, reach: f64, aim: f64) -> Self {
        Self { goal: Some(Goal { reach, aim, more_is_better: false, of_ratio: false }), ..self }
    }

    fn ratio_at_least(self, reach: f64, aim: f64) -> Self {
        Self { goal: Some(Goal { reach, aim, more_is_better: true, of_ratio: true }), ..self }
    }

    fn ratio_at_most(self, reach: f64, aim: f64) -> Self {
        Self { goal: Some(Goal { reach, aim, more_is_better: false, of_ratio: true }), ..self }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let rows = match arguments.first().map(String::as_str) {
        Some("ledger") => {
            let mut rows = ledger::measure(quick)?;
            rows.extend(verify::measure(quick)?);
            rows
        }
        Some("stratum") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(miners::measure(quick))?
        }
        Some("web") => web::measure(quick)?,
        Some("rpyc") => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(rpyc::measure(quick))?
        }
        other => bail!("there is nothing to measure under the name {other:?}; there are ledger, stratum, web and rpyc"),
    };
    for row in rows {
        println!("{}", serde_json::to_string(&row)?);
    }
    Ok(())
}
