//! Real blocks of Bitcoin: header hash, target, Merkle root and proofs; and its tests of compact targets.

mod common;

use common::{bitcoin_blocks, parse};
use qoin_core::{
    header::Header,
    merkle::{coinbase_branch, fold_branch, has_duplicates, prove, root},
    target::{CompactTarget, CompactTargetError},
};
use serde::Deserialize;

#[test]
fn headers_hash_to_the_blocks_names() {
    for block in bitcoin_blocks() {
        let bytes = block.header_bytes();
        let header = Header::from_bytes(&bytes);
        assert_eq!(header.to_bytes(), bytes);
        assert_eq!(qoin_core::encode::encode(&header), bytes);
        assert_eq!(header.hash(), block.hash);
    }
}

#[test]
fn bits_stand_for_the_targets_that_the_hashes_meet() {
    for block in bitcoin_blocks() {
        let bits = Header::from_bytes(&block.header_bytes()).bits;
        assert_eq!(bits, CompactTarget(block.bits));
        let target = bits.expand().expect("a real block has a target");
        assert_eq!(target.to_string(), block.target);
        assert_eq!(target.to_compact(), bits);
        assert!(target.is_met_by(&block.hash));
        let mut bytes = block.header_bytes();
        bytes[76] ^= 1;
        assert!(!target.is_met_by(&Header::from_bytes(&bytes).hash()));
    }
}

#[test]
fn transaction_ids_give_the_merkle_root() {
    for block in bitcoin_blocks() {
        assert_eq!(block.txids.len(), block.transactions);
        assert_eq!(root(&block.txids), Header::from_bytes(&block.header_bytes()).merkle_root, "{}", block.hash);
        assert!(!has_duplicates(&block.txids));
        let branch = coinbase_branch(&block.txids[1..]);
        assert_eq!(fold_branch(block.txids[0], &branch), root(&block.txids));
    }
}

#[test]
fn each_transaction_has_its_proof() {
    for block in bitcoin_blocks() {
        let (leaves, root) = (&block.txids, Header::from_bytes(&block.header_bytes()).merkle_root);
        // The first and the last ones, where odd levels show, and some between.
        let step = (leaves.len() / 8).max(1);
        let indexes = (0..leaves.len()).filter(|index| index % step == 0 || *index < 3 || *index + 3 >= leaves.len());
        for index in indexes {
            let proof = prove(leaves, index).expect("the index is inside");
            assert!(proof.verify(leaves[index], root), "{} of {}", index, block.hash);
            let other = leaves[(index + 1) % leaves.len()];
            assert_eq!(proof.verify(other, root), other == leaves[index]);
        }
        assert!(prove(leaves, leaves.len()).is_none());
    }
}

#[derive(Deserialize)]
struct CompactCase {
    bits: CompactTarget,
    target: Option<String>,
    compact: Option<CompactTarget>,
    error: Option<String>,
}

#[test]
fn compact_targets_as_bitcoin_core_reads_them() {
    let cases: Vec<CompactCase> = parse(include_str!("../../tests/vectors/compact-targets.json"));
    for CompactCase { bits, target, compact, error } in cases {
        match bits.expand() {
            Ok(expanded) => {
                assert_eq!(Some(expanded.to_string()), target, "{bits}");
                assert_eq!(Some(expanded.to_compact()), compact, "{bits}");
            }
            Err(found) => {
                let name = match found {
                    CompactTargetError::Zero(_) => "zero",
                    CompactTargetError::Negative(_) => "negative",
                    CompactTargetError::Overflow(_) => "overflow",
                };
                assert_eq!(Some(name), error.as_deref(), "{bits}");
                assert!(found.to_string().contains(&bits.to_string()));
            }
        }
    }
}
