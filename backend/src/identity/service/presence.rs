//! Whether a service works, and when and from where it was last seen.

use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::api::services::ServiceStatus;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};

/// For how long a service that showed its key, but has no connection, counts as active.
const ACTIVE_MS: u64 = 5 * 60_000;
/// How often it is written down at most that a service was seen.
const KEPT_EVERY_MS: u64 = 60_000;

/// When and from where a service was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(in crate::identity) struct Sight {
    pub at_ms: u64,
    pub address: Option<IpAddr>,
    /// The host and port at which it says it is.
    pub host: Option<String>,
}

/// What is known of a service's whereabouts while the leader runs.
#[derive(Default)]
pub(in crate::identity) struct Presence(Mutex<State>);

#[derive(Default)]
struct State {
    connections: u32,
    /// When it last showed its key without staying connected.
    called_ms: Option<u64>,
    last: Option<Sight>,
    kept_ms: u64,
}

impl Presence {
    /// With what the store says.
    pub fn new(last: Option<Sight>) -> Self {
        let kept_ms = last.as_ref().map_or(0, |last| last.at_ms);
        Self(Mutex::new(State { last, kept_ms, ..State::default() }))
    }

    /// It showed its key and stays connected until [`Self::leave`]. Answers whether to write that down.
    pub fn connect(&self, address: IpAddr, now_ms: u64) -> bool {
        let mut state = self.lock();
        state.connections += 1;
        state.see(Some(address), None, now_ms)
    }

    /// One of its connections ended. Answers whether to write that down.
    pub fn leave(&self, now_ms: u64) -> bool {
        let mut state = self.lock();
        state.connections = state.connections.saturating_sub(1);
        state.see(None, None, now_ms)
    }

    /// It showed its key, and the host where it says it is. Answers whether to write that down.
    pub fn call(&self, address: IpAddr, host: Option<String>, now_ms: u64) -> bool {
        let mut state = self.lock();
        state.called_ms = Some(now_ms);
        state.see(Some(address), host, now_ms)
    }

    /// It lost its key, so that what it did before does not count as its presence.
    pub fn forget_call(&self) {
        self.lock().called_ms = None;
    }

    pub fn status(&self, now_ms: u64) -> ServiceStatus {
        let state = self.lock();
        let has_called = state.called_ms.is_some_and(|called_ms| now_ms < called_ms + ACTIVE_MS);
        if state.connections > 0 || has_called { ServiceStatus::Active } else { ServiceStatus::Sleeping }
    }

    /// When it was last seen: now, while it is connected.
    pub fn last(&self, now_ms: u64) -> Option<Sight> {
        let state = self.lock();
        let mut last = state.last.clone()?;
        if state.connections > 0 {
            last.at_ms = now_ms;
        }
        Some(last)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

impl State {
    fn see(&mut self, address: Option<IpAddr>, host: Option<String>, now_ms: u64) -> bool {
        let last = self.last.get_or_insert_default();
        let moved = address.is_some() && last.address != address || host.is_some() && last.host != host;
        last.at_ms = now_ms;
        last.address = address.or(last.address);
        last.host = host.or_else(|| last.host.take());
        let is_due = moved || now_ms >= self.kept_ms + KEPT_EVERY_MS;
        if is_due {
            self.kept_ms = now_ms;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_service_is_active_while_it_is_connected_and_for_a_while_after_it_called() {
        let presence = Presence::default();
        assert_eq!((presence.status(0), presence.last(0)), (ServiceStatus::Sleeping, None));
        presence.connect(HOME, 1_000);
        presence.connect(HOME, 1_001);
        presence.leave(2_000);
        assert_eq!((presence.status(9_000), presence.last(9_000).unwrap().at_ms), (ServiceStatus::Active, 9_000));
        presence.leave(3_000);
        assert_eq!((presence.status(9_000), presence.last(9_000).unwrap().at_ms), (ServiceStatus::Sleeping, 3_000));
        presence.call(HOME, Some("rig:4000".into()), 10_000);
        assert_eq!(presence.status(10_000 + ACTIVE_MS - 1), ServiceStatus::Active);
        assert_eq!(presence.status(10_000 + ACTIVE_MS), ServiceStatus::Sleeping);
        presence.call(HOME, None, 20_000);
        assert_eq!(
            presence.last(0).unwrap(),
            Sight { at_ms: 20_000, address: Some(HOME), host: Some("rig:4000".into()) }
        );
        presence.forget_call();
        assert_eq!(presence.status(20_001), ServiceStatus::Sleeping);
    }

    #[test]
    fn it_is_written_down_when_something_is_new_or_a_minute_has_passed() {
        let presence = Presence::default();
        assert!(presence.connect(HOME, 1_000));
        assert!(!presence.leave(1_500));
        assert!(!presence.connect(HOME, 2_000));
        assert!(presence.connect("192.0.2.1".parse().unwrap(), 2_500));
        assert!(presence.leave(2_500 + KEPT_EVERY_MS));
    }
}
