//! A small currency for the tests of everyone who mines, and what tabs may do.

use super::*;
use crate::{
    identity::{self, Identity, LeaderSecret, MemberSession},
    ledger::{self, Keys, Work},
    store::MemoryStore,
};
use qoin_core::{
    amount::Amount,
    api::{
        services::{DeclareService, ServiceRole},
        sessions::Role,
    },
    decimals::Decimals,
    genesis::{Genesis, RULES_VERSION},
    header::Header,
    keys::SecretKey,
    payment_id::PaymentId,
    target::Work as Hashes,
    transaction::{Operation, Transaction},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// A currency with Ada, who has 100.00, and Bob. Each has a service key for miners.
pub(crate) struct Town {
    pub ledger: Ledger,
    pub identity: Identity,
    pub mining: Mining,
    pub ada: Member,
    pub bob: Member,
}

pub(crate) struct Member {
    key: SecretKey,
    pub address: Address,
    pub email: String,
    pub service_key: String,
    token: String,
}

impl Town {
    /// With blocks that take so many hashes.
    pub async fn found(hashes: u64, settings: Settings) -> Self {
        Self::with_interval(hashes, 10_000, settings).await
    }

    /// The same, with blocks that are to take so long.
    pub async fn with_interval(hashes: u64, block_interval_ms: u64, settings: Settings) -> Self {
        let keys = Keys { system: SecretKey::from_seed(&[1; 32]), leader: SecretKey::from_seed(&[2; 32]) };
        let target = Hashes::from_hashes(hashes).to_target().to_compact();
        let genesis = Genesis {
            rules_version: RULES_VERSION,
            name: "Qoin".into(),
            symbol: "Q".into(),
            decimals: Decimals::try_from(2).unwrap(),
            genesis_amount: Amount::from_units(100_000_000),
            block_interval_ms,
            recovery_delay_ms: 1_000,
            system_key: keys.system.public_key(),
            leader_key: keys.leader.public_key(),
            starting_target: target,
            easiest_target: target,
            time_ms: 1_700_000_000_000,
        };
        let (ledger, _) =
            Ledger::open(Arc::new(MemoryStore::new()), genesis, keys, ledger::Settings::default()).unwrap();
        let secret = LeaderSecret::new([3; 32]);
        let identity = Identity::open(ledger.clone(), secret, identity::Settings::default()).await.unwrap();
        let mining = Mining::start(ledger.clone(), settings).unwrap();
        let [ada, bob] = [Member::join(&identity, "ada", 10).await, Member::join(&identity, "bob", 11).await];
        let town = Self { ledger, identity, mining, ada, bob };
        town.ledger.credit(town.ada.address, Amount::from_units(10_000), town.payment_id(), None).await.unwrap();
        town.seal().await;
        town
    }

    fn payment_id(&self) -> PaymentId {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        PaymentId::new(self.ledger.now_ms(), random)
    }

    /// Ada pays Bob.
    pub async fn pay(&self, units: u64) {
        let operation = Operation::Transfer { to: self.bob.address, amount: Amount::from_units(units) };
        let transaction = Transaction::new(self.ada.address, operation, self.payment_id(), None);
        self.ledger.submit(transaction.sign(&self.ada.key, &self.ledger.genesis().hash), None).await.unwrap();
    }

    /// Mines all that waits, for nobody.
    pub async fn seal(&self) {
        let (_guard, mut work) = self.mining.hub().join();
        while self.ledger.read().tip().sealed < self.ledger.position().records {
            let records = self.ledger.position().records;
            let is_newest = |work: &Option<Arc<Work>>| {
                work.as_ref().is_some_and(|it| it.template.first + u64::from(it.template.count) == records)
            };
            let newest = work.wait_for(is_newest).await.unwrap().clone().unwrap();
            let coinbase = newest.template.coinbase(None, [0xff; 8]);
            let target = miner::block_target(&newest.template);
            let header = newest.template.header(&coinbase, newest.template.time(), 0);
            let found = (0..).map(|nonce| Header { nonce, ..header }).find(|header| target.is_met_by(&header.hash()));
            // A newer payment may have come meanwhile.
            let _ = self.ledger.solve(newest.template.solution(coinbase, found.unwrap())).await;
        }
        work.wait_for(Option::is_none).await.unwrap();
    }

    /// Someone's session.
    pub fn session(&self, member: &Member) -> MemberSession {
        self.identity.session(&member.token).unwrap().into_member().unwrap()
    }

    pub fn balance(&self, member: &Member) -> u64 {
        self.ledger.read().account(&member.address).unwrap().account.balance.units()
    }
}

impl Member {
    async fn join(identity: &Identity, name: &str, seed: u8) -> Self {
        let (key, email) = (SecretKey::from_seed(&[seed; 32]), format!("{name}@example.org"));
        let token = identity.add_for_test(&email, Role::Member, [seed; 32], [seed; 32], false).await.unwrap();
        let session = identity.session(&token).unwrap().into_member().unwrap();
        let declared = session.declare_service(DeclareService { role: ServiceRole::Miner }).await.unwrap();
        let owner = identity.authenticate_miner(&email, &declared.key).unwrap().owner();
        Self { key, address: owner, email, service_key: declared.key, token }
    }
}

fn quick() -> Settings {
    Settings { share_interval: Duration::from_millis(50), ..Default::default() }
}

/// Solves a tab's job: the time and the nonce.
fn mine(job: &qoin_core::api::mining::MiningJob) -> (u32, u32) {
    let header = Header::from_bytes(&job.header.0);
    let target = header.bits.expand().unwrap();
    assert!(job.target >= target, "a share is never harder than the block");
    let nonce = (0..).find(|&nonce| target.is_met_by(&Header { nonce, ..header }.hash())).unwrap();
    (header.time, nonce)
}

#[tokio::test]
async fn a_tab_mines_for_its_member_and_is_rewarded() {
    let town = Town::found(16, Settings::default()).await;
    let browsers = Browsers::new(town.mining.clone());
    let (ended, session) = (CancellationToken::new(), [7; 32]);
    let joined = browsers.join(session, town.bob.address, "browser", &ended).unwrap();
    assert_eq!(joined.job, None, "nothing waits");
    let mut feed = browsers.follow(session);
    town.pay(2_000).await;
    let told = feed.next().await.remove(0);
    assert_eq!(told.miner, joined.miner);
    let job = told.job.unwrap();
    assert_eq!((job.height, job.clean), (2, true));
    let mut other = browsers.follow([8; 32]);
    assert!(other.newest().is_empty(), "another session has no tabs");

    let (time, nonce) = mine(&job);
    let submit = |session, id: String, time, nonce| {
        let browsers = browsers.clone();
        async move { browsers.submit(&session, joined.miner, &id, time, nonce).await }
    };
    assert_eq!(submit([8; 32], job.id.clone(), time, nonce).await, Err(ShareError::UnknownTab), "not its own");
    assert_eq!(submit(session, job.id.clone(), time + 61, nonce).await, Err(Refusal::Time.into()));
    assert_eq!(submit(session, job.id.clone(), time, nonce).await, Ok(Some(2)));
    assert_eq!(submit(session, job.id.clone(), time, nonce).await, Err(Refusal::Stale.into()));
    assert_eq!(feed.next().await.remove(0).job, None, "nothing waits any more");
    assert_eq!(town.balance(&town.bob), 2_000 + 100, "20 whole units have two digits: the reward is one unit");
    let worker = &town.mining.workers().list(Some(town.bob.address), town.ledger.now_ms())[0];
    assert_eq!((worker.name.as_str(), worker.shares, worker.blocks, worker.rewards.units()), ("browser", 1, 1, 100));
    assert_eq!(worker.refused, 2, "the other session's was not this worker's");

    assert!(browsers.leave(&session, joined.miner) && !browsers.leave(&session, joined.miner));
    tokio::select! { _ = other.next() => panic!("nobody mines there"), () = async {} => {} }
}

#[tokio::test]
async fn every_tab_searches_its_own_space_and_a_new_stream_is_told_all_jobs() {
    let town = Town::found(16, Settings::default()).await;
    let browsers = Browsers::new(town.mining.clone());
    let (ended, session) = (CancellationToken::new(), [7; 32]);
    town.pay(1).await;
    let mut feed = browsers.follow(session);
    let tabs: Vec<u32> =
        (0..TABS).map(|_| browsers.join(session, town.ada.address, "browser", &ended).unwrap().miner).collect();
    assert_eq!(browsers.join(session, town.ada.address, "browser", &ended), Err(JoinError::TooManyTabs));
    assert!(browsers.join(session, town.ada.address, "a b", &ended).is_err());
    let mut headers = std::collections::HashSet::new();
    let mut told = std::collections::HashSet::new();
    while told.len() < TABS {
        let work = feed.next().await.remove(0);
        if let Some(job) = work.job {
            headers.insert(job.header.0);
            told.insert(work.miner);
        }
    }
    assert!(headers.len() >= TABS, "no two tabs have a header in common");
    let mut again: Vec<u32> = browsers.follow(session).newest().into_iter().map(|work| work.miner).collect();
    again.sort_unstable();
    assert_eq!(again, tabs);
    ended.cancel();
    town.mining.hub().clone().wait_until_idle().await;
    assert!(browsers.follow(session).newest().is_empty(), "with the session its tabs end");
}

const TABS: usize = limits::TABS_OF_MEMBER_MAX;

#[tokio::test]
async fn a_tab_that_shows_no_life_counts_as_closed() {
    let short = Duration::from_millis(200);
    for (without_stream, silent) in [(short, Duration::from_secs(600)), (Duration::from_secs(600), short)] {
        let patience = Patience { tab_without_stream: without_stream, tab_silent: silent, ..Default::default() };
        let town = Town::found(1 << 20, Settings { patience, ..quick() }).await;
        let browsers = Browsers::new(town.mining.clone());
        let (ended, session) = (CancellationToken::new(), [7; 32]);
        town.pay(1).await;
        let followed = (silent == short).then(|| browsers.follow(session));
        let begun = Instant::now();
        browsers.join(session, town.ada.address, "browser", &ended).unwrap();
        town.mining.hub().clone().wait_until_idle().await;
        assert!(begun.elapsed() >= short);
        assert!(followed.is_none_or(|feed| feed.newest().is_empty()));
    }
}

#[tokio::test]
async fn shares_get_easier_when_none_comes_and_count_what_they_took() {
    let town = Town::found(1 << 18, quick()).await;
    town.pay(1).await;
    let mut miner = town.mining.join(None, "rig", "", town.mining.new_extranonce()).unwrap();
    miner.watch().wait_for(Option::is_some).await.unwrap();
    let start = Instant::now();
    let first = miner.next_job(start).unwrap();
    assert!(first.clean && miner.adjusted_job(start).is_none());
    // Three looks without a share lead from 2^-10 to 2^-16; the block's own difficulty is 2^-14.
    let later = (1..=3).find_map(|look| miner.adjusted_job(start + quick().share_interval * 4 * look)).unwrap();
    assert!(later.difficulty < first.difficulty && later.target > first.target);
    assert_eq!((later.work.id, later.clean), (first.work.id, false));
    let extranonce = miner.extranonce();
    let find = |target: qoin_core::target::Target, below: Option<qoin_core::target::Target>| {
        let (template, extranonce) = (&first.work.template, [extranonce, [0; 4]].concat());
        let coinbase = template.coinbase(None, extranonce.try_into().unwrap());
        let header = template.header(&coinbase, template.time(), 0);
        (0..)
            .find(|&nonce| {
                let hash = Header { nonce, ..header }.hash();
                target.is_met_by(&hash) && below.is_none_or(|below| !below.is_met_by(&hash))
            })
            .unwrap()
    };
    // Good enough for the newer job, not for the older one: each job's shares are held against its own target.
    let easy = find(later.target, Some(first.target));
    let share = |job: &Job, nonce| Share::of(job.id, [0; 4], first.work.template.time(), nonce);
    assert_eq!(miner.check(first.id, share(&first, easy), start).err(), Some(Refusal::LowDifficulty));
    assert!(miner.check(later.id, share(&later, easy), start).unwrap().is_none());
    // The same header is the same share under any job's name.
    let hard = find(first.target, None);
    let is_block = miner.check(first.id, share(&first, hard), start).unwrap().is_some();
    assert_eq!(miner.check(later.id, share(&later, hard), start).err(), Some(Refusal::Duplicate));
    let worker = &town.mining.workers().list(None, town.ledger.now_ms())[0];
    let taken = if is_block { 1 } else { 2 };
    assert_eq!((worker.shares, worker.refused), (taken, 2), "a share that is a block counts with its block");
}

#[tokio::test]
async fn blocks_and_rewards_outlive_the_process() {
    let town = Town::found(16, Settings::default()).await;
    let mut changes = town.ledger.subscribe();
    town.pay(2_000).await;
    let mut miner = town.mining.join(Some(town.bob.address), "rig", "", town.mining.new_extranonce()).unwrap();
    miner.watch().wait_for(Option::is_some).await.unwrap();
    let job = miner.next_job(Instant::now()).unwrap();
    let share = (0..)
        .map(|nonce| Share::of(job.id, [0; 4], job.work.template.time(), nonce))
        .find_map(|share| miner.check(job.id, share, Instant::now()).ok().flatten());
    town.mining.solve(share.unwrap()).await.unwrap();
    while changes.recv().await.unwrap().sealed.is_none() {}
    // What is kept is committed soon after the block; another change behind it tells when.
    tokio::task::yield_now().await;
    let settled = |_: &dyn crate::store::Snapshot| {
        Ok::<_, std::convert::Infallible>(ledger::Change { batch: Default::default(), transaction: None, answer: () })
    };
    town.ledger.change(settled).await.unwrap();
    let again = Mining::start(town.ledger.clone(), Settings::default()).unwrap();
    let worker = &again.workers().list(Some(town.bob.address), town.ledger.now_ms())[0];
    assert_eq!((worker.name.as_str(), worker.blocks, worker.rewards.units(), worker.shares), ("rig", 1, 100, 0));
}
