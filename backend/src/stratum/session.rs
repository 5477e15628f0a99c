//! One miner's connection.

use super::{
    Door,
    message::{Rejection, Request, push_answer, push_notice},
    places::Place,
};
use crate::{
    identity::{DeclaredMiner, KeyEnd, KeyRefusal, ServiceConnection},
    ledger::Work,
    mining::{
        Bucket, Job, JobId, Miner, Share,
        limits::{LINE_BYTES_MAX, MESSAGES_PER_SECOND},
    },
};
use futures_util::StreamExt;
use qoin_core::validate;
use serde_json::{Value, json};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
    time::{interval, timeout},
};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// How long a miner that is cut off has for reading why.
const FAREWELL: Duration = Duration::from_secs(1);
/// How much of what such a miner sends meanwhile is read, so that the reason is not lost with it.
const FAREWELL_BYTES_MAX: u64 = 16 * 1024 * 1024;
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
    #[error("a line did not end in time")]
    HalfLine,
    #[error("a line is not a request: {0}")]
    Malformed(serde_json::Error),
    #[error("more than {MESSAGES_PER_SECOND} messages a second")]
    TooManyMessages,
    #[error("not authorized in time")]
    NotAuthorized,
    #[error("it has work, and sends nothing")]
    Silent,
    #[error("a newer connection with the same key and name has taken its place")]
    Replaced,
    #[error("{0}")]
    Key(KeyEnd),
    #[error("the miner does not read what it is sent")]
    SlowReader,
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Ended {
    /// Whether the other side can still be told.
    fn can_be_told(&self) -> bool {
        !matches!(self, Self::Closed | Self::SlowReader | Self::Io(_))
    }
}

struct Session<S> {
    door: Door,
    peer: IpAddr,
    stream: Framed<S, LinesCodec>,
    /// What is to be sent next.
    out: Vec<u8>,
    messages: Bucket,
    agent: String,
    extranonce: Option<[u8; 4]>,
    authorized: Option<Authorized>,
    /// The share difficulty that the miner was told last.
    difficulty: Option<f64>,
    /// Since when nothing was sent.
    sent: Instant,
    /// Since when nothing was received.
    heard: Instant,
    /// Since when the beginning of a line has been waiting for its end.
    half_line: Option<Instant>,
}

/// Who mines.
struct Authorized {
    user: String,
    miner: Miner,
    work: watch::Receiver<Option<Arc<Work>>>,
    declared: Option<Declared>,
}

/// What holds a declared miner's connection.
struct Declared {
    connection: ServiceConnection,
    place: Place,
}

/// Serves one miner until it leaves, breaks the protocol or is replaced.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: S, peer: IpAddr, door: Door) -> Ended {
    let now = Instant::now();
    let mut session = Session {
        door,
        peer,
        stream: Framed::new(stream, LinesCodec::new_with_max_length(LINE_BYTES_MAX)),
        out: Vec::new(),
        messages: Bucket::new(now),
        agent: String::new(),
        extranonce: None,
        authorized: None,
        difficulty: None,
        sent: now,
        heard: now,
        half_line: None,
    };
    let ended = session.serve().await;
    if ended.can_be_told() {
        // It may be gone, or not care.
        let _ = timeout(FAREWELL, session.say_why(&ended)).await;
    }
    ended
}

/// What a session wakes up for.
enum Wake {
    Line(Option<Result<String, LinesCodecError>>),
    Work,
    Look,
    Ended(Ended),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<S> {
    async fn serve(&mut self) -> Ended {
        let begun = Instant::now();
        let mining = &self.door.0.mining;
        let mut look = interval(mining.patience().look.min(mining.share_interval()));
        loop {
            let wake = tokio::select! {
                line = self.stream.next() => Wake::Line(line),
                wake = changes(&mut self.authorized) => wake,
                _ = look.tick() => Wake::Look,
            };
            let done = match wake {
                Wake::Line(Some(Ok(line))) => self.line(&line).await,
                Wake::Line(None) => Err(Ended::Closed),
                Wake::Line(Some(Err(LinesCodecError::MaxLineLengthExceeded))) => Err(Ended::LineTooLong),
                Wake::Line(Some(Err(LinesCodecError::Io(error)))) => Err(error.into()),
                Wake::Work => {
                    self.push_work();
                    Ok(())
                }
                Wake::Ended(ended) => Err(ended),
                Wake::Look => self.look(begun),
            };
            let sent = match done {
                Ok(()) => self.send().await,
                Err(ended) => Err(ended),
            };
            if let Err(ended) = sent {
                return ended;
            }
        }
    }

    /// What has to be done every few seconds.
    fn look(&mut self, begun: Instant) -> Result<(), Ended> {
        let (now, patience) = (Instant::now(), *self.door.0.mining.patience());
        let is_over = |since: Instant, max| now.saturating_duration_since(since) > max;
        self.half_line = if self.stream.read_buffer().is_empty() { None } else { self.half_line.or(Some(now)) };
        if self.half_line.is_some_and(|since| is_over(since, patience.line)) {
            return Err(Ended::HalfLine);
        }
        let Some(authorized) = &mut self.authorized else {
            return if is_over(begun, patience.authorize) { Err(Ended::NotAuthorized) } else { Ok(()) };
        };
        if is_over(self.heard, patience.silent) && authorized.miner.barren(now) > patience.silent {
            return Err(Ended::Silent);
        }
        if let Some(job) = authorized.miner.adjusted_job(now) {
            self.push_job(&job);
        }
        if is_over(self.sent, patience.sign_of_life) {
            self.push_sign_of_life();
        }
        Ok(())
    }

    async fn line(&mut self, line: &str) -> Result<(), Ended> {
        (self.heard, self.half_line) = (Instant::now(), None);
        if !self.messages.take(self.heard) {
            return Err(Ended::TooManyMessages);
        }
        if line.trim().is_empty() {
            return Ok(());
        }
        let Request { id, method, params } = serde_json::from_str(line).map_err(Ended::Malformed)?;
        let was_authorized = self.authorized.is_some();
        let result = match method.as_str() {
            "mining.subscribe" => Ok(self.subscribe(&params)),
            "mining.authorize" => self.authorize(&params),
            "mining.submit" => self.submit(&params).await.map(|()| json!(true)),
            "mining.extranonce.subscribe" => Ok(json!(true)),
            "mining.configure" => Ok(configure(&params)),
            "mining.suggest_difficulty" | "mining.suggest_target" => Ok(json!(true)),
            "mining.ping" => Ok(json!("pong")),
            _ => Err(Rejection::Other(format!("Unknown method {:?}", method.chars().take(40).collect::<String>()))),
        };
        push_answer(&id, result, &mut self.out);
        if !was_authorized {
            self.push_work();
        }
        Ok(())
    }

    fn subscribe(&mut self, params: &[Value]) -> Value {
        self.agent = text(params, 0).unwrap_or_default().to_owned();
        let extranonce = *self.extranonce.get_or_insert_with(|| self.door.0.mining.new_extranonce());
        let name = hex::encode(extranonce);
        json!([[["mining.set_difficulty", name], ["mining.notify", name]], name, EXTRANONCE2_BYTES])
    }

    fn authorize(&mut self, params: &[Value]) -> Result<Value, Rejection> {
        let extranonce = self.extranonce.ok_or(Rejection::NotSubscribed)?;
        let user = text(params, 0).unwrap_or_default();
        if let Some(authorized) = &self.authorized {
            // The coinbase names the owner, and shares count for the worker: one of each to a connection.
            return if authorized.user == user {
                Ok(json!(true))
            } else {
                Err(Rejection::Unauthorized("One worker to a connection: open another one".into()))
            };
        }
        let Credentials { declared, worker } = credentials(&self.door, user, text(params, 1).unwrap_or_default())?;
        let owner = declared.as_ref().map(DeclaredMiner::owner);
        let joined = self.door.0.mining.join(owner, worker, &self.agent, extranonce);
        let miner = joined.map_err(|error| Rejection::Unauthorized(error.to_string()))?;
        self.door.0.mining.workers().came_from(owner, worker, self.peer);
        let declared = declared.map(|declared| Declared {
            connection: declared.connect(self.peer),
            place: self.door.0.places.take(declared.service(), worker),
        });
        tracing::info!(worker, rewarded = owner.is_some(), "a miner works");
        self.authorized = Some(Authorized { user: user.to_owned(), work: miner.watch(), miner, declared });
        Ok(json!(true))
    }

    async fn submit(&mut self, params: &[Value]) -> Result<(), Rejection> {
        if self.extranonce.is_none() {
            return Err(Rejection::NotSubscribed);
        }
        let user = text(params, 0).unwrap_or_default();
        let authorized = self.authorized.as_mut().filter(|authorized| authorized.user == user);
        let authorized = authorized.ok_or_else(|| Rejection::Unauthorized("Unauthorized worker".into()))?;
        let (job, share) = share(params)?;
        match authorized.miner.check(job, share, Instant::now())? {
            Some(found) => Ok(self.door.0.mining.solve(found).await.map(drop)?),
            None => Ok(()),
        }
    }

    /// Gives out the newest work, or says that there is none.
    fn push_work(&mut self) {
        let Some(authorized) = &mut self.authorized else { return };
        match authorized.miner.next_job(Instant::now()) {
            Some(job) => self.push_job(&job),
            None => self.push_sign_of_life(),
        }
    }

    fn push_job(&mut self, job: &Job) {
        let Some(authorized) = &self.authorized else { return };
        if self.difficulty != Some(job.difficulty) {
            self.difficulty = Some(job.difficulty);
            push_notice("mining.set_difficulty", &json!([job.difficulty]), &mut self.out);
        }
        self.door.0.texts.push_line(job, authorized.miner.owner(), &mut self.out);
    }

    /// Tells our own miner to rest while nothing waits. Stratum has no word for that: others hear their difficulty again.
    fn push_sign_of_life(&mut self) {
        let Some(authorized) = &self.authorized else { return };
        if !authorized.miner.is_working() && self.agent.starts_with(OWN_AGENT) {
            return push_notice("qoin.idle", &json!([]), &mut self.out);
        }
        let difficulty = *self.difficulty.get_or_insert_with(|| authorized.miner.difficulty());
        push_notice("mining.set_difficulty", &json!([difficulty]), &mut self.out);
    }

    async fn send(&mut self) -> Result<(), Ended> {
        if self.out.is_empty() {
            return Ok(());
        }
        let within = self.door.0.mining.patience().write;
        let stream = self.stream.get_mut();
        let writing = async {
            stream.write_all(&self.out).await?;
            stream.flush().await
        };
        timeout(within, writing).await.map_err(|_| Ended::SlowReader)??;
        self.out.clear();
        self.sent = Instant::now();
        Ok(())
    }

    async fn say_why(&mut self, ended: &Ended) -> std::io::Result<()> {
        push_notice("client.show_message", &json!([ended.to_string()]), &mut self.out);
        let stream = self.stream.get_mut();
        stream.write_all(&self.out).await?;
        stream.shutdown().await?;
        // Closing with something unread would take back what was just sent.
        tokio::io::copy(&mut stream.take(FAREWELL_BYTES_MAX), &mut tokio::io::sink()).await.map(drop)
    }
}

/// Waits for new work, for a newer connection, or for the end of the key.
async fn changes(authorized: &mut Option<Authorized>) -> Wake {
    let Some(Authorized { work, declared, .. }) = authorized else { return std::future::pending().await };
    let ended = async {
        match declared {
            Some(Declared { connection, place }) => tokio::select! {
                () = place.taken().cancelled() => Ended::Replaced,
                end = connection.ended() => Ended::Key(end),
            },
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = ended => Wake::Ended(ended),
        changed = work.changed() => match changed {
            Ok(()) => Wake::Work,
            // The leader is stopping, and ends its sessions.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Whom a user name and a service key stand for.
struct Credentials<'a> {
    declared: Option<DeclaredMiner>,
    worker: &'a str,
}

/// Reads `owner@host` or `anonymous`, alone or followed by `.worker`, and checks the key.
fn credentials<'a>(door: &Door, user: &'a str, key: &str) -> Result<Credentials<'a>, Rejection> {
    let named = |worker| validate::worker(worker).map_err(|error| Rejection::Unauthorized(error.to_string()));
    let anonymous = user.strip_prefix(ANONYMOUS).map(|rest| (rest.is_empty(), rest.strip_prefix('.')));
    match anonymous {
        Some((true, _)) => return Ok(Credentials { declared: None, worker: "" }),
        Some((_, Some(worker))) => return Ok(Credentials { declared: None, worker: named(worker)? }),
        _ => {}
    }
    // Where the e-mail address ends cannot be told from the text: a host's name has dots too.
    let ends = std::iter::once(user.len()).chain(user.rmatch_indices('.').map(|(at, _)| at)).take(8);
    let mut refusal = KeyRefusal::WrongOwner;
    for end in ends {
        match door.0.identity.authenticate_miner(&user[..end], key) {
            Ok(declared) => {
                let worker = named(user[end..].strip_prefix('.').unwrap_or_default())?;
                return Ok(Credentials { declared: Some(declared), worker });
            }
            Err(why) => refusal = why,
        }
        // What is wrong with the key itself is so whoever is named.
        if refusal != KeyRefusal::WrongOwner {
            break;
        }
    }
    Err(Rejection::Unauthorized(refusal.to_string()))
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

/// Reads the worker's job, extranonce2, time and nonce.
fn share(params: &[Value]) -> Result<(JobId, Share), Rejection> {
    let malformed = |what: &str| Rejection::Other(format!("Malformed share: {what} is not 8 hexadecimal digits"));
    let number = |index, what| {
        let digits =
            text(params, index).filter(|text| text.len() == 8 && text.bytes().all(|it| it.is_ascii_hexdigit()));
        u32::from_str_radix(digits.ok_or_else(|| malformed(what))?, 16).map_err(|_| malformed(what))
    };
    let job = text(params, 1).ok_or_else(|| Rejection::Other("Malformed share: no job".into()))?;
    let job = JobId::parse(job).ok_or(Rejection::Stale)?;
    let (extranonce2, time, nonce) = (number(2, "extranonce2")?, number(3, "time")?, number(4, "nonce")?);
    Ok((job, Share::of(job, extranonce2.to_be_bytes(), time, nonce)))
}
