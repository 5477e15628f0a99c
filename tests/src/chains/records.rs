//! Chains with one log record that the ledger's rules refuse. It is signed anew where its signature is not the fault.

use super::chain::{secret, system_key};
use super::corrupt::{At, Corpus};
use super::good::{ADA, BOB, CYN, DAN, Person, opening, payment_id, rotation, second_leader_key, transfer};
use qoin_core::{
    address::Address,
    amount::Amount,
    chain_file::Item,
    hash::{GenesisHash, MemoHash},
    keys::{SecretKey, Signature},
    log::LogRecord,
    payment_id::PaymentId,
    transaction::{Operation, Transaction},
};

pub(super) fn add(corpus: &mut Corpus) {
    corpus.places();
    corpus.flipped_fields();
    corpus.signatures();
    corpus.ids();
    corpus.payments();
    corpus.accounts();
    corpus.system_alone();
}

impl Corpus {
    /// Adds a chain with a record changed in place, which then breaks `rule`.
    fn change(&mut self, name: &'static str, rule: &'static str, number: u64, change: impl FnOnce(&mut LogRecord)) {
        let mut record = self.record(number);
        change(&mut record);
        let at = At::Record(record.number);
        self.put(name, rule, at, self.record_index(number), &[Item::Record(Box::new(record))]);
    }

    /// Adds a chain with another transaction in a record, properly signed.
    fn replace(
        &mut self,
        name: &'static str,
        rule: &'static str,
        number: u64,
        signer: Address,
        key: &SecretKey,
        operation: Operation,
    ) {
        let genesis = self.good.state.genesis_hash();
        self.change(name, rule, number, |record| {
            let id = record.signed.transaction.payment_id;
            record.signed = Transaction::new(signer, operation, id, None).sign(key, &genesis);
        });
    }

    /// Adds a chain in which a transaction was altered and signed again by its own signer.
    fn alter(
        &mut self,
        name: &'static str,
        rule: &'static str,
        number: u64,
        key: &SecretKey,
        alter: impl FnOnce(&mut Transaction, u64),
    ) {
        let genesis = self.good.state.genesis_hash();
        self.change(name, rule, number, |record| {
            let mut transaction = record.signed.transaction.clone();
            alter(&mut transaction, record.accepted_us / 1_000);
            record.signed = transaction.sign(key, &genesis);
        });
    }

    fn places(&mut self) {
        let (fifth, sixth) = (self.record(5), self.record(6));
        let index = self.record_index(5);
        let item = |record: &LogRecord| Item::Record(Box::new(record.clone()));
        self.change("a number skipped", "record_number", 5, |record| record.number = 6);
        self.put("two records swapped", "record_number", At::Record(6), index, &[item(&sixth), item(&fifth)]);
        let (mut first, mut second) = (sixth.clone(), fifth.clone());
        (first.number, second.number) = (5, 6);
        let renumbered = [item(&first), item(&second)];
        self.put("two records swapped and renumbered", "accepted_time", At::Record(6), index, &renumbered);
        let (mut first, mut second) = (fifth.clone(), sixth.clone());
        std::mem::swap(&mut first.signed, &mut second.signed);
        let swapped = [item(&first), item(&second)];
        self.put("two transactions swapped", "merkle_root", At::Block(2), index, &swapped);
        self.add("a record left out", "record_number", At::Record(6), |contents| drop(contents.remove(index)));
        self.add("the last record of a block twice", "record_number", At::Record(6), |contents| {
            contents.insert(index + 2, contents[index + 1].clone());
        });
        self.put("the same acceptance twice", "accepted_time", At::Record(6), index, &{
            let mut second = sixth.clone();
            second.accepted_us = fifth.accepted_us;
            [item(&fifth), item(&second)]
        });
    }

    /// Each field of a record with one bit flipped.
    fn flipped_fields(&mut self) {
        let index = self.record_index(5);
        let fields = [
            ("flipped number", 1, "record_number", At::Misnumbered(index, 4)),
            ("flipped acceptance", 9, "merkle_root", At::Block(2)),
            ("flipped transaction version", 17, "signature", At::Record(5)),
            ("flipped signer", 18, "unknown_signer", At::Record(5)),
            ("flipped recipient", 39, "signature", At::Record(5)),
            ("flipped amount", 59, "signature", At::Record(5)),
            ("flipped payment id", 82, "signature", At::Record(5)),
            ("flipped memo hash", 84, "signature", At::Record(5)),
            ("flipped signature, first half", 116, "signature", At::Record(5)),
            ("flipped signature, second half", 148, "signature", At::Record(5)),
        ];
        for (name, byte, rule, at) in fields {
            self.add(name, rule, at, |contents| contents[index][byte] ^= 1);
        }
    }

    fn signatures(&mut self) {
        let rule = "signature";
        self.replace("a payment signed by the payee", rule, 5, ADA.address(), &BOB.key(0), transfer(BOB, 1));
        self.replace("a payment signed by the system", rule, 5, ADA.address(), &system_key(), transfer(BOB, 1));
        self.replace("a rotation signed by a stranger", rule, 10, CYN.address(), &ADA.key(0), rotation(CYN, 1));
        self.replace("an opening signed by a stranger", rule, 2, CYN.address(), &BOB.key(0), opening(CYN));
        self.replace("a key that was rotated away", rule, 16, CYN.address(), &CYN.key(0), transfer(ADA, 10));
        self.replace("a recovered key before its time", rule, 17, ADA.address(), &ADA.key(2), transfer(BOB, 10));
        self.replace("a lost key after its recovery", rule, 18, ADA.address(), &ADA.key(0), transfer(BOB, 25));
        self.replace("a cancelled recovery's key", rule, 16, ADA.address(), &ADA.key(1), transfer(BOB, 1));
        self.change("a payment of another chain", rule, 5, |record| {
            let transaction = record.signed.transaction.clone();
            record.signed = transaction.sign(&ADA.key(0), &GenesisHash::from_bytes([9; 32]));
        });
        self.change("a signature that is not reduced", rule, 5, |record| {
            record.signed.signature = unreduced(record.signed.signature);
        });
    }

    fn ids(&mut self) {
        let ada = ADA.key(0);
        let earlier = self.record(12).signed;
        let fifth = self.record(5).signed;
        self.change("the same payment twice", "payment_id_conflict", 6, |record| record.signed = fifth);
        self.alter("another payment under a used id", "payment_id_conflict", 17, &ada, |transaction, _| {
            transaction.payment_id = earlier.transaction.payment_id;
        });
        self.alter("an id a day old", "expired", 5, &ada, |transaction, accepted_ms| {
            transaction.payment_id = payment_id(accepted_ms - PaymentId::AGE_MAX_MS - 1, 5);
        });
        self.alter("an id of the future", "from_future", 5, &ada, |transaction, accepted_ms| {
            transaction.payment_id = payment_id(accepted_ms + PaymentId::AHEAD_MAX_MS + 1, 5);
        });
        self.alter("a transaction of another version", "transaction_version", 5, &ada, |transaction, _| {
            transaction.version = 2;
        });
        let mut record = self.record(5);
        let mut transaction = record.signed.transaction.clone();
        transaction.memo_hash = Some(MemoHash::from_bytes([1; 32]));
        record.signed = transaction.sign(&ada, &self.good.state.genesis_hash());
        let index = self.record_index(5);
        self.put("another memo, signed", "merkle_root", At::Block(2), index, &[Item::Record(Box::new(record))]);
    }

    fn payments(&mut self) {
        let mut pay = |name, rule, number, from: Person, to: Person, units| {
            self.replace(name, rule, number, from.address(), &from.key(0), transfer(to, units));
        };
        pay("nothing paid", "zero_amount", 5, ADA, BOB, 0);
        pay("a payment to oneself", "to_self", 5, ADA, ADA, 5);
        pay("a payment to nobody", "unknown_recipient", 5, ADA, DAN, 5);
        pay("more than there is", "insufficient_funds", 5, ADA, BOB, 30_001);
        pay("more than any amount can be", "insufficient_funds", 5, ADA, BOB, u64::MAX);
        pay("money that no block has sealed yet", "insufficient_funds", 6, BOB, CYN, 10_001);
        pay("a payment from nowhere", "unknown_signer", 5, DAN, BOB, 5);
        let genesis = self.good.state.genesis_hash();
        let both = [5, 6].map(|number| {
            let mut record = self.record(number);
            let id = record.signed.transaction.payment_id;
            record.signed =
                Transaction::new(ADA.address(), transfer(BOB, 20_000), id, None).sign(&ADA.key(0), &genesis);
            Item::Record(Box::new(record))
        });
        let index = self.record_index(5);
        self.put("the same money twice", "insufficient_funds", At::Record(6), index, &both);
    }

    fn accounts(&mut self) {
        let (ada, system) = (ADA.key(0), system_key());
        self.replace("an account opened twice", "already_open", 6, ADA.address(), &ada, opening(ADA));
        self.replace(
            "an account at a foreign address",
            "address_mismatch",
            2,
            DAN.address(),
            &CYN.key(0),
            opening(CYN),
        );
        let to_itself = rotation(CYN, 0);
        self.replace("a rotation to the same key", "same_key", 10, CYN.address(), &CYN.key(0), to_itself);
        self.replace("a recovery that is not allowed", "not_recoverable", 11, BOB.address(), &system, rotation(BOB, 1));
        let nobody = secret(DAN.0, 1);
        self.replace("a recovery of nobody", "unknown_signer", 11, DAN.address(), &nobody, rotation(DAN, 1));
        let cancel = Operation::CancelRotation;
        self.replace("nothing to cancel", "no_pending_rotation", 16, CYN.address(), &CYN.key(1), cancel.clone());
        self.replace("a recovery cancelled too late", "no_pending_rotation", 18, ADA.address(), &ADA.key(2), cancel);
    }

    fn system_alone(&mut self) {
        let (ada, system) = (ADA.key(0), system_key());
        let master = self.good.state.system();
        let amount = Amount::from_units(5);
        let next = second_leader_key().public_key();
        let replace = |public_key| Operation::ReplaceLeader { public_key };
        let by_member = [
            ("money made by a member", Operation::Issue { amount }),
            ("money destroyed by a member", Operation::Burn { amount }),
            ("a leader named by a member", replace(next)),
        ];
        for (name, operation) in by_member {
            self.replace(name, "system_only", 12, ADA.address(), &ada, operation);
        }
        let first = self.good.state.genesis().leader_key;
        self.replace("the same leader again", "same_key", 15, master, &system, replace(first));
        let nothing = Amount::ZERO;
        self.replace("nothing made", "zero_amount", 7, master, &system, Operation::Issue { amount: nothing });
        self.replace("nothing destroyed", "zero_amount", 8, master, &system, Operation::Burn { amount: nothing });
        let most = Operation::Issue { amount: Amount::MAX };
        self.replace("too much money", "supply_overflow", 7, master, &system, most);
        let more = Operation::Burn { amount: Amount::from_units(100_000) };
        self.replace("more destroyed than there is", "insufficient_funds", 8, master, &system, more);
    }
}

/// The same signature with its number written as one that is larger by the group's order, which RFC 8032 refuses.
fn unreduced(signature: Signature) -> Signature {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = signature.to_bytes();
    let mut carry = 0_u16;
    for (byte, more) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    Signature::from_bytes(bytes)
}
