//! The bytes of a backup: hashed as they pass, lengths bounded before anything is taken.

use super::BackupError;
use crate::store::Entry;
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// A chunk is closed once it has this many bytes.
pub const CHUNK_BYTES: usize = 1 << 20;
/// The most that a chunk, and so an entry, can have.
pub const CHUNK_BYTES_MAX: usize = 64 << 20;
/// The most by which deflate makes a chunk larger that it cannot make smaller, and some more.
const DEFLATE_SLACK: usize = 1 << 16;
/// The most that a description can have, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 1 << 16;
/// Most of a ledger is signatures and hashes, which nothing makes smaller: the fastest level gets what there is to get.
const LEVEL: Compression = Compression::fast();

/// Writes, and hashes all of it.
pub struct Output<W> {
    inner: W,
    total: Sha256,
}

impl<W: Write> Output<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, total: Sha256::new() }
    }

    pub fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.total.update(bytes);
        self.inner.write_all(bytes).map_err(BackupError::Write)
    }

    pub fn put_u32(&mut self, number: usize) -> Result<(), BackupError> {
        let number = u32::try_from(number).map_err(|_| BackupError::EntryTooLarge(number))?;
        self.put(&number.to_le_bytes())
    }

    /// Ends with the hash of everything.
    pub fn finish(mut self) -> Result<(), BackupError> {
        let total = self.total.finalize();
        self.inner.write_all(&total).and_then(|()| self.inner.flush()).map_err(BackupError::Write)
    }
}

/// Reads, and hashes all of it.
pub struct Input<R> {
    inner: R,
    total: Sha256,
}

impl<R: Read> Input<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, total: Sha256::new() }
    }

    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub fn take_u32(&mut self) -> Result<u32, BackupError> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn take_u64(&mut self) -> Result<u64, BackupError> {
        self.take().map(u64::from_le_bytes)
    }

    /// So many bytes, which the caller has bounded.
    pub fn take_bytes(&mut self, length: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.inner.read_exact(bytes).map_err(read_error)?;
        self.total.update(&*bytes);
        Ok(())
    }

    /// Reads the hash of everything and holds it against what was read; nothing may follow.
    pub fn finish(mut self) -> Result<(), BackupError> {
        let total: [u8; 32] = self.total.finalize().into();
        let mut expected = [0; 32];
        self.inner.read_exact(&mut expected).map_err(read_error)?;
        if total != expected {
            return Err(BackupError::Damaged("its hash is another"));
        }
        match self.inner.read(&mut [0]).map_err(BackupError::Read)? {
            0 => Ok(()),
            _ => Err(BackupError::Damaged("something follows its end")),
        }
    }
}

fn read_error(error: io::Error) -> BackupError {
    if error.kind() == io::ErrorKind::UnexpectedEof { BackupError::Truncated } else { BackupError::Read(error) }
}

/// Compresses a chunk.
pub fn deflate(chunk: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(chunk.len() / 2), LEVEL);
    encoder.write_all(chunk).and_then(|()| encoder.finish()).expect("writing to a vector of bytes cannot fail")
}

/// Reads a chunk whose compressed length was just read (not zero); back come its bytes as they were.
pub fn inflate<R: Read>(input: &mut Input<R>, packed_length: u32) -> Result<Vec<u8>, BackupError> {
    let (packed_length, length) = (packed_length as usize, input.take_u32()? as usize);
    if length > CHUNK_BYTES_MAX || packed_length > length + DEFLATE_SLACK {
        return Err(BackupError::Damaged("a chunk's length cannot be"));
    }
    let packed = input.take_bytes(packed_length)?;
    let mut chunk = Vec::with_capacity(length);
    let mut decoder = DeflateDecoder::new(&*packed).take(length as u64 + 1);
    let inflated = decoder.read_to_end(&mut chunk);
    if inflated.is_err() || chunk.len() != length {
        return Err(BackupError::Damaged("a chunk cannot be decompressed"));
    }
    Ok(chunk)
}

/// Adds an entry to a chunk.
pub fn put_entry(chunk: &mut Vec<u8>, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
    let length = 8 + key.len() + value.len();
    if length > CHUNK_BYTES_MAX {
        return Err(BackupError::EntryTooLarge(length));
    }
    for part in [key, value] {
        let length = u32::try_from(part.len()).expect("no longer than a chunk");
        chunk.extend_from_slice(&length.to_le_bytes());
        chunk.extend_from_slice(part);
    }
    Ok(())
}

/// The entries of a chunk.
pub fn entries(mut chunk: &[u8]) -> Result<Vec<Entry>, BackupError> {
    fn part(chunk: &mut &[u8]) -> Option<Vec<u8>> {
        let (length, rest) = chunk.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        *chunk = rest;
        Some(part.to_vec())
    }
    let mut entries = Vec::new();
    while !chunk.is_empty() {
        let entry = part(&mut chunk).and_then(|key| Some((key, part(&mut chunk)?)));
        entries.push(entry.ok_or(BackupError::Damaged("a chunk holds half an entry"))?);
    }
    Ok(entries)
}
