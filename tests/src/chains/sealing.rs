//! Chains with one block that the rules refuse. It is mined and sealed anew where that is not the fault.

use super::chain::{Draft, EASIEST, INTERVAL_MS, leader_key, secret};
use super::corrupt::{At, Corpus};
use super::good::{ADA, DAN, second_leader_key};
use qoin_core::{
    amount::Amount,
    block::{Block, TIME_ROLL_MAX_S, Unchecked},
    chain_file::Item,
    hash::{GenesisHash, MerkleRoot},
    keys::SecretKey,
    ledger::State,
    target::CompactTarget,
};

pub(super) fn add(corpus: &mut Corpus) {
    corpus.places_of_blocks();
    corpus.flipped_fields_of_blocks();
    corpus.times();
    corpus.works();
    corpus.rewards();
    corpus.seals();
}

impl Corpus {
    /// Adds a chain with another block at a height, mined and sealed after the change.
    fn remake(&mut self, name: &'static str, rule: &'static str, height: u32, change: impl FnOnce(&mut Draft, &State)) {
        let state = self.good.before[self.block_index(height)].clone();
        let mut draft = draft_of(self.block(height));
        change(&mut draft, &state);
        let block = draft.mine(true).seal(&state, &leader_at(height));
        self.put_block(name, rule, height, block);
    }

    /// The same for what stands in the coinbase: the tree's root follows the change.
    fn remake_coinbase(
        &mut self,
        name: &'static str,
        rule: &'static str,
        height: u32,
        change: impl FnOnce(&mut Draft),
    ) {
        self.remake(name, rule, height, |draft, state| {
            change(draft);
            draft.plant(state);
        });
    }

    fn put_block(&mut self, name: &'static str, rule: &'static str, height: u32, block: Block<Unchecked>) {
        let index = self.block_index(height);
        self.put(name, rule, At::Block(height), index, &[Item::Block(Box::new(block))]);
    }

    fn places_of_blocks(&mut self) {
        let (second, third) = (self.block_index(2), self.block_index(3));
        self.remake_coinbase("a height skipped", "height", 3, |draft| draft.coinbase.height += 1);
        let grandparent = self.block(1).header.hash();
        self.remake("a block that follows another one", "previous", 3, |draft, _| draft.header.previous = grandparent);
        self.remake("another version of headers", "header_version", 3, |draft, _| draft.header.version = 2);
        self.remake("a run that begins later", "run", 3, |draft, _| draft.first += 1);
        self.remake("a run that ends earlier", "run", 3, |draft, _| draft.count -= 1);
        self.remake("a run that ends later", "run", 3, |draft, _| draft.count += 1);
        self.add("a block left out", "run", At::Block(2), |contents| drop(contents.remove(second)));
        self.add("a block before its records", "run", At::Block(2), |contents| contents.swap(second - 1, second));
        self.add("a block twice", "run", At::Block(3), |contents| {
            contents.insert(second + 1, contents[second].clone())
        });
        self.add("two blocks swapped", "run", At::Block(2), |contents| contents.swap(second, third));
        self.remake("another tree", "merkle_root", 3, |draft, _| draft.header.merkle_root = MerkleRoot::default());
        // A good block of another history, and then the one that followed the first.
        let state = self.good.before[second].clone();
        let mut fork = draft_of(self.block(2));
        fork.coinbase.extranonce = [1; 8];
        fork.plant(&state);
        let fork = fork.mine(true).seal(&state, &leader_key());
        self.put("a forked history", "previous", At::Block(3), second, &[Item::Block(Box::new(fork))]);
    }

    /// Each field of a block with one bit flipped.
    fn flipped_fields_of_blocks(&mut self) {
        let index = self.block_index(2);
        // Kind, header and the coinbase's length stand before the coinbase; height 2 has an opcode of its own.
        let coinbase = 85;
        let after = coinbase + self.block(2).coinbase.to_bytes().len();
        let fields = [
            ("flipped header version", 1, "header_version"),
            ("flipped previous hash", 5, "previous"),
            ("flipped Merkle root", 37, "merkle_root"),
            ("flipped header time", 69, "proof_of_work"),
            ("flipped target", 73, "target"),
            ("flipped nonce", 77, "proof_of_work"),
            ("flipped height", coinbase + 42, "height"),
            ("flipped extranonce", coinbase + 44, "merkle_root"),
            ("flipped reward", coinbase + 57, "merkle_root"),
            ("flipped opened", coinbase + 68, "merkle_root"),
            ("flipped issued", coinbase + 76, "merkle_root"),
            ("flipped previous solved", coinbase + 84, "merkle_root"),
            ("flipped rewarded", coinbase + 92, "merkle_root"),
            ("flipped first", after, "run"),
            ("flipped count", after + 8, "run"),
            ("flipped solved", after + 12, "seal"),
            ("flipped seal, first half", after + 20, "seal"),
            ("flipped seal, second half", after + 52, "seal"),
        ];
        for (name, byte, rule) in fields {
            self.add(name, rule, At::Block(2), |contents| contents[index][byte] ^= 1);
        }
    }

    fn times(&mut self) {
        let order = "time_order";
        self.remake_coinbase("another time of the block before", "previous_solved", 3, |draft| {
            draft.coinbase.previous_solved_ms += 1;
        });
        self.remake_coinbase("opened before the block before was solved", order, 3, |draft| {
            draft.coinbase.opened_ms -= 1;
        });
        self.remake_coinbase("issued before it was opened", order, 3, |draft| {
            draft.coinbase.issued_ms = draft.coinbase.opened_ms - 1;
        });
        self.remake("solved before it was issued", order, 3, |draft, _| draft.solved_ms = draft.coinbase.issued_ms - 1);
        self.remake("a header's time rolled too far", "header_time", 3, |draft, _| {
            draft.header.time += TIME_ROLL_MAX_S + 1;
        });
        self.remake("a header's time before its job", "header_time", 3, |draft, _| draft.header.time -= 1);
    }

    fn works(&mut self) {
        let bits = self.block(4).header.bits;
        assert_ne!(bits, EASIEST, "the corpus needs a block that is not the easiest");
        self.remake("an easier target", "target", 4, |draft, _| draft.header.bits = EASIEST);
        self.remake("a harder target", "target", 4, |draft, _| draft.header.bits = CompactTarget(bits.0 - 1));
        self.remake_coinbase("easier without having waited", "target", 6, |draft| {
            draft.coinbase.issued_ms -= INTERVAL_MS * 4;
            draft.header.time -= u32::try_from(INTERVAL_MS * 4 / 1_000).expect("small");
        });
        let state = self.good.before[self.block_index(3)].clone();
        let unsolved = draft_of(self.block(3)).mine(false).seal(&state, &leader_key());
        self.put_block("a block that is not solved", "proof_of_work", 3, unsolved);
    }

    fn rewards(&mut self) {
        let one = Amount::from_units(100);
        let reward = "reward";
        let more = |amount: Amount| amount.checked_add(one).expect("small");
        self.remake_coinbase("a reward that is too large", reward, 2, |draft| {
            draft.coinbase.reward = more(draft.coinbase.reward);
        });
        self.remake_coinbase("a reward withheld", reward, 2, |draft| draft.coinbase.reward = Amount::ZERO);
        self.remake_coinbase("a reward without transfers", reward, 3, |draft| draft.coinbase.reward = one);
        self.remake_coinbase("a reward for nobody", reward, 2, |draft| draft.coinbase.rewarded = None);
        let dan = Some(DAN.address());
        self.remake_coinbase("a reward to an address without account", "rewarded", 2, |draft| {
            draft.coinbase.rewarded = dan
        });
    }

    fn seals(&mut self) {
        let mut seal = |name, height, key: &SecretKey| {
            let state = self.good.before[self.block_index(height)].clone();
            let block = draft_of(self.block(height)).seal(&state, key);
            self.put_block(name, "seal", height, block);
        };
        seal("a stranger's seal", 3, &secret(9, 9));
        seal("a member's seal", 2, &ADA.key(0));
        seal("a new leader's seal too early", 5, &second_leader_key());
        seal("an old leader's seal", 6, &leader_key());
        let draft = draft_of(self.block(2));
        let run = draft.first..draft.first + u64::from(draft.count);
        let foreign = GenesisHash::from_bytes([9; 32]);
        let block = Block::seal(draft.header, draft.coinbase, run, draft.solved_ms, &leader_key(), &foreign);
        self.put_block("a seal for another chain", "seal", 2, block);
        let other_time = draft_of(self.block(2));
        let run = other_time.first..other_time.first + u64::from(other_time.count);
        let genesis = self.good.state.genesis_hash();
        let solved_ms = other_time.solved_ms;
        let mut block =
            Block::seal(other_time.header, other_time.coinbase, run, solved_ms + 1, &leader_key(), &genesis);
        block.solved_ms = solved_ms;
        self.put_block("a seal for another moment", "seal", 2, block);
    }
}

fn draft_of(block: Block<Unchecked>) -> Draft {
    let Block { header, coinbase, first, count, solved_ms, .. } = block;
    Draft { header, coinbase, first, count, solved_ms }
}

fn leader_at(height: u32) -> SecretKey {
    if height > 5 { second_leader_key() } else { leader_key() }
}
