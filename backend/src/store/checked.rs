//! A check over each stored row, so that a bit that the disk turned is found and never taken for money: the database
//! checks its pages after a crash only.

use super::{FORMAT_KEY, Table};

/// How long the check is, in bytes.
const LENGTH: usize = 4;

/// A value with the check behind it: CRC-32 (as in IEEE 802.3; little endian) over the table's name, a zero, the key's
/// length (u32, little endian), the key and the value. The format stands alone, for whoever has to read it first.
pub(super) fn with_check(table: Table, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = value.to_vec();
    if !stands_alone(table, key) {
        bytes.extend(check(table, key, value));
    }
    bytes
}

/// The value that stands before its check; none if the two do not belong together.
pub(super) fn checked(table: Table, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    if stands_alone(table, key) {
        return Some(bytes.to_vec());
    }
    let (value, end) = bytes.split_at_checked(bytes.len().checked_sub(LENGTH)?)?;
    (check(table, key, value) == end).then(|| value.to_vec())
}

fn stands_alone(table: Table, key: &[u8]) -> bool {
    table == Table::Meta && key == FORMAT_KEY
}

fn check(table: Table, key: &[u8], value: &[u8]) -> [u8; LENGTH] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(table.name().as_bytes());
    hasher.update(&[0]);
    hasher.update(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    hasher.finalize().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_bit_is_found_wherever_it_is() {
        let (key, value) = ([7, 8], b"twelve and a half");
        let bytes = with_check(Table::Accounts, &key, value);
        assert_eq!(checked(Table::Accounts, &key, &bytes).unwrap(), value);
        for bit in 0..bytes.len() * 8 {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(checked(Table::Accounts, &key, &turned), None, "bit {bit}");
        }
        assert_eq!(checked(Table::Accounts, &[7, 9], &bytes), None, "another key");
        assert_eq!(checked(Table::Records, &key, &bytes), None, "another table");
        assert_eq!(checked(Table::Records, &key, &bytes[..3]), None, "cut short");
        assert_eq!(checked(Table::Records, b"", &with_check(Table::Records, b"", b"")).unwrap(), b"");
    }
}
