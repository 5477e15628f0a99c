//! A block's coinbase: the first leaf of its tree, which names the height, the reward and the times.
//!
//! It is laid out as a Bitcoin coinbase transaction, so that miners and firmware which look inside find what they expect.

use crate::{
    address::Address,
    amount::Amount,
    hash::{MerkleNode, sha256d},
};
use borsh::{BorshDeserialize, BorshSerialize, io};
use thiserror::Error;

/// What a block says about itself besides its log records.
///
/// Its bytes (integers little endian):
///
/// | bytes | what |
/// | --- | --- |
/// | 4 | version, 2 |
/// | 1 | count of inputs, 1 |
/// | 32 + 4 | the null outpoint: zeros, then `ffffffff` |
/// | 1 | length of the input's script, 10 to 15 |
/// | 1 to 6 | the height as BIP 34 writes it: one opcode for 0 to 16, else a length and the shortest number |
/// | 1 + 8 | the length 8 and the extranonce: 4 bytes of the connection, 4 of the miner |
/// | 4 | sequence, `ffffffff` |
/// | 1 | count of outputs, 1 |
/// | 8 | the reward in smallest units |
/// | 1 | length of the output's script, 26 or 46 |
/// | 1 + 1 | `OP_RETURN` (6a), length of what follows, 24 or 44 |
/// | 8 + 8 + 8 | opened, issued, the previous block's solved |
/// | 0 or 20 | the rewarded address |
/// | 4 | lock time, 0 |
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coinbase {
    /// The block's height; 1 is the first block.
    pub height: u32,
    /// Makes the work of every connection and miner its own.
    pub extranonce: [u8; 8],
    /// What the solving miner's owner gets; nothing in a block without a reward.
    pub reward: Amount,
    /// When this height's work first went to a miner, in milliseconds since 1970.
    pub opened_ms: u64,
    /// When this job was made, in milliseconds since 1970.
    pub issued_ms: u64,
    /// When the previous block was solved, in milliseconds since 1970.
    pub previous_solved_ms: u64,
    /// The owner of the miner that this job was made for; none for an anonymous miner.
    pub rewarded: Option<Address>,
}

/// Bytes that are not a coinbase of Qoin.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("not a coinbase: {reason} at byte {position} of {length}")]
pub struct CoinbaseError {
    reason: &'static str,
    position: usize,
    length: usize,
}

/// Version 2, one input, spending nothing.
const START: [u8; 41] = {
    let mut start = [0; 41];
    start[0] = 2;
    start[4] = 1;
    let mut index = 37;
    while index < 41 {
        start[index] = 0xff;
        index += 1;
    }
    start
};
/// The input's sequence, then one output.
const MIDDLE: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 1];
const LOCK_TIME: [u8; 4] = [0; 4];
const OP_RETURN: u8 = 0x6a;
/// The opcode that pushes 1; those for 2 to 16 follow it.
const OP_1: u8 = 0x51;
const EXTRANONCE_LEN: u8 = 8;
const TIMES_LEN: u8 = 24;
const ADDRESS_LEN: u8 = 20;

/// `CScript() << height` of Bitcoin Core.
fn height_script(height: u32) -> Vec<u8> {
    match u8::try_from(height) {
        Ok(0) => vec![0],
        Ok(small @ 1..=16) => vec![OP_1 - 1 + small],
        _ => {
            let bytes = u64::from(height).to_le_bytes();
            // The shortest form whose top bit, the sign, is clear.
            let length = (64 - u64::from(height).leading_zeros()) as usize / 8 + 1;
            let mut script = vec![u8::try_from(length).expect("at most 5 bytes")];
            script.extend_from_slice(&bytes[..length]);
            script
        }
    }
}

impl Coinbase {
    /// Its bytes, as the type's table says.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (mut bytes, after) = self.split();
        bytes.extend_from_slice(&self.extranonce);
        bytes.extend_from_slice(&after);
        bytes
    }

    /// The bytes before and after the extranonce, between which a miner puts its own.
    pub fn split(&self) -> (Vec<u8>, Vec<u8>) {
        let height = height_script(self.height);
        let script_len = u8::try_from(height.len()).expect("at most 6 bytes") + 1 + EXTRANONCE_LEN;
        let mut before = START.to_vec();
        before.push(script_len);
        before.extend_from_slice(&height);
        before.push(EXTRANONCE_LEN);

        let data_len = TIMES_LEN + if self.rewarded.is_some() { ADDRESS_LEN } else { 0 };
        let mut after = MIDDLE.to_vec();
        after.extend_from_slice(&self.reward.units().to_le_bytes());
        after.extend_from_slice(&[data_len + 2, OP_RETURN, data_len]);
        for time_ms in [self.opened_ms, self.issued_ms, self.previous_solved_ms] {
            after.extend_from_slice(&time_ms.to_le_bytes());
        }
        if let Some(address) = self.rewarded {
            after.extend_from_slice(&address.to_bytes());
        }
        after.extend_from_slice(&LOCK_TIME);
        (before, after)
    }

    /// The coinbase with these bytes.
    ///
    /// # Errors
    /// Unless the bytes are exactly those that [`Coinbase::to_bytes`] makes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CoinbaseError> {
        let mut reader = Reader { bytes, position: 0 };
        reader.expect(&START, "not the start of a coinbase transaction")?;
        let [_script_len] = reader.take()?;
        let height = reader.height()?;
        reader.expect(&[EXTRANONCE_LEN], "an extranonce has 8 bytes")?;
        let extranonce = reader.take()?;
        reader.expect(&MIDDLE, "expected the last sequence and one output")?;
        let reward = Amount::from_units(reader.take_u64()?);
        let [_script_len, _op_return, data_len] = reader.take()?;
        let (opened_ms, issued_ms, previous_solved_ms) = (reader.take_u64()?, reader.take_u64()?, reader.take_u64()?);
        let rewarded = if data_len == TIMES_LEN { None } else { Some(Address::from_bytes(reader.take()?)) };
        reader.expect(&LOCK_TIME, "expected a lock time of zero")?;
        let coinbase = Self { height, extranonce, reward, opened_ms, issued_ms, previous_solved_ms, rewarded };
        // Lengths and opcodes that were skipped above, and bytes left over, show here.
        if coinbase.to_bytes() == bytes {
            Ok(coinbase)
        } else {
            Err(reader.error("the bytes read do not encode identically"))
        }
    }

    /// The first leaf of the block's tree: the SHA-256d of its bytes.
    pub fn hash(&self) -> MerkleNode {
        MerkleNode::from_bytes(sha256d(&self.to_bytes()))
    }
}

/// Reads a coinbase's bytes from front to back.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    fn error(&self, reason: &'static str) -> CoinbaseError {
        CoinbaseError { reason, position: self.position, length: self.bytes.len() }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], CoinbaseError> {
        let taken = self.bytes[self.position..].first_chunk::<N>().ok_or_else(|| self.error("bytes are missing"))?;
        self.position += N;
        Ok(*taken)
    }

    fn take_u64(&mut self) -> Result<u64, CoinbaseError> {
        self.take().map(u64::from_le_bytes)
    }

    fn expect(&mut self, expected: &[u8], reason: &'static str) -> Result<(), CoinbaseError> {
        if !self.bytes[self.position..].starts_with(expected) {
            return Err(self.error(reason));
        }
        self.position += expected.len();
        Ok(())
    }

    fn height(&mut self) -> Result<u32, CoinbaseError> {
        let [opcode] = self.take()?;
        match opcode {
            0 => Ok(0),
            OP_1..=0x60 => Ok(u32::from(opcode - OP_1 + 1)),
            1..=5 => {
                let mut number = [0; 8];
                for byte in &mut number[..usize::from(opcode)] {
                    [*byte] = self.take()?;
                }
                u32::try_from(u64::from_le_bytes(number)).map_err(|_| self.error("the height is too large"))
            }
            _ => Err(self.error("the script does not start with a height")),
        }
    }
}

/// Its transaction's bytes behind their length (u32).
impl BorshSerialize for Coinbase {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.to_bytes().serialize(writer)
    }
}

impl BorshDeserialize for Coinbase {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::from_bytes(&Vec::deserialize_reader(reader)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}
