//! Ten times what the leader can take: it says so, keeps its memory, keeps its word, and is itself again soon after.

use crate::crash::Newcomer;
use crate::wire::{Answer, Connection};
use anyhow::{Context, Result, bail, ensure};
use futures_util::future::{join_all, try_join_all};
use qoin_core::{
    address::Address,
    api::transactions::{AcceptedView, TRANSACTIONS_PATH},
    payment_id::PaymentId,
};
use qoin_tests::{
    Leader, Member, Miner,
    member::{leader_time_ms, random, units},
    wait,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many requests may wait for the ledger.
const QUEUE: usize = 64;
/// How many clients ask at once, each anew as soon as it is answered, whatever the answer.
const CLIENTS: usize = 10 * QUEUE;
const PAYERS: [&str; 4] = ["ada", "bob", "cleo", "dora"];
/// What each of them has, in whole units; a payment is of the smallest unit.
const MONEY: &str = "100000";
/// How soon after the flood an answer has to take as long as before it again.
const RECOVERY: Duration = Duration::from_secs(2);
/// How much the leader's memory may grow, whatever happens: its queues, its connections, the database's cache.
const GROWTH_MAX: u64 = 160 << 20;
/// And for each payment that it takes: its id is remembered for a day, and its leaf until a block seals it.
const GROWTH_A_PAYMENT: u64 = 600;
/// Of how many answers of a client one is looked at again afterwards.
const LOOKED_AT: usize = 100;

/// For how long.
#[derive(clap::Args)]
pub struct Options {
    /// How many seconds the flood lasts.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
}

struct Town {
    leader: Leader,
    payers: Vec<Arc<Member>>,
    now_ms: u64,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    accepted: u64,
    busy: u64,
    /// Some of the requests that were taken, with the answer, and of those that were not.
    kept_accepted: Vec<(Vec<u8>, AcceptedView)>,
    kept_busy: Vec<Vec<u8>>,
}

/// Floods a leader and looks at it before, meanwhile and after.
///
/// # Errors
/// What it did not keep.
pub async fn run(options: &Options) -> Result<()> {
    let town = Town::found().await?;
    let address = town.leader.api().base().trim_start_matches("http://").to_owned();
    let mut probe = Connection::open(&address).await?;
    let before = town.probe(&mut probe, 300).await?;
    let (median, slow) = (before[before.len() / 2], before[before.len() * 99 / 100]);
    let capacity = town.capacity(&address).await?;
    let memory_before = memory(town.leader.id())?;
    println!(
        "alone, a payment takes {:.2} ms (99 of 100 within {:.2}); {QUEUE} clients get {capacity:.0} a second taken; \
         {} MiB in use",
        ms(median),
        ms(slow),
        memory_before >> 20
    );

    let is_over = AtomicBool::new(false);
    let flood = async {
        let clients = (0..CLIENTS).map(|number| town.flood(&address, number, &is_over));
        let seen = join_all(clients).await.into_iter().collect::<Result<Vec<Seen>>>()?;
        Ok::<_, anyhow::Error>((seen, Instant::now()))
    };
    let watch = async {
        let began = Instant::now();
        let mut most = 0;
        while began.elapsed() < Duration::from_secs(options.seconds) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            most = most.max(memory(town.leader.id())?);
        }
        is_over.store(true, Ordering::SeqCst);
        Ok::<_, anyhow::Error>((most, began.elapsed()))
    };
    let (flooded, watched) = tokio::join!(flood, watch);
    let ((seen, ended), (most, lasted)) = (flooded?, watched?);
    let accepted: u64 = seen.iter().map(|seen| seen.accepted).sum();
    let busy: u64 = seen.iter().map(|seen| seen.busy).sum();

    // The leader has closed one that was silent for so long.
    let mut probe = Connection::open(&address).await?;
    let back = town.time_back_to_normal(&mut probe, ended, median, slow).await?;
    let growth = most.saturating_sub(memory_before);
    println!(
        "{CLIENTS} clients asked for {:.0} a second for {:.0} s: {accepted} taken, {busy} told to come back ({:.0} %); \
         at most {} MiB in use; a payment took as long as before {} ms after",
        (accepted + busy) as f64 / lasted.as_secs_f64(),
        lasted.as_secs_f64(),
        busy as f64 * 100.0 / (accepted + busy) as f64,
        most >> 20,
        back.as_millis()
    );
    ensure!(busy > 0, "the leader was never asked for too much");
    ensure!(accepted > 0, "nothing was taken");
    ensure!(back <= RECOVERY, "it took {} ms until payments were taken as before", back.as_millis());
    let allowed = GROWTH_MAX + accepted * GROWTH_A_PAYMENT;
    ensure!(growth <= allowed, "the leader's memory grew by {growth} bytes, more than {allowed}");
    town.check_word(seen, &mut probe).await
}

impl Town {
    async fn found() -> Result<Self> {
        let leader = Leader::start_with(&["--set", &format!("queue_length={QUEUE}")])?;
        let administrator = leader.administrator().await?;
        let (api, now_ms) = (leader.api(), leader_time_ms(&leader.api()).await?);
        let mut payers = Vec::new();
        for name in PAYERS {
            let mut newcomer = Newcomer::prepare(name, administrator.genesis, now_ms);
            newcomer.be_invited(&administrator).await?;
            newcomer.accept(&api).await?;
            let payer = newcomer.sign_in(&api).await?.context("a new member can sign in")?;
            administrator.credit(payer.address, units(MONEY)).await?;
            payers.push(Arc::new(payer));
        }
        let mut miner = Miner::anonymous(leader.stratum())?;
        for payer in &payers {
            wait::until("the credit in a block", async || {
                Ok((payer.account().await?.balance == units(MONEY)).then_some(()))
            })
            .await?;
        }
        miner.stop()?;
        Ok(Self { leader, payers, now_ms })
    }

    /// A payment that nobody has made, as a whole HTTP request.
    fn request(&self, client: usize) -> Result<Vec<u8>> {
        let payer = &self.payers[client % self.payers.len()];
        let payee = self.payers[(client + 1) % self.payers.len()].address;
        request(payer, payee, self.now_ms)
    }

    /// Payments one after the other; how long each took, shortest first.
    async fn probe(&self, connection: &mut Connection, count: usize) -> Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(count);
        for _ in 0..count {
            took.push(self.probe_once(connection).await?);
        }
        took.sort_unstable();
        Ok(took)
    }

    async fn probe_once(&self, connection: &mut Connection) -> Result<Duration> {
        let request = self.request(0)?;
        let began = Instant::now();
        let answer = connection.ask(&request).await?;
        ensure!(answer.status == 201, "a payment by itself was answered {answer:?}");
        Ok(began.elapsed())
    }

    /// How many payments a second are taken of as many clients as its queue holds.
    async fn capacity(&self, address: &str) -> Result<f64> {
        let began = Instant::now();
        let clients = (0..QUEUE).map(|number| async move {
            let mut connection = Connection::open(address).await?;
            let mut taken = 0;
            while began.elapsed() < Duration::from_secs(1) {
                taken += u64::from(connection.ask(&self.request(number)?).await?.status == 201);
            }
            Ok::<u64, anyhow::Error>(taken)
        });
        let taken: u64 = try_join_all(clients).await?.into_iter().sum();
        Ok(taken as f64 / began.elapsed().as_secs_f64())
    }

    /// One client of the flood: asks, takes no advice, asks again.
    async fn flood(&self, address: &str, number: usize, is_over: &AtomicBool) -> Result<Seen> {
        let mut connection = Connection::open(address).await?;
        let mut seen = Seen::default();
        let mut count = number;
        while !is_over.load(Ordering::SeqCst) {
            let request = self.request(number)?;
            let answer = connection.ask(&request).await?;
            count += 1;
            let is_looked_at = count.is_multiple_of(LOOKED_AT);
            match answer {
                Answer { status: 201, body, .. } => {
                    seen.accepted += 1;
                    if is_looked_at {
                        seen.kept_accepted.push((request, serde_json::from_slice(&body)?));
                    }
                }
                Answer { status: 503, retry_after_s: Some(1..=60), .. } => {
                    seen.busy += 1;
                    if is_looked_at {
                        seen.kept_busy.push(request);
                    }
                }
                other => bail!("a payment of the flood was answered {other:?}"),
            }
        }
        Ok(seen)
    }

    /// How long after the flood payments one by one are as fast as before it: the middle one of twenty in a row takes no
    /// longer than one of a hundred did, or twice the middle.
    async fn time_back_to_normal(
        &self,
        connection: &mut Connection,
        ended: Instant,
        median: Duration,
        slow: Duration,
    ) -> Result<Duration> {
        let normal = slow.max(2 * median);
        loop {
            let began = ended.elapsed();
            let took = self.probe(connection, 20).await?;
            if took[10] <= normal || began > 5 * RECOVERY {
                return Ok(began);
            }
        }
    }

    /// What was taken is there, once; what was not taken is not there, until it is sent again.
    async fn check_word(&self, seen: Vec<Seen>, connection: &mut Connection) -> Result<()> {
        let mut records = 0;
        for payer in &self.payers {
            let account = payer.account().await?;
            records = account.position.split('-').next().context("a position")?.parse()?;
        }
        let mut looked_at = 0;
        for (request, first) in seen.iter().flat_map(|seen| &seen.kept_accepted).take(200) {
            let answer = connection.ask(request).await?;
            let again: AcceptedView = serde_json::from_slice(&answer.body)?;
            ensure!(
                answer.status == 200 && (again.number, again.accepted_us) == (first.number, first.accepted_us),
                "payment {first:?} of the flood is {again:?} when it is sent again"
            );
            looked_at += 1;
        }
        for request in seen.iter().flat_map(|seen| &seen.kept_busy).take(200) {
            let answer = connection.ask(request).await?;
            let made: AcceptedView = serde_json::from_slice(&answer.body)?;
            ensure!(answer.status == 201 && made.number >= records, "a refused payment was made before: {made:?}");
            looked_at += 1;
        }
        println!("{looked_at} payments sent again: each is made once");
        Ok(())
    }
}

fn request(payer: &Member, payee: Address, now_ms: u64) -> Result<Vec<u8>> {
    let payment = payer.transfer(payee, units("0.01"), PaymentId::new(now_ms, random()), None);
    let body = serde_json::to_string(&payment)?;
    let token = payer.api.token().context("a session")?;
    let head = format!(
        "POST {TRANSACTIONS_PATH} HTTP/1.1\r\nhost: leader\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Ok((head + &body).into_bytes())
}

/// How much of a process is in memory, in bytes.
fn memory(id: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).context("the leader is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process has memory")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes << 10)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
