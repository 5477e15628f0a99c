//! The currency under trial: its leader, its people, and the books that are kept beside it.

use super::books::Books;
use super::fetch;
use super::load::Sent;
use super::newcomer::Newcomer;
use crate::random::Random;
use anyhow::{Context, Result};
use qoin_core::{
    address::Address,
    api::{
        currency::{CURRENCY_PATH, CurrencyView},
        services::{DeclareService, SERVICES_PATH, ServiceDeclared, ServiceRole},
    },
    genesis::Genesis,
};
use qoin_tests::{
    Leader, Member, Miner,
    member::{leader_time_ms, units},
    wait,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Those who pay all the time.
const MEMBERS: [&str; 4] = ["ada", "bob", "cleo", "dora"];
/// To how many of those who joined last everybody pays as well.
const LATE_PAYEES: usize = 3;

pub struct Town {
    pub leader: Leader,
    pub administrator: Arc<Member>,
    pub members: Vec<Arc<Member>>,
    /// Those who joined under load.
    pub late: Vec<Arc<Member>>,
    pub genesis: Genesis,
    pub books: Books,
    /// All records before this one were compared when they were confirmed.
    pub settled: u64,
    /// What was sent once more after the last death.
    pub sent_again: Vec<Sent>,
    /// How long the last start took.
    pub start_took: Duration,
    service_keys: Vec<(String, String)>,
    named: usize,
}

impl Town {
    pub async fn found() -> Result<Self> {
        let leader = Leader::start()?;
        let administrator = Arc::new(leader.administrator().await?);
        let (api, now_ms) = (leader.api(), leader_time_ms(&leader.api()).await?);
        let mut members = Vec::new();
        let mut service_keys = Vec::new();
        for name in MEMBERS {
            let mut newcomer = Newcomer::prepare(name, administrator.genesis, now_ms);
            newcomer.be_invited(&administrator).await?;
            newcomer.accept(&api).await?;
            let member = newcomer.sign_in(&api).await?.context("a new member can sign in")?;
            administrator.credit(member.address, units("1000")).await?;
            let role = ServiceRole::Miner;
            let declared: ServiceDeclared = member.api.post(SERVICES_PATH, &DeclareService { role }).await?;
            service_keys.push((member.email.clone(), declared.key));
            members.push(Arc::new(member));
        }
        let mut miner = Miner::anonymous(leader.stratum())?;
        for member in &members {
            wait::until("the credit in a block", async || {
                Ok((member.account().await?.balance == units("1000")).then_some(()))
            })
            .await?;
        }
        miner.stop()?;
        let genesis = api.get::<CurrencyView>(CURRENCY_PATH).await?.genesis;
        let books = Books::new(&genesis);
        Ok(Self {
            leader,
            administrator,
            members,
            late: Vec::new(),
            genesis,
            books,
            settled: 0,
            sent_again: Vec::new(),
            start_took: Duration::from_millis(300),
            service_keys,
            named: 0,
        })
    }

    /// Starts the leader on what is left of the last one.
    pub fn start_again(&mut self) -> Result<()> {
        let began = Instant::now();
        self.leader.start_again()?;
        self.start_took = began.elapsed();
        Ok(())
    }

    /// A miner of one of the members, or of nobody.
    pub fn start_miner(&self, random: &mut Random) -> Result<Miner> {
        let (owner, key) = random.pick(&self.service_keys);
        match random.one_in(4) {
            true => Miner::anonymous(self.leader.stratum()),
            false => Miner::of(self.leader.stratum(), owner, key),
        }
    }

    pub fn payees(&self) -> Vec<Address> {
        let late = self.late.iter().rev().take(LATE_PAYEES);
        self.members.iter().chain(late).map(|member| member.address).collect()
    }

    /// Names that nobody has had.
    pub fn next_names(&mut self) -> impl Iterator<Item = String> + Send + use<> {
        self.named += 1;
        let round = self.named;
        (0..).map(move |number| format!("late-{round}-{number}"))
    }

    /// Puts into the books what the leader has beyond them.
    pub async fn learn(&mut self) -> Result<()> {
        fetch::catch_up(&self.administrator, &mut self.books).await
    }
}
