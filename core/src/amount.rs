//! Money: a whole number of the smallest units, with checked arithmetic only.

use crate::decimals::Decimals;
use borsh::{BorshDeserialize, BorshSerialize};
use std::{fmt, iter::Sum, str::FromStr};
use thiserror::Error;

/// A sum of money in the currency's smallest units.
///
/// In JSON it is a string of decimal digits, since many readers of JSON lose exactness
/// above 2^53. For people, [`Amount::display`] writes whole units with the currency's decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Amount(u64);

/// Why a text is not an amount.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum AmountError {
    /// Nothing was written.
    #[error("an amount is missing")]
    Empty,
    /// A plus or minus in front.
    #[error("an amount has no sign: {0:?}")]
    Sign(String),
    /// Something other than digits and one point, an exponent for example.
    #[error("an amount is written with digits and at most one point, like 12.50: {0:?}")]
    Malformed(String),
    /// Finer than the currency's smallest unit.
    #[error("{text:?} has more than {decimals} decimals")]
    TooManyDecimals {
        /// What was written.
        text: String,
        /// How many digits are allowed behind the point.
        decimals: u8,
    },
    /// Larger than any amount can be.
    #[error("{0:?} is larger than any amount can be")]
    Overflow(String),
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest sum that can be written.
    pub const MAX: Self = Self(u64::MAX);

    /// So many of the smallest units.
    pub const fn from_units(units: u64) -> Self {
        Self(units)
    }

    /// So many whole units; `None` on overflow.
    pub fn from_whole(whole: u64, decimals: Decimals) -> Option<Self> {
        whole.checked_mul(decimals.units_per_whole()).map(Self)
    }

    /// The count of smallest units.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// The whole units in it, rounded down.
    pub const fn whole(self, decimals: Decimals) -> u64 {
        self.0 / decimals.units_per_whole()
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum of both; `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left after taking `other`; `None` when that is more than there is.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `count` times this; `None` on overflow.
    pub fn checked_mul(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// Reads the exact decimal form in whole units, like `12`, `12.5` or `0.05`.
    ///
    /// # Errors
    /// On a sign, an exponent, white space, more digits than `decimals`, or an overflow.
    pub fn parse(text: &str, decimals: Decimals) -> Result<Self, AmountError> {
        let shown = || text.chars().take(40).collect::<String>();
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        if text.starts_with(['+', '-']) {
            return Err(AmountError::Sign(shown()));
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(AmountError::Malformed(shown())),
            Some(parts) => parts,
            None => (text, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(AmountError::Malformed(shown()));
        }
        let places = usize::from(decimals.count());
        if fraction.len() > places {
            return Err(AmountError::TooManyDecimals { text: shown(), decimals: decimals.count() });
        }
        let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', places - fraction.len()));
        let mut units = 0_u64;
        for digit in digits {
            units = units
                .checked_mul(10)
                .and_then(|units| units.checked_add(u64::from(digit - b'0')))
                .ok_or_else(|| AmountError::Overflow(shown()))?;
        }
        Ok(Self(units))
    }

    /// The exact decimal form in whole units, always with all of the currency's decimals.
    pub fn display(self, decimals: Decimals) -> impl fmt::Display {
        let per_whole = decimals.units_per_whole();
        let (whole, fraction) = (self.0 / per_whole, self.0 % per_whole);
        std::fmt::from_fn(move |f| match usize::from(decimals.count()) {
            0 => write!(f, "{whole}"),
            places => write!(f, "{whole}.{fraction:0places$}"),
        })
    }
}

impl Sum for Amount {
    /// The sum of all of them.
    ///
    /// # Panics
    /// When the sum exceeds [`Amount::MAX`]; use it on parts of a supply that is itself an amount.
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| sum.checked_add(amount).expect("parts of one supply do not exceed it"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse(text, Decimals::try_from(0).expect("0 decimals are allowed"))
    }
}

crate::encode::text_serde!(Amount, "Smallest units of the currency, as decimal digits");

#[cfg(test)]
mod tests {
    use super::*;

    fn decimals(count: u8) -> Decimals {
        Decimals::try_from(count).unwrap()
    }

    #[test]
    fn exact_text_form() {
        for (text, count, units) in [
            ("12.50", 2, 1250),
            ("12.5", 2, 1250),
            ("0.05", 2, 5),
            ("7", 0, 7),
            ("0", 8, 0),
            ("184467440737.09551615", 8, u64::MAX),
        ] {
            assert_eq!(Amount::parse(text, decimals(count)), Ok(Amount(units)), "{text}");
        }
        assert_eq!(Amount(5).display(decimals(2)).to_string(), "0.05");
        assert_eq!(Amount(1250).display(decimals(2)).to_string(), "12.50");
        assert_eq!(Amount(7).display(decimals(0)).to_string(), "7");
    }

    #[test]
    fn each_fault_has_its_name() {
        let parse = |text| Amount::parse(text, decimals(2)).unwrap_err();
        assert_eq!(parse(""), AmountError::Empty);
        assert_eq!(parse("-1"), AmountError::Sign("-1".into()));
        assert_eq!(parse("+1"), AmountError::Sign("+1".into()));
        assert_eq!(parse("1.234"), AmountError::TooManyDecimals { text: "1.234".into(), decimals: 2 });
        assert_eq!(parse("184467440737095516.16"), AmountError::Overflow("184467440737095516.16".into()));
        for text in ["1e3", " 1", "1 ", "1.", ".5", "1,5", "1.2.3", "NaN", "0x10", "٣"] {
            assert_eq!(parse(text), AmountError::Malformed(text.into()), "{text}");
        }
    }
}
