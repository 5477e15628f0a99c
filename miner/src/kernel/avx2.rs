//! The portable kernel compiled for AVX2: eight nonces side by side.
#![allow(unsafe_code, reason = "code for an optional instruction set is entered by an unsafe call")]

use super::{Kernel, Work, portable};

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
    portable::search(work, first, last)
}
