//! The corpus: the good chain with one thing wrong, once for each rule, with the fault that a verifier has to name.

use super::{
    good::{Growing, good_chain},
    records, sealing,
};
use qoin_core::{
    block::{Block, Unchecked},
    chain_file::{End, Item},
    decimals::Decimals,
    encode::encode,
    file_head::FileKind,
    genesis::Genesis,
    log::LogRecord,
    target::CompactTarget,
};

/// A chain that breaks a rule.
pub struct Corrupt {
    /// What was done to it.
    pub name: &'static str,
    /// The name of the rule that a verifier has to find broken.
    pub rule: &'static str,
    /// At which height, if at any.
    pub height: Option<u32>,
    /// At which log record, if at one: by the number that it says itself.
    pub record: Option<u64>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Every corrupted chain.
pub fn corpus() -> Vec<Corrupt> {
    let mut corpus = Corpus::new();
    corpus.files();
    corpus.genesis();
    corpus.malformed();
    records::add(&mut corpus);
    sealing::add(&mut corpus);
    corpus.done
}

/// The corpus while it is made.
pub(super) struct Corpus {
    pub(super) good: Growing,
    /// The bytes of each of its items, with the end.
    contents: Vec<Vec<u8>>,
    done: Vec<Corrupt>,
}

/// Where a fault is.
#[derive(Clone, Copy)]
pub(super) enum At {
    Genesis,
    Record(u64),
    /// The item of this index, a record that says another number.
    Misnumbered(usize, u64),
    Block(u32),
    /// Where bytes cannot be read, before the item of this index.
    Before(usize),
}

impl Corpus {
    fn new() -> Self {
        let good = good_chain();
        let blocks = good.state.head().height;
        let end = Item::End(End { blocks, records: good.state.next_number() });
        let contents = good.items.iter().chain([&end]).map(encode).collect();
        Self { good, contents, done: Vec::new() }
    }

    /// Where log record `number` stands among the items.
    pub(super) fn record_index(&self, number: u64) -> usize {
        let is_it = |item: &Item| matches!(item, Item::Record(record) if record.number == number);
        self.good.items.iter().position(is_it).expect("the good chain has this record")
    }

    /// Where the block of a height stands among the items.
    pub(super) fn block_index(&self, height: u32) -> usize {
        let is_it = |item: &Item| matches!(item, Item::Block(block) if block.coinbase.height == height);
        self.good.items.iter().position(is_it).expect("the good chain has this block")
    }

    pub(super) fn record(&self, number: u64) -> LogRecord {
        match &self.good.items[self.record_index(number)] {
            Item::Record(record) => (**record).clone(),
            other => unreachable!("{other:?}"),
        }
    }

    pub(super) fn block(&self, height: u32) -> Block<Unchecked> {
        match &self.good.items[self.block_index(height)] {
            Item::Block(block) => (**block).clone(),
            other => unreachable!("{other:?}"),
        }
    }

    /// Adds a chain whose items' bytes were changed.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        rule: &'static str,
        at: At,
        change: impl FnOnce(&mut Vec<Vec<u8>>),
    ) {
        let mut contents = self.contents.clone();
        change(&mut contents);
        self.add_file(name, rule, at, frame(&contents));
    }

    /// Adds a chain with other items from `index` on, as many as were given.
    pub(super) fn put(&mut self, name: &'static str, rule: &'static str, at: At, index: usize, items: &[Item]) {
        self.add(name, rule, at, |contents| {
            for (content, item) in contents[index..].iter_mut().zip(items) {
                *content = encode(item);
            }
        });
    }

    fn add_file(&mut self, name: &'static str, rule: &'static str, at: At, bytes: Vec<u8>) {
        let place_before = |index: usize| {
            let state = self.good.before.get(index).unwrap_or(&self.good.state);
            (state.head().height + 1, state.next_number())
        };
        let (height, record) = match at {
            At::Genesis => (None, None),
            At::Record(number) => (Some(place_before(self.record_index(number)).0), Some(number)),
            At::Misnumbered(index, number) => (Some(place_before(index).0), Some(number)),
            At::Block(height) => (Some(height), None),
            At::Before(index) => {
                let (height, number) = place_before(index);
                (Some(height), Some(number))
            }
        };
        self.done.push(Corrupt { name, rule, height, record, bytes });
    }

    /// Files that are not a chain's, or not all of one.
    fn files(&mut self) {
        let good = frame(&self.contents);
        let (second, last) = (self.record_index(1), self.contents.len() - 1);
        let mut other = good.clone();
        other[..16].copy_from_slice(&FileKind::Receipt.head());
        self.add_file("another kind of file", "not_a_chain", At::Genesis, other);
        let mut newer = good.clone();
        newer[12] = 2;
        self.add_file("a newer version of the file", "file_version", At::Genesis, newer);
        self.add_file("cut off in the head", "truncated", At::Genesis, good[..15].to_vec());
        self.add_file("cut off before the genesis", "truncated", At::Genesis, good[..16].to_vec());
        self.add_file("cut off in the last item", "truncated", At::Before(last), good[..good.len() - 1].to_vec());
        let whole_items = frame(&self.contents[..second]);
        self.add_file("cut off between two items", "truncated", At::Before(second), whole_items);
        let in_length = frame(&self.contents[..second]).into_iter().chain([9]).collect();
        self.add_file("cut off in an item's length", "truncated", At::Before(second), in_length);
        let longer = good.iter().copied().chain([0]).collect();
        self.add_file("a byte after the end", "after_end", At::Before(last), longer);
        self.add("an item without content", "item_length", At::Before(second), |contents| contents[second].clear());
        self.add("an item that is too long", "item_length", At::Before(second), |contents| {
            contents[second].resize(1_025, 0);
        });
        self.add("a second genesis", "genesis_place", At::Before(second), |contents| {
            contents.insert(second, contents[0].clone());
        });
        self.add("no genesis", "genesis_place", At::Genesis, |contents| drop(contents.remove(0)));
        self.add("an end that tells one block more", "end_mismatch", At::Before(last), |contents| {
            contents[last][1] += 1
        });
        self.add("an end that tells one record less", "end_mismatch", At::Before(last), |contents| {
            contents[last][5] -= 1
        });
        self.add("an end in the middle", "end_mismatch", At::Before(second), |contents| {
            contents.insert(second, contents[last].clone());
        });
    }

    fn genesis(&mut self) {
        let mut add = |name, rule, at, change: fn(&mut Genesis)| {
            let mut genesis = self.good.state.genesis().clone();
            change(&mut genesis);
            self.put(name, rule, at, 0, &[Item::Genesis(Box::new(genesis))]);
        };
        add("rules of another version", "rules_version", At::Genesis, |genesis| genesis.rules_version = 2);
        add("a currency without a name", "currency_name", At::Genesis, |genesis| genesis.name.clear());
        add("a name that is too long", "currency_name", At::Genesis, |genesis| genesis.name = "é".repeat(41));
        add("a currency without a symbol", "currency_symbol", At::Genesis, |genesis| genesis.symbol.clear());
        add("a symbol that is too long", "currency_symbol", At::Genesis, |genesis| genesis.symbol = "é".repeat(9));
        add("blocks that are too fast", "block_interval", At::Genesis, |genesis| genesis.block_interval_ms = 999);
        add("blocks that are too slow", "block_interval", At::Genesis, |genesis| {
            genesis.block_interval_ms = 86_400_001
        });
        add("a recovery that takes too long", "recovery_delay", At::Genesis, |genesis| {
            genesis.recovery_delay_ms = 365 * 86_400_000 + 1;
        });
        add("a starting target that is too easy", "genesis_target", At::Genesis, |genesis| {
            genesis.starting_target = CompactTarget(0x2001_0000);
        });
        add("an easiest target of zero", "genesis_target", At::Genesis, |genesis| {
            genesis.easiest_target = CompactTarget(0x2000_0000);
        });
        add("a negative starting target", "genesis_target", At::Genesis, |genesis| {
            genesis.starting_target = CompactTarget(0x1f80_ffff);
        });
        add("an easiest target beyond any hash", "genesis_target", At::Genesis, |genesis| {
            genesis.easiest_target = CompactTarget(0x2101_0000);
        });
        // Everything signed names the genesis, so any other one shows at the first signature.
        add("another name", "signature", At::Record(0), |genesis| genesis.name = "Coin".into());
        add("another amount at the beginning", "signature", At::Record(0), |genesis| {
            genesis.genesis_amount = genesis.genesis_amount.checked_mul(10).expect("small");
        });
        add("another count of decimals", "signature", At::Record(0), |genesis| genesis.decimals = Decimals::MAX);
    }

    /// Items that are not in their one form.
    fn malformed(&mut self) {
        let (opening, burn, bob) = (self.record_index(1), self.record_index(8), self.record_index(9));
        let block = self.block_index(2);
        let mut add = |name, index: usize, change: fn(&mut Vec<u8>)| {
            let at = if index == 0 { At::Genesis } else { At::Before(index) };
            self.add(name, "malformed", at, |contents| change(&mut contents[index]));
        };
        add("nine decimals", 0, |genesis| genesis[18] = 9);
        add("a name that is not UTF-8", 0, |genesis| genesis[9] = 0xff);
        add("an unknown kind of item", opening, |record| record[0] = 4);
        add("an unknown operation", opening, |record| record[38] = 8);
        add("a key that is no point", opening, |record| record[39..71].copy_from_slice(&NO_POINT));
        add("a key of small order", opening, |record| record[39..71].copy_from_slice(&IDENTITY));
        add("a byte missing from a record", burn, |record| record.truncate(record.len() - 1));
        add("a byte left over in a record", burn, |record| record.push(0));
        add("a choice that is neither yes nor no", bob, |record| record[39] = 2);
        add("an option that is neither there nor not", burn, |record| record[63] = 2);
        add("flipped coinbase version", block, |block| block[85] ^= 1);
        add("flipped coinbase outpoint", block, |block| block[90] ^= 1);
        add("flipped coinbase sequence", block, |block| block[85 + 53] ^= 1);
        add("flipped coinbase length", block, |block| block[81] ^= 1);
        add("a byte left over in a block", block, |block| block.push(0));
    }
}

/// The identity: every signature of zeros is valid under it.
const IDENTITY: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};
/// y = 2 has no x on the curve.
const NO_POINT: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    bytes
};

/// A file of these items, whatever they are.
fn frame(contents: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = FileKind::Chain.head().to_vec();
    for content in contents {
        let length = u16::try_from(content.len()).expect("items are short");
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(content);
    }
    bytes
}
