//! The corpus of corrupted chains: every verifier finds the same fault at the same place.

use anyhow::{Context, Result, ensure};
use getrandom::{SysRng, rand_core::UnwrapErr};
use qoin_core::{
    file_head::FileKind,
    hash::GenesisHash,
    memo::Memo,
    receipt::{Known, Receipt, SignedBy},
    replay::{Fault, Summary, Verifier},
    target::CompactTarget,
};
use qoin_tests::chains::{
    corrupt::{Corrupt, corpus},
    example::example,
    file,
    good::{good_chain, receipt_of_memo},
};
use qoin_tests::process::program;
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

#[test]
fn the_document_shows_the_kept_chain() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/chain.md");
    let document = std::fs::read_to_string(&path)?;
    let (begin, end) = ("<!-- example -->\n", "<!-- end of example -->");
    let (before, rest) = document.split_once(begin).context("the document has an example")?;
    let (shown, after) = rest.split_once(end).context("the example has an end")?;
    let example = example();
    if std::env::var_os("QOIN_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{example}{end}{after}"))?;
    } else {
        assert!(shown == example, "the example is another now: QOIN_BLESS=1 cargo nextest run -p qoin-tests chains");
    }
    Ok(())
}

#[test]
fn the_kept_receipt_is_good_and_a_changed_one_is_not() -> Result<()> {
    let receipt = receipt_of_memo(&good_chain());
    let bytes = receipt.to_file();
    let path = folder().join("good.receipt");
    if std::env::var_os("QOIN_BLESS").is_some() {
        std::fs::write(&path, &bytes)?;
    }
    assert!(std::fs::read(&path)? == bytes, "the form of receipts has changed");
    let genesis = receipt.genesis.hash();
    let known = Known { genesis: Some(genesis), leader_key: Some(receipt.leader_key) };
    let proven = Receipt::from_file(&bytes)?.verify(&known)?;
    assert_eq!((proven.genesis, proven.signed, proven.leader_of_genesis), (genesis, SignedBy::FirstKey, true));
    // Every single bit counts.
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let verified = Receipt::from_file(&changed).and_then(|receipt| receipt.verify(&known));
        assert!(verified.is_err(), "bit {bit} of {} does not count", bytes.len() * 8);
    }
    Ok(())
}

#[test]
fn each_fault_of_a_receipt_has_its_name() {
    let good = receipt_of_memo(&good_chain());
    let fault = |change: fn(&mut Receipt)| {
        let mut receipt = good.clone();
        change(&mut receipt);
        receipt.verify(&Known::default()).map_err(|fault| fault.name())
    };
    assert_eq!(fault(|receipt| receipt.genesis.rules_version = 2), Err("genesis"));
    assert_eq!(fault(|receipt| receipt.memo = Some(Memo::new("tea", [7; 32]).expect("a memo"))), Err("memo"));
    assert_eq!(fault(|receipt| receipt.signer_key = Some(receipt.leader_key)), Err("signature"));
    assert_eq!(fault(|receipt| receipt.record.number += 1), Err("merkle_root"));
    assert_eq!(fault(|receipt| receipt.header.nonce += 1), Err("proof_of_work"));
    assert_eq!(fault(|receipt| receipt.header.bits = CompactTarget(0x207f_ffff)), Err("proof_of_work"));
    assert_eq!(fault(|receipt| receipt.height += 1), Err("seal"));
    assert_eq!(fault(|receipt| receipt.solved_ms += 1), Err("seal"));
    // Without memo and key it proves less, and is good all the same.
    assert_eq!(
        fault(|receipt| (receipt.memo, receipt.signer_key) = (None, None)).map(|it| it.signed),
        Ok(SignedBy::NotShown)
    );
    let named = |known| good.verify(&known).map_err(|fault| fault.name());
    let foreign = GenesisHash::from_bytes([1; 32]);
    assert_eq!(named(Known { genesis: Some(foreign), leader_key: None }), Err("foreign_genesis"));
    assert_eq!(named(Known { genesis: None, leader_key: good.signer_key }), Err("foreign_leader"));
    let file = |bytes: &[u8]| Receipt::from_file(bytes).map_err(|fault| fault.name());
    let bytes = good.to_file();
    assert_eq!(file(&bytes[..15]), Err("truncated"));
    assert_eq!(file(&bytes[..16]), Err("malformed"));
    assert_eq!(file(&[&bytes[..], &[0]].concat()), Err("malformed"));
    assert_eq!(file(&[&bytes[..], &[0; 4_096]].concat()), Err("too_long"));
    assert_eq!(file(&FileKind::Chain.head()), Err("not_a_receipt"));
    assert_eq!(file(&[&bytes[..12], &[2, 0, 0, 0]].concat()), Err("file_version"));
}

/// What tests/verifier/verify_chain.py says of files, one after the other.
pub fn verdicts_of_python(files: &[PathBuf]) -> Result<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/verify_chain.py");
    let output = Command::new("python3").arg("-B").arg(script).args(files).output().context("starting python3")?;
    let text = String::from_utf8(output.stdout).context("it prints text")?;
    let verdicts: Vec<Value> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().with_context(|| {
            format!("verify_chain.py printed {text:?} and {}", String::from_utf8_lossy(&output.stderr))
        })?;
    ensure!(verdicts.len() == files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(verdicts)
}

/// The program's outcome: its exit code, and the one line of JSON that it prints.
pub fn qoin(arguments: &[&str], variables: &[(&str, &str)]) -> Result<(Option<i32>, Value)> {
    let mut command = Command::new(program("qoin")?);
    let output = command.args(arguments).envs(variables.iter().copied()).output().context("starting qoin")?;
    let told = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("qoin {arguments:?} told {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((output.status.code(), told))
}

#[test]
fn the_program_and_the_verifier_in_python_find_the_same() -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let corpus = corpus();
    let mut files = vec![folder().join("good.chain")];
    for (number, corrupt) in corpus.iter().enumerate() {
        files.push(temporary.path().join(number.to_string()));
        std::fs::write(files.last().context("just pushed")?, &corrupt.bytes)?;
    }
    let verdicts = verdicts_of_python(&files)?;
    for (file, verdict) in files.iter().zip(&verdicts) {
        let (code, told) = qoin(&["verify", "--json", "--file", &file.display().to_string()], &[])?;
        assert_eq!(code, Some(i32::from(verdict["ok"] != json!(true))));
        for key in ["ok", "rule", "height", "record", "head", "records", "pending", "accounts", "state"] {
            assert_eq!(told[key], verdict[key], "{key}: {told} {verdict}");
        }
    }
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
