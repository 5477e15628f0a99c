//! What the ledger hashes, signs or keeps has exactly one byte form, whatever it holds.
#![allow(clippy::unwrap_used)]

mod common;

use common::{assert_canonical, assert_one_form};
use proptest::{collection::vec, option, prelude::*};
use qoin_core::{
    address::Address,
    amount::Amount,
    block::{Block, Unchecked},
    coinbase::Coinbase,
    decimals::Decimals,
    encode::{decode, encode},
    genesis::Genesis,
    hash::{BlockHash, GenesisHash, MemoHash, MerkleRoot},
    header::Header,
    keys::{PublicKey, SecretKey, Signature},
    ledger::{Account, Head},
    log::LogRecord,
    payment_id::PaymentId,
    retarget::{Past, WINDOW},
    target::CompactTarget,
    transaction::{Operation, SignedTransaction, Transaction},
};

fn keys() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(|seed| SecretKey::from_seed(&seed).public_key())
}

fn addresses() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from_bytes)
}

fn amounts() -> impl Strategy<Value = Amount> {
    any::<u64>().prop_map(Amount::from_units)
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![
        keys().prop_map(|public_key| Operation::OpenAccount { public_key }),
        (addresses(), amounts()).prop_map(|(to, amount)| Operation::Transfer { to, amount }),
        keys().prop_map(|public_key| Operation::RotateKey { public_key }),
        Just(Operation::CancelRotation),
        any::<bool>().prop_map(|recoverable| Operation::SetRecoverable { recoverable }),
        amounts().prop_map(|amount| Operation::Issue { amount }),
        amounts().prop_map(|amount| Operation::Burn { amount }),
        keys().prop_map(|public_key| Operation::ReplaceLeader { public_key }),
    ]
}

fn transactions() -> impl Strategy<Value = Transaction> {
    let memo_hashes = option::of(any::<[u8; 32]>().prop_map(MemoHash::from_bytes));
    (any::<u8>(), addresses(), operations(), any::<[u8; 16]>(), memo_hashes).prop_map(
        |(version, signer, operation, payment_id, memo_hash)| {
            let payment_id = PaymentId::from_bytes(payment_id);
            Transaction { version, signer, operation, payment_id, memo_hash }
        },
    )
}

fn signed_transactions() -> impl Strategy<Value = SignedTransaction> {
    (transactions(), any::<[u8; 64]>()).prop_map(|(transaction, signature)| SignedTransaction {
        transaction,
        signature: Signature::from_bytes(signature),
    })
}

fn records() -> impl Strategy<Value = LogRecord> {
    (any::<u64>(), any::<u64>(), signed_transactions()).prop_map(|(number, accepted_us, signed)| LogRecord {
        number,
        accepted_us,
        signed,
    })
}

fn targets() -> impl Strategy<Value = CompactTarget> {
    any::<u32>().prop_map(CompactTarget)
}

fn genesis() -> impl Strategy<Value = Genesis> {
    let texts = (".{0,40}", ".{0,8}");
    let numbers = (any::<u32>(), 0_u8..=8, amounts(), any::<u64>(), any::<u64>(), any::<u64>());
    (texts, numbers, (keys(), keys()), (targets(), targets())).prop_map(
        |((name, symbol), numbers, (system_key, leader_key), (starting_target, easiest_target))| {
            let (rules_version, decimals, genesis_amount, block_interval_ms, recovery_delay_ms, time_ms) = numbers;
            Genesis {
                rules_version,
                name,
                symbol,
                decimals: Decimals::try_from(decimals).unwrap(),
                genesis_amount,
                block_interval_ms,
                recovery_delay_ms,
                system_key,
                leader_key,
                starting_target,
                easiest_target,
                time_ms,
            }
        },
    )
}

fn blocks() -> impl Strategy<Value = Block<Unchecked>> {
    let coinbases = (any::<u32>(), any::<[u8; 8]>(), amounts(), any::<[u64; 3]>(), option::of(addresses())).prop_map(
        |(height, extranonce, reward, [opened_ms, issued_ms, previous_solved_ms], rewarded)| Coinbase {
            height,
            extranonce,
            reward,
            opened_ms,
            issued_ms,
            previous_solved_ms,
            rewarded,
        },
    );
    let headers = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u32; 4]>()).prop_map(
        |(previous, merkle_root, [version, time, bits, nonce])| Header {
            version,
            previous: BlockHash::from_bytes(previous),
            merkle_root: MerkleRoot::from_bytes(merkle_root),
            time,
            bits: CompactTarget(bits),
            nonce,
        },
    );
    (headers, coinbases, any::<(u32, u32, u64)>()).prop_map(|(header, coinbase, (first, count, solved_ms))| {
        let run = u64::from(first)..u64::from(first) + u64::from(count);
        Block::seal(header, coinbase, run, solved_ms, &common::chain::leader_key(), &GenesisHash::default())
    })
}

/// The fields of an account in their order: its key, balance, outgoing, incoming, recoverable, the rotation that waits.
type AccountFields = (PublicKey, [u64; 3], bool, Option<(PublicKey, u64)>);

fn accounts() -> impl Strategy<Value = AccountFields> {
    (keys(), any::<[u64; 3]>(), any::<bool>(), option::of((keys(), any::<u64>())))
}

fn heads() -> impl Strategy<Value = Head> {
    let past = (any::<u64>(), any::<u64>(), targets(), any::<bool>())
        .prop_map(|(opened_ms, solved_ms, bits, eased)| Past { opened_ms, solved_ms, bits, eased });
    (any::<u32>(), any::<[u8; 32]>(), any::<[u64; 4]>(), keys(), vec(past, 0..=WINDOW)).prop_map(
        |(height, hash, [solved_ms, sealed, issued, burned], leader_key, past)| Head {
            height,
            hash: BlockHash::from_bytes(hash),
            solved_ms,
            sealed,
            issued: Amount::from_units(issued),
            burned: Amount::from_units(burned),
            leader_key,
            past: past.into(),
        },
    )
}

/// With one byte changed, the bytes are refused or are the one form of something else.
fn assert_changed_byte_is_noticed<T>(value: &T, at: prop::sample::Index, byte: u8)
where
    T: borsh::BorshSerialize + borsh::BorshDeserialize,
{
    let mut bytes = encode(value);
    let at = at.index(bytes.len());
    bytes[at] = byte;
    assert_one_form::<T>(&bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn transaction(transaction in transactions(), at: prop::sample::Index, byte: u8) {
        assert_canonical(&transaction);
        assert_changed_byte_is_noticed(&transaction, at, byte);
        let json = serde_json::to_string(&transaction).unwrap();
        prop_assert_eq!(serde_json::from_str::<Transaction>(&json).unwrap(), transaction);
    }

    #[test]
    fn signed_transaction(signed in signed_transactions(), at: prop::sample::Index, byte: u8) {
        assert_canonical(&signed);
        assert_changed_byte_is_noticed(&signed, at, byte);
        let json = serde_json::to_string(&signed).unwrap();
        prop_assert_eq!(serde_json::from_str::<SignedTransaction>(&json).unwrap(), signed);
    }

    #[test]
    fn log_record(record in records(), at: prop::sample::Index, byte: u8) {
        assert_canonical(&record);
        assert_changed_byte_is_noticed(&record, at, byte);
        let json = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<LogRecord>(&json).unwrap(), record);
    }

    #[test]
    fn genesis_block(genesis in genesis(), at: prop::sample::Index, byte: u8) {
        assert_canonical(&genesis);
        assert_changed_byte_is_noticed(&genesis, at, byte);
        let json = serde_json::to_string(&genesis).unwrap();
        prop_assert_eq!(serde_json::from_str::<Genesis>(&json).unwrap(), genesis);
    }

    #[test]
    fn block(block in blocks(), at: prop::sample::Index, byte: u8) {
        assert_canonical(&block);
        assert_changed_byte_is_noticed(&block, at, byte);
    }

    #[test]
    fn account(fields in accounts(), at: prop::sample::Index, byte: u8) {
        let account: Account = decode(&encode(&fields)).unwrap();
        assert_canonical(&account);
        assert_changed_byte_is_noticed(&account, at, byte);
        prop_assert_eq!(encode(&account), encode(&fields));
        prop_assert_eq!(account.balance.units(), fields.1[0]);
    }

    #[test]
    fn head(head in heads(), at: prop::sample::Index, byte: u8) {
        assert_canonical(&head);
        assert_changed_byte_is_noticed(&head, at, byte);
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..120)) {
        assert_one_form::<SignedTransaction>(&bytes);
        assert_one_form::<LogRecord>(&bytes);
        assert_one_form::<Block<Unchecked>>(&bytes);
        assert_one_form::<Account>(&bytes);
        assert_one_form::<Head>(&bytes);
    }
}

/// The signed bytes of one transaction, written out, so that another program can be held against them.
#[test]
fn signed_bytes_are_tag_genesis_and_fields_in_order() {
    let transaction = Transaction::new(
        Address::from_bytes([0x11; 20]),
        Operation::Transfer { to: Address::from_bytes([0x22; 20]), amount: Amount::from_units(1_250) },
        PaymentId::new(0x0102_0304_0506, [0x33; 10]),
        Some(MemoHash::from_bytes([0x44; 32])),
    );
    let parts = [
        hex::encode("qoin/transaction"),
        "55".repeat(32),
        "01".into(),
        "11".repeat(20),
        "01".into(),
        "22".repeat(20),
        "e204000000000000".into(),
        "010203040506".into(),
        "33".repeat(10),
        "01".into(),
        "44".repeat(32),
    ];
    assert_eq!(hex::encode(transaction.signed_bytes(&GenesisHash::from_bytes([0x55; 32]))), parts.concat());
}

/// The numbers of the operations never change: they are part of what was signed.
#[test]
fn operations_keep_their_numbers() {
    let (key, to, amount) = (common::chain::leader_key().public_key(), Address::from_bytes([0; 20]), Amount::ZERO);
    let operations = [
        Operation::OpenAccount { public_key: key },
        Operation::Transfer { to, amount },
        Operation::RotateKey { public_key: key },
        Operation::CancelRotation,
        Operation::SetRecoverable { recoverable: true },
        Operation::Issue { amount },
        Operation::Burn { amount },
        Operation::ReplaceLeader { public_key: key },
    ];
    for (number, operation) in operations.iter().enumerate() {
        assert_eq!(usize::from(encode(operation)[0]), number);
    }
    assert!(decode::<Operation>(&[operations.len() as u8]).is_err());
}
