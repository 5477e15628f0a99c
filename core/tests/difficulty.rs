//! The difficulty rule under a changing hash rate, simulated with exponential solve times.
//!
//! A run has three phases of blocks: 3 MH/s, then 2.5 GH/s, then 3 MH/s again, with hours of idleness between them and
//! shorter ones inside. There is work only while transactions wait: after idleness the next height is opened anew.

mod common;

use common::Random;
use qoin_core::{
    retarget::{Past, eased, easing_steps, next_easing_ms, required},
    target::{CompactTarget, Target},
};

const RUNS: u64 = 2_000;
const INTERVAL_MS: u64 = 60_000;
const BLOCKS: usize = 60;
/// Hashes in a millisecond.
const PHASES: [f64; 3] = [3e3, 2.5e6, 3e3];
const STARTING: CompactTarget = CompactTarget(0x1e00_ffff);
const HOUR_MS: f64 = 3_600_000.0;

struct Chain {
    random: Random,
    now_ms: u64,
    easiest: Target,
    past: Vec<Past>,
}

impl Chain {
    fn new(seed: u64) -> Self {
        let easiest = CompactTarget(0x1f00_ffff).expand().expect("a valid target");
        Self { random: Random(seed), now_ms: 1_800_000_000_000, easiest, past: Vec::new() }
    }

    fn idle(&mut self, hours_max: f64) {
        self.now_ms += (self.random.unit() * hours_max * HOUR_MS) as u64;
    }

    /// Mines one block and returns how many intervals it took. The job is made anew at each easing step, as the leader does.
    fn mine(&mut self, hashes_per_ms: f64) -> f64 {
        let required = required(&self.past, INTERVAL_MS, STARTING, self.easiest).expect("all blocks are valid");
        let opened_ms = self.now_ms;
        let mut issued_ms = opened_ms;
        loop {
            let bits = eased(required, opened_ms, issued_ms, INTERVAL_MS, self.easiest).expect("a valid target");
            let next_ms =
                next_easing_ms(required, opened_ms, issued_ms, INTERVAL_MS, self.easiest).expect("a valid target");
            let mean_ms = bits.expand().expect("a valid target").work().to_f64() / hashes_per_ms;
            let solved_ms = issued_ms + (-self.random.unit().ln() * mean_ms).round() as u64;
            // Hashing has no memory: what was done for the old job does not count for the new one.
            if let Some(next_ms) = next_ms.filter(|next_ms| *next_ms <= solved_ms) {
                issued_ms = next_ms;
                continue;
            }
            let eased = easing_steps(opened_ms, issued_ms, INTERVAL_MS) > 0;
            self.past.push(Past { opened_ms, solved_ms, bits, eased });
            self.now_ms = solved_ms;
            return (solved_ms - opened_ms) as f64 / INTERVAL_MS as f64;
        }
    }
}

#[test]
fn block_times_hold_while_the_hash_rate_jumps() {
    let mut sums = [0.0; PHASES.len()];
    let mut longest: f64 = 0.0;
    let mut eased = 0;
    for seed in 0..RUNS {
        let mut chain = Chain::new(seed);
        for (phase, hashes_per_ms) in PHASES.into_iter().enumerate() {
            for block in 1..=BLOCKS {
                let intervals = chain.mine(hashes_per_ms);
                longest = longest.max(intervals);
                if block > BLOCKS / 2 {
                    sums[phase] += intervals;
                }
                if chain.random.unit() < 0.1 {
                    chain.idle(2.0);
                }
            }
            chain.idle(12.0);
        }
        eased += chain.past.iter().filter(|block| block.eased).count();
    }
    let means = sums.map(|sum| sum / (RUNS * (BLOCKS / 2) as u64) as f64);
    println!("mean intervals over blocks 31 to 60: {means:.3?}; longest block: {longest:.2}; eased blocks: {eased}");
    for mean in means {
        assert!((mean - 1.0).abs() < 0.1, "the mean block took {mean} intervals");
    }
    assert!(longest <= 20.0, "a block took {longest} intervals");
    assert!(eased as u64 >= RUNS, "each fall of the hash rate needs easing, but only {eased} blocks were eased");
}
