//! Hash rates over the last minute, hour and day, estimated from shares: each stands for the hashes that one like it
//! takes on average.

use qoin_core::api::admin::network::{HashRateHistory, HashRatePoint};
use qoin_core::api::mining::HashRates;

/// What was hashed in the last 24 hours, ever more coarsely.
#[derive(Debug, Clone)]
pub struct HashRate {
    since_ms: u64,
    minute: Ring<60>,
    hour: Ring<60>,
    day: Ring<96>,
}

impl HashRate {
    /// Nothing yet.
    pub fn new(now_ms: u64) -> Self {
        Self { since_ms: now_ms, minute: Ring::new(1_000), hour: Ring::new(60_000), day: Ring::new(900_000) }
    }

    /// So many hashes were made until now.
    pub fn add(&mut self, hashes: f64, now_ms: u64) {
        self.minute.add(hashes, now_ms);
        self.hour.add(hashes, now_ms);
        self.day.add(hashes, now_ms);
    }

    /// Hashes a second over each time, or over that since the beginning if it is shorter.
    pub fn at(&self, now_ms: u64) -> HashRates {
        let age_ms = now_ms.saturating_sub(self.since_ms);
        HashRates {
            minute: self.minute.rate(age_ms, now_ms),
            hour: self.hour.rate(age_ms, now_ms),
            day: self.day.rate(age_ms, now_ms),
        }
    }
}

impl HashRate {
    /// Hashes a second in each stretch of each time, oldest first, since the beginning if that is later.
    pub fn history(&self, now_ms: u64) -> HashRateHistory {
        let Self { since_ms, minute, hour, day } = self;
        HashRateHistory {
            minute: minute.points(*since_ms, now_ms),
            hour: hour.points(*since_ms, now_ms),
            day: day.points(*since_ms, now_ms),
        }
    }
}

/// Sums over `N` stretches of time of one length, the newest not over yet.
#[derive(Debug, Clone)]
struct Ring<const N: usize> {
    stretch_ms: u64,
    /// The number of the newest stretch, counted from 1970.
    newest: u64,
    sums: [f64; N],
}

impl<const N: usize> Ring<N> {
    fn new(stretch_ms: u64) -> Self {
        Self { stretch_ms, newest: 0, sums: [0.0; N] }
    }

    fn add(&mut self, hashes: f64, now_ms: u64) {
        let stretch = now_ms / self.stretch_ms;
        if stretch > self.newest {
            let skipped = (stretch - self.newest).min(N as u64);
            for number in stretch - skipped + 1..=stretch {
                self.sums[Self::place(number)] = 0.0;
            }
            self.newest = stretch;
        }
        self.sums[Self::place(self.newest)] += hashes;
    }

    fn rate(&self, age_ms: u64, now_ms: u64) -> f64 {
        let stretch = now_ms / self.stretch_ms;
        let oldest = (stretch + 1).saturating_sub(N as u64);
        let kept = (self.newest + 1).saturating_sub(N as u64).max(oldest)..=self.newest;
        let sum: f64 = kept.map(|number| self.sums[Self::place(number)]).sum();
        let covered_ms = now_ms - oldest * self.stretch_ms;
        sum * 1_000.0 / covered_ms.min(age_ms).max(1_000) as f64
    }

    fn points(&self, since_ms: u64, now_ms: u64) -> Vec<HashRatePoint> {
        let stretch = now_ms / self.stretch_ms;
        let oldest = (stretch + 1).saturating_sub(N as u64).max(since_ms / self.stretch_ms);
        let point = |number: u64| {
            let is_kept = number <= self.newest && number + N as u64 > self.newest;
            let sum = if is_kept { self.sums[Self::place(number)] } else { 0.0 };
            let (start_ms, end_ms) = (number * self.stretch_ms, (number + 1) * self.stretch_ms);
            let covered_ms = end_ms.min(now_ms).saturating_sub(start_ms.max(since_ms));
            HashRatePoint { at_ms: end_ms.min(now_ms), hashes_per_s: sum * 1_000.0 / covered_ms.max(1_000) as f64 }
        };
        (oldest..=stretch).map(point).collect()
    }

    fn place(number: u64) -> usize {
        usize::try_from(number % N as u64).expect("less than a length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 1_800_000_000_123;

    #[test]
    fn a_steady_rate_shows_in_all_three() {
        let mut rate = HashRate::new(START_MS);
        for second in 1..=2 * 86_400 {
            rate.add(500.0, START_MS + second * 1_000);
        }
        let HashRates { minute, hour, day } = rate.at(START_MS + 2 * 86_400_000);
        for measured in [minute, hour, day] {
            assert!((measured / 500.0 - 1.0).abs() < 0.02, "{measured}");
        }
    }

    #[test]
    fn what_is_over_leaves_the_minute_first() {
        let mut rate = HashRate::new(START_MS);
        rate.add(36_000.0, START_MS + 10_000);
        let HashRates { minute, hour, day } = rate.at(START_MS + 10_000);
        assert_eq!((minute, hour, day), (3_600.0, 3_600.0, 3_600.0), "since the beginning");
        let HashRates { minute, hour, day } = rate.at(START_MS + 600_000);
        assert_eq!((minute, hour, day), (0.0, 60.0, 60.0));
        let HashRates { hour, day, .. } = rate.at(START_MS + 36_000_000);
        assert_eq!((hour, day), (0.0, 1.0));
        let HashRates { day, .. } = rate.at(START_MS + 5 * 86_400_000);
        assert_eq!(day, 0.0);
    }

    #[test]
    fn a_history_has_a_point_a_stretch_and_forgets_what_is_over() {
        let mut rate = HashRate::new(START_MS);
        for second in 1..=7_200 {
            rate.add(500.0, START_MS + second * 1_000);
        }
        let history = rate.history(START_MS + 7_200_000);
        assert_eq!((history.minute.len(), history.hour.len(), history.day.len()), (60, 60, 9));
        let steady = |point: &HashRatePoint| (point.hashes_per_s / 500.0 - 1.0).abs() < 0.02;
        assert!(history.hour[1..59].iter().all(steady), "{:?}", history.hour);
        assert!(history.day[1..8].iter().all(steady), "{:?}", history.day);
        assert!(history.hour.is_sorted_by(|one, next| one.at_ms < next.at_ms));
        let later = rate.history(START_MS + 7_200_000 + 7_200_000);
        assert!(later.minute.iter().chain(&later.hour).all(|point| point.hashes_per_s == 0.0));
        assert!(later.day.iter().any(steady) && later.day.len() == 17);
        assert_eq!(HashRate::new(START_MS).history(START_MS).day.len(), 1);
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_divides_by_no_nothing() {
        let mut rate = HashRate::new(START_MS);
        rate.add(10.0, START_MS);
        assert_eq!(rate.at(START_MS).minute, 10.0);
        rate.add(10.0, START_MS - 5_000);
        assert!(rate.at(START_MS - 5_000).minute.is_finite());
    }
}
