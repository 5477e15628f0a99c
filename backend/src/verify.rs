//! Verification of a whole chain on several threads: one reads and decodes, some check signatures ahead, one applies.
//!
//! What is checked, and in which order, is core's [`replay`](qoin_core::replay); the answer is the same as in one thread.

mod random;

use qoin_core::{
    chain_file::{FileFault, Item, ItemReader},
    genesis::Genesis,
    hash::{GenesisHash, StateHash},
    replay::{Ahead, BrokenRule, Fault, Foresight, Place, Replay, Step, Summary, check_signatures},
};
use random::Buffered;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many items are handed on together. Checking signatures together pays up to about this count.
const BATCH_ITEMS: usize = 1_024;
/// How many batches may wait for each checking thread.
const BATCHES_WAITING: usize = 4;
/// How much is read at once, in bytes.
const READ_BYTES: usize = 256 * 1024;

/// How to verify.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many threads check signatures.
    pub threads: usize,
    /// The first height whose transactions' signatures are checked; see [`Foresight::new`].
    pub from_height: u32,
    /// The chain that it has to be.
    pub genesis: Option<GenesisHash>,
    /// The ledger that it has to lead to.
    pub state: Option<StateHash>,
}

/// How far the verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes of the chain were applied, about.
    pub bytes: u64,
    /// The last block's height.
    pub height: u32,
    /// How many log records were applied.
    pub records: u64,
}

/// Why a chain was not found good.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It breaks a rule.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It is another chain than the one asked for.
    #[error("this is the chain {found}, not {expected}")]
    ForeignGenesis {
        /// The chain that was asked for.
        expected: GenesisHash,
        /// The chain that was found.
        found: GenesisHash,
    },
    /// It keeps every rule, but leads to another ledger than the one asked for.
    #[error("the chain leads to the ledger {found}, but the leader keeps {expected}; restore its data from a backup")]
    OtherState {
        /// The ledger that was asked for.
        expected: StateHash,
        /// The ledger that was found.
        found: StateHash,
    },
    /// Its bytes could not be had.
    #[error("reading the chain: {0}")]
    Read(#[from] io::Error),
    /// A thread could not be started.
    #[error("starting a thread: {0}")]
    Thread(io::Error),
}

/// Verifies the chain whose bytes `source` gives, and tells `progress` now and then how far it is.
///
/// # Errors
/// The first fault, or why there was nothing to look at.
pub fn verify(
    source: &mut (dyn Read + Send),
    settings: Settings,
    mut progress: impl FnMut(Progress),
) -> Result<(Genesis, Summary), VerifyError> {
    let mut source = Source { source, items: ItemReader::default(), buffer: vec![0; READ_BYTES] };
    let genesis = source.genesis()?;
    let found = genesis.hash();
    if let Some(expected) = settings.genesis.filter(|expected| *expected != found) {
        return Err(VerifyError::ForeignGenesis { expected, found });
    }
    let mut replay = Replay::new(genesis.clone())?;
    let threads = settings.threads.max(1);
    let (work, queue) = sync_channel::<Work>(threads * BATCHES_WAITING);
    let (order, ordered) = sync_channel::<Ordered>(threads * BATCHES_WAITING);
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for number in 0..threads {
            let spawned = thread::Builder::new().name(format!("signatures-{number}"));
            spawned.spawn_scoped(scope, || check_all(&queue, &found)).map_err(VerifyError::Thread)?;
        }
        let foresight = Foresight::new(&genesis, settings.from_height);
        let reading = thread::Builder::new().name("reader".into());
        reading.spawn_scoped(scope, || source.read_all(foresight, work, order)).map_err(VerifyError::Thread)?;
        // Whatever ends this ends the reader, too: it finds that nobody takes what it sends.
        ordered.into_iter().try_for_each(|next| {
            let done = apply(&mut replay, next)?;
            progress(done);
            Ok::<_, VerifyError>(())
        })
    })?;
    let summary = replay.summary();
    match settings.state.filter(|expected| *expected != summary.state) {
        Some(expected) => Err(VerifyError::OtherState { expected, found: summary.state }),
        None => Ok((genesis, summary)),
    }
}

fn apply(replay: &mut Replay, next: Ordered) -> Result<Progress, VerifyError> {
    match next {
        Ordered::Batch { checked, end } => {
            let steps = checked.recv().expect("a checking thread answers each batch");
            steps.into_iter().try_for_each(|step| replay.apply(step))?;
            Ok(Progress { bytes: end, height: replay.state().head().height, records: replay.state().next_number() })
        }
        Ordered::Fault(fault) => Err(Fault { place: replay.next_place(), rule: BrokenRule::File(fault) }.into()),
        Ordered::Failed(error) => Err(error.into()),
    }
}

/// Items whose signatures are to be checked, and who waits for the answer.
struct Work {
    items: Vec<Ahead>,
    checked: SyncSender<Vec<Step>>,
}

/// What comes next in the chain.
enum Ordered {
    Batch {
        checked: Receiver<Vec<Step>>,
        /// Where in the file it ends.
        end: u64,
    },
    Fault(FileFault),
    Failed(io::Error),
}

fn check_all(queue: &Mutex<Receiver<Work>>, genesis: &GenesisHash) {
    let mut random = Buffered::default();
    loop {
        let next = queue.lock().expect("no checking thread panics while it waits").recv();
        let Ok(Work { items, checked }) = next else { return };
        // Nobody waits any more once a fault was found.
        if checked.send(check_signatures(items, genesis, &mut random)).is_err() {
            return;
        }
    }
}

/// A chain's bytes, read item by item.
struct Source<'a> {
    source: &'a mut (dyn Read + Send),
    items: ItemReader,
    buffer: Vec<u8>,
}

impl Source<'_> {
    fn genesis(&mut self) -> Result<Genesis, VerifyError> {
        let unreadable = |fault| Fault { place: Place::Genesis, rule: BrokenRule::File(fault) };
        loop {
            match self.items.next_item().map_err(unreadable)? {
                Some(Item::Genesis(genesis)) => return Ok(*genesis),
                Some(_) => unreachable!("the first item is the genesis"),
                None if self.read_more()? => {}
                None => {
                    self.items.finish().map_err(unreadable)?;
                    unreachable!("a chain without a genesis is not whole");
                }
            }
        }
    }

    /// Reads on; false at the end of the bytes.
    fn read_more(&mut self) -> io::Result<bool> {
        loop {
            match self.source.read(&mut self.buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.items.push(&self.buffer[..count]);
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn read_all(mut self, mut foresight: Foresight, work: SyncSender<Work>, order: SyncSender<Ordered>) {
        let mut batch = Vec::with_capacity(BATCH_ITEMS);
        let last = loop {
            match self.next_item() {
                Ok(Some(item)) => batch.push(foresight.look_at(item)),
                Ok(None) => break None,
                Err(last) => break Some(last),
            }
            if batch.len() == BATCH_ITEMS
                && hand_on(
                    std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ITEMS)),
                    self.items.offset(),
                    &work,
                    &order,
                )
                .is_none()
            {
                return;
            }
        };
        if hand_on(batch, self.items.offset(), &work, &order).is_some()
            && let Some(last) = last
        {
            // As above: nobody takes it once a fault was found before.
            drop(order.send(last));
        }
    }

    fn next_item(&mut self) -> Result<Option<Item>, Ordered> {
        loop {
            if let Some(item) = self.items.next_item().map_err(Ordered::Fault)? {
                return Ok(Some(item));
            }
            if !self.read_more().map_err(Ordered::Failed)? {
                return self.items.finish().map(|()| None).map_err(Ordered::Fault);
            }
        }
    }
}

/// Sends a batch to be checked and then applied; none when nobody takes it any more.
fn hand_on(items: Vec<Ahead>, end: u64, work: &SyncSender<Work>, order: &SyncSender<Ordered>) -> Option<()> {
    let (answer, checked) = sync_channel(1);
    order.send(Ordered::Batch { checked, end }).ok()?;
    work.send(Work { items, checked: answer }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = include_bytes!("../../tests/corrupt-chains/good.chain");
    const SETTINGS: Settings = Settings { threads: 2, from_height: 0, genesis: None, state: None };

    fn verified(mut bytes: &[u8], settings: Settings) -> Result<Summary, VerifyError> {
        verify(&mut bytes, settings, |_| {}).map(|(_, summary)| summary)
    }

    #[test]
    fn a_good_chain_is_good_on_any_count_of_threads() {
        let summary = verified(GOOD, SETTINGS).unwrap();
        assert_eq!((summary.height, summary.records, summary.pending), (24, 40, 3));
        for settings in [Settings { threads: 1, ..SETTINGS }, Settings { threads: 7, from_height: 9, ..SETTINGS }] {
            assert_eq!(verified(GOOD, settings).unwrap(), summary);
        }
        let known = Settings { genesis: Some(summary.genesis), state: Some(summary.state), ..SETTINGS };
        assert_eq!(verified(GOOD, known).unwrap(), summary);
    }

    #[test]
    fn another_chain_or_ledger_than_the_one_asked_for_is_named() {
        let genesis = Settings { genesis: Some(GenesisHash::default()), ..SETTINGS };
        assert!(matches!(verified(GOOD, genesis), Err(VerifyError::ForeignGenesis { .. })));
        let state = Settings { state: Some(StateHash::default()), ..SETTINGS };
        assert!(matches!(verified(GOOD, state), Err(VerifyError::OtherState { .. })));
    }

    #[test]
    fn what_cannot_be_read_is_no_fault_of_the_chain() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let mut half = GOOD[..3_000].chain(Broken);
        assert!(matches!(verify(&mut half, SETTINGS, |_| {}), Err(VerifyError::Read(_))));
        let Err(VerifyError::Fault(fault)) = verified(&GOOD[..3_000], SETTINGS) else { panic!("half a chain is good") };
        assert_eq!(fault.rule.name(), "truncated");
        assert!(matches!(verified(b"", SETTINGS), Err(VerifyError::Fault(_))));
    }

    /// A fault early in a chain that is far longer than what is read ahead.
    #[test]
    fn a_fault_ends_the_reading() {
        let last = GOOD.len() - 1;
        let mut endless = GOOD[..last].chain(io::repeat(1));
        assert!(matches!(verify(&mut endless, SETTINGS, |_| {}), Err(VerifyError::Fault(_))));
    }
}
