//! What readers see: everything as of the last commit, in memory.
//!
//! The writer's own state runs ahead of the commits; nothing of it is read by others. What a commit changed is put here
//! after it is durable.

use super::{Supply, movement::MovementRef, stored::BlockEnds};
use qoin_core::{
    address::Address,
    api::blocks::Tip,
    ledger::{Account, Position, State},
};
use std::{
    collections::HashMap,
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread,
};

/// How many locks the accounts are spread over, so that readers and the committer rarely meet.
const SHARDS: usize = 64;

/// An account with its latest movement, where its history begins.
#[derive(Debug, Clone)]
pub(super) struct CommittedAccount {
    pub account: Account,
    pub last: Option<MovementRef>,
}

/// How far the ledger is.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub position: Position,
    pub tip: Tip,
    pub supply: Supply,
    /// Why nothing more is accepted, after an invariant was violated.
    pub read_only: Option<String>,
}

/// The committed accounts, the places of blocks, and how far all of it is.
pub(super) struct Committed {
    shards: Vec<RwLock<Shard>>,
    ends: RwLock<BlockEnds>,
    view: RwLock<View>,
}

#[derive(Default)]
struct Shard {
    places: HashMap<Address, usize>,
    accounts: Vec<CommittedAccount>,
}

impl Committed {
    /// What readers see of a ledger that was opened: its state, with each account's latest movement by its number.
    pub fn of(state: &State, last: &[Option<MovementRef>], view: View, ends: BlockEnds) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        let committed = Self { shards, ends: RwLock::new(ends), view: RwLock::new(view) };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for core in 0..cores {
                let committed = &committed;
                scope.spawn(move || committed.fill_shards(|shard| shard % cores == core, state, last));
            }
        });
        committed
    }

    fn fill_shards(&self, which: impl Fn(usize) -> bool, state: &State, last: &[Option<MovementRef>]) {
        let expected = state.accounts_count() as usize / SHARDS;
        self.shards.iter().enumerate().filter(|(shard, _)| which(*shard)).for_each(|(_, shard)| {
            let mut shard = write(shard);
            shard.places.reserve(expected);
            shard.accounts.reserve(expected);
        });
        for ((address, account), last) in state.accounts().zip(last) {
            if which(shard_of(address)) {
                self.put_account(*address, CommittedAccount { account: account.clone(), last: *last });
            }
        }
    }

    /// An account; none if it is not open.
    pub fn account(&self, address: &Address) -> Option<CommittedAccount> {
        let shard = read(self.shard(address));
        shard.places.get(address).map(|place| shard.accounts[*place].clone())
    }

    /// How far the ledger is.
    pub fn view(&self) -> View {
        read(&self.view).clone()
    }

    /// The height of the block that seals a record; none while the record waits.
    pub fn height_of(&self, number: u64) -> Option<u32> {
        read(&self.ends).height_of(number)
    }

    pub fn put_account(&self, address: Address, account: CommittedAccount) {
        let mut shard = write(self.shard(&address));
        let Shard { places, accounts } = &mut *shard;
        match places.get(&address) {
            Some(place) => accounts[*place] = account,
            None => {
                places.insert(address, accounts.len());
                accounts.push(account);
            }
        }
    }

    pub fn push_block_end(&self, end: u64) {
        write(&self.ends).push(end);
    }

    pub fn set_view(&self, view: View) {
        *write(&self.view) = view;
    }

    fn shard(&self, address: &Address) -> &RwLock<Shard> {
        &self.shards[shard_of(address)]
    }
}

fn shard_of(address: &Address) -> usize {
    // Addresses are hashes, so that any of their bytes spreads them.
    usize::from(address.to_bytes()[19]) % SHARDS
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().expect("no one panics while publishing")
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().expect("no one panics while reading what is committed")
}
