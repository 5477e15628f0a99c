//! What a running program has in its memory.

use anyhow::{Context, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The largest stretch that is read; a program under test has no larger ones.
const STRETCH_BYTES_MAX: u64 = 1 << 30;

/// A copy of all that a program can write to.
pub struct Memory(Vec<Vec<u8>>);

impl Memory {
    /// Of the process with this id, which has to be this test's own.
    ///
    /// # Errors
    /// When the system does not let it be read.
    pub fn of(id: u32) -> Result<Self> {
        let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).context("asking where a process has memory")?;
        let memory = File::open(format!("/proc/{id}/mem")).context("opening the memory of a process")?;
        let mut stretches = Vec::new();
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
            let Some((begin, end)) = range.split_once('-') else { continue };
            let (begin, end) = (u64::from_str_radix(begin, 16)?, u64::from_str_radix(end, 16)?);
            if !rights.starts_with("rw") || end - begin > STRETCH_BYTES_MAX {
                continue;
            }
            let mut bytes = vec![0; usize::try_from(end - begin)?];
            // What was given back meanwhile cannot be read and holds nothing.
            if memory.read_exact_at(&mut bytes, begin).is_ok() {
                stretches.push(bytes);
            }
        }
        Ok(Self(stretches))
    }

    /// Whether these bytes are in it.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|stretch| stretch.windows(bytes.len()).any(|window| window == bytes))
    }
}
