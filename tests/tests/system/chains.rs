//! The corpus of corrupted chains: every verifier finds the same fault at the same place.

use anyhow::{Context, Result, ensure};
use getrandom::{SysRng, rand_core::UnwrapErr};
use qoin_core::replay::{Fault, Summary, Verifier};
use qoin_tests::chains::{
    corrupt::{Corrupt, corpus},
    file,
    good::good_chain,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// What tests/verifier/verify_chain.py says of files, one after the other.
pub fn verdicts_of_python(files: &[PathBuf]) -> Result<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/verify_chain.py");
    let output = Command::new("python3").arg("-B").arg(script).args(files).output().context("starting python3")?;
    let text = String::from_utf8(output.stdout).context("it prints text")?;
    let verdicts: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>().with_context(|| {
        format!("verify_chain.py printed {text:?} and {}", String::from_utf8_lossy(&output.stderr))
    })?;
    ensure!(verdicts.len() == files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(verdicts)
}

#[test]
fn the_verifier_in_python_finds_the_same() -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let corpus = corpus();
    let mut files = vec![folder().join("good.chain")];
    for (number, corrupt) in corpus.iter().enumerate() {
        files.push(temporary.path().join(number.to_string()));
        std::fs::write(files.last().context("just pushed")?, &corrupt.bytes)?;
    }
    let verdicts = verdicts_of_python(&files)?;
    let state = good_chain().state.hash().to_string();
    assert_eq!((&verdicts[0]["ok"], &verdicts[0]["state"]), (&json!(true), &json!(state)));
    for (corrupt, verdict) in corpus.iter().zip(&verdicts[1..]) {
        let found = (&verdict["rule"], &verdict["height"], &verdict["record"]);
        let expected = (&json!(corrupt.rule), &json!(corrupt.height), &json!(corrupt.record));
        assert_eq!(found, expected, "{}", corrupt.name);
    }
    Ok(())
}

/// Every rule that docs/chain.md names is broken by a corrupted chain, but those that it says cannot be.
#[test]
fn the_corpus_breaks_every_rule_of_the_document() -> Result<()> {
    let document = include_str!("../../../docs/chain.md");
    let section = |from: &str, to: &str| -> Result<BTreeSet<&str>> {
        let (_, after) = document.split_once(from).with_context(|| format!("no {from:?}"))?;
        let (section, _) = after.split_once(to).with_context(|| format!("no {to:?}"))?;
        let words = section.split('`').skip(1).step_by(2);
        Ok(words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).collect())
    };
    let not_rules = BTreeSet::from(["key"]);
    let unreachable = section("### What cannot happen in a chain file", "## ")?;
    let mut named = section("### The file\n", "### The target")?;
    named.retain(|name| !unreachable.contains(name) && !not_rules.contains(name) && *name != "too_many_records");
    let broken: BTreeSet<&str> = corpus().iter().map(|corrupt| corrupt.rule).collect();
    assert_eq!(broken, named);
    Ok(())
}

#[test]
fn names_are_unique() {
    let corpus = corpus();
    let names: BTreeSet<&str> = corpus.iter().map(|corrupt| corrupt.name).collect();
    assert_eq!(names.len(), corpus.len());
}
