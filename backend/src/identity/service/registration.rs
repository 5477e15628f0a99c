//! The older way for a service to show itself: it registers where it is, and shows its key with the token it is given.

use super::super::Identity;
use super::super::error::Failure;
use super::super::token::{Token, TokenHash, TokenKind};
use super::authenticate::KeyRefusal;
use qoin_core::api::services::ServiceRole;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use thiserror::Error;

/// How long a registration lasts after it was last used.
const REGISTRATION_MS: u64 = 60 * 60_000;
/// The registrations that are remembered.
const REGISTRATIONS_MAX: usize = 10_000;
/// The same from one address; the one that would end first makes room for a new one.
const REGISTRATIONS_OF_ADDRESS_MAX: usize = 100;
/// The longest name of a host (RFC 1035, 2.3.4).
const HOST_CHARACTERS_MAX: usize = 253;

/// Why a service does not get in.
#[derive(Debug, Error)]
pub enum ServiceRefusal {
    /// No host.
    #[error("a host is a name or an address of 1 to {HOST_CHARACTERS_MAX} letters, digits, dots, colons and hyphens")]
    Host,
    /// No port.
    #[error("a port lies between 1 and 65535")]
    Port,
    /// Too many registrations.
    #[error("{REGISTRATIONS_MAX} services are registered; try again later")]
    TooMany,
    /// Not registered.
    #[error("this token was not given out, or has expired: register first")]
    NotRegistered,
    /// The key opens nothing.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// Something broke.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// The registrations that are good.
#[derive(Default)]
pub(in crate::identity) struct Registrations(Mutex<HashMap<TokenHash, Registration>>);

#[derive(Clone)]
struct Registration {
    host: String,
    role: ServiceRole,
    from: IpAddr,
    expires_ms: u64,
}

impl Identity {
    /// Notes where a service says it is, and gives it a token for [`Self::auth_service`]. Nobody connects there.
    ///
    /// # Errors
    /// When host and port cannot be one, or too many are registered.
    pub fn register(&self, from: IpAddr, host: &str, port: u16, role: ServiceRole) -> Result<String, ServiceRefusal> {
        let is_part = |it: char| it.is_ascii_alphanumeric() || ".:-_[]".contains(it);
        if host.is_empty() || host.len() > HOST_CHARACTERS_MAX || !host.chars().all(is_part) {
            return Err(ServiceRefusal::Host);
        }
        if port == 0 {
            return Err(ServiceRefusal::Port);
        }
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.into() };
        let (token, now_ms) = (Token::random()?, self.now_ms());
        let expires_ms = now_ms + REGISTRATION_MS;
        let registration = Registration { host: format!("{host}:{port}"), role, from, expires_ms };
        self.0.registrations.add(token.hash(TokenKind::Registration), registration, now_ms)?;
        Ok(token.text())
    }

    /// Checks the key of a registered service, which is seen with it at the place that it registered.
    ///
    /// # Errors
    /// When it is not registered, or the key is not that of a service with the registered role which this owner declared.
    pub fn auth_service(&self, from: IpAddr, token: &str, owner_email: &str, key: &str) -> Result<(), ServiceRefusal> {
        let hash = Token::read(token).ok_or(ServiceRefusal::NotRegistered)?.hash(TokenKind::Registration);
        let now_ms = self.now_ms();
        let Registration { host, role, .. } =
            self.0.registrations.get(&hash, now_ms).ok_or(ServiceRefusal::NotRegistered)?;
        let (service, _) = self.authenticate_service(owner_email, key, role)?;
        self.0.registrations.prolong(&hash, now_ms);
        if service.presence.call(from, Some(host), now_ms) {
            self.keep_sight(&service);
        }
        Ok(())
    }
}

impl Registrations {
    fn add(&self, hash: TokenHash, registration: Registration, now_ms: u64) -> Result<(), ServiceRefusal> {
        let mut all = self.lock();
        if all.len() >= REGISTRATIONS_MAX {
            all.retain(|_, it| it.expires_ms > now_ms);
        }
        let from = |it: &Registration| it.from == registration.from;
        if all.values().filter(|it| from(it)).count() >= REGISTRATIONS_OF_ADDRESS_MAX {
            let oldest =
                all.iter().filter(|(_, it)| from(it)).min_by_key(|(_, it)| it.expires_ms).map(|(hash, _)| *hash);
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        if all.len() >= REGISTRATIONS_MAX {
            return Err(ServiceRefusal::TooMany);
        }
        all.insert(hash, registration);
        Ok(())
    }

    fn get(&self, hash: &TokenHash, now_ms: u64) -> Option<Registration> {
        self.lock().get(hash).filter(|it| it.expires_ms > now_ms).cloned()
    }

    fn prolong(&self, hash: &TokenHash, now_ms: u64) {
        if let Some(registration) = self.lock().get_mut(hash) {
            registration.expires_ms = now_ms + REGISTRATION_MS;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TokenHash, Registration>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrations_are_bounded_and_expire() {
        let registrations = Registrations::default();
        let from = |last: u8| IpAddr::from([192, 0, 2, last]);
        let registration =
            |from, expires_ms| Registration { host: "rig:1".into(), role: ServiceRole::Miner, from, expires_ms };
        let hash = |number: u64| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_le_bytes());
            hash
        };
        let max = REGISTRATIONS_OF_ADDRESS_MAX as u64;
        for number in 0..=max {
            registrations.add(hash(number), registration(from(1), 1_000 + number), 0).unwrap();
        }
        assert!(registrations.get(&hash(0), 0).is_none(), "the oldest made room");
        assert!(registrations.get(&hash(1), 1_000).is_some() && registrations.get(&hash(1), 1_001).is_none());
        registrations.prolong(&hash(1), 1_000);
        assert!(registrations.get(&hash(1), 1_001).is_some());
        for number in 0..REGISTRATIONS_MAX as u64 - max {
            let from = IpAddr::from([10, 0, (number >> 8) as u8, number as u8]);
            registrations.add(hash(1_000 + number), registration(from, 500), 0).unwrap();
        }
        let last = hash(u64::MAX);
        assert!(matches!(registrations.add(last, registration(from(2), 9), 0), Err(ServiceRefusal::TooMany)));
        registrations.add(last, registration(from(2), 900), 500).unwrap();
        assert_eq!(registrations.lock().len() as u64, max + 1, "those that were over are gone");
    }
}
