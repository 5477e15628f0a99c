//! The pieces of SHA-256's compression function (FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2.2) that kernels are made of.

/// The state that every hash starts from (section 5.3.3).
pub const START: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// The 64 round constants (section 4.2.2).
pub const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
];

/// One round: the state after round `index` with the schedule's word `word`.
#[inline(always)]
pub const fn round([a, b, c, d, e, f, g, h]: [u32; 8], index: usize, word: u32) -> [u32; 8] {
    let sum1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
    let choice = g ^ (e & (f ^ g));
    let step = h.wrapping_add(sum1).wrapping_add(choice).wrapping_add(K[index].wrapping_add(word));
    let sum0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
    let majority = (a & b) | (c & (a | b));
    [step.wrapping_add(sum0).wrapping_add(majority), a, b, c, d.wrapping_add(step), e, f, g]
}

/// The function of the schedule that is written as a small sigma with index 0 (section 4.1.2).
#[inline(always)]
pub const fn sigma0(word: u32) -> u32 {
    word.rotate_right(7) ^ word.rotate_right(18) ^ (word >> 3)
}

/// The function of the schedule that is written as a small sigma with index 1 (section 4.1.2).
#[inline(always)]
pub const fn sigma1(word: u32) -> u32 {
    word.rotate_right(17) ^ word.rotate_right(19) ^ (word >> 10)
}

/// The schedule's word `index` (16 to 63), out of the 16 before it, which lie in `words` by their index modulo 16.
#[inline(always)]
pub fn schedule(words: &[u32; 16], index: usize) -> u32 {
    let sum = words[index % 16].wrapping_add(sigma0(words[(index + 1) % 16])).wrapping_add(words[(index + 9) % 16]);
    sum.wrapping_add(sigma1(words[(index + 14) % 16]))
}

/// The sum of two states, word by word: what ends the compression of a block.
#[inline(always)]
pub fn add_states(left: [u32; 8], right: [u32; 8]) -> [u32; 8] {
    std::array::from_fn(|index| left[index].wrapping_add(right[index]))
}

/// The state after one more block of 64 bytes.
pub fn compress(state: [u32; 8], block: &[u8; 64]) -> [u32; 8] {
    let mut words = big_endian_words::<16>(block);
    let mut working = state;
    for index in 0..64 {
        if index >= 16 {
            words[index % 16] = schedule(&words, index);
        }
        working = round(working, index, words[index % 16]);
    }
    add_states(state, working)
}

/// The first `N` big-endian words of `bytes`, which holds at least as many.
pub fn big_endian_words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    std::array::from_fn(|index| {
        let word = &bytes[4 * index..4 * index + 4];
        u32::from_be_bytes([word[0], word[1], word[2], word[3]])
    })
}
