//! The door for miners, spoken to by a client that holds it to the protocol, byte by byte.

use super::*;
use crate::{
    identity::{LeaderSecret, Settings},
    ledger::tests::{Member, ada_and_bob, begin},
};
use qoin_core::{header::Header, target::Target};
use qoin_miner::job::{Job, JobText};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

struct Leader {
    ledger: Ledger,
    address: std::net::SocketAddr,
    ada: Member,
    bob: Member,
    shutdown: CancellationToken,
}

async fn leader() -> Leader {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let secret = LeaderSecret::new([3; 32]);
    let identity = Identity::open(ledger.clone(), secret, Settings::default()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let door = Door { ledger: ledger.clone(), hub: WorkHub::start(ledger.clone()), identity };
    tokio::spawn(serve(listener, door, shutdown.clone()));
    Leader { ledger, address, ada, bob, shutdown }
}

struct Client {
    stream: BufReader<TcpStream>,
    next_id: u64,
    /// What came that no request asked for, oldest first.
    notices: Vec<(String, Value)>,
}

impl Client {
    async fn connect(leader: &Leader) -> Self {
        let stream = BufReader::new(TcpStream::connect(leader.address).await.unwrap());
        Self { stream, next_id: 1, notices: Vec::new() }
    }

    async fn send(&mut self, line: &str) {
        self.stream.write_all(line.as_bytes()).await.unwrap();
        self.stream.write_all(b"\n").await.unwrap();
    }

    /// The next line; none when the server has closed.
    async fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).await.unwrap_or(0);
        (length > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// Asks, and gives the result or the error's code. What comes in between is kept.
    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, i64> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({"id": id, "method": method, "params": params}).to_string()).await;
        loop {
            let message = self.line().await.expect("the server answers");
            if message["id"] == id {
                return match message["error"].clone() {
                    Value::Null => Ok(message["result"].clone()),
                    error => Err(error[0].as_i64().unwrap()),
                };
            }
            self.keep(message);
        }
    }

    fn keep(&mut self, message: Value) {
        assert!(message["id"].is_null(), "{message}");
        self.notices.push((message["method"].as_str().unwrap().into(), message["params"].clone()));
    }

    /// The next notice of this method.
    async fn notice(&mut self, method: &str) -> Value {
        loop {
            if let Some(index) = self.notices.iter().position(|(name, _)| name == method) {
                return self.notices.remove(index).1;
            }
            let message = self.line().await.expect("the server goes on");
            self.keep(message);
        }
    }

    /// Subscribes and authorizes as an anonymous miner; gives the first half of the extranonce.
    async fn begin(&mut self, agent: &str) -> Vec<u8> {
        let subscribed = self.ask("mining.subscribe", json!([agent])).await.unwrap();
        assert_eq!(subscribed[2], 4);
        assert_eq!(self.ask("mining.authorize", json!(["anonymous.rig1", "x"])).await, Ok(json!(true)));
        hex::decode(subscribed[1].as_str().unwrap()).unwrap()
    }

    async fn job(&mut self) -> Job {
        let text: JobText = serde_json::from_value(self.notice("mining.notify").await).unwrap();
        Job::try_from(text).unwrap()
    }
}

/// The first nonce for which the header's hash meets the job's target, or for which it does not.
fn nonce(job: &Job, extranonce1: &[u8], extranonce2: [u8; 4], is_met: bool) -> u32 {
    let target: Target = qoin_core::target::CompactTarget(job.bits()).expand().unwrap();
    let header = Header::from_bytes(&job.header(extranonce1, &extranonce2));
    (0..).find(|&nonce| target.is_met_by(&Header { nonce, ..header }.hash()) == is_met).unwrap()
}

fn submission(job: &Job, extranonce2: [u8; 4], time: u32, nonce: u32) -> Value {
    json!(["anonymous.rig1", job.id(), hex::encode(extranonce2), format!("{time:08x}"), format!("{nonce:08x}")])
}

#[tokio::test]
async fn a_share_that_meets_the_target_seals_the_block() {
    let leader = leader().await;
    let mut client = Client::connect(&leader).await;
    let extranonce1 = client.begin("stock/1.0").await;
    leader.ledger.submit(leader.ada.pay(&leader.ledger, &leader.bob, 1_250), None).await.unwrap();
    let difficulty = client.notice("mining.set_difficulty").await;
    assert!(difficulty[0].as_f64().unwrap() > 0.0);
    let job = client.job().await;
    let good = nonce(&job, &extranonce1, [0, 0, 0, 7], true);
    assert_eq!(client.ask("mining.submit", submission(&job, [0, 0, 0, 7], job.time(), good)).await, Ok(json!(true)));
    assert_eq!(leader.ledger.read().tip().height, 2);
    let bob = leader.ledger.read().account(&leader.bob.address).unwrap();
    assert_eq!(bob.account.balance.units(), 1_250);
    // The work is done: the same share is stale now.
    assert_eq!(client.ask("mining.submit", submission(&job, [0, 0, 0, 7], job.time(), good)).await, Err(21));
    leader.shutdown.cancel();
    while client.line().await.is_some() {}
}

#[tokio::test]
async fn each_bad_share_has_its_code() {
    let leader = leader().await;
    let mut client = Client::connect(&leader).await;
    let empty = json!(["anonymous", "1", "00000000", "00000000", "00000000"]);
    assert_eq!(client.ask("mining.submit", empty.clone()).await, Err(25));
    client.ask("mining.subscribe", json!([])).await.unwrap();
    assert_eq!(client.ask("mining.submit", empty).await, Err(24));
    let extranonce1 = client.begin("stock/1.0").await;
    leader.ledger.submit(leader.ada.pay(&leader.ledger, &leader.bob, 1), None).await.unwrap();
    let job = client.job().await;
    let bad = nonce(&job, &extranonce1, [0; 4], false);
    assert_eq!(client.ask("mining.submit", submission(&job, [0; 4], job.time(), bad)).await, Err(23));
    assert_eq!(client.ask("mining.submit", submission(&job, [0; 4], job.time() + 61, bad)).await, Err(20));
    assert_eq!(client.ask("mining.submit", submission(&job, [0; 4], job.time() - 1, bad)).await, Err(20));
    assert_eq!(client.ask("mining.submit", json!(["anonymous", job.id(), "00", "zz", 7])).await, Err(20));
    assert_eq!(
        client.ask("mining.submit", json!(["anonymous", "ffff", "00000000", "00000000", "00000000"])).await,
        Err(21)
    );
    assert_eq!(client.ask("mining.nonsense", json!([])).await, Err(20));
    assert_eq!(
        client.ask("mining.configure", json!([["version-rolling"], {}])).await,
        Ok(json!({"version-rolling": false}))
    );
    assert_eq!(leader.ledger.read().tip().height, 1);
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_the_reason() {
    let leader = leader().await;
    let mut client = Client::connect(&leader).await;
    client.ask("mining.subscribe", json!(["stock"])).await.unwrap();
    for (user, key) in [("ada@example.org", "nonsense"), ("", ""), ("anonymousx", "x"), ("ada@example.org.rig", "x")] {
        assert_eq!(client.ask("mining.authorize", json!([user, key])).await, Err(24), "{user}");
    }
}

#[tokio::test]
async fn our_own_miner_is_told_to_rest() {
    let leader = leader().await;
    let mut client = Client::connect(&leader).await;
    let extranonce1 = client.begin("qoin-miner/0.1.0").await;
    client.notice("qoin.idle").await;
    leader.ledger.submit(leader.ada.pay(&leader.ledger, &leader.bob, 1), None).await.unwrap();
    let job = client.job().await;
    assert!(job.is_clean());
    let good = nonce(&job, &extranonce1, [0; 4], true);
    client.ask("mining.submit", submission(&job, [0; 4], job.time(), good)).await.unwrap();
    client.notice("qoin.idle").await;
}

#[tokio::test]
async fn lines_that_are_no_requests_end_the_connection_and_nothing_else() {
    let leader = leader().await;
    for line in ["{", "[]", "{\"method\": 5}", &"x".repeat(20_000)] {
        let mut client = Client::connect(&leader).await;
        client.send(line).await;
        assert!(client.line().await.is_none());
    }
    let mut client = Client::connect(&leader).await;
    assert_eq!(client.ask("mining.ping", json!([])).await, Ok(json!("pong")));
}
