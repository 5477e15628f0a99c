//! Hash rates over several stretches of time, from samples of what each thread has counted.

use serde::Serialize;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The longest stretch.
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// What each thread had counted at a moment.
type Sample = (Instant, Vec<u64>);

/// Samples of the last quarter of an hour, the oldest first.
#[derive(Debug, Default)]
pub struct Samples(VecDeque<Sample>);

/// Hashes a second, of one thread or of all. Stretches without work count; before a
/// stretch is full it reaches back to the start.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Rate {
    /// Over the last ten seconds.
    pub ten_seconds: f64,
    /// Over the last minute.
    pub minute: f64,
    /// Over the last quarter of an hour.
    pub quarter_hour: f64,
}

impl Samples {
    /// Adds the hashes of each thread since the start, as of `now`.
    pub fn push(&mut self, now: Instant, hashes: Vec<u64>) {
        self.0.push_back((now, hashes));
        // One sample beyond the stretch stays, so that there is always one to begin from.
        while self.0.get(1).is_some_and(|(taken, _)| now.saturating_duration_since(*taken) >= QUARTER_HOUR) {
            self.0.pop_front();
        }
    }

    /// The rates of each thread.
    pub fn threads(&self) -> Vec<Rate> {
        let Some((_, latest)) = self.0.back() else { return Vec::new() };
        let rate = |thread, stretch| self.hashes(thread, stretch) as f64 / self.length(stretch);
        (0..latest.len())
            .map(|thread| Rate {
                ten_seconds: rate(thread, Duration::from_secs(10)),
                minute: rate(thread, Duration::from_secs(60)),
                quarter_hour: rate(thread, QUARTER_HOUR),
            })
            .collect()
    }

    /// The rate of all threads together between each of the last `count` samples and the one before it, oldest first.
    pub fn course(&self, count: usize) -> Vec<f64> {
        let total = |hashes: &[u64]| hashes.iter().sum::<u64>();
        let rate = |((from, before), (until, after)): (&Sample, &Sample)| {
            (total(after) - total(before)) as f64 / until.saturating_duration_since(*from).as_secs_f64().max(1e-3)
        };
        let rates = self.0.iter().zip(self.0.iter().skip(1)).map(rate);
        rates.skip(self.0.len().saturating_sub(count + 1)).collect()
    }

    /// The sample at the beginning of a stretch that ends with the latest: the last one that is not within it.
    fn beginning(&self, stretch: Duration) -> Option<&Sample> {
        let (latest, _) = self.0.back()?;
        let before = self.0.partition_point(|(taken, _)| latest.saturating_duration_since(*taken) >= stretch);
        self.0.get(before.saturating_sub(1))
    }

    fn hashes(&self, thread: usize, stretch: Duration) -> u64 {
        match (self.beginning(stretch), self.0.back()) {
            (Some((_, before)), Some((_, after))) => after[thread] - before[thread],
            _ => 0,
        }
    }

    /// The stretch's length in seconds: as asked, as far as samples are taken just then and there are some already.
    fn length(&self, stretch: Duration) -> f64 {
        let sampled = match (self.beginning(stretch), self.0.back()) {
            (Some((from, _)), Some((until, _))) => until.saturating_duration_since(*from),
            _ => Duration::ZERO,
        };
        sampled.as_secs_f64().max(1e-3)
    }
}

impl Rate {
    /// The sum of the threads' rates.
    pub fn sum(threads: &[Self]) -> Self {
        let sum = |stretch: fn(&Self) -> f64| threads.iter().map(stretch).sum();
        Self {
            ten_seconds: sum(|rate| rate.ten_seconds),
            minute: sum(|rate| rate.minute),
            quarter_hour: sum(|rate| rate.quarter_hour),
        }
    }
}

/// A rate in the unit that leaves one to three digits before the point.
pub fn readable(hashes_per_second: f64) -> String {
    let mut rate = hashes_per_second;
    for unit in ["H/s", "kH/s", "MH/s"] {
        if rate < 1_000.0 {
            return format!("{rate:.2} {unit}");
        }
        rate /= 1_000.0;
    }
    format!("{rate:.2} GH/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_has_its_own_rate() {
        let (start, mut samples) = (Instant::now(), Samples::default());
        assert!(samples.threads().is_empty() && samples.course(5).is_empty());
        // Half an hour of one sample a second: the first thread at 100 H/s, the second only in the last half minute.
        for second in 0..=1_800_u64 {
            let hashes = vec![100 * second, 1_000 * second.saturating_sub(1_770)];
            samples.push(start + Duration::from_secs(second), hashes);
        }
        assert_eq!(samples.0.len(), 901);
        let threads = samples.threads();
        assert_eq!(threads[0], Rate { ten_seconds: 100.0, minute: 100.0, quarter_hour: 100.0 });
        assert_eq!(threads[1], Rate { ten_seconds: 1_000.0, minute: 500.0, quarter_hour: 30_000.0 / 900.0 });
        assert_eq!(Rate::sum(&threads).minute, 600.0);
        assert_eq!(samples.course(32)[..3], [100.0, 100.0, 1_100.0]);
    }

    #[test]
    fn a_stretch_begins_at_the_start_at_the_earliest() {
        let (start, mut samples) = (Instant::now(), Samples::default());
        samples.push(start, vec![0]);
        samples.push(start + Duration::from_secs(5), vec![1_000]);
        assert_eq!(samples.threads()[0], Rate { ten_seconds: 200.0, minute: 200.0, quarter_hour: 200.0 });
        assert_eq!(samples.course(9), [200.0]);
    }

    #[test]
    fn rates_have_readable_units() {
        assert_eq!(readable(0.0), "0.00 H/s");
        assert_eq!(readable(999.0), "999.00 H/s");
        assert_eq!(readable(1_500.0), "1.50 kH/s");
        assert_eq!(readable(9_290_000.0), "9.29 MH/s");
        assert_eq!(readable(2_500_000_000.0), "2.50 GH/s");
    }
}
