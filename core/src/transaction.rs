//! What an account asks of the ledger: a transaction, signed, and verified, each its own type.

use crate::{
    address::Address,
    amount::Amount,
    encode::encode,
    hash::{GenesisHash, MemoHash, TransactionId, sha256d},
    keys::{PublicKey, Purpose, SecretKey, Signature, SignatureBatch},
    payment_id::PaymentId,
};
use borsh::{BorshDeserialize, BorshSerialize};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The only version of transactions so far.
pub const TRANSACTION_VERSION: u8 = 1;

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Opens the account whose address is that of this key, signed by it. The only one from an unopened address.
    OpenAccount {
        /// The account's first key.
        public_key: PublicKey,
    },
    /// Pays another account.
    Transfer {
        /// Who is paid.
        to: Address,
        /// How much, more than nothing.
        amount: Amount,
    },
    /// Changes the account's key: at once when signed by its own key, after the recovery delay when by the system's.
    RotateKey {
        /// The next key.
        public_key: PublicKey,
    },
    /// Stops a rotation that waits for its delay.
    CancelRotation,
    /// Says whether the system key may rotate this account's key, with a delay.
    SetRecoverable {
        /// The new choice.
        recoverable: bool,
    },
    /// Makes new money on the system account, by the system key only.
    Issue {
        /// How much, more than nothing.
        amount: Amount,
    },
    /// Destroys money of the system account, by the system key only.
    Burn {
        /// How much, more than nothing.
        amount: Amount,
    },
    /// Names the key that seals from the next block on, by the system key only.
    ReplaceLeader {
        /// The leader's next key.
        public_key: PublicKey,
    },
}

/// A transaction without its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// [`TRANSACTION_VERSION`].
    pub version: u8,
    /// The account that acts.
    pub signer: Address,
    /// What it does.
    pub operation: Operation,
    /// Unique for the signer for ever; holds the creation time.
    pub payment_id: PaymentId,
    /// The tagged hash of the memo, which itself stays off the chain.
    pub memo_hash: Option<MemoHash>,
}

impl Transaction {
    /// A transaction of the current version.
    pub fn new(signer: Address, operation: Operation, payment_id: PaymentId, memo_hash: Option<MemoHash>) -> Self {
        Self { version: TRANSACTION_VERSION, signer, operation, payment_id, memo_hash }
    }

    /// The bytes that are signed: domain tag, genesis hash, canonical form.
    pub fn signed_bytes(&self, genesis: &GenesisHash) -> Vec<u8> {
        Purpose::Transaction.signed_bytes(genesis, &encode(self))
    }

    /// SHA-256d of the signed-over bytes: the transaction's name, whoever signs it.
    pub fn id(&self, genesis: &GenesisHash) -> TransactionId {
        TransactionId::from_bytes(sha256d(&self.signed_bytes(genesis)))
    }

    /// Signs it.
    pub fn sign(self, key: &SecretKey, genesis: &GenesisHash) -> SignedTransaction {
        let signature = key.sign_bytes(&self.signed_bytes(genesis));
        SignedTransaction { transaction: self, signature }
    }
}

/// A transaction with a signature that nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedTransaction {
    /// What is signed.
    pub transaction: Transaction,
    /// The signature over [`Transaction::signed_bytes`].
    pub signature: Signature,
}

/// The signature fits none of the keys that may sign this transaction.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the signature is not by the account's current key")]
pub struct WrongSignature;

impl SignedTransaction {
    /// Checks the signature under `key`.
    ///
    /// # Errors
    /// When it is not that key's signature of this transaction on this chain.
    pub fn verify(self, key: &PublicKey, genesis: &GenesisHash) -> Result<VerifiedTransaction, WrongSignature> {
        let signed_bytes = self.transaction.signed_bytes(genesis);
        if !key.verifies_bytes(&signed_bytes, &self.signature) {
            return Err(WrongSignature);
        }
        Ok(VerifiedTransaction { id: TransactionId::from_bytes(sha256d(&signed_bytes)), key: *key, signed: self })
    }

    /// Checks many signatures, together where possible: the answer for each is the same as [`Self::verify`] gives.
    /// `random` must be unpredictable to the signers.
    pub fn verify_batch(
        batch: Vec<(Self, PublicKey)>,
        genesis: &GenesisHash,
        random: impl CryptoRng,
    ) -> Vec<Result<VerifiedTransaction, WrongSignature>> {
        let mut signatures = SignatureBatch::default();
        let mut ids = Vec::with_capacity(batch.len());
        for (signed, key) in &batch {
            let signed_bytes = signed.transaction.signed_bytes(genesis);
            signatures.push(key, &signed_bytes, &signed.signature);
            ids.push(TransactionId::from_bytes(sha256d(&signed_bytes)));
        }
        if signatures.all_valid(random) {
            batch.into_iter().zip(ids).map(|((signed, key), id)| Ok(VerifiedTransaction { signed, id, key })).collect()
        } else {
            batch.into_iter().map(|(signed, key)| signed.verify(&key, genesis)).collect()
        }
    }
}

/// A transaction whose signature was found to be that of a certain key. Whether that key
/// may act for the signer is the ledger's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTransaction {
    signed: SignedTransaction,
    id: TransactionId,
    key: PublicKey,
}

impl VerifiedTransaction {
    /// The transaction.
    pub fn transaction(&self) -> &Transaction {
        &self.signed.transaction
    }

    /// The transaction with its signature.
    pub fn signed(&self) -> &SignedTransaction {
        &self.signed
    }

    /// Gives the signed transaction back.
    pub fn into_signed(self) -> SignedTransaction {
        self.signed
    }

    /// The transaction's name.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// The key under which the signature was checked.
    pub fn key(&self) -> PublicKey {
        self.key
    }
}
