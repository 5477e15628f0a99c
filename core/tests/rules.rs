//! Properties of the tree and of the arithmetic of targets.

mod common;

use proptest::{collection::vec, prelude::*};
use qoin_core::{
    hash::{BlockHash, MerkleNode},
    merkle::{Proof, coinbase_branch, fold_branch, has_duplicates, prove, root},
    target::{CompactTarget, Target, Work},
};

fn leaves(most: usize) -> impl Strategy<Value = Vec<MerkleNode>> {
    vec(any::<[u8; 32]>().prop_map(MerkleNode::from_bytes), 1..most)
}

/// Targets of every magnitude.
fn targets() -> impl Strategy<Value = Target> {
    (any::<[u8; 32]>(), 0_usize..32).prop_filter_map("zero is no target", |(mut bytes, zeros)| {
        bytes[..zeros].fill(0);
        Target::from_be_bytes(bytes)
    })
}

#[test]
fn proofs_with_impossible_numbers_are_refused() {
    let node = "00".repeat(32);
    for (index, leaves, siblings) in
        [(0, 0, 0), (1, 1, 0), (2, 2, 1), (0, 2, 0), (0, 2, 2), (0, 1, 1), (0, u32::MAX, 31)]
    {
        let nodes = vec![format!("\"{node}\""); siblings].join(",");
        let json = format!(r#"{{"index":{index},"leaves":{leaves},"siblings":[{nodes}]}}"#);
        let error = serde_json::from_str::<Proof>(&json).unwrap_err().to_string();
        assert!(error.starts_with(&format!("no proof of leaf {index} of {leaves} has {siblings} nodes")), "{error}");
    }
}

#[test]
fn repeated_leaves_can_share_a_root_and_are_found() {
    let [a, b, c] = [1, 2, 3].map(|byte| MerkleNode::from_bytes([byte; 32]));
    assert_eq!(root(&[a, b, c]), root(&[a, b, c, c]));
    assert!(has_duplicates(&[a, b, c, c]) && has_duplicates(&[c, a, b, c]));
    assert!(!has_duplicates(&[a, b, c]) && !has_duplicates(&[]));
    assert_eq!(root(&[]).to_bytes(), [0; 32]);
}

#[test]
fn known_difficulties() {
    let difficulty = |bits| CompactTarget(bits).expand().unwrap().difficulty();
    assert_eq!(difficulty(0x1d00_ffff), 1.0);
    // The wiki's example, and the block of the first halving.
    assert!((difficulty(0x1b04_04cb) - 16_307.420_938_523_983).abs() < 1e-9);
    assert!((difficulty(0x1a05_db8b) - 2_864_140.507_810_974).abs() < 1e-6);
    assert_eq!(Target::from_difficulty(1.0), Some(Target::difficulty_1()));
    assert_eq!(Target::difficulty_1().to_compact(), CompactTarget(0x1d00_ffff));
    assert_eq!(Target::from_difficulty(1.0 / 256.0), CompactTarget(0x1e00_ffff).expand().ok());
    for none in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Target::from_difficulty(none), None);
    }
    assert_eq!(Target::from_difficulty(f64::MIN_POSITIVE / 2.0), Some(Target::MAX));
    assert_eq!(Target::from_difficulty(f64::MAX).map(Target::to_compact), Some(CompactTarget(0x0101_0000)));
}

#[test]
fn known_work() {
    let work = |bits| CompactTarget(bits).expand().unwrap().work();
    // Bitcoin Core's chain work of the first block, and its regression network's.
    assert_eq!(work(0x1d00_ffff), Work::from_hashes(0x1_0001_0001));
    assert_eq!(work(0x207f_ffff), Work::from_hashes(2));
    assert_eq!(Target::MAX.work(), Work::from_hashes(1));
    assert_eq!(Work::ZERO.to_target(), Target::MAX);
    assert_eq!(Work::from_hashes(1).to_target(), Target::MAX);
    assert_eq!(Work::from_hashes(10).scaled(3, 4), Work::from_hashes(7));
    assert_eq!(Work::from_hashes(10).scaled(3, 0), Work::from_hashes(30));
    assert_eq!(Work::from_hashes(u64::MAX).saturating_add(Work::from_hashes(1)).to_f64(), 2_f64.powi(64));
}

#[test]
fn a_hash_equal_to_the_target_meets_it() {
    let mut bytes = [0; 32];
    bytes[28] = 5;
    let equal = Target::from_be_bytes({
        let mut bytes = bytes;
        bytes.reverse();
        bytes
    });
    let hash = BlockHash::from_bytes(bytes);
    assert!(equal.unwrap().is_met_by(&hash));
    bytes[0] = 1;
    assert!(!equal.unwrap().is_met_by(&BlockHash::from_bytes(bytes)));
}

proptest! {
    #[test]
    fn every_leaf_has_a_proof_and_no_other_fits(leaves in leaves(40), wrong: [u8; 32]) {
        let root = root(&leaves);
        for (index, leaf) in leaves.iter().enumerate() {
            let proof = prove(&leaves, index).unwrap();
            prop_assert_eq!(proof.root_of(*leaf), root);
            prop_assert!(!proof.verify(MerkleNode::from_bytes(wrong), root));
            prop_assert_eq!((proof.index() as usize, proof.leaves() as usize), (index, leaves.len()));
        }
        prop_assert!(prove(&leaves, leaves.len()).is_none());
    }

    #[test]
    fn the_coinbases_branch_gives_the_root(leaves in leaves(70)) {
        let branch = coinbase_branch(&leaves[1..]);
        prop_assert_eq!(fold_branch(leaves[0], &branch), root(&leaves));
        let proof = prove(&leaves, 0).unwrap();
        prop_assert_eq!(proof.siblings(), &branch[..]);
    }

    #[test]
    fn compact_form_rounds_down_a_little(target in targets()) {
        let compact = target.to_compact();
        let expanded = compact.expand().unwrap();
        prop_assert!(expanded <= target);
        prop_assert_eq!(expanded.to_compact(), compact);
        // Two of the three bytes are always significant.
        let lost = 1.0 - expanded.difficulty().recip() / target.difficulty().recip();
        prop_assert!(lost < 1.0 / 32_768.0, "{} lost {}", target, lost);
    }

    #[test]
    fn compact_form_keeps_the_order(one in targets(), other in targets()) {
        let rounded = |target: Target| target.to_compact().expand().unwrap();
        prop_assert_eq!(one.min(other).to_compact().expand().unwrap(), rounded(one).min(rounded(other)));
    }

    #[test]
    fn any_compact_form_expands_or_is_refused(bits: u32) {
        if let Ok(target) = CompactTarget(bits).expand() {
            prop_assert_eq!(target.to_compact().expand(), Ok(target));
        }
    }

    #[test]
    fn work_and_target_are_inverse(target in targets(), hashes in 1_u64..) {
        prop_assert!(target.work().to_target() >= target);
        prop_assert_eq!(target.work().to_target().work(), target.work());
        prop_assert!(Work::from_hashes(hashes).to_target().work() >= Work::from_hashes(hashes));
    }

    #[test]
    fn a_share_is_never_harder_than_asked(target in targets(), difficulty in 1e-9_f64..1e18) {
        let share = Target::from_difficulty(target.difficulty()).unwrap();
        prop_assert!(share >= target);
        let asked = Target::from_difficulty(difficulty).unwrap();
        prop_assert!(asked.difficulty() <= difficulty);
        prop_assert!(asked.difficulty() > difficulty * (1.0 - 1e-9));
    }

    #[test]
    fn easing_never_wraps(target in targets(), steps: u64) {
        prop_assert!(target.eased(steps) >= target);
        prop_assert_eq!(target.eased(0), target);
        prop_assert_eq!(target.eased(128), Target::MAX);
    }
}
