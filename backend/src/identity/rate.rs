//! How often something may be tried: failed sign-ins by account and address, payments by member.

use super::error::Refusal;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

const MINUTE_MS: u64 = 60_000;
/// Accounts and addresses remembered at once; beyond it some are forgotten early.
const COUNTERS_MAX: usize = 100_000;
/// From one address more may fail than for one account: a whole office can share it.
const ADDRESS_FACTOR: u32 = 3;
/// How many can join from one address in a minute without an invitation.
const REGISTRATIONS_PER_MINUTE: u32 = 5;

/// Counts the failed sign-ins by the minute.
///
/// From the leader's own host only the account counts, and apart from what others do, so that nobody can lock its
/// administrator out.
pub(super) struct Attempts {
    max: AtomicU32,
    counters: Mutex<HashMap<Counted, Window>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Account(String),
    AccountFromHere(String),
    Address(IpAddr),
    PasswordChange(String),
    Registration(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_ms: u64,
    count: u32,
}

/// An attempt that counts as failed until it is said to have succeeded.
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    counted: Vec<Counted>,
}

impl Attempts {
    /// At most `max` may fail for an account in a minute.
    pub fn new(max: u32) -> Self {
        Self { max: max.into(), counters: Mutex::default() }
    }

    /// Another maximum, from now on.
    pub fn set_max(&self, max: u32) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Counts someone who joins without an invitation.
    ///
    /// # Errors
    /// When too many came from this address.
    pub fn count_registration(&self, from: IpAddr, now_ms: u64) -> Result<(), Refusal> {
        self.begin_all(vec![(Counted::Registration(network(from)), REGISTRATIONS_PER_MINUTE)], now_ms).map(drop)
    }

    /// Begins an attempt for the account with this e-mail address, whether there is one or not.
    ///
    /// # Errors
    /// When too many have failed.
    pub fn begin(&self, email: &str, from: IpAddr, now_ms: u64) -> Result<Attempt<'_>, Refusal> {
        let max = self.max.load(Ordering::Relaxed);
        let counted = if from.is_loopback() {
            vec![(Counted::AccountFromHere(email.into()), max)]
        } else {
            let of_address = max.saturating_mul(ADDRESS_FACTOR);
            vec![(Counted::Account(email.into()), max), (Counted::Address(network(from)), of_address)]
        };
        self.begin_all(counted, now_ms)
    }

    /// Begins an attempt to prove the password within a session of the account.
    ///
    /// # Errors
    /// When too many have failed.
    pub fn begin_within_session(&self, email: &str, now_ms: u64) -> Result<Attempt<'_>, Refusal> {
        self.begin_all(vec![(Counted::PasswordChange(email.into()), self.max.load(Ordering::Relaxed))], now_ms)
    }

    /// Counts an attempt for everything named, each with its own maximum, or for nothing.
    fn begin_all(&self, counted: Vec<(Counted, u32)>, now_ms: u64) -> Result<Attempt<'_>, Refusal> {
        let mut counters = self.lock();
        for (key, max) in &counted {
            if let Some(window) = counters.get(key).filter(|window| window.ends_ms > now_ms && window.count >= *max) {
                return Err(Refusal::TooManyAttempts { retry_after_s: seconds_up(window.ends_ms - now_ms) });
            }
        }
        make_room(&mut counters, now_ms);
        for (key, _) in &counted {
            let fresh = Window { ends_ms: now_ms + MINUTE_MS, count: 0 };
            let window = counters.entry(key.clone()).or_insert(fresh);
            if window.ends_ms <= now_ms {
                *window = fresh;
            }
            window.count += 1;
        }
        drop(counters);
        Ok(Attempt { attempts: self, counted: counted.into_iter().map(|(key, ..)| key).collect() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Counted, Window>> {
        self.counters.lock().expect("nothing panics while it holds the lock")
    }
}

impl Attempt<'_> {
    /// It was no failure after all.
    pub fn succeeded(self) {
        let mut counters = self.attempts.lock();
        for key in &self.counted {
            if let Some(window) = counters.get_mut(key) {
                window.count = window.count.saturating_sub(1);
            }
        }
    }
}

/// Forgets what is over, and if that is not enough, something else.
fn make_room(counters: &mut HashMap<Counted, Window>, now_ms: u64) {
    if counters.len() < COUNTERS_MAX {
        return;
    }
    counters.retain(|_, window| window.ends_ms > now_ms);
    while counters.len() >= COUNTERS_MAX {
        let Some(key) = counters.keys().next().cloned() else { return };
        counters.remove(&key);
    }
}

/// What one customer of a network usually has: the whole IPv4 address, the first 64 bits of an IPv6 one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
    }
}

/// Whole seconds, rounded up.
fn seconds_up(milliseconds: u64) -> u32 {
    u32::try_from(milliseconds.div_ceil(1000)).unwrap_or(u32::MAX)
}

/// Counts a member's payments by the minute without a lock: the minute's start in ms above the lowest 20 bits, which
/// hold the count.
#[derive(Debug, Default)]
pub(super) struct PaymentWindow(AtomicU64);

const COUNT_BITS: u32 = 20;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

impl PaymentWindow {
    /// Counts `more` in one, at most `max` in the minute that the first of them began. Answers that minute's start.
    ///
    /// # Errors
    /// With the time after which the next minute begins, in seconds.
    pub fn reserve(&self, now_ms: u64, more: u32, max: u32) -> Result<u64, u32> {
        let (more, max) = (u64::from(more), u64::from(max).min(COUNT_MASK));
        let next = |packed: u64| {
            let (start_ms, count) = (packed >> COUNT_BITS, packed & COUNT_MASK);
            if now_ms.saturating_sub(start_ms) >= MINUTE_MS {
                (more <= max).then_some((now_ms << COUNT_BITS) | more)
            } else {
                (count + more <= max).then_some(packed + more)
            }
        };
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(before) => Ok(next(before).unwrap_or(before) >> COUNT_BITS),
            Err(packed) => {
                Err(seconds_up((packed >> COUNT_BITS) + MINUTE_MS - now_ms.min((packed >> COUNT_BITS) + MINUTE_MS)))
            }
        }
    }

    /// Counts `less` fewer, if the minute that began at `start_ms` still runs.
    pub fn give_back(&self, start_ms: u64, less: u32) {
        // Another minute may have begun meanwhile; then there is nothing to give back.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |packed| {
            (packed >> COUNT_BITS == start_ms).then(|| packed - u64::from(less).min(packed & COUNT_MASK))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_account_is_limited_until_its_window_ends() {
        let attempts = Attempts::new(2);
        for _ in 0..2 {
            attempts.begin("ada@x", address(1), 1_000).unwrap();
        }
        let refused = attempts.begin("ada@x", address(2), 1_001).err().unwrap();
        assert_eq!(refused, Refusal::TooManyAttempts { retry_after_s: 60 });
        attempts.begin("bob@x", address(2), 1_001).unwrap();
        attempts.begin("ada@x", address(2), 61_000).unwrap();
    }

    #[test]
    fn an_address_is_limited_over_all_accounts() {
        let attempts = Attempts::new(2);
        for account in 0..6 {
            attempts.begin(&format!("a{account}@x"), "2001:db8::1".parse().unwrap(), 0).unwrap();
        }
        assert!(attempts.begin("new@x", "2001:db8::ffff:2".parse().unwrap(), 0).is_err());
        attempts.begin("new@x", "2001:db8:1::1".parse().unwrap(), 0).unwrap();
    }

    #[test]
    fn success_does_not_count() {
        let attempts = Attempts::new(1);
        for _ in 0..50 {
            attempts.begin("ada@x", address(1), 0).unwrap().succeeded();
        }
    }

    #[test]
    fn nobody_elsewhere_can_lock_out_the_leaders_own_host() {
        let attempts = Attempts::new(1);
        attempts.begin("admin@x", address(1), 0).unwrap();
        assert!(attempts.begin("admin@x", address(1), 0).is_err());
        attempts.begin("admin@x", HERE, 0).unwrap();
        assert_eq!(attempts.begin("admin@x", HERE, 1).err(), Some(Refusal::TooManyAttempts { retry_after_s: 60 }));
        attempts.begin("admin@x", HERE, 60_000).unwrap();
    }

    #[test]
    fn memory_is_bounded() {
        let mut counters = HashMap::new();
        for number in 0..COUNTERS_MAX {
            counters.insert(Counted::Account(number.to_string()), Window { ends_ms: 10, count: 1 });
        }
        make_room(&mut counters, 5);
        assert_eq!(counters.len(), COUNTERS_MAX - 1);
        counters.insert(Counted::Account("x".into()), Window { ends_ms: 20, count: 1 });
        make_room(&mut counters, 10);
        assert_eq!(counters.len(), 1);
    }

    #[test]
    fn payments_are_counted_by_the_minute() {
        let window = PaymentWindow::default();
        let start = 1_800_000_000_000;
        for payment in 0..3 {
            assert_eq!(window.reserve(start + payment, 1, 3), Ok(start));
        }
        assert_eq!(window.reserve(start + 1_000, 1, 3), Err(59));
        window.give_back(start, 1);
        assert_eq!(window.reserve(start + 1_000, 1, 3), Ok(start));
        assert_eq!(window.reserve(start + 59_999, 1, 3), Err(1));
        assert_eq!(window.reserve(start + 60_000, 1, 3), Ok(start + 60_000));
        window.give_back(start, 1);
        assert_eq!(window.0.load(Ordering::Relaxed) & COUNT_MASK, 1);
    }

    #[test]
    fn many_payments_are_counted_together_or_not_at_all() {
        let window = PaymentWindow::default();
        let start = 1_800_000_000_000;
        assert_eq!(window.reserve(start, 2, 3), Ok(start));
        assert_eq!(window.reserve(start, 2, 3), Err(60));
        window.give_back(start, 1);
        assert_eq!(window.reserve(start, 2, 3), Ok(start));
        window.give_back(start, 9);
        assert_eq!(window.0.load(Ordering::Relaxed) & COUNT_MASK, 0);
    }
}
