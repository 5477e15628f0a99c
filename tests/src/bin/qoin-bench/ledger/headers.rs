//! How fast a chain of headers is verified.

use crate::Row;
use qoin_core::{
    hash::{BlockHash, MerkleRoot},
    header::{HEADER_VERSION, Header},
    target::CompactTarget,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Bitcoin's regtest target: every second hash meets it, so that a chain is made in no time.
const EASY: CompactTarget = CompactTarget(0x207f_ffff);

/// Headers a second: read from 80 bytes, linked to the one before, and their work checked. The peer does the same by
/// comparing the texts in display order.
pub fn measure(quick: bool) -> Row {
    let chain = chain(2_000);
    let time = Duration::from_millis(if quick { 500 } else { 3_000 });
    let speed = |verifies: fn(&[[u8; 80]]) -> bool| {
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < time {
            assert!(verifies(black_box(&chain)), "the chain is good");
            count += chain.len();
        }
        count as f64 / began.elapsed().as_secs_f64()
    };
    Row::new("headers verified", speed(verifies), "1/s").against("by their texts", speed(verifies_by_texts))
}

fn chain(length: usize) -> Vec<[u8; 80]> {
    let target = EASY.expand().expect("the target is a valid one");
    let mut previous = BlockHash::from_bytes([0; 32]);
    let mut headers = Vec::with_capacity(length);
    for number in 0..length {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let merkle_root = MerkleRoot::from_bytes(root);
        let solved = (0..)
            .map(|nonce| Header { version: HEADER_VERSION, previous, merkle_root, time: 0, bits: EASY, nonce })
            .find(|header| target.is_met_by(&header.hash()))
            .expect("every second nonce solves it");
        previous = solved.hash();
        headers.push(solved.to_bytes());
    }
    headers
}

fn verifies(chain: &[[u8; 80]]) -> bool {
    let mut previous = BlockHash::from_bytes([0; 32]);
    chain.iter().all(|bytes| {
        let header = Header::from_bytes(bytes);
        let hash = header.hash();
        let linked = header.previous == previous;
        previous = hash;
        linked && header.bits.expand().is_ok_and(|target| target.is_met_by(&hash))
    })
}

fn verifies_by_texts(chain: &[[u8; 80]]) -> bool {
    let mut previous = BlockHash::from_bytes([0; 32]).to_string();
    chain.iter().all(|bytes| {
        let header = Header::from_bytes(bytes);
        let hash = header.hash().to_string();
        let linked = header.previous.to_string() == previous;
        let met = header.bits.expand().is_ok_and(|target| hash <= hex::encode(target.to_be_bytes()));
        previous = hash;
        linked && met
    })
}
