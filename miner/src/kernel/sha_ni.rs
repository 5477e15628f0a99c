//! The kernel for the SHA extensions of x86-64: an instruction does two rounds of one hash, and several hashes are
//! under way at a time, since each instruction waits for the one before it in the same hash.
//!
//! How the instructions want their operands: Intel, "New Instructions Supporting the Secure Hash Algorithm on Intel
//! Architecture Processors", 2013. The working variables lie in two registers as (f, e, b, a) and (h, g, d, c), lowest
//! first; four words of the schedule lie in one, the first lowest.
#![allow(unsafe_code, reason = "code for an optional instruction set is entered by an unsafe call")]

use super::{
    Kernel, Work, sha256,
    uniform::{SECOND_HASH, second_block},
};
use std::arch::x86_64::*;

/// Hashes under way at a time.
const STREAMS: usize = 6;

/// The same register of each hash.
type Streams = [__m128i; STREAMS];

/// This kernel, if the processor can run it.
pub fn if_available() -> Option<Kernel> {
    // All but the first processors with SHA have AVX too; its instructions with three operands save moves.
    let available = is_x86_feature_detected!("sha") && is_x86_feature_detected!("avx");
    available.then_some(Kernel { name: "sha-ni", first_candidate })
}

fn first_candidate(work: &Work, first: u32, last: u32) -> Option<u32> {
    // SAFETY: this function is reachable only through `if_available`, which found SHA and AVX (and with it SSE4.1).
    unsafe { search(work, first, last) }
}

#[target_feature(enable = "sha,avx")]
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
    /// The working variables after the first two rounds.
    abef: __m128i,
    cdgh: __m128i,
    /// The third word, and nothing.
    bits: __m128i,
    /// What rounds 4 to 15 add.
    padding: [__m128i; 3],
    /// The words 0 to 3 without the nonce, and 4 to 15.
    words: [__m128i; 4],
    midstate_abef: __m128i,
    midstate_cdgh: __m128i,
}

impl Constants {
    #[target_feature(enable = "avx")]
    fn new(work: &Work) -> Self {
        let [root_end, time, bits] = work.tail;
        let addends = second_block(work.midstate, work.tail).addends;
        let after_two = sha256::round(sha256::round(work.midstate, 0, root_end), 1, time);
        let (abef, cdgh) = registers(after_two);
        let (midstate_abef, midstate_cdgh) = registers(work.midstate);
        Self {
            abef,
            cdgh,
            bits: vector([addends[2], addends[3], 0, 0]),
            padding: [4, 8, 12].map(|t| four(&addends, t)),
            words: [
                vector([root_end, time, bits, 0]),
                vector([0x8000_0000, 0, 0, 0]),
                vector([0; 4]),
                vector([0, 0, 0, 80 * 8]),
            ],
            midstate_abef,
            midstate_cdgh,
        }
    }
}

#[target_feature(enable = "avx")]
fn vector([a, b, c, d]: [u32; 4]) -> __m128i {
    _mm_set_epi32(d.cast_signed(), c.cast_signed(), b.cast_signed(), a.cast_signed())
}

/// Four scalars of a table from `t` on.
#[inline]
#[target_feature(enable = "avx")]
fn four(table: &[u32; 64], t: usize) -> __m128i {
    vector([table[t], table[t + 1], table[t + 2], table[t + 3]])
}

#[inline]
#[target_feature(enable = "avx")]
fn registers([a, b, c, d, e, f, g, h]: [u32; 8]) -> (__m128i, __m128i) {
    (vector([f, e, b, a]), vector([h, g, d, c]))
}

/// Two rounds of each hash, with the two lower words of `added`. `abef` becomes what `cdgh` was, and the other way
/// about, which costs nothing: callers swap their names.
#[inline]
#[target_feature(enable = "sha,avx")]
fn two_rounds(abef: &Streams, cdgh: &mut Streams, added: &Streams) {
    for stream in 0..STREAMS {
        cdgh[stream] = _mm_sha256rnds2_epu32(cdgh[stream], abef[stream], added[stream]);
    }
}

/// Four rounds of each hash, with the four words of `added`: the schedule's and the constants' sum.
#[inline]
#[target_feature(enable = "sha,avx")]
fn four_rounds(abef: &mut Streams, cdgh: &mut Streams, added: &Streams) {
    two_rounds(abef, cdgh, added);
    two_rounds(cdgh, abef, &added.map(|words| _mm_shuffle_epi32(words, 0b1110)));
}

/// The four words of the schedule after these sixteen.
#[inline]
#[target_feature(enable = "sha,avx")]
fn next_words(words: &[Streams; 4]) -> Streams {
    let [w16, w12, w8, w4] = words;
    std::array::from_fn(|stream| {
        let sum = _mm_sha256msg1_epu32(w16[stream], w12[stream]);
        let sum = _mm_add_epi32(sum, _mm_alignr_epi8(w4[stream], w8[stream], 4));
        _mm_sha256msg2_epu32(sum, w4[stream])
    })
}

/// The rounds from 16 up to `end`, a multiple of four, and the words that they took last.
#[inline]
#[target_feature(enable = "sha,avx")]
fn scheduled_rounds(abef: &mut Streams, cdgh: &mut Streams, mut words: [Streams; 4], end: usize) -> [Streams; 4] {
    for t in (16..end).step_by(4) {
        let next = next_words(&words);
        words = [words[1], words[2], words[3], next];
        let constants = four(&sha256::K, t);
        four_rounds(abef, cdgh, &next.map(|words| _mm_add_epi32(words, constants)));
    }
    words
}

/// The last words of the SHA-256d of the work's header with each of these nonces.
#[inline]
#[target_feature(enable = "sha,avx")]
fn last_words(constants: &Constants, nonces: [u32; STREAMS]) -> [u32; STREAMS] {
    let nonce_words = nonces.map(|nonce| nonce.swap_bytes().cast_signed());
    let same = |register| [register; STREAMS];

    // The second block: rounds 2 and 3, the padding's, and the scheduled ones.
    let (mut abef, mut cdgh) = (same(constants.abef), same(constants.cdgh));
    let bits_and_nonce =
        nonce_words.map(|word| _mm_add_epi32(constants.bits, _mm_slli_si128(_mm_cvtsi32_si128(word), 4)));
    two_rounds(&abef, &mut cdgh, &bits_and_nonce);
    (abef, cdgh) = (cdgh, abef);
    for padding in constants.padding {
        four_rounds(&mut abef, &mut cdgh, &same(padding));
    }
    let first_words = nonce_words.map(|word| _mm_insert_epi32(constants.words[0], word, 3));
    let words = [first_words, same(constants.words[1]), same(constants.words[2]), same(constants.words[3])];
    scheduled_rounds(&mut abef, &mut cdgh, words, 64);

    // The first hash, in the order of words.
    let abef = abef.map(|register| _mm_add_epi32(register, constants.midstate_abef));
    let cdgh = cdgh.map(|register| _mm_add_epi32(register, constants.midstate_cdgh));
    let in_order = |pairs| _mm_shuffle_epi32(pairs, 0b10_11_00_01);
    let abcd: Streams = std::array::from_fn(|stream| in_order(_mm_unpackhi_epi64(abef[stream], cdgh[stream])));
    let efgh: Streams = std::array::from_fn(|stream| in_order(_mm_unpacklo_epi64(abef[stream], cdgh[stream])));

    // The second hash, up to round 61: the eighth variable after round 63 is the sixth after this one.
    let start = registers(sha256::START);
    let (mut abef, mut cdgh) = (same(start.0), same(start.1));
    let (constants_0, constants_4) = (four(&sha256::K, 0), four(&sha256::K, 4));
    four_rounds(&mut abef, &mut cdgh, &abcd.map(|words| _mm_add_epi32(words, constants_0)));
    four_rounds(&mut abef, &mut cdgh, &efgh.map(|words| _mm_add_epi32(words, constants_4)));
    for t in [8, 12] {
        four_rounds(&mut abef, &mut cdgh, &same(four(&SECOND_HASH.addends, t)));
    }
    let padding = [vector([0x8000_0000, 0, 0, 0]), vector([0, 0, 0, 32 * 8])];
    let words = [abcd, efgh, same(padding[0]), same(padding[1])];
    let words = scheduled_rounds(&mut abef, &mut cdgh, words, 60);
    let constants_60 = four(&sha256::K, 60);
    two_rounds(&abef, &mut cdgh, &next_words(&words).map(|words| _mm_add_epi32(words, constants_60)));
    cdgh.map(|fe_ba| _mm_cvtsi128_si32(fe_ba).cast_unsigned().wrapping_add(sha256::START[7]))
}
