//! Holding the leader against the books, and against what its clients were told.

use super::books::{Account, Books};
use super::fetch;
use super::load::{Load, Sent, Told};
use super::town::Town;
use crate::random::Random;
use anyhow::{Context, Result, bail, ensure};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::account::{HISTORY_PATH, HistoryPage, Movement, MovementKind},
    api::problem::ProblemCode,
    memo::Memo,
    transaction::Operation,
};
use qoin_tests::Member;
use std::sync::Arc;

/// How many of the acknowledged payments are sent once more after a death.
const AGAIN: usize = 10;

impl Town {
    /// After a death: what the clients were told holds, and everybody sees what the chain adds up to. Returns how many of
    /// the payments that nobody answered were made.
    pub async fn compare(&mut self, load: &Load) -> Result<usize> {
        let mut made = 0;
        for sent in &load.sent {
            made += usize::from(self.compare_payment(sent)? && sent.told.is_nothing());
        }
        for newcomer in &load.newcomers {
            let member = newcomer.sign_in(&self.leader.api()).await?;
            let is_open = self.books.account(&newcomer.address).is_some();
            ensure!(member.is_some() == is_open, "member and account of {} are not one", newcomer.address);
            ensure!(is_open || !newcomer.told, "{} was told to be a member and is not", newcomer.address);
            self.late.extend(member.map(Arc::new));
        }
        self.compare_supply().await?;
        let late = self.late.iter().rev().take(load.newcomers.len() + 3);
        for member in self.members.iter().chain(late).chain([&self.administrator]) {
            self.compare_member(member, self.settled).await.with_context(|| member.email.clone())?;
        }
        self.settled = self.books.sealed();
        Ok(made)
    }

    /// The chain once more from its beginning, and all histories to their ends.
    pub async fn compare_everything(&mut self) -> Result<()> {
        self.learn().await?;
        let mut anew = Books::new(&self.genesis);
        fetch::catch_up(&self.administrator, &mut anew).await?;
        ensure!(anew == self.books, "log and chain are not what they were");
        self.compare_supply().await?;
        for member in self.members.iter().chain(&self.late).chain([&self.administrator]) {
            self.compare_member(member, 0).await.with_context(|| member.email.clone())?;
        }
        Ok(())
    }

    /// Whoever got no answer sends the same again, and so do some who got one: each payment is made once.
    pub async fn send_again(&mut self, load: Load, random: &mut Random) -> Result<()> {
        let Load { sent, newcomers, .. } = load;
        let (unanswered, mut answered): (Vec<Sent>, Vec<Sent>) =
            sent.into_iter().partition(|sent| sent.told.is_nothing());
        answered.retain(|sent| sent.told.is_accepted());
        while answered.len() > AGAIN {
            answered.swap_remove(usize::try_from(random.within(0..answered.len() as u64))?);
        }
        for Sent { asked, .. } in unanswered.into_iter().chain(answered) {
            let first = self.books.number_of(asked.signer(self.genesis.system_address()), asked.payment_id());
            let told = match asked.send().await {
                Ok(view) => Told::Accepted(view),
                Err(refusal) if first.is_none() && refusal.code() == ProblemCode::InsufficientFunds => Told::Refused,
                Err(refusal) => return Err(refusal).context("a payment that was sent again"),
            };
            if let (Told::Accepted(view), Some(first)) = (&told, first) {
                ensure!(view.number == first, "payment {first} became {} when it was sent again", view.number);
            }
            self.sent_again.push(Sent { asked, told });
        }
        for mut newcomer in newcomers {
            if self.books.account(&newcomer.address).is_none() {
                newcomer.accept(&self.leader.api()).await.context("an invitation that was not used")?;
                self.late.extend(newcomer.sign_in(&self.leader.api()).await?.map(Arc::new));
            }
        }
        Ok(())
    }

    /// Whether a payment was made. If so, it is the one that was asked for.
    fn compare_payment(&self, sent: &Sent) -> Result<bool> {
        let signer = sent.asked.signer(self.genesis.system_address());
        let id = sent.asked.payment_id();
        let record = self.books.number_of(signer, id).and_then(|number| self.books.record(number));
        let Some(record) = record else {
            ensure!(!sent.told.is_accepted(), "payment {id} of {signer} was acknowledged and is not there");
            return Ok(false);
        };
        ensure!(record.signed.transaction.operation == sent.asked.operation(), "payment {id} became another one");
        match &sent.told {
            Told::Refused => bail!("payment {id} of {signer} was refused and is there"),
            Told::Accepted(view) => {
                let transaction_id = record.signed.transaction.id(&self.genesis.hash());
                let is_same = (view.number, view.accepted_us, view.transaction_id)
                    == (record.number, record.accepted_us, transaction_id);
                ensure!(is_same, "payment {id} was acknowledged as {view:?} and is {record:?}");
            }
            Told::Nothing => {}
        }
        Ok(true)
    }

    async fn compare_supply(&self) -> Result<()> {
        let supply = self.administrator.supply().await?;
        let (issued, system) = (self.books.issued(), self.books.system().balance);
        let told = [supply.issued, supply.burned, supply.system, supply.members].map(Amount::units);
        ensure!(told == [issued, 0, system, issued - system], "the supply is {supply:?}, the system has {system}");
        Ok(())
    }

    /// What a member sees: the account, and the history down to the first record that was not yet confirmed when it was
    /// last compared.
    async fn compare_member(&self, member: &Member, settled: u64) -> Result<()> {
        let expected = self.books.account(&member.address).context("a member without an account")?;
        let view = member.account().await?;
        let told = [view.balance, view.outgoing, view.incoming].map(Amount::units);
        ensure!(
            told == [expected.balance, expected.outgoing, expected.incoming],
            "the account is {view:?}, and should have {} with {} going out and {} coming in",
            expected.balance,
            expected.outgoing,
            expected.incoming
        );
        let mut walk = Walk::new(&self.books, member.address, expected);
        let mut path = format!("{HISTORY_PATH}?limit=200");
        loop {
            let page: HistoryPage = member.api.get(&path).await?;
            page.movements.iter().try_for_each(|movement| walk.step(movement))?;
            match page.next {
                Some(_) if walk.newest_left() < settled => return Ok(()),
                Some(next) => path = format!("{HISTORY_PATH}?limit=200&before={next}"),
                None => return walk.end(),
            }
        }
    }
}

/// A walk along a member's history, newest first, beside the books.
struct Walk<'a> {
    books: &'a Books,
    own: Address,
    records: &'a [u64],
    rewards: &'a [u32],
    /// The record that was passed last.
    passed: u64,
}

impl<'a> Walk<'a> {
    fn new(books: &'a Books, own: Address, account: &'a Account) -> Self {
        Self { books, own, records: &account.records, rewards: &account.rewards, passed: u64::MAX }
    }

    /// The newest record that was not passed yet.
    fn newest_left(&self) -> u64 {
        self.records.last().copied().unwrap_or(0)
    }

    fn step(&mut self, movement: &Movement) -> Result<()> {
        match movement.number {
            Some(number) => self.step_over_record(number, movement),
            None => self.step_over_reward(movement),
        }
        .with_context(|| format!("the history tells {movement:?}"))
    }

    fn step_over_record(&mut self, number: u64, movement: &Movement) -> Result<()> {
        let Some((expected, left)) = self.records.split_last() else { bail!("it should be at its end") };
        ensure!(number == *expected, "record {expected} should be here");
        (self.records, self.passed) = (left, number);
        let record = self.books.record(number).context("in the books")?;
        let transaction = &record.signed.transaction;
        let (kind, amount, party) = match transaction.operation {
            Operation::Transfer { to, amount } if transaction.signer == self.own => {
                (MovementKind::Sent, Some(amount), Some(to))
            }
            Operation::Transfer { amount, .. } => (MovementKind::Received, Some(amount), Some(transaction.signer)),
            _ => (MovementKind::AccountOpened, None, None),
        };
        ensure!((movement.kind, movement.amount) == (kind, amount), "it was {kind:?} of {amount:?}");
        ensure!(movement.party.as_ref().map(|party| party.address) == party, "the other side is {party:?}");
        ensure!(movement.memo.as_ref().map(Memo::hash) == transaction.memo_hash, "the memo is not the payment's");
        let height = self.books.height_of(number);
        ensure!(movement.block == height, "it is in block {height:?}");
        ensure!(
            movement.at_us == record.accepted_us && movement.payment_id == Some(transaction.payment_id),
            "{record:?}"
        );
        Ok(())
    }

    fn step_over_reward(&mut self, movement: &Movement) -> Result<()> {
        let Some((height, left)) = self.rewards.split_last() else { bail!("there is no reward here") };
        self.rewards = left;
        let block = self.books.block(*height).context("in the books")?;
        let told = (movement.kind, movement.amount, movement.block);
        ensure!(told == (MovementKind::Reward, Some(block.reward), Some(*height)), "it is {block:?}");
        ensure!(self.passed >= block.first + u64::from(block.count), "a record of its block is told as newer");
        Ok(())
    }

    fn end(&self) -> Result<()> {
        ensure!(self.records.is_empty() && self.rewards.is_empty(), "the history lacks {:?}", self.records);
        Ok(())
    }
}
