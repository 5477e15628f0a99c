//! Small chains for verifiers: a good one that uses every operation, and one corrupted chain for each rule.

#[allow(missing_docs, reason = "made for the tests of the rules, and documented as those are")]
#[path = "../../../core/tests/common/chain.rs"]
pub mod chain;
pub mod corrupt;
pub mod example;
pub mod good;
pub mod long;
mod records;
mod sealing;

use qoin_core::chain_file::{self, End, Item};

/// The bytes of a chain with these items, of which the first is the genesis; the end is added.
pub fn file(items: &[Item]) -> Vec<u8> {
    let mut bytes = head();
    let mut end = End::default();
    for item in items {
        match item {
            Item::Record(_) => end.records += 1,
            Item::Block(_) => end.blocks += 1,
            Item::Genesis(_) | Item::End(_) => {}
        }
        chain_file::put(&mut bytes, item);
    }
    chain_file::put(&mut bytes, &Item::End(end));
    bytes
}

fn head() -> Vec<u8> {
    qoin_core::file_head::FileKind::Chain.head().to_vec()
}
