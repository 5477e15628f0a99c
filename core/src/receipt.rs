//! A receipt: the portable proof that a block of a chain seals a certain transaction.
//!
//! Without the chain it proves what the leader's key sealed: that this log record stands in a block of this height, solved
//! at this time. Whoever relies on it has to know by other means which chain is meant (its genesis hash), and, where the
//! key that sealed is not the one that the genesis names, that key. That the chain keeps every rule, and that the leader
//! sealed no other history besides, only the chain itself shows.

use crate::{
    block::seal_message,
    encode::{DecodeError, decode, encode},
    file_head::{FileKind, HEAD_LEN, HeadError},
    genesis::{Genesis, GenesisError},
    hash::{GenesisHash, TransactionId},
    header::Header,
    keys::{PublicKey, Purpose, Signature},
    log::LogRecord,
    memo::Memo,
    merkle::Proof,
};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// The most bytes that a receipt's file has.
pub const RECEIPT_BYTES_MAX: usize = 4_096;

/// The proof of one transaction. Its file is the [head](FileKind::Receipt) and its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Receipt {
    /// The currency's parameters.
    pub genesis: Genesis,
    /// The transaction at its place in the log.
    pub record: LogRecord,
    /// Its memo, if the one who asked for the receipt put it in.
    pub memo: Option<Memo>,
    /// The key that signed the transaction, where the leader could tell it.
    pub signer_key: Option<PublicKey>,
    /// The header of the block that seals it.
    pub header: Header,
    /// The record's way to the header's Merkle root.
    pub proof: Proof,
    /// The block's height.
    pub height: u32,
    /// When the leader took its solution, in milliseconds since 1970.
    pub solved_ms: u64,
    /// The key that sealed it.
    pub leader_key: PublicKey,
    /// The seal.
    pub seal: Signature,
}

/// What the one who reads a receipt knows by other means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The chain that it has to be of.
    pub genesis: Option<GenesisHash>,
    /// The key that has to have sealed it.
    pub leader_key: Option<PublicKey>,
}

/// What a receipt proves, and what it leaves to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The chain that it is of.
    pub genesis: GenesisHash,
    /// The transaction's name.
    pub transaction: TransactionId,
    /// Whether the transaction's signature was checked, too: it is by a key of which the signer's address is made, or
    /// which only the chain shows to be the signer's.
    pub signed: SignedBy,
    /// Whether the key that sealed it is the one that the genesis names. Another one was named on the chain, which the
    /// receipt does not show.
    pub leader_of_genesis: bool,
}

/// Whose the transaction's signature was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// The key of which the signer's address is made: no one else made it.
    FirstKey,
    /// A later key of the account, says the leader: only the chain shows that it was the account's.
    LaterKey,
    /// The receipt has no key to check it with.
    NotShown,
}

/// Why a file is no receipt, or proves nothing.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ReceiptFault {
    /// Shorter than any receipt.
    #[error("the receipt is cut off after {0} bytes")]
    Truncated(usize),
    /// Longer than any receipt.
    #[error("a receipt has at most {RECEIPT_BYTES_MAX} bytes, this file has {0}")]
    TooLong(usize),
    /// Another kind of file, or a version that this program does not know.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Not in its one form.
    #[error("the receipt is {0}")]
    Malformed(#[from] DecodeError),
    /// No currency can begin like this.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The receipt is of another chain.
    #[error("the receipt is of the chain {found}, not of {expected}")]
    ForeignGenesis {
        /// The chain that was asked for.
        expected: GenesisHash,
        /// The receipt's.
        found: GenesisHash,
    },
    /// Another key sealed it.
    #[error("the receipt was sealed by the key {found}, not by {expected}")]
    ForeignLeader {
        /// The key that was asked for.
        expected: PublicKey,
        /// The receipt's.
        found: PublicKey,
    },
    /// The memo is not the one that the transaction names.
    #[error("the memo is not the one that the transaction names")]
    Memo,
    /// The signature is not by the key that the receipt names.
    #[error("the transaction is not signed by the key that the receipt names")]
    Signature,
    /// The record is not under the header's Merkle root.
    #[error("the proof does not lead from the log record to the header's Merkle root")]
    MerkleRoot,
    /// The header's hash does not meet its own target, or that is easier than the chain allows.
    #[error("the header does not show the work that the chain asks for at least")]
    ProofOfWork,
    /// The seal is not by the key that the receipt names.
    #[error("the seal is not by the leader's key")]
    Seal,
}

impl ReceiptFault {
    /// The fault's name, stable over releases, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Truncated(_) => "truncated",
            Self::TooLong(_) => "too_long",
            Self::Head(HeadError::Foreign { .. }) => "not_a_receipt",
            Self::Head(HeadError::Version { .. }) => "file_version",
            Self::Malformed(_) => "malformed",
            Self::Genesis(_) => "genesis",
            Self::ForeignGenesis { .. } => "foreign_genesis",
            Self::ForeignLeader { .. } => "foreign_leader",
            Self::Memo => "memo",
            Self::Signature => "signature",
            Self::MerkleRoot => "merkle_root",
            Self::ProofOfWork => "proof_of_work",
            Self::Seal => "seal",
        }
    }
}

impl Receipt {
    /// The bytes of its file.
    pub fn to_file(&self) -> Vec<u8> {
        let mut bytes = FileKind::Receipt.head().to_vec();
        bytes.extend_from_slice(&encode(self));
        bytes
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are not a receipt in its one form.
    pub fn from_file(bytes: &[u8]) -> Result<Self, ReceiptFault> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptFault::TooLong(bytes.len()));
        }
        let (head, content) = bytes.split_first_chunk::<HEAD_LEN>().ok_or(ReceiptFault::Truncated(bytes.len()))?;
        FileKind::Receipt.check(head)?;
        Ok(decode(content)?)
    }

    /// Checks that it proves what it says.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify(&self, known: &Known) -> Result<Proven, ReceiptFault> {
        self.genesis.check()?;
        let genesis = self.genesis.hash();
        if let Some(expected) = known.genesis.filter(|expected| *expected != genesis) {
            return Err(ReceiptFault::ForeignGenesis { expected, found: genesis });
        }
        if let Some(expected) = known.leader_key.filter(|expected| *expected != self.leader_key) {
            return Err(ReceiptFault::ForeignLeader { expected, found: self.leader_key });
        }
        let transaction = &self.record.signed.transaction;
        if self.memo.as_ref().is_some_and(|memo| transaction.memo_hash != Some(memo.hash())) {
            return Err(ReceiptFault::Memo);
        }
        let signed = self.signed_by(&genesis)?;
        // Leaf 0 is the coinbase's place, never a record's.
        if self.proof.index() == 0 || !self.proof.verify(self.record.leaf(), self.header.merkle_root) {
            return Err(ReceiptFault::MerkleRoot);
        }
        let target = self.header.bits.expand().ok().filter(|target| *target <= self.genesis.easiest());
        if !target.is_some_and(|target| target.is_met_by(&self.header.hash())) {
            return Err(ReceiptFault::ProofOfWork);
        }
        let message = seal_message(&self.header, self.height, self.solved_ms);
        if !self.leader_key.verifies(Purpose::Seal, &genesis, &message, &self.seal) {
            return Err(ReceiptFault::Seal);
        }
        let leader_of_genesis = self.leader_key == self.genesis.leader_key;
        Ok(Proven { genesis, transaction: transaction.id(&genesis), signed, leader_of_genesis })
    }

    fn signed_by(&self, genesis: &GenesisHash) -> Result<SignedBy, ReceiptFault> {
        let Some(key) = self.signer_key else { return Ok(SignedBy::NotShown) };
        let verified = self.record.signed.clone().verify(&key, genesis).map_err(|_| ReceiptFault::Signature)?;
        let is_first = crate::address::Address::of(&key) == verified.transaction().signer;
        Ok(if is_first { SignedBy::FirstKey } else { SignedBy::LaterKey })
    }
}
