//! A client written from the protocol's public description alone, which holds the server to it byte by byte.
//! It shares no code with our own miner: what one of the two gets wrong the other does not excuse.

use qoin_core::{hash::sha256d, target::Target};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// A miner's side of a connection.
pub struct Client<S> {
    stream: BufReader<S>,
    next_id: u64,
    user: String,
    pub extranonce1: Vec<u8>,
    /// The difficulty that was told before the job that was looked at last.
    pub difficulty: f64,
    /// What came that no request asked for, oldest first.
    notices: Vec<(String, Value)>,
}

/// A job as its notify tells it, with the difficulty that was told before.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub previous: [u8; 32],
    pub coinbase_start: Vec<u8>,
    pub coinbase_end: Vec<u8>,
    pub branch: Vec<Vec<u8>>,
    pub version: u32,
    pub bits: u32,
    pub time: u32,
    pub clean: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn new(stream: S) -> Self {
        let (stream, user) = (BufReader::new(stream), String::new());
        Self { stream, next_id: 1, user, extranonce1: Vec::new(), difficulty: 0.0, notices: Vec::new() }
    }

    pub async fn send(&mut self, line: &str) {
        // A server that has cut the connection says so when it is read.
        let _ = self.stream.write_all(format!("{line}\n").as_bytes()).await;
        let _ = self.stream.flush().await;
    }

    pub async fn send_half(&mut self, part: &str) {
        self.stream.write_all(part.as_bytes()).await.unwrap();
    }

    /// The next line; none when the server has closed.
    pub async fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).await.unwrap_or(0);
        (length > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// Asks, and gives the result or the error's code. What comes in between is kept.
    pub async fn ask(&mut self, method: &str, params: Value) -> Result<Value, i64> {
        self.answer(method, params).await.map_err(|(code, _)| code)
    }

    /// Asks for what is refused, and gives the reason.
    pub async fn refusal(&mut self, method: &str, params: Value) -> String {
        self.answer(method, params).await.expect_err("it is refused").1
    }

    async fn answer(&mut self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({"id": id, "method": method, "params": params}).to_string()).await;
        loop {
            let message = self.line().await.expect("the server answers");
            if message["id"] == id {
                return match message["error"].clone() {
                    Value::Null => Ok(message["result"].clone()),
                    Value::Array(error) => {
                        assert!(message["result"].is_null() && error.len() == 3, "{message}");
                        Err((error[0].as_i64().unwrap(), error[1].as_str().unwrap().to_owned()))
                    }
                    _ => panic!("{message}"),
                };
            }
            self.keep(message);
        }
    }

    fn keep(&mut self, message: Value) {
        assert!(message["id"].is_null(), "{message}");
        self.notices.push((message["method"].as_str().unwrap().into(), message["params"].clone()));
    }

    /// The next notice, whatever it is.
    pub async fn any_notice(&mut self) -> (String, Value) {
        if self.notices.is_empty() {
            let message = self.line().await.expect("the server goes on");
            self.keep(message);
        }
        self.notices.remove(0)
    }

    /// The next notice of this method; those before it are lost.
    pub async fn notice(&mut self, method: &str) -> Value {
        loop {
            let (name, params) = self.any_notice().await;
            if name == "mining.set_difficulty" {
                self.difficulty = params[0].as_f64().unwrap();
            }
            if name == method {
                return params;
            }
        }
    }

    /// The server's last words, and that it closes then.
    pub async fn last_words(mut self) -> String {
        let mut words = String::new();
        while let Some(message) = self.line().await {
            if message["method"] == "client.show_message" {
                words = message["params"][0].as_str().unwrap().to_owned();
            }
        }
        words
    }

    /// Subscribes and authorizes.
    pub async fn begin(&mut self, agent: &str, user: &str, key: &str) {
        let subscribed = self.ask("mining.subscribe", json!([agent])).await.unwrap();
        for (index, method) in ["mining.set_difficulty", "mining.notify"].into_iter().enumerate() {
            assert_eq!(subscribed[0][index][0], method);
            assert!(subscribed[0][index][1].is_string());
        }
        self.extranonce1 = hex::decode(subscribed[1].as_str().unwrap()).unwrap();
        assert_eq!((self.extranonce1.len(), &subscribed[2]), (4, &json!(4)));
        assert_eq!(self.ask("mining.authorize", json!([user, key])).await, Ok(json!(true)));
        self.user = user.to_owned();
    }

    /// The next job, with the share target that holds for it.
    pub async fn job(&mut self) -> Job {
        Job::read(&self.notice("mining.notify").await)
    }

    pub async fn submit(&mut self, job: &Job, extranonce2: [u8; 4], time: u32, nonce: u32) -> Result<Value, i64> {
        let [extranonce2, time, nonce] = [extranonce2, time.to_be_bytes(), nonce.to_be_bytes()].map(hex::encode);
        self.ask("mining.submit", json!([self.user, job.id, extranonce2, time, nonce])).await
    }

    pub fn header(&self, job: &Job, extranonce2: [u8; 4]) -> [u8; 76] {
        job.header(&self.extranonce1, extranonce2)
    }

    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let _ = self.stream.read_to_end(&mut all).await;
        all
    }
}

impl Job {
    /// Reads the parameters of `mining.notify`.
    pub fn read(params: &Value) -> Self {
        assert_eq!(params.as_array().unwrap().len(), 9, "{params}");
        let text = |index: usize| params[index].as_str().unwrap();
        let number = |index: usize| {
            assert_eq!(text(index).len(), 8);
            u32::from_str_radix(text(index), 16).unwrap()
        };
        // Eight words of four bytes, each most significant byte first: the header has each the other way round.
        let words = hex::decode(text(1)).unwrap();
        let previous: Vec<u8> = words.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
        Self {
            id: text(0).to_owned(),
            previous: previous.try_into().unwrap(),
            coinbase_start: hex::decode(text(2)).unwrap(),
            coinbase_end: hex::decode(text(3)).unwrap(),
            branch: params[4].as_array().unwrap().iter().map(|it| hex::decode(it.as_str().unwrap()).unwrap()).collect(),
            version: number(5),
            bits: number(6),
            time: number(7),
            clean: params[8].as_bool().unwrap(),
        }
    }

    /// The header without its nonce.
    pub fn header(&self, extranonce1: &[u8], extranonce2: [u8; 4]) -> [u8; 76] {
        let coinbase = [&self.coinbase_start, extranonce1, &extranonce2, &self.coinbase_end].concat();
        let mut root = sha256d(&coinbase);
        for node in &self.branch {
            root = sha256d(&[&root, node.as_slice()].concat());
        }
        let mut header = Vec::new();
        header.extend(self.version.to_le_bytes());
        header.extend(self.previous);
        header.extend(root);
        header.extend(self.time.to_le_bytes());
        header.extend(self.bits.to_le_bytes());
        header.try_into().unwrap()
    }
}

/// The first nonce for which the header's hash is at most the target of this difficulty, or for which it is not.
pub fn nonce(header: &[u8; 76], difficulty: f64, is_met: bool) -> u32 {
    let target = Target::from_difficulty(difficulty).unwrap().to_be_bytes();
    let mut whole = [0; 80];
    whole[..76].copy_from_slice(header);
    let mut meets = |nonce: &u32| {
        whole[76..].copy_from_slice(&nonce.to_le_bytes());
        let mut hash = sha256d(&whole);
        hash.reverse();
        (hash <= target) == is_met
    };
    (0..).find(|nonce| meets(nonce)).unwrap()
}
