//! Properties of verification: what a leader made is found good, and nothing in it can be changed unseen.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    Random,
    chain::{self, Draft, leader_key, secret},
    world::{Kept, Step, World},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use qoin_core::{
    address::Address,
    block::BlockFault,
    chain_file::{End, Item, ItemReader, put, start},
    encode::decode,
    genesis::Genesis,
    ledger::{Command, Event, State},
    limits::BLOCK_RECORDS_MAX,
    payment_id::PaymentId,
    replay::{BrokenRule, Fault, Foresight, Replay, Summary, Verifier, check_signatures},
    transaction::Operation,
};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;

/// Numbers that no signer here knows.
struct Unknown(Random);

impl Unknown {
    fn new() -> Self {
        Self(Random(7))
    }
}

impl TryRng for Unknown {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.0.next_u64() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.0.next_u64().to_le_bytes()[..chunk.len()]));
        Ok(())
    }
}

impl TryCryptoRng for Unknown {}

/// The file of what a leader kept: each block's records right before it. Also tells where the last block ends.
fn file(genesis: &Genesis, kept: &[Kept]) -> (Vec<u8>, usize) {
    let mut records = kept.iter().filter_map(|kept| match kept {
        Kept::Record(record) => Some(record.clone()),
        Kept::Block(_) => None,
    });
    let (mut bytes, mut end) = (start(genesis), End::default());
    for kept in kept {
        let Kept::Block(block) = kept else { continue };
        let block: qoin_core::block::Block<qoin_core::block::Unchecked> = decode(block).unwrap();
        for record in records.by_ref().take(block.count as usize) {
            put(&mut bytes, &Item::Record(Box::new(record)));
            end.records += 1;
        }
        put(&mut bytes, &Item::Block(Box::new(block)));
        end.blocks += 1;
    }
    let sealed = bytes.len();
    for record in records {
        put(&mut bytes, &Item::Record(Box::new(record)));
        end.records += 1;
    }
    put(&mut bytes, &Item::End(end));
    (bytes, sealed)
}

fn verify(bytes: &[u8]) -> Result<Summary, Fault> {
    let mut verifier = Verifier::new(Unknown::new());
    verifier.push(bytes)?;
    verifier.finish()
}

fn items(bytes: &[u8]) -> Vec<Item> {
    let mut reader = ItemReader::default();
    reader.push(bytes);
    std::iter::from_fn(|| reader.next_item().unwrap()).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(any::<u64>().prop_map(Step::choose), 1..80)
}

#[test]
fn a_block_of_more_records_than_it_may_have_is_named() {
    let genesis = chain::genesis(1_000);
    let mut state = State::new(genesis.clone());
    let (mut bytes, mut replay) = (start(&genesis), Replay::new(genesis.clone()).unwrap());
    let member = secret(1, 0);
    let address = Address::of(&member.public_key());
    let mut now_us = genesis.time_ms * 1_000;
    for number in 0..=BLOCK_RECORDS_MAX {
        now_us += 1;
        let operation = match number {
            0 => Operation::OpenAccount { public_key: member.public_key() },
            _ => Operation::SetRecoverable { recoverable: true },
        };
        let mut random = [0; 10];
        random[..4].copy_from_slice(&number.to_le_bytes());
        let id = PaymentId::new(now_us / 1_000, random);
        let transaction = chain::verified(&state, address, &member, operation, id);
        let event = state.apply(Command::Replay { accepted_us: now_us, transaction }).unwrap();
        let Event::Accepted(accepted) = event else { panic!("{event:?}") };
        put(&mut bytes, &Item::Record(Box::new(accepted.record)));
    }
    let mut draft = Draft::of_all(&state, None);
    draft.count = BLOCK_RECORDS_MAX + 1;
    draft.plant(&state);
    put(&mut bytes, &Item::Block(Box::new(draft.mine(true).seal(&state, &leader_key()))));
    let mut foresight = Foresight::new(&genesis, u32::MAX);
    let ahead = items(&bytes).into_iter().skip(1).map(|item| foresight.look_at(item)).collect();
    let steps = check_signatures(ahead, &genesis.hash(), Unknown::new());
    let fault = steps.into_iter().try_for_each(|step| replay.apply(step)).unwrap_err();
    assert_eq!(fault.rule, BrokenRule::Block(BlockFault::TooManyRecords(BLOCK_RECORDS_MAX + 1)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever a leader did, its chain is good, in pieces of any size, and also if the signatures of its first blocks are
    /// taken as given.
    #[test]
    fn a_leaders_chain_leads_to_its_ledger(steps in steps(), pieces in vec(1_usize..2_000, 1..20), from in 0_u32..40) {
        let mut world = World::new();
        let genesis = world.state.genesis().clone();
        let hash = world.run(steps);
        let (bytes, _) = file(&genesis, &world.kept);
        let mut verifier = Verifier::new(Unknown::new());
        let (mut rest, mut sizes) = (bytes.as_slice(), pieces.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().unwrap().min(rest.len()));
            verifier.push(piece).unwrap();
            rest = after;
        }
        prop_assert_eq!(verifier.finish().unwrap().state, hash);
        let (mut foresight, mut replay) = (Foresight::new(&genesis, from), Replay::new(genesis.clone()).unwrap());
        let ahead = items(&bytes).into_iter().skip(1).map(|item| foresight.look_at(item)).collect();
        for step in check_signatures(ahead, &genesis.hash(), Unknown::new()) {
            replay.apply(step).unwrap();
        }
        prop_assert_eq!(replay.summary().state, hash);
    }

    /// Not one bit can be changed of what a block seals, nor can anything be cut off.
    #[test]
    fn nothing_that_is_sealed_can_be_changed(steps in steps(), places in vec((any::<Index>(), 0_u8..8), 8)) {
        let mut world = World::new();
        let genesis = world.state.genesis().clone();
        world.run(steps);
        let (bytes, sealed) = file(&genesis, &world.kept);
        for (place, bit) in places {
            // A genesis alone is sealed by nothing: a changed one is another currency.
            let first = start(&genesis).len();
            if sealed > first {
                let mut changed = bytes.clone();
                changed[first + place.index(sealed - first)] ^= 1 << bit;
                prop_assert!(verify(&changed).is_err());
            }
            let fault = verify(&bytes[..place.index(bytes.len())]).unwrap_err();
            prop_assert_eq!(fault.rule.name(), "truncated");
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..600)) {
        drop(verify(&bytes));
        let head = qoin_core::file_head::FileKind::Chain.head();
        drop(verify(&[&head[..], &bytes].concat()));
        drop(verify(&[&start(&chain::genesis(1))[..], &bytes].concat()));
    }
}
