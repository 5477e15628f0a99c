//! The search of one header's nonces.

use crate::kernel::{Kernel, Work};
use qoin_core::{
    hash::{BlockHash, sha256d},
    target::Target,
};
use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicBool, Ordering},
};

/// Hashes between two looks at the stop flag: some 20 ms of a slow processor.
const HASHES_PER_LOOK: u32 = 1 << 16;

/// How a search went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// Nonces that were looked at.
    pub hashes: u64,
    /// Why it ended.
    pub end: End,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The header with this nonce meets the target. Those after it are not searched yet.
    Found(u32),
    /// No nonce of the range meets the target.
    Exhausted,
    /// The stop flag was set.
    Stopped,
}

/// Searches `nonces` in rising order for the first whose header meets `target`.
///
/// `header` is a whole header of 80 bytes; its own nonce (the last four bytes, little endian) plays no part. The search
/// ends soon after another thread sets `stop`, and immediately when it is set already.
pub fn scan(
    kernel: Kernel,
    header: &[u8; 80],
    target: &Target,
    nonces: RangeInclusive<u32>,
    stop: &AtomicBool,
) -> Scan {
    let [a, b, c, d, ..] = target.to_be_bytes();
    let work = Work::new(header, u32::from_be_bytes([a, b, c, d]));
    let (mut next, last) = (*nonces.start(), *nonces.end());
    let searched_to = |nonce: u32| u64::from(nonce - *nonces.start()) + 1;
    let mut hashes = 0;
    while next <= last {
        if stop.load(Ordering::Relaxed) {
            return Scan { hashes, end: End::Stopped };
        }
        let until = last.min(next.saturating_add(HASHES_PER_LOOK - 1));
        let candidate = (kernel.first_candidate)(&work, next, until);
        let reached = candidate.unwrap_or(until);
        hashes = searched_to(reached);
        if candidate.is_some_and(|nonce| target.is_met_by(&hash_with_nonce(header, nonce))) {
            return Scan { hashes, end: End::Found(reached) };
        }
        let Some(after) = reached.checked_add(1) else { break };
        next = after;
    }
    Scan { hashes, end: End::Exhausted }
}

/// The hash of the header with `nonce` in place of its own.
pub fn hash_with_nonce(header: &[u8; 80], nonce: u32) -> BlockHash {
    let mut header = *header;
    header[76..].copy_from_slice(&nonce.to_le_bytes());
    BlockHash::from_bytes(sha256d(&header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::PORTABLE;
    use qoin_core::{header::Header, target::CompactTarget};

    static GOING: AtomicBool = AtomicBool::new(false);

    fn header() -> [u8; 80] {
        std::array::from_fn(|index| index as u8)
    }

    fn target_of_bits(bits: u32) -> Target {
        let mut bytes = [0xff; 32];
        let value = u32::MAX.checked_shr(bits).unwrap_or(0);
        bytes[..4].copy_from_slice(&value.to_be_bytes());
        Target::from_be_bytes(bytes).unwrap()
    }

    #[test]
    fn a_real_block_is_solved_again() {
        let bytes = "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000\
            e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695";
        let bytes: [u8; 80] = hex::decode(bytes).unwrap().try_into().unwrap();
        let block = Header::from_bytes(&bytes);
        let target = CompactTarget(0x1a44_b9f2).expand().unwrap();
        let first = block.nonce - 200_000;
        let scan = scan(PORTABLE, &bytes, &target, first..=block.nonce + 10, &GOING);
        assert_eq!(scan, Scan { hashes: 200_001, end: End::Found(block.nonce) });
        assert_eq!(hash_with_nonce(&bytes, block.nonce), block.hash());
    }

    #[test]
    fn what_is_found_in_turn_is_what_plain_hashing_finds() {
        let target = target_of_bits(10);
        let expected: Vec<u32> =
            (0..=20_000).filter(|&nonce| target.is_met_by(&hash_with_nonce(&header(), nonce))).collect();
        assert!(expected.len() > 5, "{expected:?}");
        let (mut found, mut next, mut hashes) = (Vec::new(), 0, 0);
        loop {
            let scan = scan(PORTABLE, &header(), &target, next..=20_000, &GOING);
            hashes += scan.hashes;
            match scan.end {
                End::Found(nonce) => {
                    found.push(nonce);
                    next = nonce + 1;
                }
                end => {
                    assert_eq!(end, End::Exhausted);
                    break;
                }
            }
        }
        assert_eq!(found, expected);
        assert_eq!(hashes, 20_001, "every nonce is counted once");
    }

    #[test]
    fn a_candidate_above_the_target_is_passed_over() {
        // The kernel sees only the top 32 bits; this target differs from a candidate's hash below them.
        let (header, easy) = (header(), target_of_bits(8));
        let End::Found(first) = scan(PORTABLE, &header, &easy, 0..=u32::MAX, &GOING).end else { panic!("none found") };
        let mut just_below = hash_with_nonce(&header, first).to_bytes();
        just_below.reverse();
        just_below[31] -= 1;
        let target = Target::from_be_bytes(just_below).unwrap();
        assert_eq!(scan(PORTABLE, &header, &target, first..=first, &GOING), Scan { hashes: 1, end: End::Exhausted });
        just_below[31] += 1;
        let target = Target::from_be_bytes(just_below).unwrap();
        assert_eq!(scan(PORTABLE, &header, &target, first..=first, &GOING), Scan { hashes: 1, end: End::Found(first) });
    }

    #[test]
    fn the_edges_of_the_nonce_are_found() {
        for nonce in [0, u32::MAX] {
            let scan = scan(PORTABLE, &header(), &Target::MAX, nonce..=nonce, &GOING);
            assert_eq!(scan, Scan { hashes: 1, end: End::Found(nonce) });
        }
        let nothing = target_of_bits(32);
        let scan = scan(PORTABLE, &header(), &nothing, u32::MAX - 100_000..=u32::MAX, &GOING);
        assert_eq!(scan, Scan { hashes: 100_001, end: End::Exhausted });
    }

    #[test]
    fn a_set_flag_stops_at_once_and_a_later_one_soon() {
        let nothing = target_of_bits(32);
        let stop = AtomicBool::new(true);
        assert_eq!(scan(PORTABLE, &header(), &nothing, 0..=u32::MAX, &stop), Scan { hashes: 0, end: End::Stopped });
        stop.store(false, Ordering::Relaxed);
        std::thread::scope(|scope| {
            let searching = scope.spawn(|| scan(PORTABLE, &header(), &nothing, 0..=u32::MAX, &stop));
            stop.store(true, Ordering::Relaxed);
            assert_eq!(searching.join().unwrap().end, End::Stopped);
        });
    }
}
