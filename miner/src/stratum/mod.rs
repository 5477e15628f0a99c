//! The miner's side of Stratum version 1: one server at a time, the first of the list that answers.

mod backoff;
mod line;
mod message;
mod session;
#[cfg(test)]
mod tests;

use crate::{
    tally::Tally,
    threads::{Share, Threads},
};
use backoff::Backoff;
use session::{End, Session};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

/// Where and as whom to mine.
#[derive(Debug, Clone)]
pub struct Account {
    /// Host and port of each server, in the order in which they are preferred; at least one.
    pub servers: Vec<String>,
    /// The user of `mining.authorize`: the owner, alone or followed by a dot and the worker.
    pub user: String,
    /// The password of `mining.authorize`: the service key.
    pub service_key: qoin_miner::secret::Secret,
}

/// How long the client waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the answers that let the work begin.
    pub answer: Duration,
    /// For any line, before the client asks whether the server is still there.
    pub silence: Duration,
    /// The longest wait before the second round of attempts to connect; it doubles with each further one.
    pub retry_first: Duration,
    /// The longest wait before any round. With what a connection may take it says how long after its return a lost
    /// server is found: within half a minute.
    pub retry_most: Duration,
    /// How often, while another server is in use, the preferred ones are tried.
    pub prefer_every: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(20),
            silence: Duration::from_secs(25),
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(10),
            prefer_every: Duration::from_secs(30),
        }
    }
}

/// The client: who mines, with what, and where what happens is counted.
pub struct Client<'a> {
    /// Where and as whom.
    pub account: &'a Account,
    /// How long it waits for what.
    pub patience: &'a Patience,
    /// What searches.
    pub threads: &'a Threads,
    /// What it comes to.
    pub tally: &'a watch::Sender<Tally>,
}

impl Client<'_> {
    /// Mines for ever: works on what a server sends, and turns to the next one, or to the same again, when the
    /// connection is lost.
    ///
    /// Returns only when every server refuses the owner or the key, with the last one's reason.
    pub async fn mine(&self, shares: &mut mpsc::Receiver<Share>) -> String {
        let mut backoff = Backoff::new(self.patience.retry_first, self.patience.retry_most);
        loop {
            let mut refused = 0;
            for place in 0..self.account.servers.len() {
                match Session::open(self, place).await {
                    Ok(session) => {
                        backoff.reset();
                        self.keep_mining(session, shares).await;
                        break;
                    }
                    Err(End::Refused(reason)) => {
                        tracing::error!("{} refuses to authorise: {reason}", self.account.servers[place]);
                        refused += 1;
                        if refused == self.account.servers.len() {
                            return reason;
                        }
                    }
                    Err(End::Lost(reason)) => {
                        tracing::warn!("no connection to {}: {reason}", self.account.servers[place]);
                    }
                }
            }
            let wait = backoff.next_wait();
            tracing::debug!("next attempt in {} ms", wait.as_millis());
            sleep(wait).await;
        }
    }

    /// Mines with the session's server and, from when one before it in the list is back, with that one, until the
    /// connection is lost.
    async fn keep_mining<'a>(&'a self, mut session: Session<'a>, shares: &mut mpsc::Receiver<Share>) {
        loop {
            let (server, place) = (session.server().to_owned(), session.place());
            tracing::info!("connected to {server}, authorised as {}", self.account.user);
            self.tally.send_modify(|tally| tally.server = Some(server.clone()));
            let preferred = tokio::select! {
                reason = session.run(shares) => {
                    tracing::warn!("lost the connection to {server}: {reason}");
                    None
                }
                preferred = self.preferred(place) => {
                    tracing::info!("back to {}", preferred.server());
                    Some(preferred)
                }
            };
            self.threads.rest();
            self.tally.send_modify(Tally::disconnect);
            match preferred {
                Some(preferred) => session = preferred,
                None => return,
            }
        }
    }

    /// Waits until a server before this place in the list authorises the miner.
    async fn preferred(&self, place: usize) -> Session<'_> {
        loop {
            if place == 0 {
                return std::future::pending().await;
            }
            sleep(self.patience.prefer_every).await;
            for earlier in 0..place {
                match Session::open(self, earlier).await {
                    Ok(session) => return session,
                    Err(end) => tracing::debug!("{} is not back: {end}", self.account.servers[earlier]),
                }
            }
        }
    }
}
