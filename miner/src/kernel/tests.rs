//! Every kernel against real Bitcoin headers, the edges of the nonce, and a plain SHA-256d.

use super::*;
use proptest::prelude::*;
use qoin_core::hash::sha256d;

const BITCOIN_BLOCKS: &str = include_str!("../../../tests/vectors/bitcoin-blocks.json");

/// Block 125552 of Bitcoin, the usual example of what a block's hash is made of.
const BLOCK_125552: &str = "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000\
    e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695";

fn header_from_hex(text: &str) -> [u8; 80] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn with_nonce(mut header: [u8; 80], nonce: u32) -> [u8; 80] {
    header[76..].copy_from_slice(&nonce.to_le_bytes());
    header
}

fn nonce_of(header: &[u8; 80]) -> u32 {
    u32::from_le_bytes(header[76..].try_into().unwrap())
}

/// The last word of the header's hash as a little-endian number: what a kernel compares.
fn last_word(header: &[u8; 80]) -> u32 {
    u32::from_le_bytes(sha256d(header)[28..].try_into().unwrap())
}

#[test]
fn real_bitcoin_nonces_are_found() {
    let blocks: Vec<serde_json::Value> = serde_json::from_str(BITCOIN_BLOCKS).unwrap();
    assert!(blocks.len() >= 13);
    let from_file = blocks.iter().map(|block| header_from_hex(block["header"].as_str().unwrap()));
    for header in from_file.chain([header_from_hex(BLOCK_125552)]) {
        let nonce = nonce_of(&header);
        assert_eq!(last_word(&header), 0, "a Bitcoin block's hash begins with 32 zero bits");
        for kernel in available() {
            let work = Work::new(&with_nonce(header, 0), 0);
            let (first, last) = (nonce.saturating_sub(777), nonce.saturating_add(777));
            assert_eq!((kernel.first_candidate)(&work, first, last), Some(nonce), "{}", kernel.name);
            assert_eq!((kernel.first_candidate)(&work, nonce, nonce), Some(nonce), "{}", kernel.name);
            assert_eq!((kernel.first_candidate)(&work, first, nonce - 1), None, "{}", kernel.name);
        }
    }
}

#[test]
fn the_first_and_the_last_nonce_are_searched_and_no_other() {
    let header = header_from_hex(BLOCK_125552);
    for kernel in available() {
        let everything = Work::new(&header, u32::MAX);
        for (first, last) in [(0, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX - 300, u32::MAX)] {
            assert_eq!((kernel.first_candidate)(&everything, first, last), Some(first), "{}", kernel.name);
        }
        for edge in [0, u32::MAX] {
            let word = last_word(&with_nonce(header, edge));
            let exactly = Work::new(&header, word);
            assert_eq!((kernel.first_candidate)(&exactly, edge, edge), Some(edge), "{}", kernel.name);
            let too_hard = Work::new(&header, word - 1);
            assert_eq!((kernel.first_candidate)(&too_hard, edge, edge), None, "{}", kernel.name);
        }
        let nothing = Work::new(&header, 0);
        assert_eq!((kernel.first_candidate)(&nothing, u32::MAX - 1_000, u32::MAX), None, "{}", kernel.name);
        assert_eq!((kernel.first_candidate)(&everything, 9, 8), None, "an empty range, {}", kernel.name);
    }
}

#[test]
fn the_fastest_kernel_passes_its_check() {
    assert!(available().iter().all(finds_bitcoin_genesis));
    assert!(available().iter().any(|kernel| kernel.name == fastest().name));
}

proptest! {
    #[test]
    fn kernels_agree_with_plain_hashing(
        header in proptest::collection::vec(any::<u8>(), 80),
        first in any::<u32>(),
        length in 0_u32..600,
        leading_zero_bits in 0_u32..12,
    ) {
        let header: [u8; 80] = header.try_into().unwrap();
        let last = first.saturating_add(length);
        let last_word_max = u32::MAX >> leading_zero_bits;
        let expected = (first..=last).find(|&nonce| last_word(&with_nonce(header, nonce)) <= last_word_max);
        for kernel in available() {
            let found = (kernel.first_candidate)(&Work::new(&header, last_word_max), first, last);
            prop_assert_eq!(found, expected, "{}", kernel.name);
        }
    }
}
