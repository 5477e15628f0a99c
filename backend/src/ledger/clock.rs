//! The leader's clock: steady, and drawn slowly to the system's.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How fast the clock may be drawn: a hundredth of the time that passes.
const SLEW: i64 = 100;

/// What a clock is made from.
pub(super) trait Times: Send + Sync {
    /// How much time has passed since some moment. It never jumps.
    fn passed(&self) -> Duration;
    /// The system's time, in microseconds since 1970. It may jump.
    fn system_us(&self) -> u64;
}

/// The times of this machine.
pub(super) struct MachineTimes {
    since: Instant,
}

impl MachineTimes {
    pub(super) fn now() -> Self {
        Self { since: Instant::now() }
    }
}

impl Times for MachineTimes {
    fn passed(&self) -> Duration {
        self.since.elapsed()
    }

    fn system_us(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, as_us)
    }
}

/// Microseconds since 1970 that never go back, whatever the system's clock does.
pub struct Clock {
    times: Arc<dyn Times>,
    state: Mutex<ClockState>,
}

struct ClockState {
    read_at: Duration,
    now_us: u64,
}

impl Clock {
    /// A clock that starts at the system's time, but not before `last_us`.
    pub(super) fn starting_after(last_us: u64, times: Arc<dyn Times>) -> Self {
        let now_us = times.system_us().max(last_us.saturating_add(1));
        Self { state: Mutex::new(ClockState { read_at: times.passed(), now_us }), times }
    }

    /// The time now; not before any time it told earlier.
    pub fn now_us(&self) -> u64 {
        let mut state = self.state.lock().expect("no one panics while reading the clock");
        state.advance(self.times.passed(), self.times.system_us());
        state.now_us
    }

    /// The time now in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.now_us() / 1000
    }

    /// How much time has passed since some moment, to measure by: it is not drawn to anything.
    pub fn passed(&self) -> Duration {
        self.times.passed()
    }
}

impl ClockState {
    fn advance(&mut self, now: Duration, system_us: u64) {
        let elapsed_us = as_us(now.saturating_sub(self.read_at));
        let steady_us = self.now_us.saturating_add(elapsed_us);
        let slew_max = i64::try_from(elapsed_us).unwrap_or(i64::MAX) / SLEW;
        let off = i128::from(system_us) - i128::from(steady_us);
        let slew = i64::try_from(off.clamp((-slew_max).into(), slew_max.into())).expect("within bounds of i64");
        self.now_us = steady_us.saturating_add_signed(slew);
        self.read_at = now;
    }
}

fn as_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_system_is_followed_slowly() {
        let mut state = ClockState { read_at: Duration::ZERO, now_us: 1_000_000_000 };
        state.advance(Duration::from_secs(100), 9_000_000_000);
        assert_eq!(state.now_us, 1_000_000_000 + 100_000_000 + 1_000_000);
        state.advance(Duration::from_secs(200), 0);
        assert_eq!(state.now_us, 1_101_000_000 + 100_000_000 - 1_000_000);
    }

    #[test]
    fn a_small_difference_is_made_up_at_once() {
        let mut state = ClockState { read_at: Duration::ZERO, now_us: 1_000_000 };
        state.advance(Duration::from_secs(1), 2_000_500);
        assert_eq!(state.now_us, 2_000_500);
    }

    #[test]
    fn it_starts_after_the_last_record() {
        let times = Arc::new(MachineTimes::now());
        let future_us = times.system_us() + 3_600_000_000;
        assert!(Clock::starting_after(future_us, times).now_us() > future_us);
    }
}
