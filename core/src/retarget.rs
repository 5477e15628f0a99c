//! How much work the next block asks for: from the last blocks' times alone, in integers, so that anyone
//! can check it again.
//!
//! Two rules. The *required* target follows the hash rate that the last blocks show. *Easing* helps when far fewer
//! hashes are there than the last blocks had: a job issued 6 intervals after its height was opened is 4 times
//! easier, and again 4 times every 2 intervals. Neither ever gives a target above genesis' easiest one.

use crate::target::{CompactTarget, CompactTargetError, Target, Work};
use borsh::{BorshDeserialize, BorshSerialize};

/// How many of the last blocks count, at most.
pub const WINDOW: usize = 16;
/// How many times more, or less, work than the last block a block may require.
pub const CHANGE_MAX: u64 = 4;
/// After how many intervals a job is first made easier.
const EASING_AFTER: u64 = 6;
/// Every how many intervals it is made easier again.
const EASING_EVERY: u64 = 2;

/// What the rule looks at in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Past {
    /// When the height's work first went to a miner, in milliseconds since 1970.
    pub opened_ms: u64,
    /// When the leader took its solution, in milliseconds since 1970.
    pub solved_ms: u64,
    /// The target in its header.
    pub bits: CompactTarget,
    /// Whether its job was an eased one: [`easing_steps`] above 0.
    pub eased: bool,
}

/// The target of the block after `past`, before any easing.
///
/// `past` are the blocks before it, oldest first. The last [`WINDOW`] count, back to the latest eased one (included);
/// more may be given. Their work, by the time they took together, is scaled to one interval, kept within
/// 1/[`CHANGE_MAX`] to [`CHANGE_MAX`] of the last block's work, and turned into a target, which is not above `easiest`
/// and is rounded down to its compact form. Before the first block it is `starting`, within `easiest`.
///
/// # Errors
/// When a compact form that it needs is not a target.
pub fn required(
    past: &[Past],
    interval_ms: u64,
    starting: CompactTarget,
    easiest: Target,
) -> Result<CompactTarget, CompactTargetError> {
    let Some(last) = past.last() else {
        return Ok(starting.expand()?.min(easiest).to_compact());
    };
    let recent = &past[past.len().saturating_sub(WINDOW)..];
    let first = recent.iter().rposition(|block| block.eased).unwrap_or(0);
    let mut work = Work::ZERO;
    let mut elapsed_ms = 0_u64;
    for block in &recent[first..] {
        work = work.saturating_add(block.bits.expand()?.work());
        elapsed_ms = elapsed_ms.saturating_add(block.solved_ms.saturating_sub(block.opened_ms).max(1));
    }
    let last_work = last.bits.expand()?.work();
    let (least, most) = (last_work.scaled(1, CHANGE_MAX), last_work.scaled(CHANGE_MAX, 1));
    let next = work.scaled(interval_ms, elapsed_ms).clamp(least, most);
    Ok(next.to_target().min(easiest).to_compact())
}

/// How many times a job issued at `issued_ms` for a height opened at `opened_ms` has been made easier.
pub fn easing_steps(opened_ms: u64, issued_ms: u64, interval_ms: u64) -> u64 {
    let waited_ms = issued_ms.saturating_sub(opened_ms);
    match waited_ms.checked_sub(interval_ms.saturating_mul(EASING_AFTER)) {
        // An interval of zero is refused at genesis; here it only must not divide.
        Some(beyond_ms) => (beyond_ms / interval_ms.saturating_mul(EASING_EVERY).max(1)).saturating_add(1),
        None => 0,
    }
}

/// The target of a job issued at `issued_ms`, where `required` holds for the height: 4 times easier with each step.
///
/// # Errors
/// When `required` is not a target.
pub fn eased(
    required: CompactTarget,
    opened_ms: u64,
    issued_ms: u64,
    interval_ms: u64,
    easiest: Target,
) -> Result<CompactTarget, CompactTargetError> {
    let steps = easing_steps(opened_ms, issued_ms, interval_ms);
    Ok(required.expand()?.eased(steps).min(easiest).to_compact())
}

/// When the step after those of a job issued at `issued_ms` is due, in milliseconds since 1970: the moment for a new job.
/// `None` when that job already has the easiest target, or time runs out.
///
/// # Errors
/// When `required` is not a target.
pub fn next_easing_ms(
    required: CompactTarget,
    opened_ms: u64,
    issued_ms: u64,
    interval_ms: u64,
    easiest: Target,
) -> Result<Option<u64>, CompactTargetError> {
    if eased(required, opened_ms, issued_ms, interval_ms, easiest)? == easiest.to_compact() {
        return Ok(None);
    }
    let steps = easing_steps(opened_ms, issued_ms, interval_ms);
    let wait_ms = steps
        .checked_mul(EASING_EVERY)
        .and_then(|intervals| intervals.checked_add(EASING_AFTER))
        .and_then(|intervals| intervals.checked_mul(interval_ms));
    Ok(wait_ms.and_then(|wait_ms| opened_ms.checked_add(wait_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL_MS: u64 = 10_000;
    const EASIEST: CompactTarget = CompactTarget(0x1f00_ffff);
    const START: CompactTarget = CompactTarget(0x1e00_ffff);

    fn easiest() -> Target {
        EASIEST.expand().unwrap()
    }

    fn block(bits: CompactTarget, took_ms: u64, eased: bool) -> Past {
        Past { opened_ms: 5_000_000, solved_ms: 5_000_000 + took_ms, bits, eased }
    }

    fn next(past: &[Past]) -> CompactTarget {
        required(past, INTERVAL_MS, START, easiest()).unwrap()
    }

    fn work(bits: CompactTarget) -> f64 {
        bits.expand().unwrap().work().to_f64()
    }

    #[track_caller]
    fn assert_ratio(bits: CompactTarget, to: CompactTarget, expected: f64) {
        let ratio = work(bits) / work(to);
        assert!((ratio / expected - 1.0).abs() < 1e-4, "{ratio} is not {expected}");
    }

    #[test]
    fn first_block_starts_where_genesis_says() {
        assert_eq!(next(&[]), START);
        let easier = CompactTarget(0x2000_ffff);
        assert_eq!(required(&[], INTERVAL_MS, easier, easiest()), Ok(EASIEST));
    }

    #[test]
    fn work_follows_the_time_taken() {
        assert_ratio(next(&[block(START, INTERVAL_MS, false)]), START, 1.0);
        assert_ratio(next(&[block(START, INTERVAL_MS / 2, false)]), START, 2.0);
        assert_ratio(next(&[block(START, INTERVAL_MS * 2, false)]), START, 0.5);
        assert_ratio(next(&[block(START, 5_000, false), block(START, 25_000, false)]), START, 2.0 / 3.0);
    }

    #[test]
    fn change_is_bounded_by_the_last_block() {
        assert_ratio(next(&[block(START, 0, false)]), START, 4.0);
        assert_ratio(next(&[block(START, u64::MAX / 4, false)]), START, 0.25);
        let harder = CompactTarget(0x1d00_ffff);
        assert_ratio(next(&[block(harder, 1, false), block(START, 1, false)]), START, 4.0);
    }

    #[test]
    fn never_easier_than_the_easiest() {
        assert_eq!(next(&[block(EASIEST, INTERVAL_MS * 100, false)]), EASIEST);
        assert_eq!(next(&[block(EASIEST, INTERVAL_MS * 3 / 2, true)]), EASIEST);
    }

    #[test]
    fn the_window_ends_at_16_blocks_or_the_latest_eased_one() {
        let mut past = vec![block(START, 1, false); 4];
        past.extend([block(START, INTERVAL_MS, false); 16]);
        assert_ratio(next(&past), START, 1.0);
        let past = [
            block(START, 1, true),
            block(START, 1, false),
            block(START, INTERVAL_MS * 2, true),
            block(START, INTERVAL_MS * 2, false),
        ];
        assert_ratio(next(&past), START, 0.5);
    }

    #[test]
    fn work_grows_again_from_the_least_there_is() {
        // With single hashes of work a quarter of it rounds to nothing; the rule must still find its way up.
        let all = Target::MAX.to_compact();
        let bits = required(&[block(all, 1, false)], INTERVAL_MS, all, Target::MAX).unwrap();
        assert!(bits.expand().unwrap() < all.expand().unwrap());
        assert_eq!(required(&[block(all, INTERVAL_MS * 9, false)], INTERVAL_MS, all, Target::MAX), Ok(all));
    }

    #[test]
    fn easing_steps_begin_at_6_and_repeat_every_2_intervals() {
        let table =
            [(0, 0), (59_999, 0), (60_000, 1), (79_999, 1), (80_000, 2), (99_999, 2), (100_000, 3), (140_000, 5)];
        for (waited_ms, steps) in table {
            assert_eq!(easing_steps(7, 7 + waited_ms, INTERVAL_MS), steps, "{waited_ms}");
        }
        assert_eq!(easing_steps(100, 50, INTERVAL_MS), 0);
        assert_eq!(easing_steps(0, u64::MAX, 0), u64::MAX);
    }

    #[test]
    fn each_step_is_4_times_easier_down_to_the_easiest() {
        let at = |waited_ms: u64| eased(START, 7, 7 + waited_ms, INTERVAL_MS, easiest()).unwrap();
        assert_eq!(at(59_999), START);
        assert_ratio(at(60_000), START, 0.25);
        assert_ratio(at(80_000), START, 1.0 / 16.0);
        assert_eq!(at(140_000), EASIEST);
        assert_eq!(at(u64::MAX - 7), EASIEST);
    }

    #[test]
    fn next_step_is_announced_until_the_easiest_is_reached() {
        let after = |waited_ms: u64| next_easing_ms(START, 7, 7 + waited_ms, INTERVAL_MS, easiest()).unwrap();
        assert_eq!(after(0), Some(60_007));
        assert_eq!(after(60_000), Some(80_007));
        assert_eq!(after(119_999), Some(120_007));
        // 4^4 = 256 times easier than the start is the easiest.
        assert_eq!(after(120_000), None);
        assert_eq!(next_easing_ms(EASIEST, 7, 7, INTERVAL_MS, easiest()), Ok(None));
    }

    #[test]
    fn a_target_that_is_none_is_named() {
        let bad = CompactTarget(0x0180_0001);
        assert_eq!(eased(bad, 0, 0, INTERVAL_MS, easiest()), Err(CompactTargetError::Zero(bad)));
        let bad = CompactTarget(0x0480_0001);
        assert_eq!(
            required(&[block(bad, 1, false)], INTERVAL_MS, START, easiest()),
            Err(CompactTargetError::Negative(bad))
        );
    }
}
