//! The door for miners, spoken to by a strict client.

mod client;
mod encrypted;
mod misbehaving;
mod recorded;

use super::*;
use crate::mining::{Settings, tests::Town};
use client::{Client, Job, nonce};
use qoin_core::{
    api::services::{DeclareService, ServiceRole},
    target::CompactTarget,
};
use serde_json::{Value, json};
use std::time::Duration;

/// A leader with its door open.
struct Leader {
    town: Town,
    address: SocketAddr,
    shutdown: CancellationToken,
}

impl Leader {
    /// Blocks take 16 hashes on average.
    async fn open() -> Self {
        Self::with(16, Settings::default(), None).await
    }

    async fn with(hashes: u64, settings: Settings, tls: Option<Acceptor>) -> Self {
        Self::of(Town::found(hashes, settings).await, tls).await
    }

    async fn of(town: Town, tls: Option<Acceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, Door::new(town.mining.clone(), town.identity.clone(), tls), shutdown.clone()));
        Self { town, address, shutdown }
    }

    async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }

    async fn anonymous(&self, agent: &str) -> Client<TcpStream> {
        let mut client = self.connect().await;
        client.begin(agent, "anonymous.rig1", "x").await;
        client
    }

    fn height(&self) -> u32 {
        self.town.ledger.read().tip().height
    }
}

fn block_difficulty(job: &Job) -> f64 {
    CompactTarget(job.bits).expand().unwrap().difficulty()
}

#[tokio::test]
async fn a_share_that_meets_the_target_seals_the_block_and_rewards_the_owner() {
    let leader = Leader::open().await;
    let bob = &leader.town.bob;
    let mut client = leader.connect().await;
    client.begin("stock/1.0", &format!("{}.garage.rig-1", bob.email), &bob.service_key).await;
    leader.town.pay(1_250).await;
    let job = client.job().await;
    let difficulty = client.difficulty;
    assert!(job.clean && difficulty > 0.0 && difficulty <= block_difficulty(&job), "{difficulty}: {job:?}");
    let good = nonce(&client.header(&job, [0, 0, 0, 7]), block_difficulty(&job), true);
    assert_eq!(client.submit(&job, [0, 0, 0, 7], job.time, good).await, Ok(json!(true)));
    assert_eq!(leader.height(), 2);
    assert_eq!(leader.town.balance(bob), 1_250 + 100, "12 whole units have two digits: the reward is one unit");
    // The work is done: the same share is stale now.
    assert_eq!(client.submit(&job, [0, 0, 0, 7], job.time, good).await, Err(21));
    let worker = &leader.town.mining.workers().list(Some(bob.address), 0)[0];
    assert_eq!((worker.name.as_str(), worker.agent.as_str()), ("garage.rig-1", "stock/1.0"));
    assert_eq!((worker.shares, worker.refused, worker.blocks, worker.rewards.units()), (1, 1, 1, 100));
    leader.shutdown.cancel();
    while client.line().await.is_some() {}
}

#[tokio::test]
async fn an_anonymous_miner_solves_blocks_and_earns_nothing() {
    let leader = Leader::open().await;
    let supply = |leader: &Leader| leader.town.ledger.read().supply().system;
    let before = supply(&leader);
    let mut client = leader.anonymous("stock/1.0").await;
    leader.town.pay(5_000).await;
    let job = client.job().await;
    let good = nonce(&client.header(&job, [0; 4]), block_difficulty(&job), true);
    assert_eq!(client.submit(&job, [0; 4], job.time + 60, rolled(&client, &job, 60)).await, Ok(json!(true)));
    assert_eq!((leader.height(), supply(&leader)), (2, before), "{good}");
}

/// A good nonce for a time that is rolled forward.
fn rolled(client: &Client<TcpStream>, job: &Job, seconds: u32) -> u32 {
    let job = Job { time: job.time + seconds, ..job.clone() };
    nonce(&client.header(&job, [0; 4]), block_difficulty(&job), true)
}

#[tokio::test]
async fn each_bad_share_has_its_code() {
    let leader = Leader::with(1 << 17, Settings::default(), None).await;
    let mut client = leader.connect().await;
    let empty = json!(["anonymous", "1", "00000000", "00000000", "00000000"]);
    assert_eq!(client.ask("mining.submit", empty.clone()).await, Err(25));
    assert_eq!(client.ask("mining.authorize", json!(["anonymous", "x"])).await, Err(25));
    client.ask("mining.subscribe", json!([])).await.unwrap();
    assert_eq!(client.ask("mining.submit", empty).await, Err(24));
    let mut client = leader.anonymous("stock/1.0").await;
    assert_eq!(client.ask("mining.authorize", json!(["anonymous.rig1", "x"])).await, Ok(json!(true)));
    assert_eq!(client.ask("mining.authorize", json!(["anonymous.rig2", "x"])).await, Err(24));
    leader.town.pay(1).await;
    let job = client.job().await;
    let difficulty = 2_f64.powi(-16);
    assert!(difficulty <= block_difficulty(&job));
    let header = client.header(&job, [0; 4]);
    let bad = nonce(&header, difficulty, false);
    assert_eq!(client.submit(&job, [0; 4], job.time, bad).await, Err(23));
    assert_eq!(client.submit(&job, [0; 4], job.time + 61, bad).await, Err(20));
    assert_eq!(client.submit(&job, [0; 4], job.time - 1, bad).await, Err(20));
    for malformed in [
        json!(["anonymous.rig1", job.id, "00", "00000000", "00000000"]),
        json!(["anonymous.rig1", job.id, "00000000", "zzzzzzzz", "00000000"]),
        json!(["anonymous.rig1", job.id, "00000000", "00000000", 7]),
        json!(["anonymous.rig1", job.id, "+0000000", "00000000", "00000000"]),
        json!(["anonymous.rig1", job.id]),
        json!(["anonymous.rig1"]),
    ] {
        assert_eq!(client.ask("mining.submit", malformed.clone()).await, Err(20), "{malformed}");
    }
    for unknown in ["ffff", "zz", "", &"f".repeat(40)] {
        let share = json!(["anonymous.rig1", unknown, "00000000", "00000000", "00000000"]);
        assert_eq!(client.ask("mining.submit", share).await, Err(21), "{unknown}");
    }
    assert_eq!(
        client.ask("mining.submit", json!(["someone", job.id, "00000000", "00000000", "00000000"])).await,
        Err(24)
    );
    assert_eq!(client.ask("mining.nonsense", json!([])).await, Err(20));
    assert_eq!(leader.height(), 1);
    let worker = &leader.town.mining.workers().list(None, 0)[0];
    assert_eq!((worker.name.as_str(), worker.shares, worker.refused), ("rig1", 0, 3 + 1), "those whose texts were");
}

#[tokio::test]
async fn a_share_counts_once() {
    let leader =
        Leader::with(1 << 18, Settings { share_interval: Duration::from_millis(50), ..Default::default() }, None).await;
    let mut client = leader.anonymous("stock/1.0").await;
    leader.town.pay(1).await;
    // The difficulty falls, since this miner does nothing, to the least, which is below the block's.
    let job = loop {
        let (method, params) = client.any_notice().await;
        if method == "mining.set_difficulty" && params[0] == json!(2_f64.powi(-16)) {
            break client.job().await;
        }
    };
    assert!(!job.clean, "the same work again under another name");
    let header = client.header(&job, [0; 4]);
    let good = nonce(&header, 2_f64.powi(-16), true);
    let answer = client.submit(&job, [0; 4], job.time, good).await;
    assert_eq!(answer, Ok(json!(true)));
    if leader.height() == 1 {
        assert_eq!(client.submit(&job, [0; 4], job.time, good).await, Err(22));
    }
    // Another connection has another extranonce, so another's share is nothing to it.
    let mut other = leader.anonymous("stock/1.0").await;
    assert_ne!(other.extranonce1, client.extranonce1);
    if leader.height() == 1 {
        assert_eq!(other.submit(&job, [0; 4], job.time, good).await, Err(21), "the job is the first connection's");
    }
    assert_eq!(leader.town.mining.workers().totals().shares, 1);
}

#[tokio::test]
async fn older_jobs_stay_valid_until_the_tip_changes() {
    let leader = Leader::open().await;
    let mut client = leader.anonymous("stock/1.0").await;
    leader.town.pay(1).await;
    let first = client.job().await;
    leader.town.pay(1).await;
    let second = client.job().await;
    assert!(first.clean && !second.clean && first.previous == second.previous && first.branch != second.branch);
    let good = nonce(&client.header(&first, [0; 4]), block_difficulty(&first), true);
    assert_eq!(client.submit(&first, [0; 4], first.time, good).await, Ok(json!(true)));
    // The second payment was not in that block.
    let third = client.job().await;
    assert!(third.clean && third.previous != second.previous);
    let good = nonce(&client.header(&second, [0; 4]), block_difficulty(&second), true);
    assert_eq!(client.submit(&second, [0; 4], second.time, good).await, Err(21));
    let good = nonce(&client.header(&third, [0; 4]), block_difficulty(&third), true);
    assert_eq!(client.submit(&third, [0; 4], third.time, good).await, Ok(json!(true)));
    assert_eq!(leader.height(), 3);
}

#[tokio::test]
async fn easing_reaches_connected_miners_as_new_work() {
    const INTERVAL_MS: u64 = 1_000;
    let leader = Leader::of(Town::with_interval(16, INTERVAL_MS, Settings::default()).await, None).await;
    // Blocks that come at once make the next ones harder, four times each.
    for _ in 0..3 {
        leader.town.pay(1).await;
        leader.town.seal().await;
    }
    let mut client = leader.anonymous("stock/1.0").await;
    let begun = std::time::Instant::now();
    leader.town.pay(1).await;
    let hard = client.job().await;
    let eased = client.job().await;
    assert!(begun.elapsed().as_millis() >= u128::from(6 * INTERVAL_MS));
    assert!(eased.clean, "the harder work is to be dropped");
    assert_eq!((eased.previous, &eased.branch), (hard.previous, &hard.branch));
    let ratio = block_work(&hard) / block_work(&eased);
    assert!((ratio - 4.0).abs() < 0.1, "{ratio}");
    assert!(client.difficulty <= block_difficulty(&eased));
    // The harder job is still good: its block is taken with the target that it was issued for.
    let good = nonce(&client.header(&hard, [0; 4]), block_difficulty(&hard), true);
    assert_eq!(client.submit(&hard, [0; 4], hard.time, good).await, Ok(json!(true)));
}

fn block_work(job: &Job) -> f64 {
    CompactTarget(job.bits).expand().unwrap().work().to_f64()
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_the_reason() {
    let leader = Leader::open().await;
    let (ada, bob) = (&leader.town.ada, &leader.town.bob);
    let mut client = leader.connect().await;
    client.ask("mining.subscribe", json!(["stock"])).await.unwrap();
    for (user, key) in [
        (ada.email.as_str(), "nonsense"),
        ("", ""),
        ("anonymousx", "x"),
        ("anonymous.my rig", "x"),
        ("ada@example.org.rig", "x"),
        (&bob.email, &ada.service_key),
        (&format!("{}.<b>", ada.email), &ada.service_key),
        (&format!("{}.{}", ada.email, "x".repeat(41)), &ada.service_key),
        (&"a.".repeat(4_000), &ada.service_key),
    ] {
        assert_eq!(client.ask("mining.authorize", json!([user, key])).await, Err(24), "{user}");
    }
    // It is not held against whoever gets it right then.
    assert_eq!(client.ask("mining.authorize", json!([ada.email, ada.service_key])).await, Ok(json!(true)));
}

#[tokio::test]
async fn a_key_that_was_refreshed_or_revoked_ends_its_connections_at_once_and_is_refused_with_the_reason() {
    let leader = Leader::open().await;
    let (email, old) = (&leader.town.ada.email, &leader.town.ada.service_key);
    let session = leader.town.session(&leader.town.ada);
    let id = session.service_with_key(old).unwrap();
    let begin = async |key: &str| {
        let mut client = leader.connect().await;
        client.begin("stock", &format!("{email}.rig"), key).await;
        client
    };
    let refused = async |key: &str| {
        let mut client = leader.connect().await;
        client.ask("mining.subscribe", json!(["stock"])).await.unwrap();
        client.refusal("mining.authorize", json!([format!("{email}.rig"), key])).await
    };
    let client = begin(old).await;
    let new = session.refresh_service_key(id).await.unwrap().key;
    let words = client.last_words().await;
    assert!(words.contains("replaced by a newer one"), "{words}");
    assert!(refused(old).await.contains("replaced by a newer one"));
    let client = begin(&new).await;
    session.revoke_service(id).await.unwrap();
    let words = client.last_words().await;
    assert!(words.contains("revoked"), "{words}");
    assert!(refused(&new).await.contains("revoked") && refused(old).await.contains("revoked"));
    assert!(refused(&"0".repeat(64)).await.contains("no service's key"));
    let qwinner = session.declare_service(DeclareService { role: ServiceRole::Qwinner }).await.unwrap();
    assert!(refused(&qwinner.key).await.contains("the key of a QWINNER, not of a MINER"));
    assert!(refused(&leader.town.bob.service_key).await.contains("does not belong to the member"));
    // Nobody was rewarded or counted meanwhile, and without a key one can still work.
    leader.anonymous("stock").await;
}

#[tokio::test]
async fn for_the_same_key_and_name_a_newer_connection_replaces_the_older_which_is_told() {
    let leader = Leader::open().await;
    let (email, key) = (&leader.town.ada.email, &leader.town.ada.service_key);
    let mut older = leader.connect().await;
    older.begin("stock", &format!("{email}.rig"), key).await;
    let mut other = leader.connect().await;
    other.begin("stock", &format!("{email}.rig2"), key).await;
    let mut newer = leader.connect().await;
    newer.begin("stock", &format!("{email}.rig"), key).await;
    let words = older.last_words().await;
    assert!(words.contains("newer connection"), "{words}");
    leader.town.pay(1).await;
    assert!(newer.job().await.clean && other.job().await.clean, "both go on");
    let counts: Vec<_> = leader.town.mining.workers().list(Some(leader.town.ada.address), 0);
    assert!(counts.iter().all(|worker| worker.connected == 1), "{counts:?}");
    // Whoever has no key takes no place.
    let mut first = leader.anonymous("stock").await;
    let mut second = leader.anonymous("stock").await;
    assert!(first.job().await.clean && second.job().await.clean);
}

#[tokio::test]
async fn our_own_miner_is_told_to_rest_and_others_hear_their_difficulty() {
    let leader = Leader::open().await;
    let mut stock = leader.anonymous("stock/1.0").await;
    assert!(stock.notice("mining.set_difficulty").await[0].as_f64().unwrap() > 0.0);
    let mut own = leader.anonymous("qoin-miner/0.1.0").await;
    own.notice("qoin.idle").await;
    leader.town.pay(1).await;
    let job = own.job().await;
    assert!(job.clean);
    let good = nonce(&own.header(&job, [0; 4]), block_difficulty(&job), true);
    assert_eq!(own.submit(&job, [0; 4], job.time, good).await, Ok(json!(true)));
    own.notice("qoin.idle").await;
    // A stock miner works on, and is refused without being cut off.
    for extranonce2 in 0..20_u32 {
        assert_eq!(stock.submit(&job, extranonce2.to_be_bytes(), job.time, 0).await, Err(21));
    }
    assert_eq!(stock.ask("mining.ping", json!([])).await, Ok(json!("pong")));
}

#[tokio::test]
async fn new_work_is_gathered_and_goes_out_ten_times_a_second_at_most() {
    let leader = Leader::with(1 << 18, Settings::default(), None).await;
    let mut client = leader.anonymous("stock/1.0").await;
    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        leader.town.pay(1).await;
    }
    // The last work holds all of them: its branch is that of 100 records.
    let mut jobs = 0;
    while client.job().await.branch.len() < 7 {
        jobs += 1;
    }
    let allowed = begun.elapsed().as_millis() / 100 + 1;
    assert!(jobs <= allowed, "{jobs} jobs in {:?}", begun.elapsed());
}
