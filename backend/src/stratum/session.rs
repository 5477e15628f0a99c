//! One miner's connection.

use super::{
    Door,
    jobs::{Jobs, Share},
    message::{LINE_BYTES_MAX, Rejection, Request, answer, notification},
};
use crate::ledger::{MinerGuard, SolveError, Work};
use futures_util::StreamExt;
use qoin_core::address::Address;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::watch,
    time::{Instant, interval_at, timeout},
};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

/// How long a connection may stay without being authorized.
const AUTHORIZE_WITHIN: Duration = Duration::from_secs(30);
/// How long a miner may take to read a message.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How often a stock miner hears something while nothing is to do.
const IDLE_SIGN: Duration = Duration::from_secs(60);
/// The miners that understand `qoin.idle` name themselves so.
const OWN_AGENT: &str = "qoin-miner/";
/// The bytes of the extranonce that the miner chooses.
const EXTRANONCE2_BYTES: usize = 4;
/// The user name of a miner without an owner.
const ANONYMOUS: &str = "anonymous";

/// Why a connection ended.
#[derive(Debug, Error)]
pub(super) enum Ended {
    #[error("the miner closed it")]
    Closed,
    #[error("a line is longer than {LINE_BYTES_MAX} bytes")]
    LineTooLong,
    #[error("a line is not a request: {0}")]
    Malformed(serde_json::Error),
    #[error("not authorized within {} s", AUTHORIZE_WITHIN.as_secs())]
    NotAuthorized,
    #[error("the miner does not read what it is sent")]
    SlowReader,
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

struct Session {
    door: Door,
    writer: OwnedWriteHalf,
    guard: MinerGuard,
    is_own: bool,
    is_subscribed: bool,
    jobs: Option<Jobs>,
    difficulty: Option<f64>,
}

/// Serves one miner until it leaves or breaks the protocol.
pub(super) async fn run(stream: TcpStream, door: Door) -> Ended {
    match serve(stream, door).await {
        Ok(never) => never,
        Err(ended) => ended,
    }
}

async fn serve(stream: TcpStream, door: Door) -> Result<Ended, Ended> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let mut lines = FramedRead::new(reader, LinesCodec::new_with_max_length(LINE_BYTES_MAX));
    let (guard, mut work) = door.hub.join();
    let mut session =
        Session { door, writer, guard, is_own: false, is_subscribed: false, jobs: None, difficulty: None };
    let authorize_by = Instant::now() + AUTHORIZE_WITHIN;
    let mut idle_sign = interval_at(Instant::now() + IDLE_SIGN, IDLE_SIGN);
    loop {
        let is_working = session.jobs.is_some();
        tokio::select! {
            line = lines.next() => match line {
                None => return Ok(Ended::Closed),
                Some(Err(LinesCodecError::MaxLineLengthExceeded)) => return Ok(Ended::LineTooLong),
                Some(Err(LinesCodecError::Io(error))) => return Err(error.into()),
                Some(Ok(line)) => session.line(&line, &mut work).await?,
            },
            changed = work.changed(), if is_working => {
                if changed.is_err() {
                    return Ok(Ended::Closed);
                }
                let newest = work.borrow_and_update().clone();
                session.send_work(newest).await?;
            }
            _ = idle_sign.tick(), if is_working => session.send_sign_of_life().await?,
            () = tokio::time::sleep_until(authorize_by), if !is_working => return Ok(Ended::NotAuthorized),
        }
    }
}

impl Session {
    async fn line(&mut self, line: &str, work: &mut watch::Receiver<Option<Arc<Work>>>) -> Result<(), Ended> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let Request { id, method, params } = serde_json::from_str(line).map_err(Ended::Malformed)?;
        let result = match method.as_str() {
            "mining.subscribe" => Ok(self.subscribe(&params)),
            "mining.authorize" => {
                let result = self.authorize(&params);
                let is_authorized = result.is_ok();
                self.send(answer(&id, result)).await?;
                if is_authorized {
                    let newest = work.borrow_and_update().clone();
                    self.send_work(newest).await?;
                }
                return Ok(());
            }
            "mining.submit" => self.submit(&params).await.map(|()| json!(true)),
            "mining.extranonce.subscribe" => Ok(json!(true)),
            "mining.configure" => Ok(configure(&params)),
            "mining.suggest_difficulty" | "mining.suggest_target" => Ok(json!(true)),
            "mining.ping" => Ok(json!("pong")),
            _ => Err(Rejection::Other(format!("Unknown method {:?}", method.chars().take(40).collect::<String>()))),
        };
        self.send(answer(&id, result)).await
    }

    fn subscribe(&mut self, params: &[Value]) -> Value {
        self.is_subscribed = true;
        self.is_own = text(params, 0).is_some_and(|agent| agent.starts_with(OWN_AGENT));
        let name = hex::encode(self.guard.extranonce());
        json!([[["mining.set_difficulty", name], ["mining.notify", name]], name, EXTRANONCE2_BYTES])
    }

    fn authorize(&mut self, params: &[Value]) -> Result<Value, Rejection> {
        if !self.is_subscribed {
            return Err(Rejection::NotSubscribed);
        }
        let user = text(params, 0).unwrap_or_default();
        let owner = self.owner(user, text(params, 1).unwrap_or_default())?;
        tracing::info!(user = %user.chars().take(80).collect::<String>(), rewarded = owner.is_some(), "a miner works");
        self.jobs = Some(Jobs::new(self.guard.extranonce(), owner));
        Ok(json!(true))
    }

    /// The account that a user name (`owner@host`, alone or followed by `.worker`) and a service key stand for.
    fn owner(&self, user: &str, key: &str) -> Result<Option<Address>, Rejection> {
        if user == ANONYMOUS || user.strip_prefix(ANONYMOUS).is_some_and(|rest| rest.starts_with('.')) {
            return Ok(None);
        }
        let identity = &self.door.identity;
        let without_worker =
            || user.rsplit_once('.').and_then(|(owner, _)| identity.authenticate_miner(owner, key).ok());
        let owner = identity.authenticate_miner(user, key).ok().or_else(without_worker);
        let refusal = "Unauthorized: the user is the owner's e-mail[.worker] and the password a key of the owner's \
                       miner, or the user is anonymous";
        owner.map(Some).ok_or_else(|| Rejection::Unauthorized(refusal.into()))
    }

    async fn submit(&mut self, params: &[Value]) -> Result<(), Rejection> {
        if !self.is_subscribed {
            return Err(Rejection::NotSubscribed);
        }
        let jobs = self.jobs.as_mut().ok_or_else(|| Rejection::Unauthorized("Unauthorized".into()))?;
        let share = share(params)?;
        let Some(solution) = jobs.check(share)? else { return Ok(()) };
        match self.door.ledger.solve(solution).await {
            Ok(_) => Ok(()),
            Err(SolveError::Stale) => Err(Rejection::Stale),
            Err(error) => Err(Rejection::Other(error.to_string())),
        }
    }

    async fn send_work(&mut self, work: Option<Arc<Work>>) -> Result<(), Ended> {
        let Some(jobs) = &mut self.jobs else { return Ok(()) };
        let Some(work) = work else {
            jobs.clear();
            return self.send_sign_of_life().await;
        };
        let (difficulty, job) = jobs.add(work);
        if self.difficulty != Some(difficulty) {
            self.difficulty = Some(difficulty);
            self.send(notification("mining.set_difficulty", json!([difficulty]))).await?;
        }
        let params = json!([
            job.id,
            job.previous,
            job.coinbase_start,
            job.coinbase_end,
            job.branch,
            job.version,
            job.bits,
            job.time,
            job.clean
        ]);
        self.send(notification("mining.notify", params)).await
    }

    /// Tells our own miner to rest while nothing waits. Stratum has no word for that: others hear their difficulty again.
    async fn send_sign_of_life(&mut self) -> Result<(), Ended> {
        let has_work = self.jobs.as_ref().is_some_and(|jobs| !jobs.is_empty());
        if !has_work && self.is_own {
            return self.send(notification("qoin.idle", json!([]))).await;
        }
        match self.difficulty {
            Some(difficulty) => self.send(notification("mining.set_difficulty", json!([difficulty]))).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, line: String) -> Result<(), Ended> {
        match timeout(WRITE_WITHIN, self.writer.write_all(line.as_bytes())).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Ended::SlowReader),
        }
    }
}

fn text(params: &[Value], index: usize) -> Option<&str> {
    params.get(index).and_then(Value::as_str)
}

/// Extensions are refused politely: the header's version is fixed.
fn configure(params: &[Value]) -> Value {
    let asked = params.first().and_then(Value::as_array).into_iter().flatten().take(16);
    let refused = asked.filter_map(|name| Some((name.as_str()?.to_owned(), json!(false))));
    Value::Object(refused.collect())
}

/// Reads worker, job, extranonce2, time and nonce.
fn share(params: &[Value]) -> Result<Share, Rejection> {
    let malformed = |what: &str| Rejection::Other(format!("Malformed share: {what}"));
    let number = |index, what| {
        let text = text(params, index).filter(|text| text.len() == 8).ok_or_else(|| malformed(what))?;
        u32::from_str_radix(text, 16).map_err(|_| malformed(what))
    };
    let job = text(params, 1).and_then(|job| u64::from_str_radix(job, 16).ok()).ok_or(Rejection::Stale)?;
    Ok(Share {
        job,
        extranonce2: number(2, "extranonce2")?.to_be_bytes(),
        time: number(3, "time")?,
        nonce: number(4, "nonce")?,
    })
}
