//! What a solved block earns.

use crate::{amount::Amount, decimals::Decimals, limits::BLOCK_RECORDS_MAX};

/// The reward of a block whose transfers move `transferred` in all: as many whole units as the total's whole part has decimal
/// digits, minus one, and at least one whole unit; nothing for a block without transfers.
pub fn reward(transferred: Amount, decimals: Decimals) -> Amount {
    if transferred.is_zero() {
        return Amount::ZERO;
    }
    let digits_beyond_first = transferred.whole(decimals).checked_ilog10().unwrap_or(0);
    Amount::from_whole(u64::from(digits_beyond_first.max(1)), decimals).expect("19 whole units fit with 8 decimals")
}

/// The largest reward that any block can earn while there is `supply` in all: a block cannot transfer more.
pub fn largest(supply: Amount, decimals: Decimals) -> Amount {
    reward(supply, decimals)
}

/// What a payment of the system account leaves, by the leader's policy, while so many records wait: the largest reward for
/// each block before its own and for that one.
pub fn reserve(supply: Amount, decimals: Decimals, pending: u64) -> Amount {
    let blocks = pending / u64::from(BLOCK_RECORDS_MAX) + 1;
    largest(supply, decimals).checked_mul(blocks).unwrap_or(Amount::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_whole_units_minus_one() {
        let decimals = Decimals::try_from(2).unwrap();
        let table = [
            ("0.01", 1),
            ("0.99", 1),
            ("1", 1),
            ("9.99", 1),
            ("10", 1),
            ("99.99", 1),
            ("100", 2),
            ("999.99", 2),
            ("1000", 3),
            ("1234567", 6),
        ];
        for (total, whole) in table {
            let total = Amount::parse(total, decimals).unwrap();
            assert_eq!(reward(total, decimals), Amount::from_whole(whole, decimals).unwrap(), "{total}");
        }
    }

    #[test]
    fn nothing_for_a_block_without_transfers() {
        assert_eq!(reward(Amount::ZERO, Decimals::MAX), Amount::ZERO);
    }

    #[test]
    fn holds_for_every_count_of_decimals() {
        let none = Decimals::try_from(0).unwrap();
        assert_eq!(largest(Amount::MAX, none), Amount::from_units(19));
        assert_eq!(largest(Amount::MAX, Decimals::MAX), Amount::from_units(11 * 100_000_000));
        assert_eq!(reward(Amount::from_units(1), Decimals::MAX), Amount::from_units(100_000_000));
    }
}
