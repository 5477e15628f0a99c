//! A server that a script plays, and what it checks shares with.

use crate::stratum::{line::Lines, *};
use qoin_core::{
    address::Address,
    amount::Amount,
    coinbase::Coinbase,
    hash::{BlockHash, MerkleNode},
    header::Header,
    merkle,
    target::CompactTarget,
};
use qoin_miner::{job::reverse_words, kernel::PORTABLE};
use qoin_miner::{pace::Pace, secret::Secret};
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpListener,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

pub(super) const EXTRANONCE1: [u8; 4] = [0xde, 0xad, 0xbe, 0xef];
/// Some 4,000 hashes a share.
pub(super) const DIFFICULTY: f64 = 1e-6;
pub(super) const THREADS: usize = 2;
pub(super) const TIME: u32 = 0x6553_f100;
pub(super) const BITS: u32 = 0x1d00_ffff;
pub(super) const PREVIOUS: [u8; 32] = [7; 32];

pub(super) const QUICK: Patience = Patience {
    connect: Duration::from_secs(30),
    answer: Duration::from_secs(30),
    silence: Duration::from_secs(30),
    retry_first: Duration::from_millis(1),
    retry_most: Duration::from_millis(4),
    prefer_every: Duration::from_millis(1),
};

pub(super) struct Server {
    pub(super) listener: TcpListener,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    pub(super) fn account(&self) -> Account {
        account(vec![self.address()])
    }

    pub(super) async fn accept(&self) -> Miner {
        let (reader, writer) = self.listener.accept().await.unwrap().0.into_split();
        Miner { lines: Lines::new(reader), writer }
    }

    /// A connection on which the miner has subscribed and is authorised.
    pub(super) async fn accept_authorised(&self) -> Miner {
        let mut miner = self.accept().await;
        let (id, _) = miner.expect("mining.subscribe").await;
        miner.answer(&id, json!([[], hex::encode(EXTRANONCE1), 4])).await;
        let (id, _) = miner.expect("mining.authorize").await;
        miner.answer(&id, json!(true)).await;
        miner
    }
}

pub(super) fn account(servers: Vec<String>) -> Account {
    let service_key = Secret::from_setting("0123456789abcdef").unwrap();
    Account { servers, user: "ada@example.org.attic".into(), service_key }
}

/// The miner as its server sees it.
pub(super) struct Miner {
    pub(super) lines: Lines<OwnedReadHalf>,
    pub(super) writer: OwnedWriteHalf,
}

impl Miner {
    /// The next request, other than for changed extranonces: its method, id and parameters.
    pub(super) async fn request(&mut self) -> Option<(String, Value, Value)> {
        loop {
            let line = self.lines.next().await.ok()??;
            let request: Value = serde_json::from_slice(line).unwrap();
            let method = request["method"].as_str().unwrap_or_default().to_owned();
            if method != "mining.extranonce.subscribe" {
                return Some((method, request["id"].clone(), request["params"].clone()));
            }
        }
    }

    pub(super) async fn expect(&mut self, method: &str) -> (Value, Value) {
        let (found, id, params) = self.request().await.expect("the miner closed the connection");
        assert_eq!(found, method);
        (id, params)
    }

    /// The job's name in the next share, which is accepted.
    pub(super) async fn next_share_of(&mut self) -> String {
        let (id, params) = self.expect("mining.submit").await;
        self.answer(&id, json!(true)).await;
        params[1].as_str().unwrap().to_owned()
    }

    pub(super) async fn send(&mut self, line: &Value) {
        self.send_text(&format!("{line}\n")).await;
    }

    pub(super) async fn send_text(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.unwrap();
    }

    pub(super) async fn answer(&mut self, id: &Value, result: Value) {
        self.send(&json!({"id": id, "result": result, "error": null})).await;
    }

    pub(super) async fn notice(&mut self, method: &str, params: Value) {
        self.send(&json!({"id": null, "method": method, "params": params})).await;
    }

    pub(super) async fn send_job(&mut self, id: &str, clean: bool) {
        self.send_job_with(id, &coinbase(None), BITS, clean).await;
    }

    pub(super) async fn send_job_with(&mut self, id: &str, coinbase: &Coinbase, bits: u32, clean: bool) {
        let (start, end) = coinbase.split();
        let branch: Vec<_> =
            merkle::coinbase_branch(&leaves()).iter().map(|node| hex::encode(node.to_bytes())).collect();
        let previous = hex::encode(reverse_words(PREVIOUS));
        let (bits, time) = (format!("{bits:08x}"), format!("{TIME:08x}"));
        let params = json!([id, previous, hex::encode(start), hex::encode(end), branch, "20000000", bits, time, clean]);
        self.notice("mining.notify", params).await;
    }
}

pub(super) fn coinbase(rewarded: Option<Address>) -> Coinbase {
    Coinbase {
        height: 70_000,
        extranonce: [0; 8],
        reward: Amount::from_units(100),
        opened_ms: 1,
        issued_ms: 2,
        previous_solved_ms: 0,
        rewarded,
    }
}

pub(super) fn leaves() -> Vec<MerkleNode> {
    [1, 2, 3].map(|byte| MerkleNode::from_bytes([byte; 32])).to_vec()
}

/// The hash of the header that a share's parameters stand for, made as a leader makes it.
pub(super) fn hash_of_share(params: &Value, extranonce1: [u8; 4]) -> BlockHash {
    let bytes: [u8; 4] = hex::decode(params[2].as_str().unwrap()).unwrap().try_into().unwrap();
    let [a, b, c, d] = extranonce1;
    let [e, f, g, h] = bytes;
    hash_over(params, Coinbase { extranonce: [a, b, c, d, e, f, g, h], ..coinbase(None) }.hash())
}

/// The same for a coinbase with this hash.
pub(super) fn hash_over(params: &Value, coinbase: MerkleNode) -> BlockHash {
    let number = |index: usize| u32::from_str_radix(params[index].as_str().unwrap(), 16).unwrap();
    let header = Header {
        version: 0x2000_0000,
        previous: BlockHash::from_bytes(PREVIOUS),
        merkle_root: merkle::root(&[vec![coinbase], leaves()].concat()),
        time: number(3),
        bits: CompactTarget(BITS),
        nonce: number(4),
    };
    header.hash()
}

/// Runs the client against a script and tells why the client ended, if it did before the script.
pub(super) async fn mine_against(
    account: &Account,
    patience: Patience,
    script: impl AsyncFnOnce(&Threads),
) -> Option<String> {
    mine_and_count(account, patience, async |threads, _| script(threads).await).await
}

/// The same, for a script that looks at what the client counts.
pub(super) async fn mine_and_count(
    account: &Account,
    patience: Patience,
    script: impl AsyncFnOnce(&Threads, watch::Receiver<Tally>),
) -> Option<String> {
    let (found, mut shares) = mpsc::channel(4);
    let threads = Threads::start(Pace { threads: THREADS, duty_percent: 100, niceness: 0 }, PORTABLE, &found).unwrap();
    let (tally, counted) = watch::channel(Tally::default());
    let client = Client { account, patience: &patience, threads: &threads, tally: &tally };
    let ended = tokio::select! {
        reason = client.mine(&mut shares) => Some(reason),
        () = script(&threads, counted) => None,
    };
    // In this order: a thread may be waiting for room among the shares.
    drop(shares);
    ended
}

pub(super) async fn until_all_sleep(threads: &Threads) {
    while threads.sleeping() < THREADS {
        tokio::task::yield_now().await;
    }
}
