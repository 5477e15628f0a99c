//! The kernel for AVX-512: sixteen nonces in a register's lanes, a straight line of assembly.
//!
//! It is assembly, and not a compiler's arrangement of it, for two reasons. The way from one round's `e` to the next
//! one's is what a processor waits for: here it is one rotation, one ternary operation and one addition long, since all
//! else that makes the new `e` is added up before; compilers reassociate the sums. And all 24 words of state and
//! schedule stay in registers, with 8 left for what comes in between; compilers spill.
//!
//! Registers: zmm0 to zmm7 are the working variables, zmm8 to zmm23 the schedule's last 16 words, zmm24 to zmm26 what a
//! word's computation needs, zmm28 to zmm31 what a round needs.
#![allow(unsafe_code, reason = "assembly, and code for an optional instruction set is entered by an unsafe call")]

use super::{
    Kernel, Work, sha256,
    uniform::{SECOND_HASH, Uniform, second_block},
};
use std::arch::{asm, x86_64::*};

const LANES: u32 = 16;

/// This kernel, if the processor can run it.
pub fn if_available() -> Option<Kernel> {
    let available = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    available.then_some(Kernel { name: "avx512", first_candidate })
}

fn first_candidate(work: &Work, first: u32, last: u32) -> Option<u32> {
    // SAFETY: this function is reachable only through `if_available`, which found AVX-512F and AVX-512BW.
    unsafe { search(work, first, last) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn search(work: &Work, first: u32, last: u32) -> Option<u32> {
    let constants = Constants::new(work);
    let mut start = first;
    while start <= last {
        let lanes_left = (last - start).min(LANES - 1);
        let met = lanes_that_meet(&constants, start) & (u32::MAX >> (31 - lanes_left));
        if met != 0 {
            return Some(start + met.trailing_zeros());
        }
        start = start.checked_add(LANES)?;
    }
    None
}

/// The scalars of a job, in the layout that the assembly reads.
#[repr(C)]
struct Constants {
    second_block: Uniform,
    midstate: [u32; 8],
    last_word_max: u32,
}

impl Constants {
    fn new(work: &Work) -> Self {
        let second_block = second_block(work.midstate, work.tail);
        Self { second_block, midstate: work.midstate, last_word_max: work.last_word_max }
    }
}

/// The address of a scalar of a table. The addends lie at 0, the parts at 256, the state at 512, the midstate at 544.
macro_rules! scalar {
    ($table:literal, $offset:literal, $t:literal) => {
        concat!("dword ptr [{", $table, "} + ", $offset, " + 4*", $t, "]")
    };
}

/// A small sigma of one register into another.
macro_rules! sigma {
    (0, $from:literal, $to:literal) => {
        sigma!($from, $to, 7, 18, 3)
    };
    (1, $from:literal, $to:literal) => {
        sigma!($from, $to, 17, 19, 10)
    };
    ($from:literal, $to:literal, $left:literal, $middle:literal, $shift:literal) => {
        concat!(
            "vprord zmm",
            $to,
            ", zmm",
            $from,
            ", ",
            $left,
            "\n",
            "vprord zmm25, zmm",
            $from,
            ", ",
            $middle,
            "\n",
            "vpsrld zmm26, zmm",
            $from,
            ", ",
            $shift,
            "\n",
            "vpternlogd zmm",
            $to,
            ", zmm25, zmm26, 0x96\n",
        )
    };
}

/// One term of a schedule's word: set to it, or added to what is there. The registers are those of the word (which
/// holds the one 16 before it until then), and of the words 15, 7 and 2 before it.
macro_rules! term {
    // The whole sum.
    (set all, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        concat!(
            term!(add sigma0, $table, $t, $w $w15 $w7 $w2),
            term!(add before7, $table, $t, $w $w15 $w7 $w2),
            term!(add sigma1, $table, $t, $w $w15 $w7 $w2),
        )
    };
    (set before16, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        ""
    };
    (set sigma0, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        sigma!(0, $w15, $w)
    };
    (set sigma1, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        sigma!(1, $w2, $w)
    };
    (add sigma0, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        concat!(sigma!(0, $w15, 24), "vpaddd zmm", $w, ", zmm", $w, ", zmm24\n")
    };
    (add sigma1, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        concat!(sigma!(1, $w2, 24), "vpaddd zmm", $w, ", zmm", $w, ", zmm24\n")
    };
    (add before7, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        concat!("vpaddd zmm", $w, ", zmm", $w, ", zmm", $w7, "\n")
    };
    // The part that all nonces have in common.
    (add part, $table:literal, $t:literal, $w:literal $w15:literal $w7:literal $w2:literal) => {
        concat!("vpaddd zmm", $w, ", zmm", $w, ", ", scalar!($table, 264, $t), "{{1to16}}\n")
    };
}

/// One round: `d` becomes the next `e`, `h` the next `a`.
macro_rules! round {
    // All of it, with a word that is the same for every nonce and has been added to the constant.
    (uniform, $table:literal, $t:literal, $word:literal,
     $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            round!(new_e, $table, $t, "", $d $e $f $g $h),
            round!(new_a, $a $b $c $h),
        )
    };
    // All of it, with a word in a register.
    (varying, $table:literal, $t:literal, $word:literal,
     $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            round!(last, $table, $t, $word, $a $b $c $d $e $f $g $h),
            round!(new_a, $a $b $c $h),
        )
    };
    // Only the new `e`: nothing looks at the new `a` any more.
    (last, $table:literal, $t:literal, $word:literal,
     $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        round!(
            new_e, $table, $t,
            concat!("vpaddd zmm", $h, ", zmm", $h, ", zmm", $word, "\n"),
            $d $e $f $g $h
        )
    };
    (new_e, $table:literal, $t:literal, $add_word:expr, $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            "vprord zmm28, zmm", $e, ", 6\n",
            "vprord zmm29, zmm", $e, ", 11\n",
            "vprord zmm30, zmm", $e, ", 25\n",
            "vmovdqa64 zmm31, zmm", $e, "\n",
            "vpternlogd zmm31, zmm", $f, ", zmm", $g, ", 0xCA\n",
            $add_word,
            "vpaddd zmm", $h, ", zmm", $h, ", ", scalar!($table, 0, $t), "{{1to16}}\n",
            "vpaddd zmm", $h, ", zmm", $h, ", zmm31\n",
            "vpaddd zmm", $d, ", zmm", $d, ", zmm", $h, "\n",
            "vpternlogd zmm28, zmm29, zmm30, 0x96\n",
            "vpaddd zmm", $d, ", zmm", $d, ", zmm28\n",
            "vpaddd zmm", $h, ", zmm", $h, ", zmm28\n",
        )
    };
    (new_a, $a:literal $b:literal $c:literal $h:literal) => {
        concat!(
            "vmovdqa64 zmm31, zmm", $a, "\n",
            "vpternlogd zmm31, zmm", $b, ", zmm", $c, ", 0xE8\n",
            "vprord zmm28, zmm", $a, ", 2\n",
            "vprord zmm29, zmm", $a, ", 13\n",
            "vprord zmm30, zmm", $a, ", 22\n",
            "vpternlogd zmm28, zmm29, zmm30, 0x96\n",
            "vpaddd zmm", $h, ", zmm", $h, ", zmm31\n",
            "vpaddd zmm", $h, ", zmm", $h, ", zmm28\n",
        )
    };
}

/// Rounds, each with the computation of the word of two rounds later before it: `(t: how; terms)`. With each round the
/// names of the registers move on by one; after 16 they are where they were.
macro_rules! rounds {
    ($table:literal, $state:tt, $words:tt,) => { "" };
    (
        $table:literal,
        [$a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal],
        [$w0:literal $w1:literal $w2:literal $w3:literal $w4:literal $w5:literal $w6:literal $w7:literal
         $w8:literal $w9:literal $w10:literal $w11:literal $w12:literal $w13:literal $w14:literal $w15:literal],
        ($t:literal: $how:ident; $($first:ident $($more:ident)*)?) $($rest:tt)*
    ) => {
        concat!(
            $(
                term!(set $first, $table, $t, $w2 $w3 $w11 $w0),
                $( term!(add $more, $table, $t, $w2 $w3 $w11 $w0), )*
            )?
            round!($how, $table, $t, $w0, $a $b $c $d $e $f $g $h),
            rounds!(
                $table,
                [$h $a $b $c $d $e $f $g],
                [$w1 $w2 $w3 $w4 $w5 $w6 $w7 $w8 $w9 $w10 $w11 $w12 $w13 $w14 $w15 $w0],
                $($rest)*
            ),
        )
    };
    // From a round whose index is a multiple of 16.
    ($table:literal: $($rest:tt)*) => {
        rounds!($table, [0 1 2 3 4 5 6 7], [8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23], $($rest)*)
    };
}

/// Loads a working variable that is the same for every nonce.
macro_rules! load_state {
    ($table:literal: $($register:literal $index:literal),*) => {
        concat!($("vpbroadcastd zmm", $register, ", ", scalar!($table, 512, $index), "\n",)*)
    };
}

/// Adds the midstate to the working variables, which gives the second hash's first words.
macro_rules! add_midstate {
    ($($word:literal $variable:literal $index:literal),*) => {
        concat!($(
            "vpaddd zmm", $word, ", zmm", $variable, ", ", scalar!("first", 544, $index), "{{1to16}}\n",
        )*)
    };
}

/// Which of the nonces `start` to `start + 15` have a hash whose last word is at most the work's, one bit each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn lanes_that_meet(constants: &Constants, start: u32) -> u32 {
    let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let bytes_reversed = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let nonces = _mm512_add_epi32(_mm512_set1_epi32(start.cast_signed()), lanes);
    let last_variable: __m512i;
    // SAFETY: the assembly only computes: it reads the two tables, within their bounds, and writes registers that are
    // declared as its results or as overwritten. The instructions are those of AVX-512F, which is enabled here.
    unsafe {
        asm!(
            // The second block's rounds 4 to 63; round 3 is two additions of the nonce.
            load_state!("first": 4 0, 5 1, 6 2, 7 3, 0 4, 1 5, 2 6, 3 7),
            "vpaddd zmm4, zmm4, zmm11",
            "vpaddd zmm0, zmm0, zmm11",
            rounds!("first", [4 5 6 7 0 1 2 3], [12 13 14 15 16 17 18 19 20 21 22 23 8 9 10 11],
                (4: uniform;) (5: uniform;) (6: uniform;) (7: uniform;) (8: uniform;) (9: uniform;)
                (10: uniform;) (11: uniform;) (12: uniform;) (13: uniform;) (14: uniform;) (15: uniform;)),
            rounds!("first":
                (16: uniform; sigma0 part) (17: uniform; before16 part)
                (18: varying; sigma1 part) (19: varying; sigma1) (20: varying; sigma1 part)
                (21: varying; sigma1 part) (22: varying; sigma1 part) (23: varying; sigma1 before7)
                (24: varying; sigma1 before7) (25: varying; sigma1 before7) (26: varying; sigma1 before7)
                (27: varying; sigma1 before7) (28: varying; sigma1 before7 part) (29: varying; sigma1 before7 part)
                (30: varying; sigma1 before7 part) (31: varying; sigma0 before7 part sigma1)),
            rounds!("first":
                (32: varying; all) (33: varying; all)
                (34: varying; all) (35: varying; all)
                (36: varying; all) (37: varying; all)
                (38: varying; all) (39: varying; all)
                (40: varying; all) (41: varying; all)
                (42: varying; all) (43: varying; all)
                (44: varying; all) (45: varying; all)
                (46: varying; all) (47: varying; all)),
            rounds!("first":
                (48: varying; all) (49: varying; all)
                (50: varying; all) (51: varying; all)
                (52: varying; all) (53: varying; all)
                (54: varying; all) (55: varying; all)
                (56: varying; all) (57: varying; all)
                (58: varying; all) (59: varying; all)
                (60: varying; all) (61: varying; all)
                (62: varying;) (63: varying;)),
            // The second hash's rounds 1 to 60; round 0 is two additions of the first word.
            add_midstate!(8 0 0, 9 1 1, 10 2 2, 11 3 3, 12 4 4, 13 5 5, 14 6 6, 15 7 7),
            load_state!("second": 7 0, 0 1, 1 2, 2 3, 3 4, 4 5, 5 6, 6 7),
            "vpaddd zmm7, zmm7, zmm8",
            "vpaddd zmm3, zmm3, zmm8",
            rounds!("second", [7 0 1 2 3 4 5 6], [9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 8],
                (1: varying;) (2: varying;) (3: varying;) (4: varying;) (5: varying;) (6: varying;) (7: varying;)
                (8: uniform;) (9: uniform;) (10: uniform;) (11: uniform;) (12: uniform;) (13: uniform;)
                (14: uniform; before16 sigma0) (15: uniform; before16 sigma0 part)),
            rounds!("second":
                (16: varying; before16 sigma0 sigma1) (17: varying; before16 sigma0 sigma1)
                (18: varying; before16 sigma0 sigma1) (19: varying; before16 sigma0 sigma1)
                (20: varying; before16 sigma0 part sigma1) (21: varying; before16 before7 part sigma1)
                (22: varying; sigma1 before7 part) (23: varying; sigma1 before7) (24: varying; sigma1 before7)
                (25: varying; sigma1 before7) (26: varying; sigma1 before7) (27: varying; sigma1 before7)
                (28: varying; sigma1 before7 part) (29: varying; sigma0 before7 part sigma1)
                (30: varying; all) (31: varying; all)),
            rounds!("second":
                (32: varying; all) (33: varying; all)
                (34: varying; all) (35: varying; all)
                (36: varying; all) (37: varying; all)
                (38: varying; all) (39: varying; all)
                (40: varying; all) (41: varying; all)
                (42: varying; all) (43: varying; all)
                (44: varying; all) (45: varying; all)
                (46: varying; all) (47: varying; all)),
            rounds!("second":
                (48: varying; all) (49: varying; all)
                (50: varying; all) (51: varying; all)
                (52: varying; all) (53: varying; all)
                (54: varying; all) (55: varying; all)
                (56: varying; all)
                (57: last; all) (58: last; all)
                (59: last;) (60: last;)),
            first = in(reg) constants,
            second = in(reg) &SECOND_HASH,
            inout("zmm11") _mm512_shuffle_epi8(nonces, bytes_reversed) => _,
            out("zmm7") last_variable,
            out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _,
            out("zmm6") _, out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm12") _, out("zmm13") _,
            out("zmm14") _, out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _,
            out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _,
            out("zmm26") _, out("zmm28") _, out("zmm29") _, out("zmm30") _, out("zmm31") _,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    // The fifth working variable after round 60 is the eighth after round 63.
    let last_words = _mm512_add_epi32(last_variable, _mm512_set1_epi32(sha256::START[7].cast_signed()));
    let max = _mm512_set1_epi32(constants.last_word_max.cast_signed());
    u32::from(_mm512_cmple_epu32_mask(_mm512_shuffle_epi8(last_words, bytes_reversed), max))
}
