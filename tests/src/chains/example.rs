//! The worked example of docs/chain.md: parts of the good chain, byte by byte, and what is hashed of them.

use super::file;
use super::good::{ADA, good_chain, receipt_of_memo};
use qoin_core::{
    address::Address, block::seal_message, chain_file::Item, encode::encode, file_head::HEAD_LEN, keys::Purpose,
    log::LogRecord,
};
use std::fmt::Write;

/// A field's length in bytes, and what it is.
type Field = (usize, &'static str);

const GENESIS: [Field; 16] = [
    (2, "the item's length"),
    (1, "kind: genesis"),
    (4, "rules_version 1"),
    (4, "4 bytes of text follow"),
    (4, "name `Qoin`"),
    (4, "1 byte of text follows"),
    (1, "symbol `Q`"),
    (1, "decimals 2"),
    (8, "genesis_amount 100,000"),
    (8, "block_interval_ms 10,000"),
    (8, "recovery_delay_ms 60,000"),
    (32, "system_key"),
    (32, "leader_key"),
    (4, "starting_target `2000ffff`"),
    (4, "easiest_target `2000ffff`"),
    (8, "time_ms 1,800,000,000,000"),
];

const RECORD: [Field; 12] = [
    (2, "the item's length"),
    (1, "kind: record"),
    (8, "number 5"),
    (8, "accepted_us"),
    (1, "version 1"),
    (20, "signer"),
    (1, "operation: Transfer"),
    (20, "to"),
    (8, "amount 1,250"),
    (16, "payment_id"),
    (33, "memo_hash, which is there"),
    (64, "signature"),
];

const BLOCK: [Field; 26] = [
    (2, "the item's length"),
    (1, "kind: block"),
    (4, "version"),
    (32, "previous block's hash"),
    (32, "Merkle root"),
    (4, "time, s"),
    (4, "bits"),
    (4, "nonce"),
    (4, "the coinbase's length"),
    (5, "version 2, one input"),
    (32, "what it spends: nothing"),
    (4, "and its index"),
    (1, "10 bytes of script follow"),
    (1, "height 2"),
    (9, "8 bytes of extranonce"),
    (5, "sequence, one output"),
    (8, "reward 100"),
    (3, "46 bytes of script: OP_RETURN with 44 bytes"),
    (8, "opened_ms"),
    (8, "issued_ms"),
    (8, "previous_solved_ms"),
    (20, "the rewarded address"),
    (4, "lock time"),
    (12, "first 5, count 2"),
    (8, "solved_ms"),
    (64, "seal"),
];

const END: [Field; 4] = [(2, "the item's length"), (1, "kind: end"), (4, "24 blocks"), (8, "40 records")];

/// The example's text.
///
/// # Panics
/// When the chain is not the one that the example was written for.
pub fn example() -> String {
    let chain = good_chain();
    let bytes = file(&chain.items);
    let genesis = chain.state.genesis_hash();
    let (record_at, record) = find(&chain.items, |item| matches!(item, Item::Record(record) if record.number == 5));
    let (block_at, block) = find(&chain.items, |item| matches!(item, Item::Block(block) if block.coinbase.height == 2));
    let (Item::Record(record), Item::Block(block)) = (record, block) else { unreachable!("found by their kinds") };
    let mut text = String::from("The head:\n");
    table(&mut text, &bytes, 0, &[(12, "`qoin/chain`, two zero bytes"), (4, "version 1")]);
    text.push_str("\nThe first item:\n");
    table(&mut text, &bytes, HEAD_LEN, &GENESIS);
    text.push('\n');
    line(&mut text, "genesis hash, as it is shown", &genesis.to_string());
    text.push_str("\nLog record 5, in which Ada pays Bob 12.50:\n");
    table(&mut text, &bytes, record_at, &RECORD);
    text.push('\n');
    record_hashes(&mut text, record, &genesis);
    text.push_str("\nBlock 2, which seals it:\n");
    table(&mut text, &bytes, block_at, &BLOCK);
    text.push('\n');
    let message = seal_message(&block.header, block.coinbase.height, block.solved_ms);
    line(&mut text, "coinbase's leaf, in its own order", &hex::encode(block.coinbase.hash().to_bytes()));
    line(&mut text, "block hash, as it is shown", &block.header.hash().to_string());
    line(&mut text, "what the seal signs", &hex::encode(Purpose::Seal.signed_bytes(&genesis, &message)));
    text.push_str("\nThe last item:\n");
    table(&mut text, &bytes, bytes.len() - 15, &END);
    text.push('\n');
    line(&mut text, "state hash of the whole chain, as it is shown", &chain.state.hash().to_string());
    let receipt = receipt_of_memo(&chain).to_file();
    let _ = writeln!(
        text,
        "\nThe receipt of record 5, with its memo (`tests/corrupt-chains/good.receipt`, {} bytes), ends with:",
        receipt.len()
    );
    let proof = 4 + 4 + 4 + 2 * 32;
    let fields = [
        (proof, "leaf 1 of 3, and the 2 nodes beside its path"),
        (4, "height 2"),
        (8, "solved_ms"),
        (32, "leader_key"),
        (64, "seal"),
    ];
    let length: usize = fields.iter().map(|(length, _)| length).sum();
    table(&mut text, &receipt, receipt.len() - length, &fields);
    text
}

/// The place in the file, and the item itself.
fn find(items: &[Item], is_it: impl Fn(&Item) -> bool) -> (usize, &Item) {
    let index = items.iter().position(is_it).expect("the good chain has it");
    let before: usize = items[..index].iter().map(|item| 2 + encode(item).len()).sum();
    (HEAD_LEN + before, &items[index])
}

fn record_hashes(text: &mut String, record: &LogRecord, genesis: &qoin_core::hash::GenesisHash) {
    let transaction = &record.signed.transaction;
    let key = ADA.key(0).public_key();
    line(text, "Ada's first key", &key.to_string());
    line(text, "her address", &Address::of(&key).to_string());
    line(text, "what she signs", &hex::encode(transaction.signed_bytes(genesis)));
    line(text, "transaction id, as it is shown", &transaction.id(genesis).to_string());
    line(text, "leaf, in its own order", &hex::encode(record.leaf().to_bytes()));
}

fn table(text: &mut String, bytes: &[u8], mut at: usize, fields: &[Field]) {
    text.push_str("\n| byte | bytes | what |\n| --- | --- | --- |\n");
    for (length, what) in fields {
        let _ = writeln!(text, "| {at} | `{}` | {what} |", hex::encode(&bytes[at..at + length]));
        at += length;
    }
}

fn line(text: &mut String, what: &str, value: &str) {
    let _ = writeln!(text, "- {what}: `{value}`");
}
