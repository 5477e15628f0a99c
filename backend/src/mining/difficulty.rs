//! How hard a miner's shares are: so hard that one takes it some five seconds.
//!
//! Share difficulties are powers of two, which every miner computes with exactly, however it computes. They never exceed
//! the difficulty of the job's block, so a block is never lost for want of a share.

use qoin_core::target::Target;
use std::time::{Duration, Instant};

/// 2^-16: 65,536 hashes a share, 13,000 hashes a second.
const LEAST: i32 = -16;
/// 2^48: 10^24 hashes a share.
const MOST: i32 = 48;
/// 2^-10: four million hashes, for a miner that nothing is known of.
const FIRST: i32 = -10;
/// So many shares say enough of a miner's speed.
const SHARES_ENOUGH: u32 = 24;
/// After so many share intervals it is looked at how many shares there were.
const INTERVALS_ENOUGH: u32 = 12;
/// After so many without any share the difficulty is too high.
const INTERVALS_EMPTY: u32 = 4;
/// By how much the wished exponent must differ from the present one, so that chance alone does not change it.
const EXPONENT_CHANGE_MIN: f64 = 0.75;
/// The hashes that a share of difficulty 1 takes: 2^32, as exactly as difficulties go.
const HASHES_OF_1: f64 = 4_294_967_296.0;

/// The share difficulty of one miner, learnt from its shares. Only time with work counts.
#[derive(Debug)]
pub(super) struct ShareDifficulty {
    interval: Duration,
    exponent: i32,
    /// Since when there is work, if there is.
    since: Option<Instant>,
    /// How long there was work before, since the last look.
    worked: Duration,
    /// How long there was work before, since the last share.
    barren: Duration,
    shares: u32,
    hashes: f64,
}

impl ShareDifficulty {
    /// Aims at a share in every `interval`, for a miner that makes so many hashes a second, if that is known.
    pub fn new(interval: Duration, hash_rate: Option<f64>) -> Self {
        let exponent = hash_rate.map_or(FIRST, |rate| exponent_for(rate, interval).round() as i32);
        Self {
            interval,
            exponent: exponent.clamp(LEAST, MOST),
            since: None,
            worked: Duration::ZERO,
            barren: Duration::ZERO,
            shares: 0,
            hashes: 0.0,
        }
    }

    /// The share difficulty that suits the miner.
    pub fn wished(&self) -> f64 {
        f64::from(self.exponent).exp2()
    }

    /// The share difficulty and target for a job whose block has this target.
    pub fn for_block(&self, block: Target) -> (f64, Target) {
        // The exponent of a normal f64 is its logarithm to base 2, rounded down.
        let limit = i32::try_from((block.difficulty().to_bits() >> 52) & 0x7ff).expect("11 bits fit") - 1023;
        let difficulty = f64::from(self.exponent.min(limit)).exp2();
        let target = Target::from_difficulty(difficulty).expect("a power of two is positive and finite");
        (difficulty, target.max(block))
    }

    /// There is work, or there is none, from now on.
    pub fn set_working(&mut self, is_working: bool, now: Instant) {
        self.pass(now);
        self.since = is_working.then_some(now);
    }

    /// A share was taken that stands for so many hashes.
    pub fn count(&mut self, hashes: f64, now: Instant) {
        self.pass(now);
        self.barren = Duration::ZERO;
        self.shares += 1;
        self.hashes += hashes;
    }

    /// For how long it has had work without making a share.
    pub fn barren(&mut self, now: Instant) -> Duration {
        self.pass(now);
        self.barren
    }

    /// Looks whether the difficulty should change, and changes it.
    pub fn adjust(&mut self, now: Instant) -> bool {
        self.pass(now);
        let is_due = self.shares >= SHARES_ENOUGH
            || self.worked >= self.interval * INTERVALS_ENOUGH
            || (self.shares == 0 && self.worked >= self.interval * INTERVALS_EMPTY);
        if !is_due {
            return false;
        }
        let before = self.exponent;
        let wished = if self.shares == 0 {
            f64::from(before) - 2.0
        } else {
            exponent_for(self.hashes / self.worked.as_secs_f64().max(1e-3), self.interval)
        };
        if (wished - f64::from(before)).abs() >= EXPONENT_CHANGE_MIN {
            self.exponent = (wished.round() as i32).clamp(LEAST, MOST);
        }
        (self.worked, self.shares, self.hashes) = (Duration::ZERO, 0, 0.0);
        self.exponent != before
    }

    fn pass(&mut self, now: Instant) {
        if let Some(since) = &mut self.since {
            let passed = now.saturating_duration_since(*since);
            self.worked += passed;
            self.barren += passed;
            *since = now.max(*since);
        }
    }
}

fn exponent_for(hash_rate: f64, interval: Duration) -> f64 {
    (hash_rate * interval.as_secs_f64() / HASHES_OF_1).max(f64::MIN_POSITIVE).log2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::target::Work;

    const INTERVAL: Duration = Duration::from_secs(5);

    fn block_of(hashes: u64) -> Target {
        Work::from_hashes(hashes).to_target()
    }

    /// Mines with `rate` hashes a second for `seconds`; gives the shares of the second half.
    fn mine(difficulty: &mut ShareDifficulty, rate: f64, block: Target, seconds: u64, seed: u64) -> f64 {
        let start = Instant::now();
        difficulty.set_working(true, start);
        let (mut state, mut shares) = (seed, 0.0);
        const STEPS: u64 = 100;
        for step in 1..=seconds * STEPS {
            let now = start + Duration::from_millis(step * 1_000 / STEPS);
            let (_, target) = difficulty.for_block(block);
            let hashes = target.work().to_f64();
            // Deterministic chance: a share in every so many steps on average, with exponential gaps.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let expected = rate / STEPS as f64 / hashes;
            let chance = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let found = (expected + chance).floor();
            for _ in 0..found as u32 {
                difficulty.count(hashes, now);
            }
            if step > seconds * STEPS / 2 {
                shares += found;
            }
            difficulty.adjust(now);
        }
        shares
    }

    #[test]
    fn shares_come_every_five_seconds_whatever_the_speed() {
        for rate in [2e4, 1e6, 5e7, 1e10, 1e14] {
            let mut difficulty = ShareDifficulty::new(INTERVAL, None);
            let shares = mine(&mut difficulty, rate, block_of(u64::MAX), 1_200, 7);
            let every_s = 600.0 / shares;
            assert!((2.5..=10.0).contains(&every_s), "{rate}: a share in {every_s} s");
        }
    }

    #[test]
    fn a_known_speed_needs_no_learning() {
        let difficulty = ShareDifficulty::new(INTERVAL, Some(5e7));
        let (_, target) = difficulty.for_block(block_of(u64::MAX));
        let every_s = target.work().to_f64() / 5e7;
        assert!((3.5..=7.1).contains(&every_s), "{every_s}");
    }

    #[test]
    fn never_harder_than_the_block_and_rounded_down() {
        for hashes in [1, 2, 100, 65_536, 1_000_000, 1 << 33, 12_345_678_901_234] {
            let block = block_of(hashes);
            let mut hard = ShareDifficulty::new(INTERVAL, Some(1e18));
            let (difficulty, target) = hard.for_block(block);
            assert!(difficulty <= block.difficulty() && difficulty > block.difficulty() / 2.0, "{hashes}");
            assert!(target >= block, "{hashes}");
            assert_eq!(difficulty.to_bits() & ((1 << 52) - 1), 0, "a power of two");
            hard.adjust(Instant::now());
        }
    }

    #[test]
    fn time_without_work_does_not_count() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut difficulty = ShareDifficulty::new(INTERVAL, None);
        assert!(!difficulty.adjust(at(1_000)));
        difficulty.set_working(true, at(1_000));
        assert!(!difficulty.adjust(at(1_010)));
        difficulty.set_working(false, at(1_010));
        assert!(!difficulty.adjust(at(5_000)));
        assert_eq!(difficulty.barren(at(5_000)), Duration::from_secs(10));
        difficulty.set_working(true, at(5_000));
        assert!(difficulty.adjust(at(5_010)), "20 s of work without a share");
        assert_eq!(difficulty.exponent, FIRST - 2);
    }
}
