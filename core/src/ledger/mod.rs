//! The ledger as a pure state machine: a command is applied and answered by an event or a refusal.
//!
//! The leader, every verifier and the browser run this same code. Time comes with the command; nothing here
//! reads a clock. Two things only change the state: a transaction takes the next place in the log, or a block
//! seals the next run of it.

mod account;
mod accounts;
mod change;
mod head;
mod operations;
mod position;
mod recent;
mod refusal;
mod restore;
mod seal;
#[cfg(test)]
mod tests;

pub use account::{Account, PendingRotation};
pub use accounts::AccountNumber;
pub use head::Head;
pub use position::{Position, PositionError};
pub use recent::KeptIds;
pub use refusal::Refusal;
pub use restore::Restore;
pub use seal::{Candidate, Sealed};

use crate::{
    address::Address,
    amount::Amount,
    block::{Block, Checked},
    encode::encode,
    genesis::Genesis,
    hash::{GenesisHash, MerkleNode, StateHash, tagged_sha256d},
    keys::PublicKey,
    log::LogRecord,
    payment_id::PaymentId,
    reward,
    transaction::{Operation, TRANSACTION_VERSION, VerifiedTransaction},
};
use accounts::Accounts;
use change::{Change, Effect};
use operations::Strictness;
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
    /// The signer has used the payment id for the log record of this number. Whether that is the very same transaction,
    /// and so answered as the first time, [`LogRecord::answers`] tells.
    Known {
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
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// The signer's account.
    pub signer: AccountNumber,
    /// The account that was paid, where one was.
    pub recipient: Option<AccountNumber>,
}

/// A record that waits for its block: its leaf in the tree, and what changes when it is sealed.
#[derive(Debug, Clone)]
struct Pending {
    leaf: MerkleNode,
    effect: Effect,
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
    /// The number of the first record that waits.
    pending_first: u64,
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
        accounts.open(system, account);
        Self {
            genesis_hash: genesis.hash(),
            head: Head::at_genesis(&genesis),
            system,
            accounts,
            pending: VecDeque::new(),
            pending_first: 0,
            recent: Recent::default(),
            last_accepted_us: genesis.time_ms.saturating_mul(1000),
            genesis,
        }
    }

    /// How long a payment id can come again after its acceptance, in microseconds.
    pub const RECENT_US: u64 = recent::KEPT_US;

    /// Where the payment ids created about the time of this one are kept, if they are not in memory since the ledger was put
    /// together. Before a payment with this id is submitted, they must be handed to [`Self::warm_ids`].
    pub fn cold_ids(&self, id: PaymentId) -> Option<&[u64]> {
        self.recent.places(id)
    }

    /// Takes in all ids that the places of [`Self::cold_ids`] hold, each with its signer and the number of its record, in the
    /// order of the log.
    pub fn warm_ids(&mut self, id: PaymentId, kept: impl Iterator<Item = (AccountNumber, PaymentId, u64)>) {
        self.recent.warm(id, kept);
    }

    /// Applies a command. A refusal changes nothing.
    ///
    /// # Errors
    /// The rule that the command breaks.
    ///
    /// # Panics
    /// When a payment is submitted whose id's neighbours are cold; see [`Self::cold_ids`].
    pub fn apply(&mut self, command: Command) -> Result<Event, Refusal> {
        match command {
            Command::Submit { accepted_us, transaction } => self.accept(accepted_us, transaction, Strictness::Policy),
            Command::Replay { accepted_us, transaction } => {
                match self.accept(accepted_us, transaction, Strictness::Rules)? {
                    Event::Known { .. } => Err(Refusal::PaymentIdConflict),
                    event => Ok(event),
                }
            }
            Command::Seal(block) => self.seal(&block).map(Event::Sealed),
        }
    }

    fn accept(
        &mut self,
        accepted_us: u64,
        verified: VerifiedTransaction,
        strictness: Strictness,
    ) -> Result<Event, Refusal> {
        let transaction = verified.transaction();
        if transaction.version != TRANSACTION_VERSION {
            return Err(Refusal::UnknownVersion(transaction.version));
        }
        let payment_id = transaction.payment_id;
        let signer = self.accounts.number(&transaction.signer);
        if let Some(number) = signer.and_then(|signer| self.recent.get(accepted_us, signer, payment_id)) {
            return Ok(Event::Known { number });
        }
        recent::check_age(payment_id, accepted_us)?;
        if accepted_us <= self.last_accepted_us {
            return Err(Refusal::ClockNotIncreasing { last_us: self.last_accepted_us });
        }
        let change = operations::check(self, accepted_us, &verified, signer, strictness)?;
        let signer = match (&change, signer) {
            (Change::Open { address, key }, _) => self.accounts.open(*address, Account::open(*key)),
            (_, signer) => signer.expect("only an account's opening comes from an unopened address"),
        };
        let concerned = change.accounts();
        for number in concerned.into_iter().flatten() {
            self.accounts.change(number, |account| change.apply(number, account));
        }
        let number = self.next_number();
        let record = LogRecord { number, accepted_us, signed: verified.into_signed() };
        let bytes = encode(&record);
        self.recent.insert(accepted_us, signer, payment_id, number);
        self.last_accepted_us = accepted_us;
        self.pending.push_back(Pending { leaf: LogRecord::leaf_of(&bytes), effect: change.effect(signer) });
        Ok(Event::Accepted(Box::new(Accepted { record, bytes, signer, recipient: concerned[1] })))
    }

    /// The leader's policy: what a payment of the system account must leave for the rewards of the blocks before its own.
    fn reward_reserve(&self) -> Amount {
        reward::reserve(self.head.supply(), self.genesis.decimals, self.pending.len() as u64)
    }

    /// The key that seals once all records that wait are sealed: the same at this place in the log, however blocks cut it.
    fn next_leader_key(&self) -> PublicKey {
        let named = self.pending.iter().rev().find_map(|pending| match &pending.effect {
            Effect::ReplaceLeader(key) => Some(**key),
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
        self.accounts.find(address)
    }

    /// The number of the account at an address, if it is open.
    pub fn number_of(&self, address: &Address) -> Option<AccountNumber> {
        self.accounts.number(address)
    }

    /// An open account, with its address.
    ///
    /// # Panics
    /// When no account has this number.
    pub fn numbered(&self, number: AccountNumber) -> (Address, &Account) {
        (self.accounts.address(number), self.accounts.get(number))
    }

    /// All accounts, in the order of opening.
    pub fn accounts(&self) -> impl Iterator<Item = (&Address, &Account)> {
        self.accounts.iter()
    }

    /// How many accounts are open, the system account included.
    pub fn accounts_count(&self) -> u32 {
        self.accounts.count()
    }

    /// The chain's end and what changes with blocks only.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The number that the next log record gets.
    pub fn next_number(&self) -> u64 {
        self.pending_first + self.pending.len() as u64
    }

    /// How far the ledger is.
    pub fn position(&self) -> Position {
        Position { records: self.next_number(), blocks: self.head.height }
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
