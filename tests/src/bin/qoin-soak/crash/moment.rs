//! When the leader dies.

use crate::random::Random;
use std::fmt;
use std::time::Duration;

/// The longest that any moment is waited for.
pub const LONGEST: Duration = Duration::from_millis(2_000);

#[derive(Clone, Copy)]
pub enum Moment {
    /// Once it has acknowledged this many payments.
    Acknowledged(u64),
    /// After some time.
    After(Duration),
    /// This long after it says that a block is made, which it says before the block is durable.
    Sealing(Duration),
    /// This long after someone has sent their new account.
    Joining(Duration),
}

impl Moment {
    pub fn choose(random: &mut Random) -> Self {
        match random.within(0..10) {
            0..=2 => Self::Acknowledged(random.within(1..150)),
            3..=5 => Self::After(Duration::from_micros(random.within(0..400_000))),
            6..=8 => Self::Sealing(Duration::from_micros(random.within(0..1_500))),
            _ => Self::Joining(Duration::from_micros(random.within(0..6_000))),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acknowledged(count) => write!(f, "at payment {count}"),
            Self::After(_) => f.write_str("at some time"),
            Self::Sealing(after) => write!(f, "{} us into a block", after.as_micros()),
            Self::Joining(after) => write!(f, "{} us into someone's joining", after.as_micros()),
        }
    }
}
