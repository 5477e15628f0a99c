//! The system's randomness in larger portions: asking it for each signature's 16 bytes would cost more than they do.

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;

const PORTION: usize = 16 * 1024;

/// Random bytes of the system, each given once.
pub(super) struct Buffered {
    bytes: Box<[u8; PORTION]>,
    given: usize,
}

impl Default for Buffered {
    fn default() -> Self {
        Self { bytes: Box::new([0; PORTION]), given: PORTION }
    }
}

impl TryRng for Buffered {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, mut wanted: &mut [u8]) -> Result<(), Infallible> {
        while !wanted.is_empty() {
            if self.given == PORTION {
                SysRng.try_fill_bytes(&mut *self.bytes).expect("a system that once gave randomness still does");
                self.given = 0;
            }
            let count = wanted.len().min(PORTION - self.given);
            let (now, later) = wanted.split_at_mut(count);
            now.copy_from_slice(&self.bytes[self.given..self.given + count]);
            self.given += count;
            wanted = later;
        }
        Ok(())
    }
}

impl TryCryptoRng for Buffered {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_given_twice() {
        let mut random = Buffered::default();
        let mut given = [0; 3 * PORTION];
        random.try_fill_bytes(&mut given[..5]).unwrap();
        random.try_fill_bytes(&mut given[5..]).unwrap();
        let mut words: Vec<&[u8]> = given.chunks_exact(16).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), given.len() / 16);
    }
}
