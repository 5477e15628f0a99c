//! Every kernel against the file of searches, and against a plain SHA-256d.

use super::*;
use check::searches;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

fn with_nonce(mut header: [u8; 80], nonce: u32) -> [u8; 80] {
    header[76..].copy_from_slice(&nonce.to_le_bytes());
    header
}

/// The last word of the header's hash as a little-endian number: what a kernel compares.
fn last_word(header: &[u8; 80]) -> u32 {
    let hash = Sha256::digest(Sha256::digest(header));
    u32::from_le_bytes(hash[28..].try_into().unwrap())
}

#[test]
fn every_kernel_is_sound() {
    assert!(searches().filter(|search| search.found.is_some()).count() > 70, "the file is read");
    for kernel in available() {
        assert!(kernel.is_sound(), "{}", kernel.name);
    }
}

#[test]
fn a_faulty_kernel_does_not_pass() {
    fn never(_: &Work, _: u32, _: u32) -> Option<u32> {
        None
    }
    fn at_once(_: &Work, first: u32, _: u32) -> Option<u32> {
        Some(first)
    }
    fn blind_in_one_lane(work: &Work, first: u32, last: u32) -> Option<u32> {
        (PORTABLE.first_candidate)(work, first, last).filter(|nonce| (nonce - first) % 16 != 11)
    }
    fn beyond_the_end(work: &Work, first: u32, last: u32) -> Option<u32> {
        (PORTABLE.first_candidate)(work, first, last.saturating_add(16))
    }
    fn deaf_to_the_easy(work: &Work, first: u32, last: u32) -> Option<u32> {
        (PORTABLE.first_candidate)(&Work { last_word_max: 0, ..work.clone() }, first, last)
    }
    for first_candidate in [never, at_once, blind_in_one_lane, beyond_the_end, deaf_to_the_easy] {
        assert!(!Kernel { name: "faulty", first_candidate }.is_sound());
    }
}

#[test]
fn an_empty_range_holds_nothing() {
    let everything = Work::new(&[7; 80], u32::MAX);
    for kernel in available() {
        assert_eq!((kernel.first_candidate)(&everything, 9, 8), None, "{}", kernel.name);
    }
}

#[test]
fn the_fastest_kernel_is_selected() {
    let start = Instant::now();
    let selection = Selection::measure(|| start.elapsed());
    assert_eq!((selection.sound.len(), selection.faulty.len()), (available().len(), 0));
    assert!(selection.sound.is_sorted_by(|left, right| left.rate >= right.rate));
    assert_eq!(selection.fastest().name, selection.sound[0].kernel.name);
    let nothing = Selection { sound: Vec::new(), faulty: available() };
    assert_eq!(nothing.fastest().name, PORTABLE.name);
    // A clock that stands still measures nothing, and ends all the same.
    let idle = Kernel { name: "idle", first_candidate: |_, _, _| None };
    assert!(idle.rate(Duration::from_millis(1), 1, &|| Duration::ZERO) > 0.0);
}

proptest! {
    #[test]
    fn kernels_agree_with_plain_hashing(
        header in proptest::collection::vec(any::<u8>(), 80),
        first in any::<u32>(),
        length in 0_u32..600,
        leading_zero_bits in 0_u32..12,
    ) {
        let header: [u8; 80] = header.try_into().unwrap();
        let last = first.saturating_add(length);
        let last_word_max = u32::MAX >> leading_zero_bits;
        let expected = (first..=last).find(|&nonce| last_word(&with_nonce(header, nonce)) <= last_word_max);
        for kernel in available() {
            let found = (kernel.first_candidate)(&Work::new(&header, last_word_max), first, last);
            prop_assert_eq!(found, expected, "{}", kernel.name);
        }
    }
}
