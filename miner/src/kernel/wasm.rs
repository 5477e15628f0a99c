//! The kernels for browsers: four nonces in a vector's lanes where the engine has simd128, else one at a time.
//!
//! An engine translates this code to the processor's, and what then counts is less the number of operations than the
//! size of the loop: rounds and schedule of 16 words at a time fit into the processor's store of decoded instructions.
//! All rounds of both hashes in one straight line, with every constant word folded into its sums, have a twentieth
//! fewer operations and are a fifth slower (V8: 6.5 against 7.9 million hashes a second; one by one 3.0 against 4.3).
//! Two vectors side by side are slower still, because half of their words do not stay in registers.

use super::{Kernel, Work, sha256};
use std::arch::wasm32::{
    i8x16_shuffle, i32x4_add, i32x4_shl, u32x4, u32x4_bitmask, u32x4_le, u32x4_shr, u32x4_splat, v128, v128_and,
    v128_or, v128_xor,
};

/// The kernel for engines without vectors.
pub const SCALAR: Kernel = Kernel { name: "scalar", first_candidate: scalar };

/// The kernel for engines with vectors. Code that contains it does not even load in others.
pub const SIMD128: Kernel = Kernel { name: "simd128", first_candidate: simd128 };

fn scalar(work: &Work, first: u32, last: u32) -> Option<u32> {
    search::<u32>(work, first, last)
}

#[target_feature(enable = "simd128")]
fn simd128(work: &Work, first: u32, last: u32) -> Option<u32> {
    search::<v128>(work, first, last)
}

/// Words of SHA-256, one for each nonce that is hashed at once.
trait Lanes: Copy {
    const COUNT: u32;

    /// The same word in each lane.
    fn splat(word: u32) -> Self;
    /// `COUNT` nonces from `first` on, as the header's word.
    fn nonces(first: u32) -> Self;
    fn add(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn shift_right<const BITS: u32>(self) -> Self;
    fn rotate_right<const BITS: u32>(self) -> Self;
    /// A bit for each lane, the lowest first: whether its word, read as little endian, is at most `max`.
    fn at_most(self, max: u32) -> u32;
}

impl Lanes for u32 {
    const COUNT: u32 = 1;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        word
    }

    #[inline(always)]
    fn nonces(first: u32) -> Self {
        first.swap_bytes()
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        self >> BITS
    }

    #[inline(always)]
    fn rotate_right<const BITS: u32>(self) -> Self {
        self.rotate_right(BITS)
    }

    #[inline(always)]
    fn at_most(self, max: u32) -> u32 {
        u32::from(self.swap_bytes() <= max)
    }
}

impl Lanes for v128 {
    const COUNT: u32 = 4;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        u32x4_splat(word)
    }

    #[inline(always)]
    fn nonces(first: u32) -> Self {
        let nonce = |lane| first.wrapping_add(lane).swap_bytes();
        u32x4(nonce(0), nonce(1), nonce(2), nonce(3))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        i32x4_add(self, other)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        v128_xor(self, other)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        v128_and(self, other)
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        u32x4_shr(self, BITS)
    }

    #[inline(always)]
    fn rotate_right<const BITS: u32>(self) -> Self {
        v128_or(u32x4_shr(self, BITS), i32x4_shl(self, 32 - BITS))
    }

    #[inline(always)]
    fn at_most(self, max: u32) -> u32 {
        let swapped = i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(self, self);
        u32::from(u32x4_bitmask(u32x4_le(swapped, u32x4_splat(max))))
    }
}

#[inline(always)]
fn search<L: Lanes>(work: &Work, first: u32, last: u32) -> Option<u32> {
    // The compiler must not know the constants: it would build each vector of them from immediate values, which takes
    // an engine several instructions, where a load into all lanes is one.
    let constants = std::hint::black_box(&sha256::K);
    let mut start = first;
    while start <= last {
        let lanes_left = (last - start).min(L::COUNT - 1);
        let met = last_words::<L>(work, constants, start).at_most(work.last_word_max) & (u32::MAX >> (31 - lanes_left));
        if met != 0 {
            return Some(start + met.trailing_zeros());
        }
        start = start.checked_add(L::COUNT)?;
    }
    None
}

/// An array of vectors. (The closures of the library's functions on arrays are not compiled for simd128.)
macro_rules! splat {
    ($($word:expr)*) => { [$(L::splat($word)),*] };
}

/// SHA-256's working variables, and the exclusive or of the second and the third, which each round has from the last.
struct State<L> {
    variables: [L; 8],
    b_xor_c: L,
}

impl<L: Lanes> State<L> {
    #[inline(always)]
    fn new([a, b, c, d, e, f, g, h]: [u32; 8]) -> Self {
        Self { variables: splat!(a b c d e f g h), b_xor_c: L::splat(b ^ c) }
    }

    /// What a round adds to `d` and to what becomes `a`: the part that is known early, and the part that hangs on `e`.
    #[inline(always)]
    fn step(&self, word: L) -> (L, L) {
        let [.., e, f, g, h] = self.variables;
        let choice = g.xor(e.and(f.xor(g)));
        let sum1 = e.rotate_right::<6>().xor(e.rotate_right::<11>()).xor(e.rotate_right::<25>());
        (h.add(word), choice.add(sum1))
    }

    /// One round, with the schedule's word and the round's constant together.
    #[inline(always)]
    fn round(&mut self, word: L) {
        let (early, late) = self.step(word);
        let [a, b, c, d, e, f, g, _] = self.variables;
        let a_xor_b = a.xor(b);
        let majority = b.xor(a_xor_b.and(self.b_xor_c));
        let sum0 = a.rotate_right::<2>().xor(a.rotate_right::<13>()).xor(a.rotate_right::<22>());
        let next_a = early.add(majority.add(sum0)).add(late);
        self.variables = [next_a, a, b, c, d.add(early).add(late), e, f, g];
        self.b_xor_c = a_xor_b;
    }

    /// One of the last rounds, whose first variable nobody looks at.
    #[inline(always)]
    fn last_round(&mut self, word: L) {
        let (early, late) = self.step(word);
        let [a, b, c, d, e, f, g, _] = self.variables;
        self.variables = [a, a, b, c, d.add(early).add(late), e, f, g];
    }
}

/// The schedule's next word in place of the one 16 before it.
#[inline(always)]
fn extend<L: Lanes>(words: &mut [L; 16], index: usize) {
    let before15 = words[(index + 1) % 16];
    let sigma0 = before15.rotate_right::<7>().xor(before15.rotate_right::<18>()).xor(before15.shift_right::<3>());
    let before2 = words[(index + 14) % 16];
    let sigma1 = before2.rotate_right::<17>().xor(before2.rotate_right::<19>()).xor(before2.shift_right::<10>());
    words[index] = words[index].add(sigma0).add(words[(index + 9) % 16].add(sigma1));
}

macro_rules! rounds {
    ($state:ident.$round:ident, $words:ident, $constants:expr, $($index:literal)*) => {
        $( $state.$round(L::splat($constants[$index]).add($words[$index])); )*
    };
}

macro_rules! scheduled_rounds {
    ($state:ident.$round:ident, $words:ident, $constants:expr, $($index:literal)*) => {
        $(
            extend(&mut $words, $index);
            $state.$round(L::splat($constants[$index]).add($words[$index]));
        )*
    };
}

/// The last words of the SHA-256d of the work's header with the nonces from `first` on, as SHA-256 gives them.
#[inline(always)]
fn last_words<L: Lanes>(work: &Work, constants: &[u32; 64], first: u32) -> L {
    let (constants, _) = constants.as_chunks::<16>();
    let [root_end, time, bits] = work.tail;
    let mut words = splat!(root_end time bits 0 0x8000_0000 0 0 0 0 0 0 0 0 0 0 80 * 8);
    words[3] = L::nonces(first);
    let mut state = State::<L>::new(work.after_tail);
    rounds!(state.round, words, constants[0], 3 4 5 6 7 8 9 10 11 12 13 14 15);
    // One loop for both hashes, so that its code is there once.
    let mut is_second = false;
    loop {
        for constants in &constants[1..if is_second { 3 } else { 4 }] {
            scheduled_rounds!(state.round, words, constants, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        }
        if is_second {
            break;
        }
        is_second = true;
        let [a, b, c, d, e, f, g, h] = work.midstate;
        words = splat!(a b c d e f g h 0x8000_0000 0 0 0 0 0 0 32 * 8);
        for (word, variable) in words.iter_mut().zip(state.variables) {
            *word = word.add(variable);
        }
        state = State::new(sha256::START);
        rounds!(state.round, words, constants[0], 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }
    scheduled_rounds!(state.round, words, constants[3], 0 1 2 3 4 5 6 7 8);
    scheduled_rounds!(state.last_round, words, constants[3], 9 10 11 12);
    // The fifth variable after round 60 is the eighth after round 63.
    state.variables[4].add(L::splat(sha256::START[7]))
}
