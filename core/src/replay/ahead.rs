//! What can be done ahead of an item's turn: guessing a signer's key, and checking signatures together.

use crate::{
    address::Address,
    block::{Block, Unchecked},
    chain_file::Item,
    genesis::Genesis,
    hash::{GenesisHash, TransactionId},
    keys::PublicKey,
    log::LogRecord,
    transaction::{Operation, SignedTransaction, Transaction, VerifiedTransaction},
};
use rand_core::CryptoRng;
use std::collections::HashMap;

/// Looks at a chain's items in order and guesses which key signs each transaction: the last one that the chain names for
/// the account. A guess need not be right, since a rotation by the system key waits and can be cancelled; [`super::Replay`]
/// checks anew where it was not.
#[derive(Debug)]
pub struct Foresight {
    keys: HashMap<Address, PublicKey>,
    /// The height of the block that seals the next record.
    height: u32,
    /// The first height whose transactions' signatures are checked.
    from_height: u32,
}

/// An item with what is known ahead of its turn.
#[derive(Debug)]
pub struct Ahead {
    item: Item,
    signature: Guess,
}

#[derive(Debug, Clone, Copy)]
enum Guess {
    /// There is nothing to check, or no good guess.
    None,
    Key(PublicKey),
    /// The verifier was told to take it as given.
    Trusted,
}

/// An item that is ready for [`super::Replay::apply`].
#[derive(Debug)]
pub enum Step {
    /// A log record, with what was found about its signature.
    Record(Box<SignedRecord>),
    /// A block.
    Block(Box<Block<Unchecked>>),
    /// The chain's end.
    End,
}

/// A log record, with what was found about its signature.
#[derive(Debug)]
pub struct SignedRecord {
    pub(super) number: u64,
    pub(super) accepted_us: u64,
    pub(super) finding: Finding,
}

#[derive(Debug)]
pub(super) enum Finding {
    /// It is that of a certain key.
    Valid(VerifiedTransaction),
    /// It is not that of the guessed key, or nobody looked.
    Unknown(SignedTransaction),
    /// It is taken as given.
    Trusted(SignedTransaction),
}

impl Finding {
    pub(super) fn signed(&self) -> &SignedTransaction {
        match self {
            Self::Valid(verified) => verified.signed(),
            Self::Unknown(signed) | Self::Trusted(signed) => signed,
        }
    }

    pub(super) fn id(&self, genesis: &GenesisHash) -> TransactionId {
        match self {
            Self::Valid(verified) => verified.id(),
            Self::Unknown(signed) | Self::Trusted(signed) => signed.transaction.id(genesis),
        }
    }
}

impl Foresight {
    /// For a chain at its beginning. The signatures of transactions that blocks below `from_height` seal are taken as
    /// given, but those of key rotations, where the signature says whose rotation it is; 0 checks all.
    pub fn new(genesis: &Genesis, from_height: u32) -> Self {
        Self { keys: HashMap::from([(genesis.system_address(), genesis.system_key)]), height: 1, from_height }
    }

    /// Looks at the next item.
    pub fn look_at(&mut self, item: Item) -> Ahead {
        let signature = match &item {
            Item::Record(record) => self.guess(&record.signed.transaction),
            Item::Block(_) => {
                self.height = self.height.saturating_add(1);
                Guess::None
            }
            Item::Genesis(_) | Item::End(_) => Guess::None,
        };
        Ahead { item, signature }
    }

    fn guess(&mut self, transaction: &Transaction) -> Guess {
        let known = match transaction.operation {
            Operation::OpenAccount { public_key } => {
                self.keys.entry(transaction.signer).or_insert(public_key);
                Some(public_key)
            }
            Operation::RotateKey { public_key } => {
                // The account's key or the system's: one check more is dearer in a batch than by itself.
                self.keys.insert(transaction.signer, public_key);
                return Guess::None;
            }
            _ => self.keys.get(&transaction.signer).copied(),
        };
        match known {
            _ if self.height < self.from_height => Guess::Trusted,
            Some(key) => Guess::Key(key),
            None => Guess::None,
        }
    }
}

/// Checks the signatures of many items together. `random` must be unpredictable to the signers.
pub fn check_signatures(items: Vec<Ahead>, genesis: &GenesisHash, random: impl CryptoRng) -> Vec<Step> {
    let mut steps = Vec::with_capacity(items.len());
    let (mut claims, mut claimed) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for Ahead { item, signature } in items {
        let (number, accepted_us, signed) = match item {
            Item::Record(record) => {
                let LogRecord { number, accepted_us, signed } = *record;
                (number, accepted_us, signed)
            }
            Item::Block(block) => {
                steps.push(Step::Block(block));
                continue;
            }
            Item::Genesis(_) | Item::End(_) => {
                steps.push(Step::End);
                continue;
            }
        };
        let finding = match signature {
            Guess::Key(key) => {
                claims.push((signed.clone(), key));
                claimed.push(steps.len());
                Finding::Unknown(signed)
            }
            Guess::None => Finding::Unknown(signed),
            Guess::Trusted => Finding::Trusted(signed),
        };
        steps.push(Step::Record(Box::new(SignedRecord { number, accepted_us, finding })));
    }
    for (place, result) in claimed.into_iter().zip(SignedTransaction::verify_batch(claims, genesis, random)) {
        if let (Step::Record(record), Ok(verified)) = (&mut steps[place], result) {
            record.finding = Finding::Valid(verified);
        }
    }
    steps
}
