//! Payments, credits, new members and blocks, all at once, until the leader is killed in the middle of them.

use super::moment::{LONGEST, Moment};
use super::newcomer::Newcomer;
use super::town::Town;
use crate::random::Random;
use anyhow::{Context, Result, bail};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        admin::{CREDITS_PATH, Credit},
        problem::ProblemCode,
        transactions::{AcceptedView, SubmitTransaction},
    },
    memo::Memo,
    payment_id::PaymentId,
    transaction::Operation,
};
use qoin_tests::{
    Member, Refusal,
    member::{leader_time_ms, random as random_bytes},
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The longest that a payer thinks between two payments.
const THINKING_MAX_US: u64 = 6_000;

/// What a client asked for.
#[derive(Clone)]
pub enum Asked {
    Payment(Arc<Member>, Box<SubmitTransaction>),
    Credit(Arc<Member>, Credit),
}

/// What it was told.
pub enum Told {
    Accepted(AcceptedView),
    Refused,
    Nothing,
}

pub struct Sent {
    pub asked: Asked,
    pub told: Told,
}

pub struct Load {
    pub sent: Vec<Sent>,
    pub newcomers: Vec<Newcomer>,
    pub took: Duration,
}

impl Asked {
    pub async fn send(&self) -> Result<AcceptedView, Refusal> {
        match self {
            Self::Payment(payer, submission) => payer.submit(submission).await,
            Self::Credit(administrator, credit) => administrator.api.post(CREDITS_PATH, credit).await,
        }
    }

    pub fn payment_id(&self) -> PaymentId {
        match self {
            Self::Payment(_, submission) => submission.transaction.transaction.payment_id,
            Self::Credit(_, credit) => credit.payment_id,
        }
    }

    pub fn signer(&self, system: Address) -> Address {
        match self {
            Self::Payment(payer, _) => payer.address,
            Self::Credit(..) => system,
        }
    }

    pub fn operation(&self) -> Operation {
        match self {
            Self::Payment(_, submission) => submission.transaction.transaction.operation.clone(),
            Self::Credit(_, credit) => Operation::Transfer { to: credit.recipient, amount: credit.amount },
        }
    }
}

impl Told {
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl Load {
    pub fn count(&self, which: fn(&Told) -> bool) -> usize {
        self.sent.iter().filter(|sent| which(&sent.told)).count()
    }
}

/// What the clients and their murderer tell each other.
#[derive(Default)]
struct Signals {
    acknowledged: AtomicU64,
    counted: Notify,
    joining: Notify,
    is_dying: AtomicBool,
}

impl Signals {
    /// What to make of an answer; no answer is no surprise once the leader is being killed.
    fn told(&self, answer: Result<AcceptedView, Refusal>) -> Result<Told> {
        match answer {
            Ok(view) => {
                self.acknowledged.fetch_add(1, Ordering::SeqCst);
                self.counted.notify_one();
                Ok(Told::Accepted(view))
            }
            Err(Refusal::Broken(_)) if self.is_dying.load(Ordering::SeqCst) => Ok(Told::Nothing),
            Err(Refusal::Broken(what)) => bail!("the leader did not answer before it was killed: {what}"),
            Err(refusal) if refusal.code() == ProblemCode::InsufficientFunds => Ok(Told::Refused),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// Runs everything until the moment comes, kills the leader, and returns what the clients were told.
pub async fn until_killed(town: &mut Town, moment: Moment, random: &mut Random) -> Result<Load> {
    let signals = Arc::new(Signals::default());
    let now_ms = leader_time_ms(&town.administrator.api).await?;
    let _miner = town.start_miner(random)?;
    let payees: Arc<[Address]> = town.payees().into();
    let payers: Vec<_> = town
        .members
        .iter()
        .map(|member| tokio::spawn(pay(member.clone(), payees.clone(), now_ms, signals.clone(), random.fork())))
        .collect();
    let administrator = town.administrator.clone();
    let names = town.next_names();
    let office = tokio::spawn(administrate(administrator, names, payees, now_ms, signals.clone(), random.fork()));
    let began = Instant::now();
    wait_for(moment, town, &signals).await?;
    signals.is_dying.store(true, Ordering::SeqCst);
    town.leader.kill().context("killing the leader")?;
    let took = began.elapsed();
    let (mut sent, newcomers) = office.await??;
    for payer in payers {
        sent.extend(payer.await??);
    }
    sent.append(&mut town.sent_again);
    Ok(Load { sent, newcomers, took })
}

async fn wait_for(moment: Moment, town: &Town, signals: &Signals) -> Result<()> {
    let come = async {
        match moment {
            Moment::Acknowledged(count) => {
                while signals.acknowledged.load(Ordering::SeqCst) < count {
                    signals.counted.notified().await;
                }
            }
            Moment::After(time) => tokio::time::sleep(time).await,
            Moment::Sealing(after) => {
                let log = town.leader.log();
                let sealing = tokio::task::spawn_blocking(move || log.waits_for("sealed a block", LONGEST));
                if sealing.await? {
                    spin(after);
                }
            }
            Moment::Joining(after) => {
                signals.joining.notified().await;
                spin(after);
            }
        }
        Ok(())
    };
    // A moment that does not come is as good as any other.
    tokio::time::timeout(LONGEST, come).await.unwrap_or(Ok(()))
}

/// Waits more exactly than a timer does.
fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// One payment after the other, with and without a memo, until there is no answer.
async fn pay(
    member: Arc<Member>,
    payees: Arc<[Address]>,
    now_ms: u64,
    signals: Arc<Signals>,
    mut random: Random,
) -> Result<Vec<Sent>> {
    let mut sent = Vec::new();
    loop {
        let to = *random.pick(&payees);
        if to == member.address {
            continue;
        }
        let amount = Amount::from_units(random.within(1..200));
        let memo = random.one_in(3).then(|| Memo::new(format!("payment {}", sent.len()), random_bytes()));
        let memo = memo.transpose()?;
        let submission = member.transfer(to, amount, PaymentId::new(now_ms, random_bytes()), memo);
        let asked = Asked::Payment(member.clone(), Box::new(submission));
        let told = signals.told(asked.send().await)?;
        let is_over = told.is_nothing();
        sent.push(Sent { asked, told });
        if is_over {
            return Ok(sent);
        }
        tokio::time::sleep(Duration::from_micros(random.within(0..THINKING_MAX_US))).await;
    }
}

/// Credits members and takes in new ones by turns, until there is no answer.
async fn administrate(
    administrator: Arc<Member>,
    names: impl Iterator<Item = String>,
    payees: Arc<[Address]>,
    now_ms: u64,
    signals: Arc<Signals>,
    mut random: Random,
) -> Result<(Vec<Sent>, Vec<Newcomer>)> {
    let (mut sent, mut newcomers) = (Vec::new(), Vec::new());
    for name in names {
        let amount = Amount::from_units(random.within(1..500));
        let payment_id = PaymentId::new(now_ms, random_bytes());
        let credit = Credit { recipient: *random.pick(&payees), amount, payment_id, memo: None };
        let asked = Asked::Credit(administrator.clone(), credit);
        let told = signals.told(asked.send().await)?;
        let is_over = told.is_nothing();
        sent.push(Sent { asked, told });
        if is_over {
            break;
        }
        let mut newcomer = Newcomer::prepare(&name, administrator.genesis, now_ms);
        let joined = match newcomer.be_invited(&administrator).await {
            Ok(()) => {
                let accepting = newcomer.accept(&administrator.api);
                signals.joining.notify_one();
                accepting.await
            }
            Err(refusal) => Err(refusal),
        };
        newcomers.push(newcomer);
        match joined {
            Ok(()) => {}
            Err(Refusal::Broken(_)) if signals.is_dying.load(Ordering::SeqCst) => break,
            Err(refusal) => return Err(refusal).context("someone could not join"),
        }
        tokio::time::sleep(Duration::from_micros(random.within(0..100_000))).await;
    }
    Ok((sent, newcomers))
}
