//! A whole chain as bytes, in a file or on its way over a network: what a verifier reads.
//!
//! After the [head](FileKind::Chain) come items, each behind its length (u16, little endian; 1 to [`ITEM_BYTES_MAX`]):
//! the genesis; then each block's log records in order and the block right behind them; then the records that no block
//! seals yet; and the end, by which a file that was cut off is known from one that is whole.

use crate::{
    block::{Block, Unchecked},
    encode::{DecodeError, decode, encode},
    file_head::{FileKind, HEAD_LEN, HeadError},
    genesis::Genesis,
    log::LogRecord,
};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// The most bytes that an item has.
pub const ITEM_BYTES_MAX: usize = 1_024;
/// The bytes of an item's length.
const LENGTH_LEN: usize = 2;

/// One piece of a chain. Its bytes are canonical: the variant's number (u8), then its content.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Item {
    /// The currency's parameters; only and always the first.
    Genesis(Box<Genesis>),
    /// The next log record.
    Record(Box<LogRecord>),
    /// The block that seals the records before it.
    Block(Box<Block<Unchecked>>),
    /// Nothing follows.
    End(End),
}

/// How much a whole chain holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct End {
    /// How many blocks.
    pub blocks: u32,
    /// How many log records, sealed or not.
    pub records: u64,
}

/// Why bytes are not a chain's.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// Another kind of file, or a version that this program does not know.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The bytes stop before the end.
    #[error("the file is cut off after {0} bytes")]
    Truncated(u64),
    /// An item without content, or a longer one than there is.
    #[error("the item at byte {offset} has {length} bytes, not 1 to {ITEM_BYTES_MAX}")]
    ItemLength {
        /// Where its length stands.
        offset: u64,
        /// Its length.
        length: u16,
    },
    /// An item that is not in its one form.
    #[error("the item at byte {offset} is {error}")]
    Malformed {
        /// Where its length stands.
        offset: u64,
        /// Why not.
        error: DecodeError,
    },
    /// The first item is not the genesis, or a later one is.
    #[error("the item at byte {0} is out of place: a chain has one genesis, at its beginning")]
    GenesisPlace(u64),
    /// The end tells other numbers than were read.
    #[error("the file says that it holds {said_blocks} blocks and {said_records} records, but it holds {} and {}", found.blocks, found.records)]
    EndMismatch {
        /// How many blocks the end tells.
        said_blocks: u32,
        /// How many records the end tells.
        said_records: u64,
        /// What was read.
        found: End,
    },
    /// Something follows the end.
    #[error("there are bytes after the chain's end, from byte {0} on")]
    AfterEnd(u64),
}

/// The bytes that a chain begins with: the head and the genesis.
pub fn start(genesis: &Genesis) -> Vec<u8> {
    let mut bytes = FileKind::Chain.head().to_vec();
    put(&mut bytes, &Item::Genesis(Box::new(genesis.clone())));
    bytes
}

/// Appends an item behind its length.
///
/// # Panics
/// When it is longer than an item can be; only a genesis that was not checked is.
pub fn put(bytes: &mut Vec<u8>, item: &Item) {
    let content = encode(item);
    assert!(content.len() <= ITEM_BYTES_MAX, "an item of a checked chain is short");
    let length = u16::try_from(content.len()).expect("bounded above");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&content);
}

/// Takes a chain's bytes as they come and gives its items. It holds no more than what was pushed and not yet taken.
#[derive(Debug, Default)]
pub struct ItemReader {
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    read: usize,
    /// Where the buffer begins in the file.
    buffer_offset: u64,
    stage: Stage,
    found: End,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Head,
    Genesis,
    Items,
    Ended,
}

impl ItemReader {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer_offset += self.read as u64;
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next item; none when more bytes are needed for it.
    ///
    /// # Errors
    /// When the bytes are not a chain's. Nothing can be read after that.
    pub fn next_item(&mut self) -> Result<Option<Item>, FileFault> {
        if self.stage == Stage::Head && !self.read_head()? {
            return Ok(None);
        }
        let (offset, rest) = (self.offset(), &self.buffer[self.read..]);
        if self.stage == Stage::Ended && !rest.is_empty() {
            return Err(FileFault::AfterEnd(offset));
        }
        let Some(length) = rest.first_chunk::<LENGTH_LEN>().map(|length| u16::from_le_bytes(*length)) else {
            return Ok(None);
        };
        if !(1..=ITEM_BYTES_MAX).contains(&usize::from(length)) {
            return Err(FileFault::ItemLength { offset, length });
        }
        let end = LENGTH_LEN + usize::from(length);
        let Some(content) = rest.get(LENGTH_LEN..end) else { return Ok(None) };
        let item: Item = decode(content).map_err(|error| FileFault::Malformed { offset, error })?;
        self.take(offset, &item)?;
        self.read += end;
        Ok(Some(item))
    }

    /// How many bytes of the file were read.
    pub fn offset(&self) -> u64 {
        self.buffer_offset + self.read as u64
    }

    /// Checks that no more bytes were to come.
    ///
    /// # Errors
    /// When the end was not reached.
    pub fn finish(&self) -> Result<(), FileFault> {
        if self.stage == Stage::Ended {
            return Ok(());
        }
        Err(FileFault::Truncated(self.buffer_offset + self.buffer.len() as u64))
    }

    fn read_head(&mut self) -> Result<bool, FileFault> {
        let Some(head) = self.buffer.first_chunk::<HEAD_LEN>() else { return Ok(false) };
        FileKind::Chain.check(head)?;
        self.read = HEAD_LEN;
        self.stage = Stage::Genesis;
        Ok(true)
    }

    fn take(&mut self, offset: u64, item: &Item) -> Result<(), FileFault> {
        if matches!(item, Item::Genesis(_)) != (self.stage == Stage::Genesis) {
            return Err(FileFault::GenesisPlace(offset));
        }
        match item {
            Item::Genesis(_) => self.stage = Stage::Items,
            Item::Record(_) => self.found.records += 1,
            Item::Block(_) => self.found.blocks += 1,
            Item::End(end) if *end == self.found => self.stage = Stage::Ended,
            Item::End(End { blocks, records }) => {
                return Err(FileFault::EndMismatch { said_blocks: *blocks, said_records: *records, found: self.found });
            }
        }
        Ok(())
    }
}
