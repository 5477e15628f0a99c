//! Waits between attempts: exponential with full jitter, so that a thousand miners do not return at one moment.

use std::time::Duration;

/// The waits of one series of attempts.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    longest_next: Duration,
}

impl Backoff {
    /// The longest wait is `first` at first, doubles each time, and is never above `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, longest_next: first.min(most) }
    }

    /// Starts the series anew, after an attempt that went well.
    pub fn reset(&mut self) {
        self.longest_next = self.first.min(self.most);
    }

    /// A random wait between nothing and the longest of this attempt.
    pub fn next_wait(&mut self) -> Duration {
        let longest = self.longest_next;
        self.longest_next = longest.saturating_mul(2).min(self.most);
        // Without randomness from the system the wait is the longest: slower, but no less right.
        longest.mul_f64(getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_most_and_start_anew() {
        let (first, most) = (Duration::from_millis(500), Duration::from_secs(15));
        let mut backoff = Backoff::new(first, most);
        for longest_ms in [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000] {
            assert_eq!(backoff.longest_next, Duration::from_millis(longest_ms));
            assert!(backoff.next_wait() <= Duration::from_millis(longest_ms));
        }
        backoff.reset();
        let waits: Vec<_> = (0..20)
            .map(|_| {
                backoff.reset();
                backoff.next_wait()
            })
            .collect();
        assert!(waits.iter().all(|wait| *wait <= first));
        assert!(waits.iter().any(|wait| *wait != waits[0]), "waits differ: {waits:?}");
    }
}
