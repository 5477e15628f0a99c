//! The kernel for the SHA-2 extension of 64-bit Arm: an instruction does four rounds of one half of a hash's state, and
//! several hashes are under way at a time, since each instruction waits for the one before it in the same hash.
//!
//! How the instructions want their operands: Arm Architecture Reference Manual for A-profile, SHA256H, SHA256H2,
//! SHA256SU0 and SHA256SU1. The working variables lie in two registers as (a, b, c, d) and (e, f, g, h), lowest first;
//! four words of the schedule lie in one, the first lowest.
#![allow(unsafe_code, reason = "code for an optional instruction set is entered by an unsafe call")]

use super::{
    Kernel, Work, sha256,
    uniform::{SECOND_HASH, second_block},
};
use std::arch::aarch64::*;

/// Hashes under way at a time.
const STREAMS: usize = 4;

/// The same register of each hash.
type Streams = [uint32x4_t; STREAMS];

/// This kernel, if the processor can run it.
pub fn if_available() -> Option<Kernel> {
    std::arch::is_aarch64_feature_detected!("sha2").then_some(Kernel { name: "sha2-arm", first_candidate })
}

fn first_candidate(work: &Work, first: u32, last: u32) -> Option<u32> {
    // SAFETY: this function is reachable only through `if_available`, which found SHA2 (and with it NEON).
    unsafe { search(work, first, last) }
}

#[target_feature(enable = "neon,sha2")]
fn search(work: &Work, first: u32, last: u32) -> Option<u32> {
    let constants = Constants::new(work);
    let mut start = first;
    while start <= last {
        let nonces: [u32; STREAMS] = std::array::from_fn(|stream| start.wrapping_add(stream as u32));
        let words = last_words(&constants, nonces);
        // Hashes beyond `last` were made for nothing and are not looked at.
        let hashes = (last - start).min(STREAMS as u32 - 1) as usize + 1;
        if let Some(place) = words[..hashes].iter().position(|word| word.swap_bytes() <= work.last_word_max) {
            return Some(start + place as u32);
        }
        start = start.checked_add(STREAMS as u32)?;
    }
    None
}

/// What is the same for every nonce, in the order of the instructions.
struct Constants {
    /// The words 0 to 3 without the nonce, and 4 to 15.
    words: [uint32x4_t; 4],
    /// What rounds 4 to 15 add.
    padding: [uint32x4_t; 3],
    midstate: [uint32x4_t; 2],
}

impl Constants {
    #[target_feature(enable = "neon")]
    fn new(work: &Work) -> Self {
        let [root_end, time, bits] = work.tail;
        let addends = second_block(work.midstate, work.tail).addends;
        Self {
            words: [[root_end, time, bits, 0], [0x8000_0000, 0, 0, 0], [0; 4], [0, 0, 0, 80 * 8]]
                .map(|words| vector(words)),
            padding: [4, 8, 12].map(|t| four(&addends, t)),
            midstate: halves(work.midstate),
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn vector(words: [u32; 4]) -> uint32x4_t {
    // SAFETY: the pointer is to four words, which is what the instruction reads.
    unsafe { vld1q_u32(words.as_ptr()) }
}

/// Four scalars of a table from `t` on.
#[inline]
#[target_feature(enable = "neon")]
fn four(table: &[u32; 64], t: usize) -> uint32x4_t {
    vector([table[t], table[t + 1], table[t + 2], table[t + 3]])
}

#[inline]
#[target_feature(enable = "neon")]
fn halves([a, b, c, d, e, f, g, h]: [u32; 8]) -> [uint32x4_t; 2] {
    [vector([a, b, c, d]), vector([e, f, g, h])]
}

/// Four rounds of each hash, with the four words of `added`: the schedule's and the constants' sum.
#[inline]
#[target_feature(enable = "neon,sha2")]
fn four_rounds(abcd: &mut Streams, efgh: &mut Streams, added: &Streams) {
    for stream in 0..STREAMS {
        let before = abcd[stream];
        abcd[stream] = vsha256hq_u32(before, efgh[stream], added[stream]);
        efgh[stream] = vsha256h2q_u32(efgh[stream], before, added[stream]);
    }
}

/// The rounds from 16 up to `end`, a multiple of four.
#[inline]
#[target_feature(enable = "neon,sha2")]
fn scheduled_rounds(abcd: &mut Streams, efgh: &mut Streams, mut words: [Streams; 4], end: usize) {
    for t in (16..end).step_by(4) {
        let [w16, w12, w8, w4] = words;
        let next: Streams = std::array::from_fn(|stream| {
            vsha256su1q_u32(vsha256su0q_u32(w16[stream], w12[stream]), w8[stream], w4[stream])
        });
        words = [w12, w8, w4, next];
        let constants = four(&sha256::K, t);
        four_rounds(abcd, efgh, &next.map(|words| vaddq_u32(words, constants)));
    }
}

/// The last words of the SHA-256d of the work's header with each of these nonces.
#[inline]
#[target_feature(enable = "neon,sha2")]
fn last_words(constants: &Constants, nonces: [u32; STREAMS]) -> [u32; STREAMS] {
    let same = |register| [register; STREAMS];

    // The second block.
    let [abcd, efgh] = constants.midstate;
    let (mut abcd, mut efgh) = (same(abcd), same(efgh));
    let first_words = nonces.map(|nonce| vsetq_lane_u32::<3>(nonce.swap_bytes(), constants.words[0]));
    let constants_0 = four(&sha256::K, 0);
    four_rounds(&mut abcd, &mut efgh, &first_words.map(|words| vaddq_u32(words, constants_0)));
    for padding in constants.padding {
        four_rounds(&mut abcd, &mut efgh, &same(padding));
    }
    let words = [first_words, same(constants.words[1]), same(constants.words[2]), same(constants.words[3])];
    scheduled_rounds(&mut abcd, &mut efgh, words, 64);
    let low = abcd.map(|words| vaddq_u32(words, constants.midstate[0]));
    let high = efgh.map(|words| vaddq_u32(words, constants.midstate[1]));

    // The second hash.
    let [abcd, efgh] = halves(sha256::START);
    let (mut abcd, mut efgh) = (same(abcd), same(efgh));
    let constants_4 = four(&sha256::K, 4);
    four_rounds(&mut abcd, &mut efgh, &low.map(|words| vaddq_u32(words, constants_0)));
    four_rounds(&mut abcd, &mut efgh, &high.map(|words| vaddq_u32(words, constants_4)));
    for t in [8, 12] {
        four_rounds(&mut abcd, &mut efgh, &same(four(&SECOND_HASH.addends, t)));
    }
    let padding = [vector([0x8000_0000, 0, 0, 0]), vector([0, 0, 0, 32 * 8])];
    scheduled_rounds(&mut abcd, &mut efgh, [low, high, same(padding[0]), same(padding[1])], 64);
    efgh.map(|efgh| vgetq_lane_u32::<3>(efgh).wrapping_add(sha256::START[7]))
}
