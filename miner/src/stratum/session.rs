//! One connection, from `mining.subscribe` to its end.

use super::{
    Client,
    line::Lines,
    message::{self, Elsewhere, Extranonce, Message, Notice, Refusal},
};
use crate::threads::{Assignment, Share};
use qoin_core::target::Target;
use qoin_miner::job::Job;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use thiserror::Error;
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

/// Why a session ended.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum End {
    /// The server does not accept the owner or the key.
    #[error("refused: {0}")]
    Refused(String),
    /// Anything that a new connection may mend.
    #[error("{0}")]
    Lost(String),
}

impl End {
    fn lost(reason: &str) -> Self {
        Self::Lost(reason.into())
    }
}

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
    client: &'a Client<'a>,
    /// The server's place in the account's list.
    place: usize,
    phase: Phase,
    /// When the server must have been heard, or authorised the miner.
    deadline: Instant,
    /// Whether the silence has been broken by a question already.
    asked: bool,
    extranonce: Option<Extranonce>,
    /// The difficulty of shares from the next job on, and the target that stands for it.
    share_difficulty: f64,
    share_target: Target,
    /// A job that came before the authorisation, as some pools send it.
    early_job: Option<Box<Job>>,
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
    /// A new connection to the server at this place of the account's list, on which the miner is authorised. The
    /// threads are not touched yet.
    pub async fn open(client: &'a Client<'a>, place: usize) -> Result<Self, End> {
        let connecting = TcpStream::connect(&client.account.servers[place]);
        let stream = match timeout(client.patience.connect, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(End::Lost(error.to_string())),
            Err(_) => return Err(End::lost("it takes no connection in time")),
        };
        // A share is one small line and wants to be there first.
        stream.set_nodelay(true).map_err(|error| End::Lost(error.to_string()))?;
        let (reader, writer) = stream.into_split();
        let dialogue = Dialogue::new(client, place);
        let mut session = Self { lines: Lines::new(reader), writer, dialogue };
        while session.dialogue.phase != Phase::Authorised {
            session.step(None).await?;
        }
        Ok(session)
    }

    /// Host and port of its server.
    pub fn server(&self) -> &'a str {
        &self.dialogue.client.account.servers[self.dialogue.place]
    }

    /// The place of its server in the account's list.
    pub fn place(&self) -> usize {
        self.dialogue.place
    }

    /// Works on what the server sends, to the session's end; tells why it ended.
    pub async fn run(&mut self, shares: &mut mpsc::Receiver<Share>) -> End {
        if let Some(job) = self.dialogue.early_job.take()
            && let Err(end) = self.dialogue.begin(*job)
        {
            return end;
        }
        loop {
            if let Err(end) = self.step(Some(shares)).await {
                return end;
            }
        }
    }

    /// Says what is to be said, and then takes in one line, one share or one silence.
    async fn step(&mut self, shares: Option<&mut mpsc::Receiver<Share>>) -> Result<(), End> {
        let dialogue = &mut self.dialogue;
        let outgoing = std::mem::take(&mut dialogue.outgoing);
        send(&mut self.writer, &outgoing, dialogue.client.patience.answer).await?;
        let is_ready = shares.is_some() && dialogue.unanswered.len() < UNANSWERED_SHARES_MAX;
        let next_share = async {
            match shares {
                Some(shares) => shares.recv().await,
                None => None,
            }
        };
        tokio::select! {
            line = self.lines.next() => match line {
                Ok(Some(line)) => dialogue.hear(line),
                Ok(None) => Err(End::lost("the server closed the connection")),
                Err(error) => Err(End::Lost(error.to_string())),
            },
            Some(share) = next_share, if is_ready => {
                dialogue.submit(share);
                Ok(())
            }
            () = sleep_until(dialogue.deadline) => dialogue.silence(),
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, bytes: &[u8], patience: Duration) -> Result<(), End> {
    if bytes.is_empty() {
        return Ok(());
    }
    match timeout(patience, writer.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(End::Lost(error.to_string())),
        Err(_) => Err(End::lost("the server takes nothing more")),
    }
}

impl<'a> Dialogue<'a> {
    fn new(client: &'a Client<'a>, place: usize) -> Self {
        Self {
            client,
            place,
            phase: Phase::Subscribing,
            deadline: Instant::now() + client.patience.answer,
            asked: false,
            extranonce: None,
            share_difficulty: 1.0,
            share_target: Target::difficulty_1(),
            early_job: None,
            current: None,
            next_id: FIRST_SUBMIT,
            unanswered: HashMap::new(),
            height: None,
            is_resting: false,
            outgoing: message::request(SUBSCRIBE, "mining.subscribe", &json!([USER_AGENT])),
        }
    }

    fn hear(&mut self, line: &[u8]) -> Result<(), End> {
        if self.phase == Phase::Authorised {
            self.deadline = Instant::now() + self.client.patience.silence;
            self.asked = false;
        }
        if line.is_empty() {
            return Ok(());
        }
        match Message::parse(line).map_err(|error| End::Lost(error.to_string()))? {
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
    fn silence(&mut self) -> Result<(), End> {
        if self.phase != Phase::Authorised {
            return Err(End::Lost(format!("no answer within {} s", self.client.patience.answer.as_secs_f32())));
        }
        if self.asked {
            return Err(End::lost("the server is silent"));
        }
        self.asked = true;
        self.deadline = Instant::now() + self.client.patience.answer;
        self.outgoing = message::request(EXTRANONCE_SUBSCRIBE, "mining.extranonce.subscribe", &json!([]));
        Ok(())
    }

    fn hear_answer(&mut self, id: u64, result: Result<Value, Refusal>) -> Result<(), End> {
        match (id, self.phase) {
            (SUBSCRIBE, Phase::Subscribing) => {
                let result = result.map_err(|refusal| End::Lost(format!("mining.subscribe refused: {refusal}")))?;
                let extranonce = Extranonce::from_subscription(&result);
                self.extranonce = Some(extranonce.ok_or_else(|| End::lost("mining.subscribe has a senseless answer"))?);
                self.phase = Phase::Authorizing;
                let credentials = json!([self.client.account.user, self.client.account.service_key.reveal()]);
                self.outgoing.extend(message::request(AUTHORIZE, "mining.authorize", &credentials));
            }
            (AUTHORIZE, Phase::Authorizing) => {
                accepted(result).map_err(|refusal| End::Refused(refusal.to_string()))?;
                self.phase = Phase::Authorised;
                self.deadline = Instant::now() + self.client.patience.silence;
                let ask = message::request(EXTRANONCE_SUBSCRIBE, "mining.extranonce.subscribe", &json!([]));
                self.outgoing.extend(ask);
            }
            (EXTRANONCE_SUBSCRIBE, _) => {}
            (id, _) => match self.unanswered.remove(&id) {
                Some(share) => self.report(&share, accepted(result)),
                None => return Err(End::Lost(format!("an answer to request {id}, which was never made"))),
            },
        }
        Ok(())
    }

    fn hear_notice(&mut self, notice: Notice) -> Result<(), End> {
        match notice {
            Notice::Difficulty(difficulty) => {
                let target = Target::from_difficulty(difficulty);
                self.share_target =
                    target.ok_or_else(|| End::Lost(format!("no target has difficulty {difficulty}")))?;
                self.share_difficulty = difficulty;
            }
            Notice::Extranonce(extranonce) => self.extranonce = Some(extranonce),
            Notice::Job(job) if self.phase != Phase::Authorised => self.early_job = Some(job),
            Notice::Job(job) => self.begin(*job)?,
            Notice::Idle => {
                // Repeated by the leader as a sign of life, but news only once.
                if !self.is_resting {
                    tracing::info!("no work: sleeping until there is some");
                }
                self.is_resting = true;
                self.height = None;
                self.current = None;
                self.early_job = None;
                if self.phase == Phase::Authorised {
                    self.client.threads.rest();
                    self.client.tally.send_modify(|tally| (tally.height, tally.difficulty) = (None, None));
                }
            }
            Notice::Text(text) => tracing::info!("the server says: {text}"),
            Notice::Reconnect(elsewhere) => return self.hear_reconnect(&elsewhere),
            Notice::Unknown(method) => tracing::debug!("unknown notice {method}"),
        }
        Ok(())
    }

    /// A server may ask for a new connection to itself, not send its miners to another one: whoever can change a line
    /// on the way could take them over so.
    fn hear_reconnect(&mut self, elsewhere: &Elsewhere) -> Result<(), End> {
        if elsewhere.is(&self.client.account.servers[self.place]) {
            return Err(End::lost("the server asks to connect anew"));
        }
        let (host, port) = (elsewhere.host.as_deref().unwrap_or("?"), elsewhere.port.as_deref().unwrap_or("?"));
        tracing::warn!("the server sends this miner to {host}:{port}, which is not in its configuration: staying");
        Ok(())
    }

    /// Turns the threads to a new job.
    fn begin(&mut self, job: Job) -> Result<(), End> {
        let extranonce = self.extranonce.as_ref().ok_or_else(|| End::lost("a job before the extranonces"))?;
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
        let difficulty = Some(self.share_difficulty);
        self.client.tally.send_modify(|tally| (tally.height, tally.difficulty) = (height, difficulty));
        self.current = Some(self.client.threads.work_on(assignment));
        Ok(())
    }

    /// Counts a share by what the server said to it.
    fn report(&self, share: &Share, answer: Result<(), Refusal>) {
        let solved = share.solves_block();
        self.client.tally.send_modify(|tally| match &answer {
            Ok(()) => tally.accept(solved, share.reward()),
            Err(refusal) if refusal.code == Some(JOB_NOT_FOUND) => tally.shares_late += 1,
            Err(_) => tally.shares_rejected += 1,
        });
        match answer {
            Ok(()) if solved => tracing::info!("share accepted; it solves its block: {}", share.hash),
            Ok(()) => tracing::info!("share accepted"),
            Err(refusal) if refusal.code == Some(JOB_NOT_FOUND) => tracing::info!("share came too late: {refusal}"),
            Err(refusal) => tracing::warn!("share rejected: {refusal}"),
        }
    }

    fn submit(&mut self, share: Share) {
        let assignment = &share.assignment;
        if self.client.threads.is_worthless(assignment) {
            return;
        }
        let job = assignment.job();
        let params = json!([
            self.client.account.user,
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
