//! The store of the tests: ordered maps in memory, gone with the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Batch, EPOCH_KEY, Entry, Epoch, FORMAT, FORMAT_KEY, Order, Snapshot, Store, StoreError, Table};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store in memory. A snapshot shares the maps; a commit copies those it changes while a snapshot still holds them.
#[derive(Debug)]
pub struct MemoryStore {
    state: RwLock<State>,
}

#[derive(Debug, Clone)]
struct State {
    epoch: Epoch,
    maps: BTreeMap<Table, Arc<Map>>,
}

impl State {
    fn map_mut(&mut self, table: Table) -> &mut Map {
        Arc::make_mut(self.maps.entry(table).or_default())
    }

    fn check(&self, epoch: Epoch) -> Result<(), StoreError> {
        if epoch == self.epoch { Ok(()) } else { Err(StoreError::Superseded { held: epoch, newest: self.epoch }) }
    }
}

impl MemoryStore {
    /// A store without data.
    pub fn new() -> Self {
        let mut state = State { epoch: Epoch::NONE, maps: BTreeMap::new() };
        state.map_mut(Table::Meta).insert(FORMAT_KEY.to_vec(), FORMAT.to_le_bytes().to_vec());
        Self { state: RwLock::new(state) }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect("nothing panics while it holds the lock")
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().expect("nothing panics while it holds the lock")
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn claim(&self) -> Result<Epoch, StoreError> {
        let mut state = self.write();
        let epoch = state.epoch.next();
        state.epoch = epoch;
        state.map_mut(Table::Meta).insert(EPOCH_KEY.to_vec(), epoch.to_bytes().to_vec());
        Ok(epoch)
    }

    fn commit(&self, epoch: Epoch, batch: &Batch) -> Result<(), StoreError> {
        batch.check_reserved()?;
        let mut state = self.write();
        state.check(epoch)?;
        for write in batch.writes() {
            let map = state.map_mut(write.table);
            match &write.value {
                Some(value) => map.insert(write.key.clone(), value.clone()),
                None => map.remove(&write.key),
            };
        }
        Ok(())
    }

    fn settle(&self, epoch: Epoch) -> Result<(), StoreError> {
        self.read().check(epoch)
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(self.read().clone()))
    }
}

impl Snapshot for State {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.maps.get(&table).and_then(|map| map.get(key)).cloned())
    }

    fn range(
        &self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let Some(map) = self.maps.get(&table) else { return Ok(Vec::new()) };
        if super::encloses_nothing(from, to) {
            return Ok(Vec::new());
        }
        let entries = map.range::<[u8], _>((from, to)).map(|(key, value)| (key.clone(), value.clone()));
        Ok(match order {
            Order::Ascending => entries.take(limit).collect(),
            Order::Descending => entries.rev().take(limit).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::store::conformance::conformance_tests!(|check| check(&MemoryStore::new()));
}
