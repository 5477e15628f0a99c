//! Verification of a whole chain: every rule once more, from the genesis to the end.
//!
//! A chain comes as [items](crate::chain_file::Item). [`Foresight`] looks at them in order and guesses each signer's key;
//! [`check_signatures`] checks many signatures together, on any thread and ahead of the others' turn; [`Replay`] applies
//! one item after the other and stops at the first [`Fault`]. [`Verifier`] is all of it in a single thread.

mod ahead;
mod fault;
mod verifier;

pub use ahead::{Ahead, Foresight, Step, check_signatures};
pub use fault::{BrokenRule, Fault, Place};
pub use verifier::Verifier;

use crate::{
    amount::Amount,
    block::{Block, BlockFault, Unchecked},
    genesis::Genesis,
    hash::{BlockHash, GenesisHash, StateHash},
    keys::PublicKey,
    ledger::{Command, Event, Refusal, State},
    transaction::{Operation, SignedTransaction, VerifiedTransaction, WrongSignature},
};
use ahead::{Finding, SignedRecord};

/// A chain that is applied again, item by item, to a ledger that starts at its genesis.
#[derive(Debug)]
pub struct Replay {
    state: State,
}

/// What a chain comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The chain's name.
    pub genesis: GenesisHash,
    /// The last block's height; 0 without any block.
    pub height: u32,
    /// The last block's hash; the genesis hash without any block.
    pub head: BlockHash,
    /// How many log records there are.
    pub records: u64,
    /// How many of them no block seals yet.
    pub pending: u64,
    /// How many accounts are open.
    pub accounts: u64,
    /// All money that was ever made, as far as sealed.
    pub issued: Amount,
    /// All money that was destroyed, as far as sealed.
    pub burned: Amount,
    /// The digest of the ledger that it leads to.
    pub state: StateHash,
}

impl Replay {
    /// A chain at its beginning.
    ///
    /// # Errors
    /// When no currency can begin like this.
    pub fn new(genesis: Genesis) -> Result<Self, Fault> {
        genesis.check().map_err(|error| Fault { place: Place::Genesis, rule: BrokenRule::Genesis(error) })?;
        Ok(Self { state: State::new(genesis) })
    }

    /// The ledger, as far as the chain was applied.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies the next item.
    ///
    /// # Errors
    /// The first rule that it breaks; the chain is wrong from there on.
    pub fn apply(&mut self, step: Step) -> Result<(), Fault> {
        match step {
            Step::Record(record) => self.record(*record),
            Step::Block(block) => self.block(*block),
            Step::End => Ok(()),
        }
    }

    /// What the chain comes to, as far as it was applied. It digests the whole ledger.
    pub fn summary(&self) -> Summary {
        let head = self.state.head();
        Summary {
            genesis: self.state.genesis_hash(),
            height: head.height,
            head: head.hash,
            records: self.state.next_number(),
            pending: self.state.pending_count() as u64,
            accounts: u64::from(self.state.accounts_count()),
            issued: head.issued,
            burned: head.burned,
            state: self.state.hash(),
        }
    }

    /// The place behind the last item that was applied.
    pub fn next_place(&self) -> Place {
        Place::Between { height: self.state.head().height + 1, number: self.state.next_number() }
    }

    fn record(&mut self, record: SignedRecord) -> Result<(), Fault> {
        let SignedRecord { number, accepted_us, finding } = record;
        let height = self.state.head().height + 1;
        let id = finding.id(&self.state.genesis_hash());
        let place = Place::Record { height, number, transaction: id };
        self.replay(number, accepted_us, finding).map_err(|rule| Fault { place, rule })
    }

    fn replay(&mut self, number: u64, accepted_us: u64, finding: Finding) -> Result<(), BrokenRule> {
        let expected = self.state.next_number();
        if number != expected {
            return Err(BrokenRule::RecordNumber { expected, found: number });
        }
        let transaction = self.verified(accepted_us, finding)?;
        match self.state.apply(Command::Replay { accepted_us, transaction })? {
            Event::Accepted(_) => Ok(()),
            event => unreachable!("a record that is replayed is accepted or refused: {event:?}"),
        }
    }

    /// The transaction under the key that may sign it at its place; what was found under another key is found anew.
    fn verified(&self, accepted_us: u64, finding: Finding) -> Result<VerifiedTransaction, BrokenRule> {
        let genesis = self.state.genesis_hash();
        let [own, other] = self.keys(accepted_us, finding.signed())?;
        match finding {
            Finding::Valid(verified) if verified.key() == own => Ok(verified),
            Finding::Trusted(signed) => Ok(signed.trust(&own, &genesis)),
            Finding::Valid(verified) => verify_under(verified.into_signed(), own, other, &genesis),
            Finding::Unknown(signed) => verify_under(signed, own, other, &genesis),
        }
    }

    /// The keys that may sign a transaction: the account's own, and for a rotation the system's. They are the same where
    /// only one may.
    fn keys(&self, accepted_us: u64, signed: &SignedTransaction) -> Result<[PublicKey; 2], Refusal> {
        let transaction = &signed.transaction;
        if let Operation::OpenAccount { public_key } = transaction.operation {
            return Ok([public_key; 2]);
        }
        let own = self.state.account(&transaction.signer).ok_or(Refusal::UnknownSigner)?.key_at(accepted_us);
        if !matches!(transaction.operation, Operation::RotateKey { .. }) {
            return Ok([own; 2]);
        }
        let system = self.state.account(&self.state.system()).map_or(own, |system| system.key_at(accepted_us));
        Ok([own, system])
    }

    fn block(&mut self, block: Block<Unchecked>) -> Result<(), Fault> {
        let height = self.state.head().height + 1;
        self.seal(block).map_err(|rule| Fault { place: Place::Block { height }, rule })
    }

    fn seal(&mut self, block: Block<Unchecked>) -> Result<(), BrokenRule> {
        let (next, waiting) = (self.state.head().sealed, self.state.pending_count());
        // In a chain's one form a block comes right behind its records.
        if block.first != next || block.count as usize != waiting {
            return Err(BlockFault::Run { first: block.first, count: block.count, next, waiting }.into());
        }
        let checked = block.check(&self.state)?;
        self.state.apply(Command::Seal(Box::new(checked)))?;
        if self.state.is_conserved() { Ok(()) } else { Err(BrokenRule::Conservation) }
    }
}

fn verify_under(
    signed: SignedTransaction,
    own: PublicKey,
    other: PublicKey,
    genesis: &GenesisHash,
) -> Result<VerifiedTransaction, BrokenRule> {
    match signed.clone().verify(&own, genesis) {
        Err(WrongSignature) if own != other => Ok(signed.verify(&other, genesis)?),
        result => Ok(result?),
    }
}
