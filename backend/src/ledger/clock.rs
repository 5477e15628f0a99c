//! The leader's clock: steady, and drawn slowly to the system's.

use std::{
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How fast the clock may be drawn: a hundredth of the time that passes.
const SLEW: i64 = 100;

/// Microseconds since 1970 that never go back, whatever the system's clock does.
pub struct Clock {
    state: Mutex<ClockState>,
}

struct ClockState {
    read_at: Instant,
    now_us: u64,
}

impl Clock {
    /// A clock that starts at the system's time, but not before `last_us`.
    pub fn starting_after(last_us: u64) -> Self {
        let now_us = system_us().max(last_us.saturating_add(1));
        Self { state: Mutex::new(ClockState { read_at: Instant::now(), now_us }) }
    }

    /// The time now; not before any time it told earlier.
    pub fn now_us(&self) -> u64 {
        let mut state = self.state.lock().expect("no one panics while reading the clock");
        let now = Instant::now();
        state.advance(now, system_us());
        state.now_us
    }

    /// The time now in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.now_us() / 1000
    }
}

impl ClockState {
    fn advance(&mut self, now: Instant, system_us: u64) {
        let elapsed_us = as_us(now.saturating_duration_since(self.read_at));
        let steady_us = self.now_us.saturating_add(elapsed_us);
        let slew_max = i64::try_from(elapsed_us).unwrap_or(i64::MAX) / SLEW;
        let off = i128::from(system_us) - i128::from(steady_us);
        let slew = i64::try_from(off.clamp((-slew_max).into(), slew_max.into())).expect("within bounds of i64");
        self.now_us = steady_us.saturating_add_signed(slew);
        self.read_at = now;
    }
}

fn system_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, as_us)
}

fn as_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_system_is_followed_slowly() {
        let start = Instant::now();
        let mut state = ClockState { read_at: start, now_us: 1_000_000_000 };
        state.advance(start + Duration::from_secs(100), 9_000_000_000);
        assert_eq!(state.now_us, 1_000_000_000 + 100_000_000 + 1_000_000);
        state.advance(start + Duration::from_secs(200), 0);
        assert_eq!(state.now_us, 1_101_000_000 + 100_000_000 - 1_000_000);
    }

    #[test]
    fn a_small_difference_is_made_up_at_once() {
        let start = Instant::now();
        let mut state = ClockState { read_at: start, now_us: 1_000_000 };
        state.advance(start + Duration::from_secs(1), 2_000_500);
        assert_eq!(state.now_us, 2_000_500);
    }

    #[test]
    fn it_starts_after_the_last_record() {
        let future_us = system_us() + 3_600_000_000;
        assert!(Clock::starting_after(future_us).now_us() > future_us);
    }
}
