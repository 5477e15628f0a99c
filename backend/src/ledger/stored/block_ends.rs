//! Where each block ends: which block seals a record, without a look at the blocks.

use super::corrupt;
use crate::store::{Batch, Order, Snapshot, StoreError, Table};
use std::ops::Bound;

/// How many ends share a row: 4,000 bytes.
const ROW_ENDS: usize = 500;

/// For each block from height 1 on, the number after its last record.
#[derive(Debug, Clone, Default)]
pub(in crate::ledger) struct BlockEnds(Vec<u64>);

impl BlockEnds {
    pub fn push(&mut self, end: u64) {
        self.0.push(end);
    }

    /// The height of the block that seals a record; none while the record waits.
    pub fn height_of(&self, number: u64) -> Option<u32> {
        let below = self.0.partition_point(|end| *end <= number);
        (below < self.0.len()).then(|| u32::try_from(below + 1).expect("heights are of 32 bits"))
    }

    /// The number of the first record that is sealed after the block at `height`.
    pub fn end_of(&self, height: u32) -> u64 {
        match height.checked_sub(1) {
            Some(index) => self.0.get(index as usize).copied().unwrap_or(u64::MAX),
            None => 0,
        }
    }

    /// Writes the row of the last block.
    pub fn put_last(&self, batch: &mut Batch) {
        if let Some(last) = self.0.len().checked_sub(1) {
            self.put_row(last / ROW_ENDS, batch);
        }
    }

    /// Writes all rows.
    pub fn put_all(&self, batch: &mut Batch) {
        (0..self.0.len().div_ceil(ROW_ENDS)).for_each(|row| self.put_row(row, batch));
    }

    fn put_row(&self, row: usize, batch: &mut Batch) {
        let ends = &self.0[row * ROW_ENDS..self.0.len().min((row + 1) * ROW_ENDS)];
        let value: Vec<u8> = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
        batch.put(Table::BlockEnds, (row as u64).to_be_bytes(), value);
    }

    pub fn read(from: &dyn Snapshot) -> Result<Self, StoreError> {
        let rows = from.range(Table::BlockEnds, Bound::Unbounded, Bound::Unbounded, Order::Ascending, usize::MAX)?;
        let mut ends = Vec::new();
        for (_, row) in rows {
            let (numbers, rest) = row.as_chunks::<8>();
            if !rest.is_empty() {
                return Err(corrupt(Table::BlockEnds, "a row is not a list of numbers"));
            }
            ends.extend(numbers.iter().map(|end| u64::from_le_bytes(*end)));
        }
        Ok(Self(ends))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Store};

    #[test]
    fn a_record_is_in_the_first_block_that_ends_after_it() {
        let mut ends = BlockEnds::default();
        assert_eq!((ends.height_of(0), ends.end_of(0)), (None, 0));
        [3, 3, 10].into_iter().for_each(|end| ends.push(end));
        let heights: Vec<_> = [0, 2, 3, 9, 10].into_iter().map(|number| ends.height_of(number)).collect();
        assert_eq!(heights, [Some(1), Some(1), Some(3), Some(3), None]);
        assert_eq!([0, 1, 2, 3].map(|height| ends.end_of(height)), [0, 3, 3, 10]);
    }

    #[test]
    fn ends_are_read_as_they_were_written_one_by_one() {
        let store = MemoryStore::new();
        let epoch = store.claim().unwrap();
        let mut ends = BlockEnds::default();
        for end in 1..=2 * ROW_ENDS as u64 + 1 {
            ends.push(end * 7);
            let mut batch = Batch::new();
            ends.put_last(&mut batch);
            store.commit(epoch, &batch).unwrap();
        }
        assert_eq!(BlockEnds::read(&*store.snapshot().unwrap()).unwrap().0, ends.0);
    }
}
