//! Waiting: for the next try, and for the browser to paint.

use gloo_timers::future::TimeoutFuture;

/// The longest wait between two tries, in milliseconds.
const LONGEST_MS: u32 = 15_000;

/// How long to wait before try number `attempt` (from 0): doubling from half a second up to a quarter of a minute,
/// between half and all of it by chance (`random`, 0 to 1), so that many wallets do not come back in the same moment.
pub fn backoff_ms(attempt: u32, random: f64) -> u32 {
    let full = 500_u32.saturating_mul(1 << attempt.min(10)).min(LONGEST_MS);
    full / 2 + (f64::from(full / 2) * random) as u32
}

/// Waits before try number `attempt`.
pub async fn before_try(attempt: u32) {
    TimeoutFuture::new(backoff_ms(attempt, js_sys::Math::random())).await;
}

/// Waits for so many milliseconds.
pub async fn for_ms(wait_ms: u32) {
    TimeoutFuture::new(wait_ms).await;
}

/// Lets the browser paint, so that a page can show that it is busy before a long computation begins.
pub async fn for_paint() {
    TimeoutFuture::new(50).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert_eq!((backoff_ms(0, 0.0), backoff_ms(0, 1.0)), (250, 500));
        assert_eq!(backoff_ms(3, 1.0), 4_000);
        assert_eq!(backoff_ms(u32::MAX, 1.0), LONGEST_MS);
    }
}
