//! A Stratum job, and the headers that a miner makes of it.
//!
//! The byte orders of Stratum version 1 are those that every pool and every miner of Bitcoin uses; they were never
//! written down as a standard. A good description: <https://en.bitcoin.it/wiki/Stratum_mining_protocol>.

use qoin_core::{
    amount::Amount,
    coinbase::Coinbase,
    hash::{MerkleNode, MerkleRoot, sha256d},
    merkle,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most hashes in a job's Merkle branch: enough for a tree of 2^32 leaves.
const BRANCH_LEN_MAX: usize = 32;

/// The parameters of `mining.notify` as they are written. Serde reads them from the JSON array of Stratum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobText {
    /// The server's name for the job; goes back with a share.
    pub id: String,
    /// The previous block's hash: the header's 32 bytes with each group of four reversed, in hexadecimal.
    pub previous: String,
    /// The coinbase's bytes before the extranonces, in hexadecimal.
    pub coinbase_start: String,
    /// The coinbase's bytes after the extranonces, in hexadecimal.
    pub coinbase_end: String,
    /// The nodes beside the coinbase's path to the root, lowest first, each 32 bytes in computed order, in hexadecimal.
    pub branch: Vec<String>,
    /// The header's version as a number of 8 hexadecimal digits.
    pub version: String,
    /// The header's compact target as a number of 8 hexadecimal digits.
    pub bits: String,
    /// The header's time as a number of 8 hexadecimal digits.
    pub time: String,
    /// Whether shares of all earlier jobs have become worthless.
    pub clean: bool,
}

/// A job whose parts are known to be well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    id: String,
    previous: [u8; 32],
    coinbase_start: Vec<u8>,
    coinbase_end: Vec<u8>,
    branch: Vec<MerkleNode>,
    version: u32,
    bits: u32,
    time: u32,
    clean: bool,
}

/// What is wrong with a job.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum JobError {
    /// A part is not hexadecimal or not of its length.
    #[error("the job's {part} is not {expected}: {text:?}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is, cut after 80 characters.
        text: String,
    },
    /// The branch is longer than any block needs.
    #[error("the job's branch has {0} hashes, at most {BRANCH_LEN_MAX} make sense")]
    Branch(usize),
}

impl TryFrom<JobText> for Job {
    type Error = JobError;

    fn try_from(text: JobText) -> Result<Self, JobError> {
        if text.branch.len() > BRANCH_LEN_MAX {
            return Err(JobError::Branch(text.branch.len()));
        }
        let branch: Result<Vec<_>, _> =
            text.branch.iter().map(|node| hash("branch", node).map(MerkleNode::from_bytes)).collect();
        Ok(Self {
            previous: reverse_words(hash("previous hash", &text.previous)?),
            coinbase_start: any_bytes("coinbase's start", &text.coinbase_start)?,
            coinbase_end: any_bytes("coinbase's end", &text.coinbase_end)?,
            branch: branch?,
            version: number("version", &text.version)?,
            bits: number("bits", &text.bits)?,
            time: number("time", &text.time)?,
            clean: text.clean,
            id: text.id,
        })
    }
}

impl Job {
    /// The server's name for it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The header's time, in seconds since 1970.
    pub fn time(&self) -> u32 {
        self.time
    }

    /// The header's compact target.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether shares of all earlier jobs have become worthless.
    pub fn is_clean(&self) -> bool {
        self.clean
    }

    /// The header with nonce 0 for this pair of extranonces: the one that the server gave to the connection, and the
    /// miner's own.
    pub fn header(&self, extranonce1: &[u8], extranonce2: &[u8]) -> [u8; 80] {
        let coinbase = [&self.coinbase_start, extranonce1, extranonce2, &self.coinbase_end].concat();
        let root: MerkleRoot = merkle::fold_branch(MerkleNode::from_bytes(sha256d(&coinbase)), &self.branch);
        let mut header = [0; 80];
        header[..4].copy_from_slice(&self.version.to_le_bytes());
        header[4..36].copy_from_slice(&self.previous);
        header[36..68].copy_from_slice(&root.to_bytes());
        header[68..72].copy_from_slice(&self.time.to_le_bytes());
        header[72..76].copy_from_slice(&self.bits.to_le_bytes());
        header
    }

    /// What the block pays to the miner's owner in smallest units of the currency, if the job is one of Qoin's: other
    /// coinbases do not tell whom they pay.
    pub fn reward(&self, extranonce1: &[u8], extranonce2: &[u8]) -> Option<Amount> {
        let coinbase = [&self.coinbase_start, extranonce1, extranonce2, &self.coinbase_end].concat();
        let coinbase = Coinbase::from_bytes(&coinbase).ok()?;
        coinbase.rewarded.map(|_| coinbase.reward)
    }

    /// The height of the block that the job leads to, if the coinbase tells it as BIP 34 asks.
    pub fn height(&self) -> Option<u32> {
        // Version (4), count of inputs (1), outpoint (36), length of the script (1); then the script begins.
        const SCRIPT_START: usize = 42;
        let (&opcode, rest) = self.coinbase_start.get(SCRIPT_START..)?.split_first()?;
        match opcode {
            0 => Some(0),
            // OP_1 to OP_16
            0x51..=0x60 => Some(u32::from(opcode - 0x50)),
            // So many bytes of a little-endian number follow; a fifth one keeps the sign bit clear.
            1..=5 => {
                let mut bytes = [0; 8];
                bytes[..usize::from(opcode)].copy_from_slice(rest.get(..usize::from(opcode))?);
                u32::try_from(u64::from_le_bytes(bytes)).ok()
            }
            _ => None,
        }
    }
}

/// The same bytes with each group of four reversed: how Stratum's text of the previous hash differs from the header's
/// bytes, in either direction.
pub fn reverse_words(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
    bytes
}

fn malformed(part: &'static str, expected: &'static str, text: &str) -> JobError {
    JobError::Part { part, expected, text: text.chars().take(80).collect() }
}

fn any_bytes(part: &'static str, text: &str) -> Result<Vec<u8>, JobError> {
    hex::decode(text).map_err(|_| malformed(part, "hexadecimal", text))
}

fn hash(part: &'static str, text: &str) -> Result<[u8; 32], JobError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| malformed(part, "64 hexadecimal digits", text))?;
    Ok(bytes)
}

fn number(part: &'static str, text: &str) -> Result<u32, JobError> {
    let mut bytes = [0; 4];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| malformed(part, "8 hexadecimal digits", text))?;
    Ok(u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::{address::Address, hash::BlockHash, header::Header, target::CompactTarget};

    /// The job that slush's pool published with its description of Stratum, as the parameters of `mining.notify`.
    const PUBLISHED_NOTIFY: &str = r#"["bf", "4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000",
        "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff20020862062f503253482f04b8864e5008",
        "072f736c7573682f000000000100f2052a010000001976a914d23fcdf86f7e756a64a7a9688ef9903327048ed988ac00000000", [],
        "00000002", "1c2ac4af", "504e86b9", false]"#;

    fn published() -> JobText {
        serde_json::from_str(PUBLISHED_NOTIFY).unwrap()
    }

    #[test]
    fn the_published_share_solves_the_published_job() {
        let job = Job::try_from(published()).unwrap();
        assert_eq!((job.id(), job.height(), job.time(), job.is_clean()), ("bf", Some(25_096), 0x504e_86b9, false));
        // The connection's extranonce1 was 08000002; the share: extranonce2 00000001, time 504e86ed, nonce b2957c02.
        let job = Job { time: 0x504e_86ed, ..job };
        let header = job.header(&[8, 0, 0, 2], &[0, 0, 0, 1]);
        let hash = crate::scan::hash_with_nonce(&header, 0xb295_7c02);
        assert!(CompactTarget(0x1d00_ffff).expand().unwrap().is_met_by(&hash), "{hash}");
    }

    #[test]
    fn the_header_is_that_of_the_block() {
        let previous: [u8; 32] = std::array::from_fn(|index| index as u8);
        let leaves: Vec<MerkleNode> = (1..6).map(|byte| MerkleNode::from_bytes([byte; 32])).collect();
        for height in [1, 16, 17, 127, 128, 255, 256, 65_535, 8_388_608, u32::MAX] {
            let coinbase = Coinbase {
                height,
                extranonce: [1, 2, 3, 4, 5, 6, 7, 8],
                reward: Amount::from_units(300),
                opened_ms: 1_000,
                issued_ms: 2_000,
                previous_solved_ms: 900,
                rewarded: None,
            };
            let (start, end) = coinbase.split();
            let branch = merkle::coinbase_branch(&leaves);
            let job = Job::try_from(JobText {
                id: "1".into(),
                previous: hex::encode(reverse_words(previous)),
                coinbase_start: hex::encode(start),
                coinbase_end: hex::encode(end),
                branch: branch.iter().map(|node| hex::encode(node.to_bytes())).collect(),
                version: "20000000".into(),
                bits: "1d00ffff".into(),
                time: "504e86b9".into(),
                clean: true,
            })
            .unwrap();
            let mut all_leaves = vec![coinbase.hash()];
            all_leaves.extend(&leaves);
            let expected = Header {
                version: 0x2000_0000,
                previous: BlockHash::from_bytes(previous),
                merkle_root: merkle::root(&all_leaves),
                time: 0x504e_86b9,
                bits: CompactTarget(0x1d00_ffff),
                nonce: 0,
            };
            assert_eq!(job.header(&[1, 2, 3, 4], &[5, 6, 7, 8]), expected.to_bytes());
            assert_eq!(job.height(), Some(height));
            assert_eq!(job.reward(&[1, 2, 3, 4], &[5, 6, 7, 8]), None, "an anonymous miner is not rewarded");
        }
    }

    #[test]
    fn only_a_coinbase_of_ours_tells_the_reward() {
        let coinbase = Coinbase {
            height: 7,
            extranonce: [0; 8],
            reward: Amount::from_units(300),
            opened_ms: 1_000,
            issued_ms: 2_000,
            previous_solved_ms: 900,
            rewarded: Some(Address::from_bytes([9; 20])),
        };
        let (start, end) = coinbase.split();
        let ours = JobText { coinbase_start: hex::encode(start), coinbase_end: hex::encode(end), ..published() };
        let ours = Job::try_from(ours).unwrap();
        assert_eq!(ours.reward(&[1, 2, 3, 4], &[5, 6, 7, 8]), Some(Amount::from_units(300)));
        assert_eq!(Job::try_from(published()).unwrap().reward(&[8, 0, 0, 2], &[0, 0, 0, 1]), None);
    }

    #[test]
    fn a_malformed_part_is_refused_by_name() {
        type Damage = fn(&mut JobText);
        let damages: [(Damage, &str); 8] = [
            (|text| text.previous.truncate(62), "previous hash"),
            (|text| text.coinbase_start.push('0'), "coinbase's start"),
            (|text| text.coinbase_end.push_str("zz"), "coinbase's end"),
            (|text| text.branch.push("00".into()), "branch"),
            (|text| text.branch = vec!["00".repeat(32); 33], "branch has 33"),
            (|text| text.version.push_str("00"), "version"),
            (|text| text.bits = "1d00fff".into(), "bits"),
            (|text| text.time = "-0000001".into(), "time"),
        ];
        for (damage, part) in damages {
            let mut text = published();
            damage(&mut text);
            let error = Job::try_from(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_coinbase_without_a_height_is_no_fault() {
        for start in
            ["", "00", &"00".repeat(42), &format!("{}05aa", "00".repeat(42)), &format!("{}ff", "00".repeat(42))]
        {
            let job = Job::try_from(JobText { coinbase_start: start.into(), ..published() }).unwrap();
            assert_eq!(job.height(), None);
        }
    }
}
