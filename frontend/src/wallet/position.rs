//! Which of two states of the account is the newer one.

/// Whether the state at `position` is not older than the one at `held`. Positions count log records and blocks,
/// like `123-45`; both only grow. One that is not understood counts as newer.
pub fn is_current(position: &str, held: &str) -> bool {
    match (parts(position), parts(held)) {
        (Some((records, blocks)), Some((held_records, held_blocks))) => {
            records >= held_records && blocks >= held_blocks
        }
        _ => true,
    }
}

/// How many log records and blocks a position counts.
pub fn parts(position: &str) -> Option<(u64, u32)> {
    let (records, blocks) = position.split_once('-')?;
    Some((records.parse().ok()?, blocks.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_counts_must_not_fall_back() {
        assert!(is_current("12-3", "12-3"));
        assert!(is_current("13-3", "12-3"));
        assert!(is_current("12-4", "12-3"));
        assert!(!is_current("9-3", "12-3"));
        assert!(!is_current("12-3", "12-10"));
        assert!(is_current("later", "12-3"));
    }
}
