//! The door for miners: Stratum version 1 over TCP.
//!
//! The protocol was never written down as a standard; this follows what pools and miners of Bitcoin do
//! (<https://en.bitcoin.it/wiki/Stratum_mining_protocol>).

mod jobs;
mod message;
mod session;
#[cfg(test)]
mod tests;

use crate::{
    identity::Identity,
    ledger::{Ledger, WorkHub},
};
use std::sync::Arc;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How many miners may be connected at once.
const CONNECTIONS_MAX: usize = 1_024;

/// What every session works with.
#[derive(Clone)]
pub struct Door {
    /// Takes solutions.
    pub ledger: Ledger,
    /// Gives work.
    pub hub: WorkHub,
    /// Knows the miners' credentials.
    pub identity: Identity,
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
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!(%peer, "refused a miner: {CONNECTIONS_MAX} are connected");
            continue;
        };
        let (door, shutdown) = (door.clone(), shutdown.clone());
        sessions.spawn(async move {
            let ended = tokio::select! {
                () = shutdown.cancelled() => return,
                ended = session::run(stream, door) => ended,
            };
            tracing::info!(%peer, reason = %ended, "a miner's connection ended");
            drop(place);
        });
    }
    sessions.close();
    sessions.wait().await;
}
