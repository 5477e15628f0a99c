//! What a look-up takes, one at a time, in process.

use super::accounts::{Accounts, Random};
use super::engine::Engine;
use crate::Row;
use anyhow::{Result, ensure};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Look-ups of each kind in one round.
const COUNT: usize = 20_000;
/// Rounds of each kind, of which the middle one counts: others use the machine, too.
const ROUNDS: usize = 5;
/// Movements in a page of history.
const PAGE: usize = 50;

/// The time that 99 of 100 look-ups stay within.
pub struct Lookups {
    account: Duration,
    history: Duration,
    member: Duration,
}

impl Lookups {
    /// Looks up random accounts, whole pages of history of the first `few`, and members.
    pub fn measure(engine: &Engine, accounts: &Accounts, few: usize) -> Result<Self> {
        let reader = engine.ledger.read();
        let mut random = Random::new(1, 0);
        let account = p99(|| {
            let found = reader.account(&accounts.address(random.below(accounts.count())));
            ensure!(black_box(found).is_some(), "an account is missing");
            Ok(())
        })?;
        let mut random = Random::new(1, 0);
        let history = p99(|| {
            let page = reader.history(&accounts.address(random.below(few)), None, PAGE)?;
            ensure!(black_box(page).len() == PAGE, "a page is not full");
            Ok(())
        })?;
        let member = p99(|| {
            let found = engine.identity.members("member 5", None, PAGE);
            ensure!(black_box(found).is_some_and(|page| page.members.len() == 1), "a member is missing");
            Ok(())
        })?;
        Ok(Self { account, history, member })
    }

    /// The rows, against those of the smaller ledger.
    pub fn against(&self, before: &Self) -> Vec<Row> {
        let row = |what: &str, after: Duration, before: Duration| {
            let (after, before) = (after.as_secs_f64() * 1e6, before.as_secs_f64() * 1e6);
            let row = Row::new(format!("{what}, 99 of 100 within"), after, "us");
            row.against("at 10k transfers", before).ratio_at_most(1.2, 1.0)
        };
        vec![
            row("balance", self.account, before.account),
            row("page of history", self.history, before.history),
            row("member", self.member, before.member),
        ]
    }
}

fn p99(mut look_up: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut times = Vec::with_capacity(COUNT);
        for _ in 0..COUNT {
            let began = Instant::now();
            look_up()?;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        rounds.push(times[(COUNT * 99).div_ceil(100) - 1]);
    }
    rounds.sort_unstable();
    Ok(rounds[ROUNDS / 2])
}
