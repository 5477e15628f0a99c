//! How often something may happen: so many times a second, and more after a silence.

use super::limits::{MESSAGES_AT_ONCE, MESSAGES_PER_SECOND};
use std::time::Instant;

/// Counts the messages of one miner.
#[derive(Debug)]
pub struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// Full.
    pub fn new(now: Instant) -> Self {
        Self { left: f64::from(MESSAGES_AT_ONCE), at: now }
    }

    /// Takes one more; false when there were too many.
    pub fn take(&mut self, now: Instant) -> bool {
        let refill = now.saturating_duration_since(self.at).as_secs_f64() * f64::from(MESSAGES_PER_SECOND);
        self.left = (self.left + refill).min(f64::from(MESSAGES_AT_ONCE));
        self.at = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn many_at_once_then_so_many_a_second() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        assert!((0..MESSAGES_AT_ONCE).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        let later = start + Duration::from_secs(3);
        assert_eq!((0..1_000).filter(|_| bucket.take(later)).count(), 300);
    }
}
