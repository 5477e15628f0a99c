//! Writing a backup.

use super::format::{CHUNK_BYTES, CHUNK_BYTES_MAX, Output, deflate, put_entry};
use super::read::KEYS_SECTION;
use super::{BackupError, Description, MAGIC, VERSION};
use crate::leader::keys::KeyFile;
use crate::store::{Order, Snapshot, Table};
use qoin_core::encode::encode;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::ops::Bound;
use zeroize::Zeroizing;

/// How many entries are read from the store at once.
const PAGE_ENTRIES: usize = 256;

/// Writes a backup of what `snapshot` holds, with these keys, if any. Memory stays bounded by a few chunks.
///
/// # Errors
/// When the store cannot be read or holds no currency, or `out` cannot be written.
pub fn write(
    out: impl Write,
    snapshot: &dyn Snapshot,
    made_ms: u64,
    keys: Option<&[KeyFile]>,
) -> Result<(), BackupError> {
    let description = encode(&Description::of(snapshot, made_ms, keys.is_some())?);
    let mut out = Output::new(out);
    out.put(MAGIC)?;
    out.put(&VERSION.to_le_bytes())?;
    out.put_u32(description.len())?;
    out.put(&description)?;
    if let Some(keys) = keys {
        let mut section = Section::begin(&mut out, KEYS_SECTION)?;
        for key in keys {
            section.put(key.name.as_bytes(), &key.content)?;
        }
        section.finish()?;
    }
    for table in Table::ALL {
        write_table(&mut out, snapshot, table)?;
    }
    out.put(&[0])?;
    out.finish()
}

fn write_table<W: Write>(out: &mut Output<W>, snapshot: &dyn Snapshot, table: Table) -> Result<(), BackupError> {
    let mut section = Section::begin(out, table.name())?;
    let mut last: Option<Vec<u8>> = None;
    loop {
        let from = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let page = snapshot.range(table, from, Bound::Unbounded, Order::Ascending, PAGE_ENTRIES)?;
        for (key, value) in &page {
            section.put(key, value)?;
        }
        match page.into_iter().next_back() {
            Some((key, _)) => last = Some(key),
            None => return section.finish(),
        }
    }
}

/// A section that is being written.
struct Section<'a, W> {
    out: &'a mut Output<W>,
    // Wiped when dropped: the keys pass through here, too.
    chunk: Zeroizing<Vec<u8>>,
    entries: u64,
    bytes: u64,
    hash: Sha256,
}

impl<'a, W: Write> Section<'a, W> {
    fn begin(out: &'a mut Output<W>, name: &str) -> Result<Self, BackupError> {
        out.put(&[u8::try_from(name.len()).expect("names of sections are short")])?;
        out.put(name.as_bytes())?;
        Ok(Self { out, chunk: Zeroizing::default(), entries: 0, bytes: 0, hash: Sha256::new() })
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
        if self.chunk.len() + 8 + key.len() + value.len() > CHUNK_BYTES_MAX {
            self.close_chunk()?;
        }
        put_entry(&mut self.chunk, key, value)?;
        self.entries += 1;
        if self.chunk.len() >= CHUNK_BYTES { self.close_chunk() } else { Ok(()) }
    }

    fn close_chunk(&mut self) -> Result<(), BackupError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        self.hash.update(&*self.chunk);
        self.bytes += self.chunk.len() as u64;
        let packed = deflate(&self.chunk);
        self.out.put_u32(packed.len())?;
        self.out.put_u32(self.chunk.len())?;
        self.out.put(&packed)?;
        self.chunk.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<(), BackupError> {
        self.close_chunk()?;
        self.out.put(&0u32.to_le_bytes())?;
        self.out.put(&self.entries.to_le_bytes())?;
        self.out.put(&self.bytes.to_le_bytes())?;
        self.out.put(&self.hash.finalize())
    }
}
