//! The engine in process: transactions whose signatures are checked go in, and are durable when they are answered.

use super::accounts::{Account, Accounts, Random, check, on_every_core};
use super::{postgres::Postgres, sealer};
use crate::Row;
use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use qoin::identity::{self, Identity, LeaderSecret, NewMember};
use qoin::leader::keys::DataFolder;
use qoin::ledger::{Accepted, Ledger, LedgerError, Settings, WorkHub};
use qoin::store::RedbStore;
use qoin_core::{
    address::Address,
    amount::Amount,
    api::sessions::Role,
    genesis::{Genesis, RULES_VERSION},
    target::CompactTarget,
    transaction::{Operation, VerifiedTransaction},
};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;

/// Transactions that are signed ahead at a time.
const CHUNK: usize = 250_000;
/// Transactions in one call.
const PART: usize = 8_192;
/// Calls that wait for their answers at the same time.
const CALLS: usize = 4;
/// What each account begins with, in smallest units: far more than it will pay.
const FUNDS: u64 = 10_000;
/// What each member begins with.
const MEMBER_FUNDS: u64 = 100_000_000;
/// The transfers of the smaller of the two ledgers whose look-ups are compared, and how many accounts they are among.
const FEW: (usize, usize) = (10_000, 100);
/// How long to wait for blocks at most. The rules let a block seal so many records and no more, and one comes in a
/// second: what waits after this is told.
const SEALING_MAX: Duration = Duration::from_secs(1_200);
/// Every second hash solves the first block.
const EASIEST: CompactTarget = CompactTarget(0x207f_ffff);

/// Members who can sign in at the leader's door.
pub struct Members {
    /// The e-mail address of each. The first is an administrator.
    pub emails: Vec<String>,
    /// The password of all.
    pub password: &'static str,
}

/// A ledger in a folder that `qoin run` can open later.
pub struct Engine {
    pub ledger: Ledger,
    pub identity: Identity,
    pub runtime: Runtime,
    writer: JoinHandle<()>,
    folder: PathBuf,
    members: Members,
}

impl Engine {
    /// Begins a currency in which all `accounts` are open and have money, and so have a few members.
    pub fn begin(folder: &Path, accounts: &Accounts) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let data = DataFolder::open(folder)?;
        let keys = data.ledger_keys()?;
        let system = Account::of(keys.system.clone());
        let genesis = Genesis {
            rules_version: RULES_VERSION,
            name: "Bench".into(),
            symbol: "B".into(),
            decimals: 2.try_into()?,
            genesis_amount: Amount::from_units(u64::MAX / 2),
            block_interval_ms: 1_000,
            recovery_delay_ms: 0,
            system_key: keys.system.public_key(),
            leader_key: keys.leader.public_key(),
            starting_target: EASIEST,
            easiest_target: EASIEST,
            time_ms: u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?,
        };
        let store = Arc::new(RedbStore::open(data.ledger())?);
        let settings = Settings { queue_length: 2 * CALLS * PART };
        let (ledger, writer) = Ledger::open(store, genesis, keys, settings)?;
        let secret = LeaderSecret::new([0; 32]);
        let identity = runtime.block_on(Identity::open(ledger.clone(), secret, identity::Settings::default()))?;
        runtime.block_on(async {
            let hub = WorkHub::start(ledger.clone());
            tokio::spawn(sealer::seal(ledger.clone(), hub));
        });
        let members = Members { emails: Vec::new(), password: "the password of the benchmark" };
        let mut engine = Self { ledger, identity, runtime, writer, folder: folder.to_owned(), members };
        eprintln!("opening {} accounts and giving each some money", accounts.count());
        let mut to: Vec<(Address, u64)> = engine.make_members()?.into_iter().map(|it| (it, MEMBER_FUNDS)).collect();
        for start in (0..accounts.count()).step_by(CHUNK) {
            let which = start..(start + CHUNK).min(accounts.count());
            to.extend(which.clone().map(|number| (accounts.address(number), FUNDS)));
            engine.submit(accounts.openings(which, engine.ledger.now_ms(), &engine.ledger.genesis().hash))?;
        }
        for to in to.chunks(CHUNK) {
            engine.submit(engine.credits(&system, to))?;
        }
        let waiting = engine.seal_all();
        ensure!(waiting == 0, "{waiting} payments that the accounts begin with are in no block after {SEALING_MAX:?}");
        Ok(engine)
    }

    fn make_members(&mut self) -> Result<Vec<Address>> {
        let mut addresses = Vec::new();
        for number in 0..9 {
            let email = if number == 0 { "admin@qoin.local".into() } else { format!("member{number}@example.org") };
            let new = NewMember {
                name: format!("Member {number}"),
                email: email.clone(),
                password: self.members.password.to_owned().into(),
                role: if number == 0 { Role::Administrator } else { Role::Member },
                first_password: false,
            };
            addresses.push(self.runtime.block_on(self.identity.create_member(new))?.address);
            self.members.emails.push(email);
        }
        Ok(addresses)
    }

    fn credits(&self, system: &Account, to: &[(Address, u64)]) -> Vec<VerifiedTransaction> {
        let (now_ms, genesis) = (self.ledger.now_ms(), &self.ledger.genesis().hash);
        on_every_core(to.len(), |range| {
            let mut random = Random::new(3, range.start as u64 ^ now_ms);
            let credits = range.map(|number| {
                let (to, units) = to[number];
                let operation = Operation::Transfer { to, amount: Amount::from_units(units) };
                system.sign(operation, random.payment_id(now_ms), genesis)
            });
            check(credits.collect(), genesis)
        })
    }

    /// Makes the smaller ledger: a few thousand transfers among a few accounts, so that each of these has more than one
    /// page of history. Answers how many accounts.
    pub fn transfer_among_few(&self, accounts: &Accounts) -> Result<usize> {
        let (count, among) = FEW;
        let genesis = &self.ledger.genesis().hash;
        self.submit(accounts.checked_transfers(among, count, 4, self.ledger.now_ms(), genesis))?;
        Ok(among)
    }

    /// Transfers between random pairs of all accounts.
    pub fn transfer_at_random(&self, accounts: &Accounts, count: usize, postgres: &Postgres) -> Result<Vec<Row>> {
        let bytes_before = self.bytes()?;
        let (mut chunks, mut calls) = (Vec::new(), Vec::new());
        let chunk = CHUNK.min(count / 10);
        for (run, start) in (0..count).step_by(chunk).enumerate() {
            if start % CHUNK == 0 {
                eprintln!("signing and accepting transfers: {} of {} thousand", start / 1_000, count / 1_000);
            }
            let size = chunk.min(count - start);
            let genesis = &self.ledger.genesis().hash;
            let now_ms = self.ledger.now_ms();
            let transfers = accounts.checked_transfers(accounts.count(), size, 5 + run as u64, now_ms, genesis);
            let (took, mut latencies) = self.submit(transfers)?;
            chunks.push(size as f64 / took.as_secs_f64());
            calls.append(&mut latencies);
        }
        calls.sort_unstable();
        let p99 = calls[(calls.len() * 99).div_ceil(100) - 1];
        // Chunks are of one size (but the last), so their harmonic mean is the speed over all of them.
        let speed = mean_speed(&chunks);
        let tenth = chunks.len().div_ceil(10);
        let (first, last) = (mean_speed(&chunks[..tenth]), mean_speed(&chunks[chunks.len() - tenth..]));
        let bytes = (self.bytes()? - bytes_before) as f64 / count as f64;
        Ok(vec![
            Row::new("engine, signatures checked, durable, random pairs", speed, "1/s")
                .at_least(250_000.0, 446_000.0)
                .against(postgres.name("stored procedure, 64 clients"), postgres.procedure_64),
            Row::new("the same, last tenth", last, "1/s").against("first tenth", first),
            Row::new(format!("the same, {PART} in one call, 99 of 100 within"), p99.as_secs_f64() * 1_000.0, "ms"),
            Row::new("disk per transfer, all indexes", bytes, "bytes")
                .at_most(400.0, 250.0)
                .against(postgres.name("tables and indexes"), postgres.bytes_per_transfer),
        ])
    }

    /// Hands in transactions that are all good; how long that took, and each call.
    fn submit(&self, transactions: Vec<VerifiedTransaction>) -> Result<(Duration, Vec<Duration>)> {
        let mut rest = transactions.into_iter().peekable();
        let parts: Vec<Vec<_>> =
            std::iter::from_fn(|| rest.peek().is_some().then(|| rest.by_ref().take(PART).collect())).collect();
        let call = |part| async move {
            let began = Instant::now();
            let answers = self.ledger.submit_verified(part).await?;
            Ok::<_, LedgerError>((began.elapsed(), answers))
        };
        let began = Instant::now();
        let calls = stream::iter(parts).map(call).buffered(CALLS).try_collect();
        let calls: Vec<(Duration, Vec<Result<Accepted, LedgerError>>)> = self.runtime.block_on(calls)?;
        let took = began.elapsed();
        for answer in calls.iter().flat_map(|(_, answers)| answers) {
            answer.as_ref().map_err(Clone::clone).context("a good transaction was refused")?;
        }
        Ok((took, calls.into_iter().map(|(took, _)| took).collect()))
    }

    /// Waits until all transfers are in blocks, for a while.
    pub fn seal_transfers(&self) -> Row {
        Row::new("records that wait for a block then", self.seal_all() as f64, "records")
    }

    /// Waits for blocks, for a while; how many records are in none then.
    fn seal_all(&self) -> u64 {
        let waiting = || self.ledger.position().records - self.ledger.read().tip().sealed;
        let all_sealed = async {
            let mut events = self.ledger.subscribe();
            while waiting() > 0 {
                // Lagging behind is no matter.
                let _ = events.recv().await;
            }
        };
        let waited = self.runtime.block_on(async { tokio::time::timeout(SEALING_MAX, all_sealed).await });
        if waited.is_err() {
            eprintln!("{} records are in no block after {SEALING_MAX:?}", waiting());
        }
        waiting()
    }

    /// What the data folder takes on the disk: the database's file is longer, with holes where nothing was written yet.
    fn bytes(&self) -> Result<u64> {
        let sizes = fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.metadata()?.blocks() * 512));
        sizes.sum::<std::io::Result<u64>>().context("reading the data folder")
    }

    /// Ends it, with everything durable.
    pub fn close(self) -> Result<Members> {
        let Self { ledger, identity, runtime, writer, members, .. } = self;
        drop((ledger, identity));
        runtime.shutdown_timeout(Duration::from_secs(5));
        ensure!(writer.join().is_ok(), "the ledger's writer panicked");
        Ok(members)
    }
}

fn mean_speed(chunks: &[f64]) -> f64 {
    chunks.len() as f64 / chunks.iter().map(|speed| speed.recip()).sum::<f64>()
}
