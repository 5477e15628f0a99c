//! A long chain of signed transfers, for measurements.

use super::chain::{self, Draft, leader_key, system_key};
use super::good::payment_id;
use anyhow::{Context, Result, ensure};
use getrandom::{SysRng, rand_core::UnwrapErr};
use qoin_core::{
    address::Address,
    amount::Amount,
    chain_file::{self, End, Item},
    keys::{PublicKey, SecretKey},
    ledger::{Command, Event, State},
    limits::BLOCK_RECORDS_MAX,
    transaction::{Operation, SignedTransaction, Transaction},
};
use std::io::Write;

/// How many transactions are signed and checked together.
const BATCH: usize = 1_024;

struct Account {
    key: SecretKey,
    public_key: PublicKey,
    address: Address,
}

/// Writes a chain in which `accounts` accounts, opened and filled in the first blocks, pay each other `transfers` times.
/// Every block holds what fits. Tells how many log records there are.
///
/// # Errors
/// When it cannot be written.
pub fn write_long_chain(out: &mut impl Write, accounts: u16, transfers: usize) -> Result<u64> {
    let genesis = chain::genesis(u64::from(accounts) * 1_000_000 + 1_000_000_000);
    out.write_all(&chain_file::start(&genesis))?;
    let mut long = Long { now_us: genesis.time_ms * 1_000, state: State::new(genesis), out };
    let people: Vec<Account> = (0..accounts).map(account).collect();
    let system = long.state.system();
    let master = Account { key: system_key(), public_key: system_key().public_key(), address: system };
    long.accept(&people, |person| (person, person.address, Operation::OpenAccount { public_key: person.public_key }))?;
    let credit = Amount::from_units(1_000_000);
    long.accept(&people, |person| (&master, system, Operation::Transfer { to: person.address, amount: credit }))?;
    long.seal()?;
    let pairs: Vec<(usize, usize)> = pairs(people.len()).take(transfers).collect();
    long.accept(&pairs, |(from, to)| {
        let transfer = Operation::Transfer { to: people[*to].address, amount: Amount::from_units(1) };
        (&people[*from], people[*from].address, transfer)
    })?;
    long.finish()
}

fn account(number: u16) -> Account {
    let [low, high] = number.to_le_bytes();
    let mut seed = [77; 32];
    (seed[0], seed[1]) = (low, high);
    let key = SecretKey::from_seed(&seed);
    let public_key = key.public_key();
    Account { address: Address::of(&public_key), key, public_key }
}

/// Two different accounts each time, in no order (SplitMix64, Steele et al. 2014).
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let from = (mixed >> 33) as usize % count;
        (from, (from + 1 + (mixed & 0xffff) as usize % (count - 1)) % count)
    })
}

struct Long<'a, W> {
    state: State,
    out: &'a mut W,
    now_us: u64,
}

impl<W: Write> Long<'_, W> {
    /// Accepts one transaction for each element, and seals whenever a block is full.
    fn accept<'p, T>(&mut self, all: &'p [T], make: impl Fn(&'p T) -> (&'p Account, Address, Operation)) -> Result<()> {
        let genesis = self.state.genesis_hash();
        let mut number = self.state.next_number();
        for run in all.chunks(BATCH) {
            let batch = run.iter().map(|element| {
                let (account, signer, operation) = make(element);
                number += 1;
                let transaction = Transaction::new(signer, operation, payment_id(self.now_us / 1_000, number), None);
                (transaction.sign(&account.key, &genesis), account.public_key)
            });
            for verified in SignedTransaction::verify_batch(batch.collect(), &genesis, UnwrapErr(SysRng)) {
                self.now_us += 20;
                let command = Command::Replay { accepted_us: self.now_us, transaction: verified? };
                let Event::Accepted(accepted) = self.state.apply(command)? else { anyhow::bail!("a repetition") };
                self.put(&Item::Record(Box::new(accepted.record)))?;
            }
            if self.state.pending_count() + BATCH > BLOCK_RECORDS_MAX as usize {
                self.seal()?;
            }
        }
        Ok(())
    }

    fn seal(&mut self) -> Result<()> {
        let draft = Draft::of_all(&self.state, None).mine(true);
        let block = draft.seal(&self.state, &leader_key());
        let checked = block.clone().check(&self.state)?;
        self.state.apply(Command::Seal(Box::new(checked)))?;
        self.put(&Item::Block(Box::new(block)))
    }

    fn put(&mut self, item: &Item) -> Result<()> {
        let mut bytes = Vec::with_capacity(256);
        chain_file::put(&mut bytes, item);
        self.out.write_all(&bytes).context("writing a chain")
    }

    fn finish(mut self) -> Result<u64> {
        self.seal()?;
        ensure!(self.state.is_conserved(), "the books do not balance");
        let (blocks, records) = (self.state.head().height, self.state.next_number());
        self.put(&Item::End(End { blocks, records }))?;
        Ok(records)
    }
}
