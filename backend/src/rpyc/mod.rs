//! The door for Python: the protocol of RPyC, versions 5 and 6, with or without TLS on the same port.
//!
//! From below: [`brine`] writes and reads values, [`channel`] frames, [`reference`] knows what is lent to a client,
//! [`object`] what that can do, [`session`] answers requests, and [`commands`] is what the root can be asked. Clients see
//! a root with the commands and plain data; there is nothing else to be reached, nothing of theirs is ever called, and
//! nothing is unpickled. The protocol is described by its implementation (<https://rpyc.readthedocs.io>).

mod amounts;
pub mod brine;
pub mod channel;
mod commands;
mod data;
mod exception;
pub mod limits;
mod movements;
mod object;
mod pickle;
mod reference;
mod session;
mod signature;
mod text;

use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::tls::{Accepted, Acceptor};
use limits::{CONNECTIONS_MAX, CONNECTIONS_OF_ADDRESS_MAX, HANDSHAKE};
use reference::LentToAll;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long to wait when the system cannot give a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What every session works with. Clones are the same door.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    identity: Identity,
    security: Security,
    lent: LentToAll,
    places: Places,
    metrics: Metrics,
}

/// Who may connect how.
pub struct Security {
    /// With it, a client may encrypt.
    pub tls: Option<Acceptor>,
    /// Whether a client may do without.
    pub plain: bool,
}

/// Counts for the operator. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    refused: AtomicU64,
    requests: AtomicU64,
}

impl Metrics {
    /// Connections open now.
    pub fn connections(&self) -> u64 {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Connections refused since the start.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Requests answered since the start.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    fn called(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }
}

impl Door {
    /// A door to `ledger` for those whom `identity` knows.
    pub fn new(ledger: Ledger, identity: Identity, security: Security, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            ledger,
            identity,
            security,
            lent: LentToAll::default(),
            places: Places::default(),
            metrics,
        }))
    }

    fn lent(&self) -> LentToAll {
        self.0.lent.clone()
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

/// The connections by their client's address.
#[derive(Default)]
struct Places(Mutex<HashMap<IpAddr, usize>>);

impl Places {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().expect("nothing panics while it counts")
    }

    fn take(&self, from: IpAddr) -> bool {
        let mut places = self.lock();
        let own = places.get(&from).copied().unwrap_or(0);
        let free = own < CONNECTIONS_OF_ADDRESS_MAX && places.values().sum::<usize>() < CONNECTIONS_MAX;
        if free {
            places.insert(from, own + 1);
        }
        free
    }

    fn leave(&self, from: IpAddr) {
        let mut places = self.lock();
        match places.get_mut(&from) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(places.remove(&from)),
        }
    }
}

/// A connection that counts until this is dropped.
struct Place {
    door: Door,
    from: IpAddr,
}

impl Place {
    fn take(door: &Door, from: IpAddr) -> Option<Self> {
        if !door.0.places.take(from) {
            door.metrics().0.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        door.metrics().0.connections.fetch_add(1, Ordering::Relaxed);
        Some(Self { door: door.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.metrics().0.connections.fetch_sub(1, Ordering::Relaxed);
        self.door.0.places.leave(self.from);
    }
}

/// Serves clients until `shutdown`, and ends when every session has.
pub async fn serve(listener: TcpListener, door: Door, shutdown: CancellationToken) {
    let sessions = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, for example: others may leave meanwhile.
                tracing::warn!(%error, "cannot accept a connection over RPyC");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let Some(place) = Place::take(&door, peer.ip().to_canonical()) else {
            tracing::warn!(%peer, "refused a connection over RPyC: too many are open");
            continue;
        };
        let (door, shutdown) = (door.clone(), shutdown.clone());
        sessions.spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = serve_one(stream, peer, &door) => {}
            }
            drop(place);
        });
    }
    sessions.close();
    sessions.wait().await;
}

async fn serve_one(stream: TcpStream, peer: SocketAddr, door: &Door) {
    let from = peer.ip().to_canonical();
    let accepted = match &door.0.security.tls {
        Some(acceptor) => acceptor.accept(stream, HANDSHAKE).await,
        None => stream.set_nodelay(true).map(|()| Accepted::Plain(stream)),
    };
    let ended = match accepted {
        Ok(Accepted::Encrypted(stream)) => session::run(stream, from, door).await,
        Ok(Accepted::Plain(stream)) if door.0.security.plain => session::run(stream, from, door).await,
        Ok(Accepted::Plain(_)) => return tracing::info!(%peer, "refused a connection over RPyC: it is not encrypted"),
        Err(error) => return tracing::info!(%peer, %error, "a connection over RPyC did not come about"),
    };
    tracing::debug!(%peer, reason = %ended, "a connection over RPyC ended");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_address_and_in_all() {
        let places = Places::default();
        let from = |last: usize| IpAddr::from([192, 0, 2, u8::try_from(last).unwrap()]);
        assert!((0..CONNECTIONS_OF_ADDRESS_MAX).all(|_| places.take(from(1))));
        assert!(!places.take(from(1)));
        for address in 2..=CONNECTIONS_MAX / CONNECTIONS_OF_ADDRESS_MAX {
            assert!((0..CONNECTIONS_OF_ADDRESS_MAX).all(|_| places.take(from(address))));
        }
        assert!(!places.take(from(100)));
        places.leave(from(1));
        assert!(places.take(from(100)) && !places.take(from(1)));
        places.leave(from(100));
        assert!(!places.lock().contains_key(&from(100)));
    }
}
