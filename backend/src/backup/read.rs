//! Reading a backup: every byte of it is held against its hashes.

use super::format::{DESCRIPTION_BYTES_MAX, Input, entries, inflate};
use super::{BackupError, Description, MAGIC, VERSION};
use crate::store::{Entry, FORMAT, Table};
use qoin_core::encode::decode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The name of the section that holds the keys.
pub(super) const KEYS_SECTION: &str = "keys";

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// The files of the keys' folder, by name.
    Keys,
    /// A table of the store.
    Table(Table),
}

/// A section that was read whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// How many entries it has.
    pub entries: u64,
    /// How many bytes they are, before compression.
    pub bytes: u64,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What it says of itself.
    #[serde(flatten)]
    pub description: Description,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A backup whose description was read.
pub(super) struct Backup<R> {
    input: Input<R>,
    pub description: Description,
}

/// Reads the whole file and holds every byte against the hashes in it.
///
/// # Errors
/// What is wrong with it.
pub fn verify(path: &Path) -> Result<Report, BackupError> {
    let backup = open(path)?;
    let description = backup.description.clone();
    let sections = backup.read(|_, _| Ok::<(), BackupError>(()))?;
    Ok(Report { description, sections })
}

pub(super) fn open(path: &Path) -> Result<Backup<BufReader<File>>, BackupError> {
    let file = File::open(path).map_err(|source| BackupError::File { path: path.to_owned(), source })?;
    Backup::begin(BufReader::with_capacity(1 << 18, file))
}

impl<R: Read> Backup<R> {
    /// Reads the description. Nothing that a later program wrote is read further.
    pub fn begin(input: R) -> Result<Self, BackupError> {
        let mut input = Input::new(input);
        if input.take::<8>()? != *MAGIC {
            return Err(BackupError::NotABackup);
        }
        let version = input.take_u32()?;
        if version > VERSION {
            return Err(BackupError::NewerVersion(version));
        }
        if version != VERSION {
            return Err(BackupError::Damaged("its version never was"));
        }
        let length = input.take_u32()? as usize;
        if length > DESCRIPTION_BYTES_MAX {
            return Err(BackupError::Damaged("its description is too long"));
        }
        let description: Description =
            decode(&input.take_bytes(length)?).map_err(|_| BackupError::Damaged("its description cannot be read"))?;
        if description.store_format > FORMAT {
            return Err(BackupError::NewerStore(description.store_format));
        }
        Ok(Self { input, description })
    }

    /// Hands the entries of all sections to `take`, a chunk at a time. Whether they are what was written is known only
    /// at the end.
    pub fn read<E: From<BackupError>>(
        mut self,
        mut take: impl FnMut(Content, Vec<Entry>) -> Result<(), E>,
    ) -> Result<Vec<Section>, E> {
        let mut sections = Vec::new();
        let mut last = None;
        while let Some((name, content)) = self.next_section()? {
            // Each comes once, in one order: there is one way to write a backup.
            if last >= Some(content) {
                return Err(BackupError::Damaged("its sections are out of order").into());
            }
            last = Some(content);
            let (mut count, mut bytes, mut hash) = (0, 0, Sha256::new());
            loop {
                let packed_length = self.input.take_u32()?;
                if packed_length == 0 {
                    break;
                }
                let chunk = inflate(&mut self.input, packed_length)?;
                hash.update(&chunk);
                bytes += chunk.len() as u64;
                let entries = entries(&chunk)?;
                count += entries.len() as u64;
                take(content, entries)?;
            }
            let (expected_count, expected_bytes) = (self.input.take_u64()?, self.input.take_u64()?);
            let expected: [u8; 32] = self.input.take()?;
            if (expected_count, expected_bytes) != (count, bytes) || expected != <[u8; 32]>::from(hash.finalize()) {
                return Err(BackupError::Damaged("a section's hash is another").into());
            }
            sections.push(Section { name, entries: count, bytes });
        }
        self.input.finish()?;
        Ok(sections)
    }

    fn next_section(&mut self) -> Result<Option<(String, Content)>, BackupError> {
        let [length] = self.input.take()?;
        if length == 0 {
            return Ok(None);
        }
        let name = String::from_utf8(self.input.take_bytes(length.into())?)
            .map_err(|_| BackupError::Damaged("a section has no name"))?;
        let table = || Table::ALL.into_iter().find(|table| table.name() == name).map(Content::Table);
        let content = if name == KEYS_SECTION { Some(Content::Keys) } else { table() };
        match content {
            Some(content) => Ok(Some((name, content))),
            None => Err(BackupError::UnknownSection(name)),
        }
    }
}
