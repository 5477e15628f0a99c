//! What the hashes of one search have in common.
//!
//! Of the words that go into a block some are the same for every nonce, and so are the scheduled words that depend on
//! no others, and parts of further ones. They are computed once a job, as scalars.

use super::sha256::{K, START, round, sigma0, sigma1};

/// The scalars of one block, in the layout that the assembly reads.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Uniform {
    /// What round `t` adds beside the working variables: the round's constant, and the schedule's word `t` if that is
    /// the same for every nonce. A word that varies is to be added on top.
    pub addends: [u32; 64],
    /// The sum of those terms of the schedule's word `t` that are the same for every nonce, for `t` from 16 on.
    pub parts: [u32; 64],
    /// The working variables after the round of the first word that varies; to the first and the fifth of them this
    /// word is still to be added.
    pub state: [u32; 8],
}

impl Uniform {
    /// For a block whose first words are these, where `None` stands for a word that varies with the nonce, and that
    /// is taken in by the state `before`.
    pub const fn new(first_words: [Option<u32>; 16], before: [u32; 8]) -> Self {
        let (mut words, mut addends, mut parts, mut state) = ([None; 64], K, [0_u32; 64], before);
        let (mut t, mut all_known) = (0, true);
        while t < 64 {
            if t < 16 {
                words[t] = first_words[t];
            } else {
                let terms = [words[t - 16], words[t - 15], words[t - 7], words[t - 2]];
                let [w16, w15, w7, w2] = [known(terms[0]), known(terms[1]), known(terms[2]), known(terms[3])];
                parts[t] = w16.wrapping_add(sigma0(w15)).wrapping_add(w7).wrapping_add(sigma1(w2));
                if let [Some(_), Some(_), Some(_), Some(_)] = terms {
                    words[t] = Some(parts[t]);
                }
            }
            addends[t] = addends[t].wrapping_add(known(words[t]));
            if all_known {
                state = round(state, t, known(words[t]));
                all_known = words[t].is_some();
            }
            t += 1;
        }
        Self { addends, parts, state }
    }
}

/// The word, or what changes no sum if it varies; both sigmas of 0 are 0.
const fn known(word: Option<u32>) -> u32 {
    match word {
        Some(word) => word,
        None => 0,
    }
}

/// The first hash's second block: the end of the root, the time and the bits, the nonce, and the padding.
pub fn second_block(midstate: [u32; 8], [root_end, time, bits]: [u32; 3]) -> Uniform {
    let mut words = [Some(0); 16];
    words[0] = Some(root_end);
    words[1] = Some(time);
    words[2] = Some(bits);
    words[3] = None;
    words[4] = Some(0x8000_0000);
    words[15] = Some(80 * 8);
    Uniform::new(words, midstate)
}

/// The second hash's only block: the first hash, and the padding.
pub static SECOND_HASH: Uniform = {
    let mut words = [Some(0); 16];
    let mut index = 0;
    while index < 8 {
        words[index] = None;
        index += 1;
    }
    words[8] = Some(0x8000_0000);
    words[15] = Some(32 * 8);
    Uniform::new(words, START)
};
