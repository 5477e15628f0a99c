//! The whole verification in one thread, for a worker of the browser, for tests, and as the plainest reading of it.

use super::{BrokenRule, Fault, Foresight, Place, Replay, Summary, ahead::Ahead, check_signatures};
use crate::chain_file::{FileFault, Item, ItemReader};
use rand_core::CryptoRng;

/// How many items are looked at together.
const BATCH_ITEMS: usize = 1_024;

/// Takes a chain's bytes as they come, in pieces of any size, and stops at the first fault.
#[derive(Debug)]
pub struct Verifier<R> {
    reader: ItemReader,
    /// None before the genesis was read.
    replay: Option<(Foresight, Replay)>,
    waiting: Vec<Ahead>,
    random: R,
}

impl<R: CryptoRng> Verifier<R> {
    /// `random` must be unpredictable to the chain's signers.
    pub fn new(random: R) -> Self {
        Self { reader: ItemReader::default(), replay: None, waiting: Vec::with_capacity(BATCH_ITEMS), random }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The first fault. Nothing can be verified after it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.reader.push(bytes);
        loop {
            match self.reader.next_item() {
                Ok(None) => return Ok(()),
                Ok(Some(item)) => self.take(item)?,
                Err(fault) => return Err(self.unreadable(fault)),
            }
        }
    }

    /// How far it is: the height and the number of log records that were applied.
    pub fn progress(&self) -> (u32, u64) {
        self.replay.as_ref().map_or((0, 0), |(_, replay)| (replay.state().head().height, replay.state().next_number()))
    }

    /// What the chain comes to, once all of its bytes were taken.
    ///
    /// # Errors
    /// The first fault, also when bytes are missing.
    pub fn finish(mut self) -> Result<Summary, Fault> {
        if let Err(fault) = self.reader.finish() {
            return Err(self.unreadable(fault));
        }
        self.apply_waiting()?;
        let (_, replay) = self.replay.as_ref().expect("a file that is whole has a genesis");
        Ok(replay.summary())
    }

    fn take(&mut self, item: Item) -> Result<(), Fault> {
        match (&mut self.replay, item) {
            (None, Item::Genesis(genesis)) => {
                let foresight = Foresight::new(&genesis, 0);
                self.replay = Some((foresight, Replay::new(*genesis)?));
            }
            (Some((foresight, _)), item) => self.waiting.push(foresight.look_at(item)),
            (None, _) => unreachable!("the reader gives the genesis first"),
        }
        if self.waiting.len() >= BATCH_ITEMS { self.apply_waiting() } else { Ok(()) }
    }

    fn apply_waiting(&mut self) -> Result<(), Fault> {
        let Some((_, replay)) = &mut self.replay else { return Ok(()) };
        let items = std::mem::take(&mut self.waiting);
        let genesis = replay.state().genesis_hash();
        check_signatures(items, &genesis, &mut self.random).into_iter().try_for_each(|step| replay.apply(step))
    }

    /// The fault of bytes that are not a chain's, unless a rule is broken before them.
    fn unreadable(&mut self, fault: FileFault) -> Fault {
        match self.apply_waiting() {
            Err(earlier) => earlier,
            Ok(()) => Fault { place: self.place(), rule: BrokenRule::File(fault) },
        }
    }

    fn place(&self) -> Place {
        self.replay.as_ref().map_or(Place::Genesis, |(_, replay)| replay.next_place())
    }
}
