//! A disk that fails as disks do, under the real database.

use super::{RedbStore, StoreError};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes whole or not at all when the power goes, in bytes.
const SECTOR: usize = 512;
/// What the operating system writes back by itself, in any order, in bytes.
const PAGE: usize = 4096;

/// How a disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A write finds no space, after a part of it was written.
    NoSpace,
    /// A write fails, after a part of it was written.
    Write,
    /// A sync fails. Nobody knows which of the writes before it are on the disk.
    Sync,
    /// A read fails.
    Read,
    /// A read gives one bit wrong.
    BitFlip,
    /// The power goes at a write.
    PowerAtWrite,
    /// The power goes at a sync.
    PowerAtSync,
}

/// When the disk fails.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How.
    pub fault: Fault,
    /// How many operations of that kind go well before.
    pub after: u64,
    /// Whether all later ones fail, too, until the disk is mended.
    pub lasts: bool,
}

/// A disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// What reads see.
    current: Vec<u8>,
    /// What is safe from a loss of power.
    durable: Vec<u8>,
    /// What led from the one to the other, oldest first.
    unsynced: Vec<Change>,
    plan: Option<Plan>,
    has_power: bool,
    struck: u64,
    random: u64,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Sync,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::NoSpace, Self::Write, Self::Sync, Self::Read, Self::BitFlip, Self::PowerAtWrite, Self::PowerAtSync];

    fn kind(self) -> Kind {
        match self {
            Self::NoSpace | Self::Write | Self::PowerAtWrite => Kind::Write,
            Self::Sync | Self::PowerAtSync => Kind::Sync,
            Self::Read | Self::BitFlip => Kind::Read,
        }
    }
}

impl Disk {
    /// An empty disk whose chances this seed decides.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            current: Vec::new(),
            durable: Vec::new(),
            unsynced: Vec::new(),
            plan: None,
            has_power: true,
            struck: 0,
            random: seed,
        })))
    }

    /// The store on it.
    pub fn open(&self) -> Result<RedbStore, StoreError> {
        RedbStore::on(self.clone())
    }

    /// Has it fail from now on as planned.
    pub fn fail(&self, plan: Plan) {
        self.state().plan = Some(plan);
    }

    /// How often it has failed.
    pub fn struck(&self) -> u64 {
        self.state().struck
    }

    /// Makes it well again. What was not synced may be there, or not, or in part, unless it is only the process that
    /// starts anew.
    pub fn mend(&self) {
        let state = &mut *self.state();
        let is_uncertain = !state.has_power || state.plan.is_some_and(|plan| plan.fault == Fault::Sync);
        state.plan = None;
        state.has_power = true;
        if is_uncertain {
            state.lose_some();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn chance(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % below.max(1) as u64).unwrap_or(0)
    }

    /// The fault that strikes an operation of this kind.
    fn strike(&mut self, kind: Kind) -> Option<Fault> {
        let plan = self.plan.as_mut().filter(|plan| plan.fault.kind() == kind)?;
        if plan.after > 0 {
            plan.after -= 1;
            return None;
        }
        let fault = plan.fault;
        if !plan.lasts {
            plan.after = u64::MAX;
        }
        self.struck += 1;
        if matches!(fault, Fault::PowerAtWrite | Fault::PowerAtSync) {
            self.has_power = false;
        }
        Some(fault)
    }

    fn check_power(&self) -> io::Result<()> {
        if self.has_power { Ok(()) } else { Err(io_error()) }
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        put(&mut self.current, offset, data);
        self.unsynced.push(Change::Write { offset, data: data.to_vec() });
    }

    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            match change {
                Change::Write { offset, data } => put(&mut self.durable, offset, &data),
                Change::Length(length) => self.durable.resize(length, 0),
            }
        }
    }

    /// What the next one finds of the writes since the last sync: of each page of each of them all, nothing, or some
    /// sectors; and of the file's lengths any.
    fn lose_some(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Length(length) if self.chance(2) == 0 => self.durable.resize(length, 0),
                Change::Length(_) => {}
                Change::Write { offset, data } => {
                    for page in pieces(offset, data.len(), PAGE) {
                        let fate = self.chance(3);
                        for sector in pieces(offset + page.start, page.len(), SECTOR) {
                            let sector = page.start + sector.start..page.start + sector.end;
                            if fate == 0 || (fate == 1 && self.chance(2) == 0) {
                                put(&mut self.durable, offset + sector.start, &data[sector]);
                            }
                        }
                    }
                }
            }
        }
        self.current.clone_from(&self.durable);
    }
}

/// The parts of `length` bytes from `offset` on that lie in one unit each, counted from the first byte.
fn pieces(offset: usize, length: usize, unit: usize) -> impl Iterator<Item = Range<usize>> {
    let first = offset / unit;
    let last = (offset + length).div_ceil(unit);
    (first..last).map(move |number| {
        let start = (number * unit).max(offset) - offset;
        let end = ((number + 1) * unit).min(offset + length) - offset;
        start..end
    })
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

fn io_error() -> io::Error {
    // EIO; its number is the same on every system that has one.
    io::Error::from_raw_os_error(5)
}

fn index(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

impl ::redb::StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state();
        state.check_power()?;
        Ok(state.current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = &mut *self.state();
        state.check_power()?;
        let struck = state.strike(Kind::Read);
        if struck == Some(Fault::Read) {
            return Err(io_error());
        }
        let offset = index(offset)?;
        let bytes = state.current.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        if struck == Some(Fault::BitFlip) && !out.is_empty() {
            let bit = state.chance(out.len() * 8);
            out[bit / 8] ^= 1 << (bit % 8);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let state = &mut *self.state();
        state.check_power()?;
        let length = index(len)?;
        state.current.resize(length, 0);
        state.unsynced.push(Change::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let state = &mut *self.state();
        state.check_power()?;
        match state.strike(Kind::Sync) {
            Some(_) => Err(io_error()),
            None => {
                state.sync();
                Ok(())
            }
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let state = &mut *self.state();
        state.check_power()?;
        let offset = index(offset)?;
        let Some(fault) = state.strike(Kind::Write) else {
            state.write(offset, data);
            return Ok(());
        };
        let written = state.chance(data.len());
        state.write(offset, &data[..written]);
        Err(if fault == Fault::NoSpace { io::ErrorKind::StorageFull.into() } else { io_error() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, Store, Table};
    use ::redb::StorageBackend;

    #[test]
    fn without_a_sync_anything_may_be_left_of_a_write() {
        let mut seen = std::collections::HashSet::new();
        for seed in 1..200 {
            let disk = Disk::new(seed);
            disk.write(0, &[1; 2 * SECTOR]).unwrap();
            disk.sync_data().unwrap();
            disk.write(0, &[2; 2 * SECTOR]).unwrap();
            disk.fail(Plan { fault: Fault::PowerAtSync, after: 0, lasts: false });
            assert!(disk.sync_data().is_err() && disk.len().is_err());
            disk.mend();
            let mut left = [0; 2 * SECTOR];
            disk.read(0, &mut left).unwrap();
            seen.insert((left[0], left[SECTOR]));
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
    }

    #[test]
    fn pieces_end_at_the_units() {
        let all: Vec<_> = pieces(100, 1000, 512).collect();
        assert_eq!(all, [0..412, 412..924, 924..1000]);
        assert!(pieces(512, 512, 512).eq(std::iter::once(0..512)));
    }

    /// What a store acknowledged is there after any loss of power, and what failed is there whole or not at all.
    #[test]
    fn a_commit_survives_or_never_was() {
        let mut kept = 0;
        for seed in 1..120 {
            let disk = Disk::new(seed);
            let store = disk.open().unwrap();
            let epoch = store.claim().unwrap();
            let fault = if seed % 2 == 0 { Fault::PowerAtWrite } else { Fault::PowerAtSync };
            disk.fail(Plan { fault, after: seed % 23, lasts: false });
            let batch = |number: u8| {
                let mut batch = Batch::new();
                batch.put(Table::Records, [number], [number; 3000]).put(Table::Memos, [number], [number]);
                batch
            };
            let acknowledged = (0..40).take_while(|number| store.commit(epoch, &batch(*number)).is_ok()).count() as u8;
            assert!(acknowledged < 40, "the power has not gone");
            drop(store);
            disk.mend();
            let store = disk.open().unwrap();
            for number in 0..acknowledged {
                assert_eq!(store.get(Table::Records, &[number]).unwrap(), Some(vec![number; 3000]), "seed {seed}");
            }
            let (record, memo) = (store.get(Table::Records, &[acknowledged]), store.get(Table::Memos, &[acknowledged]));
            let (record, memo) = (record.unwrap(), memo.unwrap());
            assert_eq!(record.is_some(), memo.is_some(), "seed {seed}: half a commit");
            assert_eq!(store.get(Table::Records, &[acknowledged + 1]).unwrap(), None);
            kept += usize::from(record.is_some());
        }
        println!("{kept} of 119 commits that nobody heard of were there");
    }
}
