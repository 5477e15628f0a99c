//! `unbalance DIR`: spoils the books of a data folder, for the browser's tests.

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let data = std::env::args_os().nth(1).context("which data folder?")?;
    qoin_tests::books::unbalance(data.as_ref())
}
