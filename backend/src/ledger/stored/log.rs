//! The log: records with their links, packed into rows that fill a page of the database.
//!
//! A row: how many records (u16), where each ends within what follows (u16 each), then the records, each followed by its
//! links; little endian. Its key is the number of its first record. A commit writes rows of its own, so none is ever
//! rewritten, and a record is found in the last row that does not begin after it.

use super::super::movement::Links;
use super::{corrupt, missing_record, read};
use crate::store::{Batch, Order, Snapshot, StoreError, Table};
use qoin_core::{
    address::Address, encode::encode, ledger::Accepted, log::LogRecord, memo::Memo, transaction::Operation,
};
use std::ops::Bound;

/// With its key and the database's own fields, such a row fills a page of 4,096 bytes.
const ROW_BYTES_MAX: usize = 4_060;

/// A log record with its memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record.
    pub record: LogRecord,
    /// The memo, for the two parties only.
    pub memo: Option<Memo>,
    pub(in crate::ledger) links: Links,
}

impl StoredRecord {
    /// Who is paid by it.
    pub fn recipient(&self) -> Option<Address> {
        match &self.record.signed.transaction.operation {
            Operation::Transfer { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// Whether an account takes part in it, and so may see its memo.
    pub fn concerns(&self, address: &Address) -> bool {
        self.record.signed.transaction.signer == *address || self.recipient() == Some(*address)
    }
}

pub(in crate::ledger) fn put_memo(number: u64, memo: &Memo, batch: &mut Batch) {
    batch.put(Table::Memos, number.to_be_bytes(), encode(memo));
}

/// Packs the records of one commit into rows.
#[derive(Default)]
pub(in crate::ledger) struct RowWriter {
    first: u64,
    ends: Vec<u16>,
    bodies: Vec<u8>,
}

impl RowWriter {
    /// Adds the record that follows the one before.
    pub fn push(&mut self, accepted: &Accepted, links: &Links, batch: &mut Batch) {
        self.push_bytes(accepted.record.number, &accepted.bytes, links, batch);
    }

    pub fn push_bytes(&mut self, number: u64, record: &[u8], links: &Links, batch: &mut Batch) {
        let links = encode(links);
        let longer = 2 * (self.ends.len() + 2) + self.bodies.len() + record.len() + links.len();
        if longer > ROW_BYTES_MAX {
            self.finish(batch);
        }
        if self.ends.is_empty() {
            self.first = number;
        }
        self.bodies.extend_from_slice(record);
        self.bodies.extend_from_slice(&links);
        self.ends.push(u16::try_from(self.bodies.len()).expect("a record is far shorter than a row"));
    }

    /// Writes what was not written yet.
    pub fn finish(&mut self, batch: &mut Batch) {
        if self.ends.is_empty() {
            return;
        }
        let count = u16::try_from(self.ends.len()).expect("a row holds few records");
        let mut row = Vec::with_capacity(2 + 2 * self.ends.len() + self.bodies.len());
        row.extend_from_slice(&count.to_le_bytes());
        self.ends.iter().for_each(|end| row.extend_from_slice(&end.to_le_bytes()));
        row.extend_from_slice(&self.bodies);
        batch.put(Table::Log, self.first.to_be_bytes(), row);
        self.ends.clear();
        self.bodies.clear();
    }
}

/// A row as it was read.
struct Row {
    first: u64,
    bytes: Vec<u8>,
}

impl Row {
    fn count(&self) -> usize {
        self.u16_at(0).unwrap_or(0)
    }

    fn u16_at(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at + 2)?;
        Some(u16::from_le_bytes([bytes[0], bytes[1]]).into())
    }

    /// The bytes of record and links of a number; none if the row ends before.
    fn entry(&self, number: u64) -> Result<Option<(LogRecord, Links)>, StoreError> {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let Some(index) = index.filter(|index| *index < self.count()) else { return Ok(None) };
        let bodies = 2 + 2 * self.count();
        let start = if index == 0 { Some(0) } else { self.u16_at(2 * index) };
        let end = self.u16_at(2 + 2 * index);
        let bytes = start.zip(end).and_then(|(start, end)| self.bytes.get(bodies + start..bodies + end));
        let bytes = bytes.ok_or_else(|| corrupt(Table::Log, format!("the row of record {number} is cut off")))?;
        let (record, links): (LogRecord, Links) = read(Table::Log, bytes)?;
        if record.number != number {
            return Err(corrupt(Table::Log, format!("record {} stands in the place of {number}", record.number)));
        }
        Ok(Some((record, links)))
    }
}

/// The log at one moment, remembering the row it read last, since neighbours are asked together.
pub(in crate::ledger) struct Log<'a> {
    snapshot: &'a dyn Snapshot,
    row: Option<Row>,
}

impl<'a> Log<'a> {
    pub fn of(snapshot: &'a dyn Snapshot) -> Self {
        Self { snapshot, row: None }
    }

    /// A record; none if the log ends before.
    pub fn get(&mut self, number: u64) -> Result<Option<StoredRecord>, StoreError> {
        let Some((record, links)) = self.entry(number)? else { return Ok(None) };
        let memo = match record.signed.transaction.memo_hash {
            Some(_) => {
                let bytes = self.snapshot.get(Table::Memos, &number.to_be_bytes())?;
                let bytes = bytes.ok_or_else(|| corrupt(Table::Memos, format!("memo {number} is missing")))?;
                // Empty: there was one, and it was erased.
                if bytes.is_empty() { None } else { Some(read(Table::Memos, &bytes)?) }
            }
            None => None,
        };
        Ok(Some(StoredRecord { record, memo, links }))
    }

    /// A record without its memo, with its links.
    pub fn entry(&mut self, number: u64) -> Result<Option<(LogRecord, Links)>, StoreError> {
        if let Some(found) = self.row.as_ref().map(|row| row.entry(number)).transpose()?.flatten() {
            return Ok(Some(found));
        }
        let to = number.to_be_bytes();
        let found = self.snapshot.range(Table::Log, Bound::Unbounded, Bound::Included(&to), Order::Descending, 1)?;
        self.row = found.into_iter().next().map(|(key, bytes)| row(key, bytes)).transpose()?;
        self.row.as_ref().map(|row| row.entry(number)).transpose().map(Option::flatten)
    }

    /// The records from `first` on, as far as there are, each given to `each` until it says stop.
    pub fn each_from(
        &mut self,
        first: u64,
        mut each: impl FnMut(LogRecord, Links) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        const ROWS: usize = 256;
        if self.entry(first)?.is_none() {
            return Ok(());
        }
        // The row that holds the first one may begin before it.
        let mut rows: Vec<Row> = self.row.take().into_iter().collect();
        let mut next = first;
        while !rows.is_empty() {
            let before = next;
            for row in rows {
                while let Some((record, links)) = row.entry(next)? {
                    next += 1;
                    if !each(record, links)? {
                        return Ok(());
                    }
                }
            }
            if next == before {
                return Err(missing_record(next));
            }
            let from = next.to_be_bytes();
            let found =
                self.snapshot.range(Table::Log, Bound::Included(&from), Bound::Unbounded, Order::Ascending, ROWS)?;
            rows = found.into_iter().map(|(key, bytes)| self::row(key, bytes)).collect::<Result<_, _>>()?;
        }
        Ok(())
    }
}

fn row(key: Vec<u8>, bytes: Vec<u8>) -> Result<Row, StoreError> {
    let first = key.try_into().map_err(|_| corrupt(Table::Log, "a key is not a record's number"))?;
    Ok(Row { first: u64::from_be_bytes(first), bytes })
}

/// When the log's last record was accepted; none in an empty log.
pub(in crate::ledger) fn last_accepted_us(from: &dyn Snapshot) -> Result<Option<(u64, u64)>, StoreError> {
    let last = from.range(Table::Log, Bound::Unbounded, Bound::Unbounded, Order::Descending, 1)?;
    let Some((key, bytes)) = last.into_iter().next() else { return Ok(None) };
    let row = row(key, bytes)?;
    let number = (row.first + row.count() as u64).checked_sub(1);
    let last = number.map(|number| row.entry(number)).transpose()?.flatten();
    let (record, _) = last.ok_or_else(|| corrupt(Table::Log, "its last row is empty"))?;
    Ok(Some((record.number, record.accepted_us)))
}
