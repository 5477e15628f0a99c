//! How hard a native miner searches.

use std::time::Duration;

/// How many threads search, and how hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many.
    pub threads: usize,
    /// The percentage of the time in which each of them searches, from 1 to 100.
    pub duty_percent: u32,
    /// How far they stand back for other programs: a Unix process' niceness, from 0.
    pub niceness: i32,
}

impl Pace {
    /// The niceness that a miner has by default: it leaves nine tenths of a processor to whoever wants it.
    pub const NICENESS: i32 = 10;
    /// The highest niceness there is.
    pub const NICENESS_MAX: i32 = 19;

    /// How long a thread holds still after a search that took so long.
    pub fn rest_after(&self, busy: Duration) -> Duration {
        busy * (100 - self.duty_percent) / self.duty_percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_leaves_the_rest_of_the_time_to_others() {
        let second = Duration::from_secs(1);
        for (duty_percent, expected) in [(100, Duration::ZERO), (50, second), (20, second * 4), (1, second * 99)] {
            let pace = Pace { threads: 1, duty_percent, niceness: 0 };
            assert_eq!(pace.rest_after(second), expected);
        }
    }
}
