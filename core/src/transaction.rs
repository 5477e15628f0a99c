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
    /// Wrong ones are found by halving, so that few of them cost little. `random` must be unpredictable to the signers.
    pub fn verify_batch(
        batch: Vec<(Self, PublicKey)>,
        genesis: &GenesisHash,
        mut random: impl CryptoRng,
    ) -> Vec<Result<VerifiedTransaction, WrongSignature>> {
        let claims: Vec<Claim> = batch
            .iter()
            .map(|(signed, key)| Claim { signed_bytes: signed.transaction.signed_bytes(genesis), signed, key })
            .collect();
        let mut valid = vec![false; claims.len()];
        find_valid(&claims, &mut valid, &mut random);
        let ids: Vec<_> = claims.iter().map(Claim::id).collect();
        let found = batch.into_iter().zip(ids).zip(valid);
        found
            .map(|(((signed, key), id), valid)| {
                valid.then_some(VerifiedTransaction { signed, id, key }).ok_or(WrongSignature)
            })
            .collect()
    }

    /// Takes the signature for `key`'s without a look at it, for a verifier that was told to.
    pub(crate) fn trust(self, key: &PublicKey, genesis: &GenesisHash) -> VerifiedTransaction {
        VerifiedTransaction { id: self.transaction.id(genesis), key: *key, signed: self }
    }
}

/// That a transaction is signed by a certain key.
struct Claim<'a> {
    signed: &'a SignedTransaction,
    key: &'a PublicKey,
    signed_bytes: Vec<u8>,
}

impl Claim<'_> {
    fn id(&self) -> TransactionId {
        TransactionId::from_bytes(sha256d(&self.signed_bytes))
    }
}

/// So few signatures are checked one by one sooner than by further halving.
const SINGLY_MAX: usize = 4;

fn find_valid(claims: &[Claim], valid: &mut [bool], random: &mut impl CryptoRng) {
    if claims.len() <= SINGLY_MAX {
        for (claim, valid) in claims.iter().zip(valid) {
            *valid = claim.key.verifies_bytes(&claim.signed_bytes, &claim.signed.signature);
        }
        return;
    }
    let mut signatures = SignatureBatch::default();
    for claim in claims {
        signatures.push(claim.key, &claim.signed_bytes, &claim.signed.signature);
    }
    if signatures.all_valid(&mut *random) {
        valid.fill(true);
        return;
    }
    let middle = claims.len() / 2;
    let (low, high) = valid.split_at_mut(middle);
    find_valid(&claims[..middle], low, random);
    find_valid(&claims[middle..], high, random);
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{TryCryptoRng, TryRng};
    use std::convert::Infallible;

    const GENESIS: GenesisHash = GenesisHash::from_bytes([7; 32]);

    /// Numbers that nobody needs to guess here: what batches ask of them is that signers cannot know them.
    struct Counter(u64);

    impl TryRng for Counter {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            self.try_next_u64().map(|number| (number >> 32) as u32)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            Ok(self.0)
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.chunks_mut(8).try_for_each(|chunk| {
                chunk.copy_from_slice(&self.try_next_u64()?.to_le_bytes()[..chunk.len()]);
                Ok(())
            })
        }
    }

    impl TryCryptoRng for Counter {}

    fn key(number: u8) -> SecretKey {
        SecretKey::from_seed(&[number; 32])
    }

    fn example(signer: u8) -> Transaction {
        let public_key = key(signer).public_key();
        let operation = Operation::OpenAccount { public_key };
        Transaction::new(Address::of(&public_key), operation, PaymentId::new(1, [signer; 10]), None)
    }

    #[test]
    fn a_transaction_holds_for_its_key_and_chain_only() {
        let signed = example(1).sign(&key(1), &GENESIS);
        let verified = signed.clone().verify(&key(1).public_key(), &GENESIS).unwrap();
        assert_eq!(verified.id(), example(1).id(&GENESIS));
        assert_eq!(verified.key(), key(1).public_key());
        assert_eq!(verified.signed(), &signed);
        assert_eq!(signed.clone().verify(&key(2).public_key(), &GENESIS), Err(WrongSignature));
        let other = GenesisHash::from_bytes([8; 32]);
        assert_eq!(signed.verify(&key(1).public_key(), &other), Err(WrongSignature));
        assert_ne!(example(1).id(&GENESIS), example(1).id(&other));
    }

    #[test]
    fn a_batch_answers_as_each_alone() {
        let right: Vec<_> = (1..9).map(|number| (example(number).sign(&key(number), &GENESIS), key(number))).collect();
        for wrong in [None, Some(0), Some(5)] {
            let mut batch: Vec<_> = right.iter().map(|(signed, key)| (signed.clone(), key.public_key())).collect();
            if let Some(wrong) = wrong {
                batch[wrong].0.transaction.memo_hash = Some(MemoHash::default());
            }
            let alone: Vec<_> = batch.iter().map(|(signed, key)| signed.clone().verify(key, &GENESIS)).collect();
            assert_eq!(alone.iter().filter(|result| result.is_err()).count(), usize::from(wrong.is_some()));
            assert_eq!(SignedTransaction::verify_batch(batch, &GENESIS, Counter(1)), alone);
        }
        assert_eq!(SignedTransaction::verify_batch(Vec::new(), &GENESIS, Counter(1)), Vec::new());
    }
}
