//! The door for miners: Stratum version 1 over TCP, with or without TLS on the same port.
//!
//! The protocol was never written down as a standard; this follows what pools and miners of Bitcoin do
//! (<https://en.bitcoin.it/wiki/Stratum_mining_protocol>).

mod message;
mod notify;
mod places;
mod session;
#[cfg(test)]
mod tests;

use crate::{
    identity::Identity,
    mining::{Mining, limits::CONNECTIONS_MAX},
    tls::{Accepted, Acceptor},
};
use notify::NotifyTexts;
use places::Places;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long to wait when the system cannot give a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What every session works with. Clones are the same door.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    mining: Mining,
    identity: Identity,
    tls: Option<Acceptor>,
    texts: NotifyTexts,
    places: Places,
}

impl Door {
    /// A door to `mining` for those whom `identity` knows, and for anonymous miners. With `tls` a miner may encrypt.
    pub fn new(mining: Mining, identity: Identity, tls: Option<Acceptor>) -> Self {
        Self(Arc::new(Inner { mining, identity, tls, texts: NotifyTexts::default(), places: Places::default() }))
    }
}

/// Serves miners until `shutdown`, and ends when every session has.
pub async fn serve(listener: TcpListener, door: Door, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
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
                tracing::warn!(%error, "cannot accept a miner's connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!(%peer, "refused a miner: {CONNECTIONS_MAX} are connected");
            continue;
        };
        let (door, shutdown) = (door.clone(), shutdown.clone());
        sessions.spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = serve_one(stream, peer, door) => {}
            }
            drop(place);
        });
    }
    sessions.close();
    sessions.wait().await;
}

async fn serve_one(stream: TcpStream, peer: SocketAddr, door: Door) {
    let ended = match &door.0.tls {
        Some(acceptor) => match acceptor.accept(stream, door.0.mining.patience().authorize).await {
            Ok(Accepted::Encrypted(stream)) => session::run(stream, peer.ip(), door.clone()).await,
            Ok(Accepted::Plain(stream)) => session::run(stream, peer.ip(), door.clone()).await,
            Err(error) => return tracing::info!(%peer, %error, "a miner's connection did not come about"),
        },
        None => match stream.set_nodelay(true) {
            Ok(()) => session::run(stream, peer.ip(), door.clone()).await,
            Err(error) => error.into(),
        },
    };
    tracing::info!(%peer, reason = %ended, "a miner's connection ended");
}
