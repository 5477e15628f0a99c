//! Which pages of accounts are due to be written.
//!
//! A payment writes the log only; its accounts change in memory, and their pages follow in turn, oldest change first, so
//! that a start has to read a bounded end of the log. Pages are written a few a commit, never all at once.

use super::stored::PAGE_ACCOUNTS;
use qoin_core::ledger::{AccountNumber, Position};
use std::collections::VecDeque;

/// How much may have happened (records accepted and records sealed) since the oldest change that is in no page. A start
/// walks through this much of the log, a quarter of a second or so.
const BEHIND_MAX: u64 = 500_000;

/// A moment of the ledger, and how much had happened by then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub position: Position,
    /// Records accepted and records sealed.
    pub progress: u64,
}

/// The pages that have changed since they were written.
#[derive(Default)]
pub(super) struct Checkpoint {
    is_dirty: Vec<bool>,
    /// In the order of their first unwritten change, with the moment before it.
    queue: VecDeque<(u32, Moment)>,
}

impl Checkpoint {
    /// An account changes; `before` is a moment at or before the change.
    pub fn touch(&mut self, account: AccountNumber, before: Moment) {
        let page = account.index() / PAGE_ACCOUNTS;
        let index = page as usize;
        if self.is_dirty.len() <= index {
            self.is_dirty.resize(index + 1, false);
        }
        if !std::mem::replace(&mut self.is_dirty[index], true) {
            self.queue.push_back((page, before));
        }
    }

    /// The pages to write with a commit that goes from one moment to another.
    pub fn due(&mut self, before: Moment, now: Moment) -> Vec<u32> {
        let done = now.progress - before.progress;
        // All that is dirty now is written while half of what may be behind happens.
        let share = (self.queue.len() as u64 * done).div_ceil(BEHIND_MAX / 2);
        let is_due = |index: u64, since: &Moment| {
            let behind = now.progress - since.progress;
            behind > BEHIND_MAX || (index < share && behind > BEHIND_MAX / 2)
        };
        let count = self.queue.iter().zip(0..).take_while(|((_, since), index)| is_due(*index, since)).count();
        self.take(count)
    }

    /// Every page that has changed.
    pub fn all(&mut self) -> Vec<u32> {
        self.take(self.queue.len())
    }

    /// The position up to which everything that happened is in the pages, once those that were due are written.
    pub fn position(&self, now: Position) -> Position {
        self.queue.front().map_or(now, |(_, since)| since.position)
    }

    fn take(&mut self, count: usize) -> Vec<u32> {
        let pages: Vec<u32> = self.queue.drain(..count).map(|(page, _)| page).collect();
        pages.iter().for_each(|page| self.is_dirty[*page as usize] = false);
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(progress: u64) -> Moment {
        Moment { position: Position { records: progress, blocks: 0 }, progress }
    }

    #[test]
    fn pages_are_written_in_the_order_of_their_changes_and_never_too_late() {
        let mut checkpoint = Checkpoint::default();
        let accounts = 40 * PAGE_ACCOUNTS;
        let mut written = Vec::new();
        let mut most = 0;
        let step = 1_000;
        for before in (0..4 * BEHIND_MAX).step_by(step as usize) {
            (0..accounts).step_by(7).for_each(|index| checkpoint.touch(AccountNumber::new(index), moment(before)));
            let due = checkpoint.due(moment(before), moment(before + step));
            most = most.max(due.len());
            written.extend(due);
            let floor = checkpoint.position(moment(before + step).position).records;
            assert!(before + step - floor <= BEHIND_MAX, "{floor} at {before}");
        }
        assert!(written.chunks(40).all(|round| round.iter().copied().eq(0..round.len() as u32)), "{written:?}");
        assert!(written.len() >= 4 * 40, "{} pages were written", written.len());
        assert!(most <= 2, "{most} pages at once");
        let left = checkpoint.all().len();
        assert_eq!(left, 40);
        assert_eq!(checkpoint.position(moment(9).position), moment(9).position);
    }
}
