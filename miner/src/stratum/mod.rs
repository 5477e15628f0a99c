//! The miner's side of Stratum version 1: one connection at a time, made anew whenever it is lost.

mod backoff;
mod line;
mod message;
mod session;
#[cfg(test)]
mod tests;

use crate::threads::{Share, Threads};
use backoff::Backoff;
use session::Session;
use std::{io, time::Duration};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};

/// Where and as whom to mine.
#[derive(Debug, Clone)]
pub struct Account {
    /// Host and port.
    pub server: String,
    /// The user of `mining.authorize`: the owner, alone or followed by a dot and the worker.
    pub user: String,
    /// The password of `mining.authorize`: the service key.
    pub service_key: crate::secret::Secret,
}

/// How long the client waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection, and then for the answers that let the work begin.
    pub answer: Duration,
    /// For any line, before the client asks whether the server is still there.
    pub silence: Duration,
    /// The longest wait before the second attempt to connect; it doubles with each further one.
    pub retry_first: Duration,
    /// The longest wait before any attempt.
    pub retry_most: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(20),
            silence: Duration::from_secs(90),
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(15),
        }
    }
}

/// Why a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The server does not accept the owner or the key.
    Refused(String),
    /// Anything that a new connection may mend.
    Lost {
        /// What happened.
        reason: String,
        /// Whether the server had authorised the miner, which means that the next attempt need not wait long.
        was_authorised: bool,
    },
}

/// Mines for ever: connects, works on what the server sends, and connects again when the connection is lost.
///
/// Returns only when the server refuses the owner or the key, with the server's reason.
pub async fn mine(
    account: &Account,
    patience: &Patience,
    threads: &Threads,
    shares: &mut mpsc::Receiver<Share>,
) -> String {
    let mut backoff = Backoff::new(patience.retry_first, patience.retry_most);
    loop {
        let end = match connect(&account.server, patience.answer).await {
            Ok(stream) => {
                tracing::info!("connected to {}", account.server);
                let end = Session::new(stream, account, patience, threads).run(shares).await;
                threads.rest();
                end
            }
            Err(error) => End::Lost { reason: error.to_string(), was_authorised: false },
        };
        match end {
            End::Refused(reason) => return reason,
            End::Lost { reason, was_authorised } => {
                if was_authorised {
                    backoff.reset();
                }
                let wait = backoff.next_wait();
                tracing::warn!(
                    "no connection to {}: {reason}; next attempt in {} ms",
                    account.server,
                    wait.as_millis()
                );
                sleep(wait).await;
            }
        }
    }
}

async fn connect(server: &str, patience: Duration) -> io::Result<TcpStream> {
    let stream = timeout(patience, TcpStream::connect(server)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    // A share is one small line and wants to be there first.
    stream.set_nodelay(true)?;
    Ok(stream)
}
