//! Proof-of-work targets, their compact form in headers, and the work they stand for.

use crate::hash::BlockHash;
use borsh::{BorshDeserialize, BorshSerialize, io};
use ruint::Uint;
use std::{fmt, str::FromStr};
use thiserror::Error;

type U256 = Uint<256, 4>;
/// Wide enough for a product or a shifted quotient of 256-bit numbers.
type U512 = Uint<512, 8>;

/// The largest hash that solves a block, as a 256-bit number; never zero.
/// A smaller target is harder. Its text form is 64 hexadecimal digits, most significant first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(U256);

/// A target in the 4 bytes of a header, Bitcoin's floating-point form with base 256: one byte of
/// exponent, then three of mantissa with a sign bit. Any value can be held; [`CompactTarget::expand`] says
/// whether it means a target. Its text form is 8 hexadecimal digits, most significant first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct CompactTarget(pub u32);

/// The expected number of hashes for meeting a target, or a sum of such numbers.
/// Its text form is 64 hexadecimal digits, most significant first.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(U256);

/// Why a compact form is not a target.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CompactTargetError {
    /// The sign bit is set on a mantissa that is not zero.
    #[error("the compact target {0} is negative")]
    Negative(CompactTarget),
    /// No hash would ever meet it.
    #[error("the compact target {0} is zero")]
    Zero(CompactTarget),
    /// It does not fit into 256 bits.
    #[error("the compact target {0} is larger than any hash")]
    Overflow(CompactTarget),
}

/// A text that is not the expected number of hexadecimal digits, or a target of zero.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("expected {digits} hexadecimal digits of a number above zero, got {text:?}")]
pub struct TargetTextError {
    digits: usize,
    text: String,
}

impl Target {
    /// The target that every hash meets.
    pub const MAX: Self = Self(U256::MAX);

    /// The target of difficulty 1: `0x1d00ffff` in compact form, 0xffff times 2^208.
    pub const fn difficulty_1() -> Self {
        Self(U256::from_limbs([0, 0, 0, 0xffff_0000]))
    }

    /// The target whose big-endian bytes these are; `None` for zero.
    pub fn from_be_bytes(bytes: [u8; 32]) -> Option<Self> {
        Self::nonzero(U256::from_be_bytes(bytes))
    }

    /// Its big-endian bytes.
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    fn nonzero(value: U256) -> Option<Self> {
        (!value.is_zero()).then_some(Self(value))
    }

    /// Whether a block with this hash is solved: the hash, read as a little-endian number, is not above the target.
    pub fn is_met_by(&self, hash: &BlockHash) -> bool {
        U256::from_le_bytes(hash.to_bytes()) <= self.0
    }

    /// The compact form, rounded down to the mantissa's three bytes (Bitcoin Core's `arith_uint256::GetCompact`).
    pub fn to_compact(self) -> CompactTarget {
        let mut size = self.0.byte_len();
        let shifted = if size <= 3 { self.0 << (8 * (3 - size)) } else { self.0 >> (8 * (size - 3)) };
        let mut mantissa: u32 = shifted.wrapping_to();
        // The mantissa's top bit is the sign: keep it clear by giving up one byte of precision.
        if mantissa & 0x0080_0000 != 0 {
            mantissa >>= 8;
            size += 1;
        }
        CompactTarget(mantissa | u32::try_from(size).expect("a 256-bit number has at most 32 bytes") << 24)
    }

    /// The expected number of hashes until one meets it: floor(2^256 / (target + 1)).
    pub fn work(self) -> Work {
        match self.0.checked_add(U256::from(1)) {
            // 2^256 does not fit, but 2^256 / n is (2^256 - n) / n + 1, and 2^256 - n is !(n - 1).
            Some(next) => Work(!self.0 / next + U256::from(1)),
            None => Work(U256::from(1)),
        }
    }

    /// This target made `4^steps` times easier, at most [`Target::MAX`].
    pub fn eased(self, steps: u64) -> Self {
        let shift = usize::try_from(steps.saturating_mul(2)).unwrap_or(usize::MAX);
        Self(self.0.saturating_shl(shift.min(256)))
    }

    /// The target of a share difficulty, where 1 stands for [`Target::difficulty_1`]: rounded up, so that it is never
    /// harder than asked. `None` unless the difficulty is a positive finite number.
    pub fn from_difficulty(difficulty: f64) -> Option<Self> {
        if !difficulty.is_finite() || difficulty <= 0.0 {
            return None;
        }
        let bits = difficulty.to_bits();
        let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
        // difficulty = mantissa * 2^power, exactly (IEEE 754; exponent 0 are the subnormal numbers).
        let mantissa = U512::from(if exponent == 0 { fraction } else { fraction | (1 << 52) });
        let power = i64::try_from(exponent.max(1)).expect("11 bits fit") - 1075;
        let one = U512::from(Self::difficulty_1().0);
        let shift = usize::try_from(power.unsigned_abs()).expect("11 bits fit");
        let target = if power < 0 {
            // Shifted by more than 288 bits the quotient is far above 2^256, and would no longer fit into 512 bits.
            if shift > 288 {
                return Some(Self::MAX);
            }
            (one << shift).div_ceil(mantissa)
        } else {
            mantissa.checked_shl(shift).map_or(U512::from(1), |divisor| one.div_ceil(divisor))
        };
        Self::nonzero(U256::saturating_from(target))
    }

    /// How many times harder than [`Target::difficulty_1`] it is, rounded down to the next `f64`:
    /// `Target::from_difficulty` of it is never harder than this target.
    pub fn difficulty(self) -> f64 {
        const SCALE_BITS: usize = 256;
        let quotient = (U512::from(Self::difficulty_1().0) << SCALE_BITS) / U512::from(self.0);
        // The quotient has at least 223 bits; an f64 holds the first 53 of them.
        let dropped = quotient.bit_len() - 53;
        let mantissa: u64 = (quotient >> dropped).wrapping_to();
        let exponent = 1075 + dropped - SCALE_BITS;
        f64::from_bits((exponent as u64) << 52 | (mantissa & ((1 << 52) - 1)))
    }
}

impl CompactTarget {
    /// The target it stands for (Bitcoin Core's `arith_uint256::SetCompact`).
    ///
    /// # Errors
    /// When it is negative, zero or does not fit into 256 bits.
    pub fn expand(self) -> Result<Target, CompactTargetError> {
        let size = self.0 >> 24;
        let mut mantissa = self.0 & 0x007f_ffff;
        if size <= 3 {
            mantissa >>= 8 * (3 - size);
        }
        if mantissa == 0 {
            return Err(CompactTargetError::Zero(self));
        }
        if self.0 & 0x0080_0000 != 0 {
            return Err(CompactTargetError::Negative(self));
        }
        if size > 34 || (mantissa > 0xff && size > 33) || (mantissa > 0xffff && size > 32) {
            return Err(CompactTargetError::Overflow(self));
        }
        let shift = usize::try_from(8 * size.saturating_sub(3)).expect("at most 248");
        Ok(Target(U256::from(mantissa) << shift))
    }
}

impl Work {
    /// No work.
    pub const ZERO: Self = Self(U256::ZERO);

    /// So many hashes.
    pub fn from_hashes(hashes: u64) -> Self {
        Self(U256::from(hashes))
    }

    /// Both together, at most 2^256 - 1.
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `numerator / denominator` of it, rounded down, at most 2^256 - 1. A denominator of zero counts as one.
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let product = U512::from(self.0) * U512::from(numerator);
        Self(U256::saturating_from(product / U512::from(denominator.max(1))))
    }

    /// The target that asks for this much work, as near as integers allow: floor(2^256 / work) - 1, at least 1.
    /// No work counts as one hash.
    pub fn to_target(self) -> Target {
        let work = self.0.max(U256::from(1));
        // floor(2^256 / n) - 1 is floor((2^256 - n) / n); for n = 1 that is all ones.
        Target((work.wrapping_neg() / work).max(U256::from(1)))
    }

    /// As a floating-point number, for display and hash rates.
    pub fn to_f64(self) -> f64 {
        self.0.into_limbs().into_iter().rev().fold(0.0, |sum, limb| sum * 18_446_744_073_709_551_616.0 + limb as f64)
    }
}

impl From<Work> for Target {
    fn from(work: Work) -> Self {
        work.to_target()
    }
}

fn parse_hex_256(text: &str) -> Option<U256> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(U256::from_be_bytes(bytes))
}

fn text_error(digits: usize, text: &str) -> TargetTextError {
    TargetTextError { digits, text: text.chars().take(80).collect() }
}

impl FromStr for Target {
    type Err = TargetTextError;

    fn from_str(text: &str) -> Result<Self, TargetTextError> {
        parse_hex_256(text).and_then(Self::nonzero).ok_or_else(|| text_error(64, text))
    }
}

impl FromStr for Work {
    type Err = TargetTextError;

    fn from_str(text: &str) -> Result<Self, TargetTextError> {
        parse_hex_256(text).map(Self).ok_or_else(|| text_error(64, text))
    }
}

impl FromStr for CompactTarget {
    type Err = TargetTextError;

    fn from_str(text: &str) -> Result<Self, TargetTextError> {
        let mut bytes = [0; 4];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| text_error(8, text))?;
        Ok(Self(u32::from_be_bytes(bytes)))
    }
}

macro_rules! hex_fmt {
    ($name:ident, $to_bytes:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode($to_bytes(self)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}
hex_fmt!(Target, |target: &Target| target.to_be_bytes());
hex_fmt!(Work, |work: &Work| work.0.to_be_bytes::<32>());
hex_fmt!(CompactTarget, |bits: &CompactTarget| bits.0.to_be_bytes());

crate::encode::text_serde!(Target, "256-bit number as 64 hexadecimal digits");
crate::encode::text_serde!(Work, "256-bit number as 64 hexadecimal digits");
crate::encode::text_serde!(CompactTarget, "Compact target as 8 hexadecimal digits");

impl BorshSerialize for Target {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(&self.0.to_le_bytes::<32>())
    }
}

impl BorshDeserialize for Target {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let value = U256::from_le_bytes(<[u8; 32]>::deserialize_reader(reader)?);
        Self::nonzero(value).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a target is never zero"))
    }
}

impl BorshSerialize for Work {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(&self.0.to_le_bytes::<32>())
    }
}

impl BorshDeserialize for Work {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        <[u8; 32]>::deserialize_reader(reader).map(|bytes| Self(U256::from_le_bytes(bytes)))
    }
}
