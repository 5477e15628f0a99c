//! Measures the programs that lie beside it; `cargo xtask bench` builds them, calls this and shows the table.
//!
//! One row a line on standard output, as JSON; what is going on goes to standard error.

mod headers;
mod load;
mod transfers;
mod web;

use anyhow::{Result, bail};
use serde::Serialize;

/// One measured value; see xtask's `bench::row::Row`.
#[derive(Serialize)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    peer: Option<&'static str>,
    peer_value: Option<f64>,
    ratio: Option<f64>,
}

impl Row {
    fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, peer: None, peer_value: None, ratio: None }
    }

    fn against(self, peer: &'static str, value: f64) -> Self {
        Self { peer: Some(peer), peer_value: Some(value), ratio: Some(self.value / value), ..self }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = match arguments.first().map(String::as_str) {
        Some("ledger") => {
            let mut rows = runtime.block_on(transfers::measure(quick))?;
            rows.push(headers::measure(quick));
            rows
        }
        Some("web") => runtime.block_on(web::measure(quick))?,
        other => bail!("there is nothing to measure under the name {other:?}; there are ledger and web"),
    };
    for row in rows {
        println!("{}", serde_json::to_string(&row)?);
    }
    Ok(())
}
