//! One connection, from `mining.subscribe` to its end.

use super::{
    Account, End, Patience,
    line::Lines,
    message::{self, Extranonce, Message, Notice, Refusal},
};
use crate::threads::{Assignment, Share, Threads};
use qoin_core::target::{CompactTarget, Target};
use qoin_miner::job::Job;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

/// How the miner introduces itself; a leader of Qoin sends `qoin.idle` to whoever begins so.
const USER_AGENT: &str = concat!("qoin-miner/", env!("CARGO_PKG_VERSION"));
/// Shares on their way at one time; more wait for an answer.
const UNANSWERED_SHARES_MAX: usize = 256;

/// Stratum's code for a share of a job that is over.
const JOB_NOT_FOUND: i64 = 21;

const SUBSCRIBE: u64 = 1;
const AUTHORIZE: u64 = 2;
/// Asked once to hear of new extranonces, and after a silence to hear anything; the answer does not matter.
const EXTRANONCE_SUBSCRIBE: u64 = 3;
const FIRST_SUBMIT: u64 = 4;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Subscribing,
    Authorizing,
    Authorised,
}

/// A connection and all that was said on it.
pub(super) struct Session<'a> {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    dialogue: Dialogue<'a>,
}

/// What the connection's state is apart from the connection itself.
struct Dialogue<'a> {
    account: &'a Account,
    patience: &'a Patience,
    threads: &'a Threads,
    phase: Phase,
    /// When the server must have been heard, or authorised the miner.
    deadline: Instant,
    /// Whether the silence has been broken by a question already.
    asked: bool,
    extranonce: Option<Extranonce>,
    /// The target of shares from the next job on.
    share_target: Target,
    current: Option<Arc<Assignment>>,
    next_id: u64,
    unanswered: HashMap<u64, Share>,
    height: Option<u32>,
    /// Whether the server's last word was that there is no work.
    is_resting: bool,
    /// What is to be sent.
    outgoing: Vec<u8>,
}

impl<'a> Session<'a> {
    /// A session on a new connection.
    pub fn new(stream: TcpStream, account: &'a Account, patience: &'a Patience, threads: &'a Threads) -> Self {
        let (reader, writer) = stream.into_split();
        let dialogue = Dialogue {
            account,
            patience,
            threads,
            phase: Phase::Subscribing,
            deadline: Instant::now() + patience.answer,
            asked: false,
            extranonce: None,
            share_target: Target::difficulty_1(),
            current: None,
            next_id: FIRST_SUBMIT,
            unanswered: HashMap::new(),
            height: None,
            is_resting: false,
            outgoing: message::request(SUBSCRIBE, "mining.subscribe", &json!([USER_AGENT])),
        };
        Self { lines: Lines::new(reader), writer, dialogue }
    }

    /// Runs the session to its end.
    pub async fn run(mut self, shares: &mut mpsc::Receiver<Share>) -> End {
        match self.converse(shares).await {
            Ok(never) => match never {},
            Err(Stop::Refused(reason)) => End::Refused(reason),
            Err(Stop::Lost(reason)) => End::Lost { reason, was_authorised: self.dialogue.phase == Phase::Authorised },
        }
    }

    async fn converse(&mut self, shares: &mut mpsc::Receiver<Share>) -> Result<std::convert::Infallible, Stop> {
        let dialogue = &mut self.dialogue;
        loop {
            let outgoing = std::mem::take(&mut dialogue.outgoing);
            send(&mut self.writer, &outgoing, dialogue.patience.answer).await?;
            let ready = dialogue.phase == Phase::Authorised && dialogue.unanswered.len() < UNANSWERED_SHARES_MAX;
            tokio::select! {
                line = self.lines.next() => match line {
                    Ok(Some(line)) => dialogue.hear(line)?,
                    Ok(None) => return Err(Stop::lost("the server closed the connection")),
                    Err(error) => return Err(Stop::Lost(error.to_string())),
                },
                Some(share) = shares.recv(), if ready => dialogue.submit(share),
                () = sleep_until(dialogue.deadline) => dialogue.silence()?,
            }
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, bytes: &[u8], patience: Duration) -> Result<(), Stop> {
    if bytes.is_empty() {
        return Ok(());
    }
    match timeout(patience, writer.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Stop::Lost(error.to_string())),
        Err(_) => Err(Stop::lost("the server takes nothing more")),
    }
}

/// What ends a session.
enum Stop {
    Refused(String),
    Lost(String),
}

impl Stop {
    fn lost(reason: &str) -> Self {
        Self::Lost(reason.into())
    }
}

impl Dialogue<'_> {
    fn hear(&mut self, line: &[u8]) -> Result<(), Stop> {
        if self.phase == Phase::Authorised {
            self.deadline = Instant::now() + self.patience.silence;
            self.asked = false;
        }
        if line.is_empty() {
            return Ok(());
        }
        match Message::parse(line).map_err(|error| Stop::Lost(error.to_string()))? {
            Message::Answer(id, result) => self.hear_answer(id, result),
            Message::Notice(notice) => self.hear_notice(notice),
            Message::Request(id, method) => {
                let result = match method.as_str() {
                    "client.get_version" => Some(USER_AGENT),
                    "mining.ping" => Some("pong"),
                    _ => None,
                };
                self.outgoing.extend(message::answer(&id, result));
                Ok(())
            }
        }
    }

    /// Nothing was heard until the deadline: ask once, and give up after a second silence.
    fn silence(&mut self) -> Result<(), Stop> {
        if self.phase != Phase::Authorised {
            return Err(Stop::Lost(format!("no answer within {} s", self.patience.answer.as_secs_f32())));
        }
        if self.asked {
            return Err(Stop::lost("the server is silent"));
        }
        self.asked = true;
        self.deadline = Instant::now() + self.patience.answer;
        self.outgoing = message::request(EXTRANONCE_SUBSCRIBE, "mining.extranonce.subscribe", &json!([]));
        Ok(())
    }

    fn hear_answer(&mut self, id: u64, result: Result<Value, Refusal>) -> Result<(), Stop> {
        match (id, self.phase) {
            (SUBSCRIBE, Phase::Subscribing) => {
                let result = result.map_err(|refusal| Stop::Lost(format!("mining.subscribe refused: {refusal}")))?;
                let extranonce = Extranonce::from_subscription(&result);
                self.extranonce =
                    Some(extranonce.ok_or_else(|| Stop::lost("mining.subscribe has a senseless answer"))?);
                self.phase = Phase::Authorizing;
                let credentials = json!([self.account.user, self.account.service_key.reveal()]);
                self.outgoing.extend(message::request(AUTHORIZE, "mining.authorize", &credentials));
            }
            (AUTHORIZE, Phase::Authorizing) => {
                accepted(result).map_err(|refusal| Stop::Refused(refusal.to_string()))?;
                tracing::info!("authorised as {}", self.account.user);
                self.phase = Phase::Authorised;
                self.deadline = Instant::now() + self.patience.silence;
                let ask = message::request(EXTRANONCE_SUBSCRIBE, "mining.extranonce.subscribe", &json!([]));
                self.outgoing.extend(ask);
            }
            (EXTRANONCE_SUBSCRIBE, _) => {}
            (id, _) => match self.unanswered.remove(&id) {
                Some(share) => report(&share, accepted(result)),
                None => return Err(Stop::Lost(format!("an answer to request {id}, which was never made"))),
            },
        }
        Ok(())
    }

    fn hear_notice(&mut self, notice: Notice) -> Result<(), Stop> {
        match notice {
            Notice::Difficulty(difficulty) => {
                let target = Target::from_difficulty(difficulty);
                self.share_target =
                    target.ok_or_else(|| Stop::Lost(format!("no target has difficulty {difficulty}")))?;
            }
            Notice::Extranonce(extranonce) => self.extranonce = Some(extranonce),
            Notice::Job(job) => self.begin(*job)?,
            Notice::Idle => {
                // Repeated by the leader as a sign of life, but news only once.
                if !self.is_resting {
                    tracing::info!("no work: sleeping until there is some");
                }
                self.is_resting = true;
                self.height = None;
                self.current = None;
                self.threads.rest();
            }
            Notice::Text(text) => tracing::info!("the server says: {text}"),
            Notice::Reconnect => return Err(Stop::lost("the server asks to connect anew")),
            Notice::Unknown(method) => tracing::debug!("unknown notice {method}"),
        }
        Ok(())
    }

    /// Turns the threads to a new job.
    fn begin(&mut self, job: Job) -> Result<(), Stop> {
        let extranonce = self.extranonce.as_ref().ok_or_else(|| Stop::lost("a job before the extranonces"))?;
        let height = job.height();
        match height {
            Some(number) if height != self.height => tracing::info!("working on block {number}"),
            _ => tracing::debug!("new job {:?}", job.id()),
        }
        self.height = height;
        self.is_resting = false;
        // On from where the job before ended, so that even a repeated job is not searched twice.
        let first = self.current.as_ref().map_or(0, |current| current.next_extranonce2());
        let (extranonce1, extranonce2_len) = (extranonce.first.clone(), extranonce.second_len);
        let assignment = Assignment::new(job, extranonce1, extranonce2_len, self.share_target, first);
        self.current = Some(self.threads.work_on(assignment));
        Ok(())
    }

    fn submit(&mut self, share: Share) {
        let assignment = &share.assignment;
        if self.threads.is_worthless(assignment) {
            return;
        }
        let job = assignment.job();
        let params = json!([
            self.account.user,
            job.id(),
            hex::encode(&share.extranonce2),
            format!("{:08x}", job.time()),
            format!("{:08x}", share.nonce),
        ]);
        self.outgoing.extend(message::request(self.next_id, "mining.submit", &params));
        self.unanswered.insert(self.next_id, share);
        self.next_id += 1;
    }
}

/// The answer to a request whose result is `true`.
fn accepted(result: Result<Value, Refusal>) -> Result<(), Refusal> {
    if result? == Value::Bool(true) { Ok(()) } else { Err(Refusal::without_reason()) }
}

fn report(share: &Share, answer: Result<(), Refusal>) {
    let solves = |target: Target| target.is_met_by(&share.hash);
    match answer {
        Ok(()) if CompactTarget(share.assignment.job().bits()).expand().is_ok_and(solves) => {
            tracing::info!("share accepted; it solves its block: {}", share.hash);
        }
        Ok(()) => tracing::info!("share accepted"),
        Err(refusal) if refusal.code == Some(JOB_NOT_FOUND) => tracing::info!("share came too late: {refusal}"),
        Err(refusal) => tracing::warn!("share rejected: {refusal}"),
    }
}
