//! The corpus of corrupted chains: every verifier finds the same fault at the same place.

use anyhow::{Context, Result};
use getrandom::{SysRng, rand_core::UnwrapErr};
use qoin_core::replay::{Fault, Summary, Verifier};
use qoin_tests::chains::{
    corrupt::{Corrupt, corpus},
    file,
    good::good_chain,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corrupt-chains")
}

/// In pieces that end anywhere.
fn verify(bytes: &[u8], piece: usize) -> Result<Summary, Fault> {
    let mut verifier = Verifier::new(UnwrapErr(SysRng));
    bytes.chunks(piece).try_for_each(|piece| verifier.push(piece))?;
    verifier.finish()
}

#[test]
fn the_good_chain_is_the_kept_one_and_is_good() -> Result<()> {
    let chain = good_chain();
    let bytes = file(&chain.items);
    let path = folder().join("good.chain");
    if std::env::var_os("QOIN_BLESS").is_some() {
        std::fs::write(&path, &bytes)?;
    }
    let kept = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    assert!(bytes == kept, "the rules or the forms have changed: a chain that was made before is made otherwise now");
    for piece in [1, 7, 1_000_000] {
        let summary = verify(&bytes, piece)?;
        assert_eq!(summary.state, chain.state.hash());
        assert_eq!((summary.height, summary.records, summary.pending), (24, 40, 3));
    }
    Ok(())
}

#[test]
fn every_corrupted_chain_is_caught_at_its_place_by_name() {
    for Corrupt { name, rule, height, record, bytes } in corpus() {
        for piece in [13, 1_000_000] {
            let fault = verify(&bytes, piece).expect_err(name);
            let found = (fault.rule.name(), fault.place.numbers());
            assert_eq!(found, (rule, (height, record)), "{name}: {fault}");
        }
    }
}

#[test]
fn names_are_unique() {
    let corpus = corpus();
    let names: BTreeSet<&str> = corpus.iter().map(|corrupt| corrupt.name).collect();
    assert_eq!(names.len(), corpus.len());
}
