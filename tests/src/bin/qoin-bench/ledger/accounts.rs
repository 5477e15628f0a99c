//! Many accounts with their keys, and the transactions that they sign, made on every core.

use getrandom::SysRng;
use qoin_core::{
    address::Address,
    amount::Amount,
    hash::GenesisHash,
    keys::{PublicKey, SecretKey},
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction, VerifiedTransaction},
};
use rand_core::UnwrapErr;
use std::ops::Range;

/// Signatures checked together.
const CHECKED_TOGETHER: usize = 1_024;
/// The largest amount of a transfer, in smallest units.
const AMOUNT_MAX: u64 = 20;

/// Keys whose accounts the bench opens. They are the same in every run.
pub struct Accounts(Vec<Account>);

/// An account's key.
pub struct Account {
    pub address: Address,
    key: SecretKey,
    public_key: PublicKey,
}

/// A transaction with the key that signed it.
pub type Signed = (SignedTransaction, PublicKey);

impl Account {
    /// The account of a key.
    pub fn of(key: SecretKey) -> Self {
        let public_key = key.public_key();
        Self { address: Address::of(&public_key), key, public_key }
    }

    /// Signs an operation that is done at a moment.
    pub fn sign(&self, operation: Operation, id: PaymentId, genesis: &GenesisHash) -> Signed {
        (Transaction::new(self.address, operation, id, None).sign(&self.key, genesis), self.public_key)
    }

    /// Signs the opening of the account.
    fn open(&self, id: PaymentId, genesis: &GenesisHash) -> Signed {
        self.sign(Operation::OpenAccount { public_key: self.public_key }, id, genesis)
    }
}

impl Accounts {
    /// So many.
    pub fn make(count: usize) -> Self {
        Self(on_every_core(count, |range| {
            range
                .map(|number| {
                    let mut seed = *b"the benchmark's account ........";
                    seed[24..].copy_from_slice(&(number as u64).to_le_bytes());
                    Account::of(SecretKey::from_seed(&seed))
                })
                .collect()
        }))
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn address(&self, number: usize) -> Address {
        self.0[number].address
    }

    /// The openings of a run of these accounts.
    pub fn openings(&self, which: Range<usize>, now_ms: u64, genesis: &GenesisHash) -> Vec<VerifiedTransaction> {
        let first = which.start;
        on_every_core(which.len(), |range| {
            let mut random = Random::new(2, (first + range.start) as u64);
            let opened = range.map(|number| self.0[first + number].open(random.payment_id(now_ms), genesis));
            check(opened.collect(), genesis)
        })
    }

    /// Transfers between random pairs of the first `among` accounts; another `run` gives others.
    pub fn transfers(
        &self,
        among: usize,
        count: usize,
        run: u64,
        now_ms: u64,
        genesis: &GenesisHash,
    ) -> Vec<SignedTransaction> {
        on_every_core(count, |range| {
            self.signed(among, range, run, now_ms, genesis).map(|(signed, _)| signed).collect()
        })
    }

    /// The same with their signatures checked.
    pub fn checked_transfers(
        &self,
        among: usize,
        count: usize,
        run: u64,
        now_ms: u64,
        genesis: &GenesisHash,
    ) -> Vec<VerifiedTransaction> {
        on_every_core(count, |range| check(self.signed(among, range, run, now_ms, genesis).collect(), genesis))
    }

    fn signed(
        &self,
        among: usize,
        range: Range<usize>,
        run: u64,
        now_ms: u64,
        genesis: &GenesisHash,
    ) -> impl Iterator<Item = Signed> {
        let mut random = Random::new(run, range.start as u64);
        range.map(move |_| {
            let payer = random.below(among);
            let payee = (payer + 1 + random.below(among - 1)) % among;
            let amount = Amount::from_units(1 + random.below(AMOUNT_MAX as usize) as u64);
            let operation = Operation::Transfer { to: self.address(payee), amount };
            self.0[payer].sign(operation, random.payment_id(now_ms), genesis)
        })
    }
}

/// Checks the signatures; all of them are right.
pub fn check(signed: Vec<Signed>, genesis: &GenesisHash) -> Vec<VerifiedTransaction> {
    let mut checked = Vec::with_capacity(signed.len());
    let mut signed = signed.into_iter().peekable();
    while signed.peek().is_some() {
        let together = signed.by_ref().take(CHECKED_TOGETHER).collect();
        let verified = SignedTransaction::verify_batch(together, genesis, UnwrapErr(SysRng));
        checked.extend(verified.into_iter().map(|result| result.expect("it was signed with this key")));
    }
    checked
}

/// What `make` makes of each core's part of `0..count`, in order.
pub fn on_every_core<T: Send>(count: usize, make: impl Fn(Range<usize>) -> Vec<T> + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = count.div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let make = &make;
        let parts: Vec<_> =
            (0..count).step_by(part).map(|start| scope.spawn(move || make(start..(start + part).min(count)))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("no part panics")).collect()
    })
}

/// Numbers that look random and are the same in every run (the generator SplitMix64).
pub struct Random(u64);

impl Random {
    /// Another series for each run, and within it for each start.
    pub fn new(run: u64, start: u64) -> Self {
        let mut random = Self(run.wrapping_mul(0xd134_2543_de82_ef95) ^ start);
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; the slight preference of some numbers does not matter here.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn payment_id(&mut self, now_ms: u64) -> PaymentId {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes()[..2]);
        PaymentId::new(now_ms, bytes)
    }
}
