//! What several of the tests need. Each test binary uses a part of it.
#![allow(dead_code)]

pub mod chain;
pub mod model;
pub mod stage;
pub mod world;

use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::encode::{decode, encode};
use qoin_core::{
    hash::{BlockHash, MerkleNode},
    header::Header,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Decoding gives back what was encoded, and every missing or left-over byte is refused.
#[track_caller]
pub fn assert_canonical<T: BorshSerialize + BorshDeserialize + PartialEq + Debug>(value: &T) {
    let bytes = encode(value);
    assert_eq!(&decode::<T>(&bytes).expect("its own bytes decode"), value);
    for length in 0..bytes.len() {
        assert!(decode::<T>(&bytes[..length]).is_err(), "{length} of {} bytes decoded", bytes.len());
    }
    for extra in [0x00, 0x01, 0xff] {
        let longer: Vec<u8> = bytes.iter().copied().chain([extra]).collect();
        assert!(decode::<T>(&longer).is_err(), "{extra:02x} was left over");
    }
}

/// Whatever bytes decode are the canonical ones: encoding gives them back.
#[track_caller]
pub fn assert_one_form<T: BorshSerialize + BorshDeserialize>(bytes: &[u8]) {
    if let Ok(value) = decode::<T>(bytes) {
        assert_eq!(encode(&value), bytes);
    }
}

/// A file of tests/vectors, as `include_str!` gives it.
#[track_caller]
pub fn parse<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("a vector file has the form that its test expects")
}

/// A block of Bitcoin in `bitcoin-blocks.json`.
#[derive(Deserialize)]
pub struct BitcoinBlock {
    pub hash: BlockHash,
    pub header: String,
    pub bits: u32,
    pub target: String,
    pub transactions: usize,
    pub txids: Vec<MerkleNode>,
}

impl BitcoinBlock {
    pub fn header_bytes(&self) -> [u8; Header::LEN] {
        hex::decode(&self.header).expect("hexadecimal").try_into().expect("a header has 80 bytes")
    }
}

/// Thirteen real blocks of Bitcoin.
pub fn bitcoin_blocks() -> Vec<BitcoinBlock> {
    let blocks: Vec<BitcoinBlock> = parse(include_str!("../../../tests/vectors/bitcoin-blocks.json"));
    assert_eq!(blocks.len(), 13);
    blocks
}

/// A small source of random numbers that gives the same sequence for the same seed (SplitMix64, Steele et al. 2014).
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number above 0 and at most 1.
    pub fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}
