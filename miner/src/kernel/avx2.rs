//! The kernel for AVX2: eight nonces in a register's lanes.
//!
//! It does what the portable kernel does, but leaves less to the compiler: which lanes there are is written down, and
//! the rounds are macros, so that they are never calls. What is the same for every nonce the compiler takes out of the
//! loop. 16 registers do not hold 24 words: some are kept in memory, which costs little.
#![allow(unsafe_code, reason = "code for an optional instruction set is entered by an unsafe call")]

use super::{
    Kernel, Work,
    sha256::{K, START},
};
use std::arch::x86_64::*;

const LANES: u32 = 8;

/// This kernel, if the processor can run it.
pub fn if_available() -> Option<Kernel> {
    is_x86_feature_detected!("avx2").then_some(Kernel { name: "avx2", first_candidate })
}

fn first_candidate(work: &Work, first: u32, last: u32) -> Option<u32> {
    // SAFETY: this function is reachable only through `if_available`, which found AVX2.
    unsafe { search(work, first, last) }
}

#[target_feature(enable = "avx2")]
fn search(work: &Work, first: u32, last: u32) -> Option<u32> {
    let mut start = first;
    while start <= last {
        let lanes_left = (last - start).min(LANES - 1);
        let met = lanes_that_meet(work, start) & (u32::MAX >> (31 - lanes_left));
        if met != 0 {
            return Some(start + met.trailing_zeros());
        }
        start = start.checked_add(LANES)?;
    }
    None
}

/// The same scalar in each lane.
macro_rules! all {
    ($scalar:expr) => {
        _mm256_set1_epi32(u32::cast_signed($scalar))
    };
}

/// The sum of vectors.
macro_rules! sum {
    ($only:expr) => { $only };
    ($first:expr, $($more:expr),+) => { _mm256_add_epi32($first, sum!($($more),+)) };
}

macro_rules! xor {
    ($only:expr) => { $only };
    ($first:expr, $($more:expr),+) => { _mm256_xor_si256($first, xor!($($more),+)) };
}

macro_rules! rotate {
    ($word:expr, $bits:literal) => {
        _mm256_or_si256(_mm256_srli_epi32::<$bits>($word), _mm256_slli_epi32::<{ 32 - $bits }>($word))
    };
}

/// Rounds with words that are in the schedule already.
macro_rules! rounds {
    ($state:ident, $words:ident, $($t:literal)*) => {
        $(
            let [a, b, c, d, e, f, g, h] = $state;
            let sum1 = xor!(rotate!(e, 6), rotate!(e, 11), rotate!(e, 25));
            let choice = xor!(g, _mm256_and_si256(e, xor!(f, g)));
            let step = _mm256_add_epi32(sum!(sum!($words[$t % 16], all!(K[$t])), h, choice), sum1);
            let sum0 = xor!(rotate!(a, 2), rotate!(a, 13), rotate!(a, 22));
            let majority = xor!(b, _mm256_and_si256(xor!(a, b), xor!(b, c)));
            $state = [sum!(step, sum!(sum0, majority)), a, b, c, sum!(d, step), e, f, g];
        )*
    };
}

/// Rounds with words that are computed first.
macro_rules! scheduled_rounds {
    ($state:ident, $words:ident, $($t:literal)*) => {
        $(
            let before15 = $words[($t + 1) % 16];
            let sigma0 = xor!(rotate!(before15, 7), rotate!(before15, 18), _mm256_srli_epi32::<3>(before15));
            let before2 = $words[($t + 14) % 16];
            let sigma1 = xor!(rotate!(before2, 17), rotate!(before2, 19), _mm256_srli_epi32::<10>(before2));
            $words[$t % 16] = sum!(sigma1, sum!($words[$t % 16], sigma0, $words[($t + 9) % 16]));
            rounds!($state, $words, $t);
        )*
    };
}

/// Which of the nonces `start` to `start + 7` have a hash whose last word is at most the work's, one bit each.
#[inline]
#[target_feature(enable = "avx2")]
fn lanes_that_meet(work: &Work, start: u32) -> u32 {
    let bytes_reversed = _mm256_set_epi32(
        0x0c0d_0e0f,
        0x0809_0a0b,
        0x0405_0607,
        0x0001_0203,
        0x0c0d_0e0f,
        0x0809_0a0b,
        0x0405_0607,
        0x0001_0203,
    );
    let nonces = _mm256_add_epi32(all!(start), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
    let [root_end, time, bits] = work.tail;
    let zero = _mm256_setzero_si256();

    let mut words = [zero; 16];
    [words[0], words[1], words[2]] = [all!(root_end), all!(time), all!(bits)];
    words[3] = _mm256_shuffle_epi8(nonces, bytes_reversed);
    [words[4], words[15]] = [all!(0x8000_0000_u32), all!(80 * 8_u32)];
    let mut state = work.after_tail.map(|word| all!(word));
    rounds!(state, words, 3 4 5 6 7 8 9 10 11 12 13 14 15);
    scheduled_rounds!(state, words, 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    scheduled_rounds!(state, words, 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    scheduled_rounds!(state, words, 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);

    let mut words = [zero; 16];
    for (index, word) in state.into_iter().enumerate() {
        words[index] = sum!(word, all!(work.midstate[index]));
    }
    [words[8], words[15]] = [all!(0x8000_0000_u32), all!(32 * 8_u32)];
    let mut state = START.map(|word| all!(word));
    rounds!(state, words, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    scheduled_rounds!(state, words, 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    scheduled_rounds!(state, words, 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    scheduled_rounds!(state, words, 48 49 50 51 52 53 54 55 56 57 58 59 60);

    // The fifth working variable after round 60 is the eighth after round 63. There is no unsigned comparison, but an
    // unsigned minimum: the lesser of a word and the limit is the word itself where the word meets the limit.
    let last_words = _mm256_shuffle_epi8(sum!(state[4], all!(START[7])), bytes_reversed);
    let met = _mm256_cmpeq_epi32(_mm256_min_epu32(last_words, all!(work.last_word_max)), last_words);
    _mm256_movemask_ps(_mm256_castsi256_ps(met)).cast_unsigned()
}
