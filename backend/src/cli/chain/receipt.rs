//! Checking a receipt.

use super::report::Report;
use anyhow::{Context, Result};
use qoin_core::{
    hash::GenesisHash,
    keys::PublicKey,
    receipt::{Known, RECEIPT_BYTES_MAX, Receipt},
};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Checks the receipt in a file, against what the reader knows.
pub fn check(path: &Path, genesis: Option<GenesisHash>, leader_key: Option<PublicKey>) -> Result<Report> {
    let mut bytes = Vec::new();
    // A byte more than a receipt has shows that it is none.
    let read = File::open(path).and_then(|file| file.take(RECEIPT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("reading {}", path.display()))?;
    let verified =
        Receipt::from_file(&bytes).and_then(|receipt| Ok((receipt.verify(&Known { genesis, leader_key })?, receipt)));
    Ok(match verified {
        Ok((proven, receipt)) => Report::GoodReceipt {
            receipt: Box::new(receipt),
            proven,
            genesis_given: genesis.is_some(),
            leader_given: leader_key.is_some(),
        },
        Err(fault) => Report::BadReceipt(fault),
    })
}
