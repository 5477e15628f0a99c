//! Kernels: the innermost search of mining. A kernel hashes one header with many nonces as fast as its instruction
//! set allows and stops at the first that may meet the target; `scan` then checks that one in full.
//!
//! Which one is used is decided at run time: those that the processor has must pass [`Kernel::is_sound`], and of these
//! [`Selection::measure`] takes the fastest.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod check;
mod portable;
mod select;
mod sha256;
#[cfg(target_arch = "aarch64")]
mod sha2_arm;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
#[cfg(test)]
mod tests;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod uniform;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use portable::PORTABLE;
pub use select::{Measured, Selection};

/// A header without its nonce, prepared once for a search: what every nonce has in common is computed already.
#[derive(Debug, Clone)]
pub struct Work {
    /// SHA-256's state after the header's first 64 bytes.
    midstate: [u32; 8],
    /// Header bytes 64 to 75 as big-endian words: the end of the Merkle root, the time, the bits.
    tail: [u32; 3],
    /// The working variables of the second block after its first three rounds, which take `tail` in.
    after_tail: [u32; 8],
    /// The largest last word of a hash, read as little endian, that can meet the target.
    last_word_max: u32,
}

impl Work {
    /// Prepares the search over a header's 80 bytes; the nonce in it (the last four) plays no part.
    ///
    /// `last_word_max` is the most significant 32 bits of the target. A hash is compared with the target as a little
    /// endian number, so a hash with a larger last word is certainly above it, and is rejected by that word alone.
    pub fn new(header: &[u8; 80], last_word_max: u32) -> Self {
        let mut first_block = [0; 64];
        first_block.copy_from_slice(&header[..64]);
        let midstate = sha256::compress(sha256::START, &first_block);
        let tail = sha256::big_endian_words::<3>(&header[64..76]);
        let after_tail =
            tail.iter().enumerate().fold(midstate, |state, (index, &word)| sha256::round(state, index, word));
        Self { midstate, tail, after_tail, last_word_max }
    }
}

/// One way to search nonces.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its name in settings, logs and measurements.
    pub name: &'static str,
    /// The first nonce of `first..=last` (as a number; the header holds it little endian) whose hash's last word is at
    /// most the work's. Most candidates of a hard target meet it, but only a full comparison tells.
    ///
    /// Callers look at their stop flag between two calls, so a call takes no more nonces than some milliseconds do.
    pub first_candidate: fn(work: &Work, first: u32, last: u32) -> Option<u32>,
}

/// The kernels that this processor can run, the portable one first.
pub fn available() -> Vec<Kernel> {
    let mut kernels = vec![PORTABLE];
    #[cfg(target_arch = "x86_64")]
    kernels.extend([sha_ni::if_available(), avx2::if_available(), avx512::if_available()].into_iter().flatten());
    #[cfg(target_arch = "aarch64")]
    kernels.extend(sha2_arm::if_available());
    #[cfg(target_arch = "wasm32")]
    kernels.extend([wasm::SCALAR, wasm::SIMD128]);
    kernels
}
