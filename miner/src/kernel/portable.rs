//! The kernel for every processor: plain safe Rust, a straight line of 32-bit operations.
//!
//! What it saves over hashing each header anew: the first 64 bytes are compressed once a job, the first three rounds
//! of the second block too; the schedule words that the nonce does not reach leave the loop; and of the second hash
//! only the last word is computed, which is ready after 61 of 64 rounds. There is no branch between two nonces, so
//! the compiler searches as many of them side by side as a vector register of the target holds words.

use super::{Kernel, Work, sha256};

/// This kernel.
pub const PORTABLE: Kernel = Kernel { name: "portable", first_candidate };

/// Nonces hashed between two looks at the results.
const STRIDE: u32 = 256;

fn first_candidate(work: &Work, first: u32, last: u32) -> Option<u32> {
    let mut words = [0; STRIDE as usize];
    let mut start = first;
    while start <= last {
        for (lane, word) in (0..STRIDE).zip(&mut words) {
            *word = last_word(work, start.wrapping_add(lane));
        }
        // Lanes beyond `last` were hashed for nothing and are not looked at.
        let lanes = (last - start).min(STRIDE - 1) as usize + 1;
        let candidate = words[..lanes].iter().position(|word| word.swap_bytes() <= work.last_word_max);
        if let Some(lane) = candidate {
            return Some(start + lane as u32);
        }
        start = start.checked_add(STRIDE)?;
    }
    None
}

macro_rules! rounds {
    ($state:ident, $words:ident, $($index:literal)*) => {
        $( $state = sha256::round($state, $index, $words[$index % 16]); )*
    };
}

macro_rules! scheduled_rounds {
    ($state:ident, $words:ident, $($index:literal)*) => {
        $(
            $words[$index % 16] = sha256::schedule(&$words, $index);
            $state = sha256::round($state, $index, $words[$index % 16]);
        )*
    };
}

/// The last word of the SHA-256d of the work's header with this nonce, as SHA-256 gives it (big endian).
#[inline(always)]
fn last_word(work: &Work, nonce: u32) -> u32 {
    let [root_end, time, bits] = work.tail;
    let mut words = [root_end, time, bits, nonce.swap_bytes(), 0x8000_0000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80 * 8];
    let mut state = work.after_tail;
    rounds!(state, words, 3 4 5 6 7 8 9 10 11 12 13 14 15);
    scheduled_rounds!(state, words, 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    scheduled_rounds!(state, words, 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    scheduled_rounds!(state, words, 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    let hash = sha256::add_states(work.midstate, state);

    let [a, b, c, d, e, f, g, h] = hash;
    let mut words = [a, b, c, d, e, f, g, h, 0x8000_0000, 0, 0, 0, 0, 0, 0, 32 * 8];
    let mut state = sha256::START;
    rounds!(state, words, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    scheduled_rounds!(state, words, 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    scheduled_rounds!(state, words, 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    scheduled_rounds!(state, words, 48 49 50 51 52 53 54 55 56 57 58 59 60);
    // The fifth word of the state after round 60 is the eighth after round 63.
    state[4].wrapping_add(sha256::START[7])
}
