//! The ledger as a pure state machine: a command is applied and answered by an event or a refusal.
//!
//! The leader, every verifier and the browser run this same code. Time comes with the command; nothing here
//! reads a clock. Two things only change the state: a transaction takes the next place in the log, or a block
//! seals the next run of it.

mod account;
mod accounts;
mod head;
mod operations;
mod recent;
mod refusal;
mod seal;
#[cfg(test)]
mod tests;

pub use account::{Account, PendingRotation};
pub use head::Head;
pub use refusal::Refusal;
pub use seal::{Candidate, Sealed};

use crate::{
    address::Address,
    amount::Amount,
    block::{Block, Checked},
    encode::encode,
    genesis::Genesis,
    hash::{GenesisHash, MerkleNode, StateHash, tagged_sha256d},
    keys::PublicKey,
    limits::BLOCK_RECORDS_MAX,
    log::LogRecord,
    reward,
    transaction::{Operation, TRANSACTION_VERSION, VerifiedTransaction},
};
use accounts::Accounts;
use recent::Recent;
use std::collections::VecDeque;

/// What can be asked of the ledger.
#[derive(Debug, Clone)]
pub enum Command {
    /// Accept a transaction, as the leader does: by the rules and by its policy.
    Submit {
        /// The leader's clock in microseconds since 1970; later than that of every record before.
        accepted_us: u64,
        /// The transaction.
        transaction: VerifiedTransaction,
    },
    /// Accept a transaction that a log holds, by the rules alone.
    Replay {
        /// When the leader accepted it.
        accepted_us: u64,
        /// The transaction.
        transaction: VerifiedTransaction,
    },
    /// Seal the next run of the log.
    Seal(Box<Block<Checked>>),
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A transaction took its place in the log.
    Accepted(Box<Accepted>),
    /// The very same transaction is in the log already, at this place.
    Repeated {
        /// The log record's number.
        number: u64,
    },
    /// A block sealed the next run of the log.
    Sealed(Sealed),
}

/// A transaction took its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The new log record.
    pub record: LogRecord,
    /// The account that was paid, where one was.
    pub recipient: Option<Address>,
}

/// A record that waits for its block: its leaf in the tree, and what changes when it is sealed.
#[derive(Debug, Clone, Copy)]
struct Pending {
    leaf: MerkleNode,
    effect: Effect,
}

/// What a sealed record changes. Keys and accounts have changed already, at their place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    Open(Address),
    Transfer { from: Address, to: Address, amount: Amount },
    Issue(Amount),
    Burn(Amount),
    ReplaceLeader(PublicKey),
}

/// The whole ledger at one moment.
#[derive(Debug, Clone)]
pub struct State {
    genesis: Genesis,
    genesis_hash: GenesisHash,
    system: Address,
    accounts: Accounts,
    head: Head,
    pending: VecDeque<Pending>,
    recent: Recent,
    last_accepted_us: u64,
}

impl State {
    /// The ledger at the beginning: one account, the system's, holding the genesis amount.
    ///
    /// `genesis` must have passed [`Genesis::check`].
    pub fn new(genesis: Genesis) -> Self {
        let mut accounts = Accounts::default();
        let system = genesis.system_address();
        let mut account = Account::open(genesis.system_key);
        account.balance = genesis.genesis_amount;
        accounts.put(system, account);
        Self {
            genesis_hash: genesis.hash(),
            head: Head::at_genesis(&genesis),
            system,
            accounts,
            pending: VecDeque::new(),
            recent: Recent::default(),
            last_accepted_us: genesis.time_ms.saturating_mul(1000),
            genesis,
        }
    }

    /// The ledger as it was kept: its last head, all accounts, and the end of the log, oldest record first. That end begins
    /// [`Self::RECENT_US`] before the last record's time, or at the first unsealed record where that is earlier.
    pub fn restore(
        genesis: Genesis,
        head: Head,
        accounts: impl IntoIterator<Item = (Address, Account)>,
        log_end: impl IntoIterator<Item = LogRecord>,
    ) -> Self {
        let mut state = Self::new(genesis);
        state.accounts = accounts.into_iter().collect();
        state.head = head;
        for record in log_end {
            let transaction = &record.signed.transaction;
            let id = transaction.id(&state.genesis_hash);
            state.recent.insert(record.accepted_us, (transaction.signer, transaction.payment_id), record.number, id);
            state.last_accepted_us = record.accepted_us;
            if record.number >= state.head.sealed {
                let effect = operations::effect(transaction);
                state.pending.push_back(Pending { leaf: record.leaf(), effect });
            }
        }
        state
    }

    /// How far back the log's end must reach for [`Self::restore`], in microseconds.
    pub const RECENT_US: u64 = recent::KEPT_US;

    /// Applies a command. A refusal changes nothing.
    ///
    /// # Errors
    /// The rule that the command breaks.
    pub fn apply(&mut self, command: Command) -> Result<Event, Refusal> {
        match command {
            Command::Submit { accepted_us, transaction } => {
                self.accept(accepted_us, transaction, self.reward_reserve())
            }
            Command::Replay { accepted_us, transaction } => self.accept(accepted_us, transaction, Amount::ZERO),
            Command::Seal(block) => self.seal(&block).map(Event::Sealed),
        }
    }

    fn accept(&mut self, accepted_us: u64, verified: VerifiedTransaction, reserve: Amount) -> Result<Event, Refusal> {
        let transaction = verified.transaction();
        if transaction.version != TRANSACTION_VERSION {
            return Err(Refusal::UnknownVersion(transaction.version));
        }
        let key = (transaction.signer, transaction.payment_id);
        match self.recent.get(&key) {
            Some((number, id)) if id == verified.id() => return Ok(Event::Repeated { number }),
            Some(_) => return Err(Refusal::PaymentIdConflict),
            None => recent::check_age(transaction.payment_id, accepted_us)?,
        }
        if accepted_us <= self.last_accepted_us {
            return Err(Refusal::ClockNotIncreasing { last_us: self.last_accepted_us });
        }
        let changes = operations::apply(self, accepted_us, &verified, reserve)?;
        for (address, account) in changes.accounts {
            self.accounts.put(address, account);
        }
        let effect = operations::effect(verified.transaction());
        let recipient = match effect {
            Effect::Transfer { to, .. } => Some(to),
            _ => None,
        };
        let id = verified.id();
        let record = LogRecord { number: self.next_number(), accepted_us, signed: verified.into_signed() };
        self.recent.insert(accepted_us, key, record.number, id);
        self.last_accepted_us = accepted_us;
        self.pending.push_back(Pending { leaf: record.leaf(), effect });
        Ok(Event::Accepted(Box::new(Accepted { record, recipient })))
    }

    /// The leader's policy: what a payment of the system account must leave for the rewards of the blocks before its own.
    fn reward_reserve(&self) -> Amount {
        let blocks = self.pending.len() as u64 / u64::from(BLOCK_RECORDS_MAX) + 1;
        reward::largest(self.head.supply(), self.genesis.decimals).checked_mul(blocks).unwrap_or(Amount::MAX)
    }

    /// The key that seals once all records that wait are sealed: the same at this place in the log, however blocks cut it.
    fn next_leader_key(&self) -> PublicKey {
        let named = self.pending.iter().rev().find_map(|pending| match pending.effect {
            Effect::ReplaceLeader(key) => Some(key),
            _ => None,
        });
        named.unwrap_or(self.head.leader_key)
    }

    /// The currency's fixed parameters.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Their hash.
    pub fn genesis_hash(&self) -> GenesisHash {
        self.genesis_hash
    }

    /// The system account's address.
    pub fn system(&self) -> Address {
        self.system
    }

    /// The account at an address, if it is open.
    pub fn account(&self, address: &Address) -> Option<&Account> {
        self.accounts.get(address)
    }

    /// All accounts, in no particular order.
    pub fn accounts(&self) -> impl Iterator<Item = (&Address, &Account)> {
        self.accounts.iter()
    }

    /// How many accounts are open, the system account included.
    pub fn accounts_count(&self) -> u64 {
        self.accounts.count()
    }

    /// The chain's end and what changes with blocks only.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The number that the next log record gets.
    pub fn next_number(&self) -> u64 {
        self.head.sealed + self.pending.len() as u64
    }

    /// When the last record was accepted, in microseconds since 1970.
    pub fn last_accepted_us(&self) -> u64 {
        self.last_accepted_us
    }

    /// How many records wait for a block.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// The leaves of the records that wait for a block, oldest first.
    pub fn pending_leaves(&self) -> impl ExactSizeIterator<Item = MerkleNode> + '_ {
        self.pending.iter().map(|pending| pending.leaf)
    }

    /// Whether the books balance: all accounts together hold what was issued and not burned.
    pub fn is_conserved(&self) -> bool {
        self.accounts.total() == Some(self.head.supply())
    }

    /// A digest of everything that decides what the ledger does next, but the payment ids of the last day,
    /// which the log holds.
    pub fn hash(&self) -> StateHash {
        let leaves: Vec<MerkleNode> = self.pending_leaves().collect();
        let parts = [
            self.genesis_hash.to_bytes().to_vec(),
            encode(&self.head),
            encode(&self.last_accepted_us),
            encode(&self.accounts.sorted()),
            encode(&leaves),
        ];
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        StateHash::from_bytes(tagged_sha256d("qoin/state", &parts))
    }
}

/// The operation's name, for logs and messages.
pub fn operation_name(operation: &Operation) -> &'static str {
    match operation {
        Operation::OpenAccount { .. } => "open_account",
        Operation::Transfer { .. } => "transfer",
        Operation::RotateKey { .. } => "rotate_key",
        Operation::CancelRotation => "cancel_rotation",
        Operation::SetRecoverable { .. } => "set_recoverable",
        Operation::Issue { .. } => "issue",
        Operation::Burn { .. } => "burn",
        Operation::ReplaceLeader { .. } => "replace_leader",
    }
}
