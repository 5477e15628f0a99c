//! The account's movements as far as they are loaded, newest first, and how events change them.

use qoin_core::api::{
    account::{HistoryPage, Movement},
    events::BlockSealed,
};

/// The loaded part of a history: always its newest end, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movements {
    list: Vec<Movement>,
    next: Option<String>,
}

impl Movements {
    /// What a fresh load shows.
    pub fn fresh(page: HistoryPage) -> Self {
        Self { list: page.movements, next: page.next }
    }

    /// The movements, newest first.
    pub fn list(&self) -> &[Movement] {
        &self.list
    }

    /// Where the next older page begins; `None` when all is loaded.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Adds the page that was asked for with `before`. Ignored if something else was loaded meanwhile.
    pub fn extend(&mut self, before: &str, page: HistoryPage) {
        if self.next() != Some(before) {
            return;
        }
        self.next = page.next;
        for movement in page.movements {
            if !self.list.iter().any(|held| held.cursor == movement.cursor) {
                self.list.push(movement);
            }
        }
    }

    /// Puts a newly loaded page in the place of everything, but for movements that happened after it was read.
    pub fn renew(&mut self, page: HistoryPage) {
        let read_at = page.movements.first().map_or(0, |newest| newest.at_us);
        let mut later = std::mem::replace(self, Self::fresh(page)).list;
        later.retain(|movement| movement.at_us > read_at);
        for movement in later.into_iter().rev() {
            self.insert(movement);
        }
    }

    /// Takes in a movement from the event stream. One that is there already is not doubled, and a block once known
    /// stays known.
    pub fn insert(&mut self, movement: Movement) {
        if let Some(held) = self.list.iter_mut().find(|held| held.cursor == movement.cursor) {
            let block = movement.block.or(held.block);
            *held = Movement { block, ..movement };
            return;
        }
        let place = self.list.iter().position(|held| held.at_us <= movement.at_us).unwrap_or(self.list.len());
        // Older than all that is loaded: it belongs to a page that is not loaded yet.
        if place < self.list.len() || self.next.is_none() {
            self.list.insert(place, movement);
        }
    }

    /// Confirms what a block sealed.
    pub fn seal(&mut self, block: &BlockSealed) {
        let sealed = block.first..block.first + u64::from(block.count);
        for movement in &mut self.list {
            if movement.number.is_some_and(|number| sealed.contains(&number)) {
                movement.block = Some(block.tip.height);
            }
        }
    }

    /// Whether a movement is shown as pending although blocks have sealed all records below `sealed`: its block was
    /// missed while away.
    pub fn misses_blocks(&self, sealed: u64) -> bool {
        self.list
            .iter()
            .any(|movement| movement.block.is_none() && movement.number.is_some_and(|number| number < sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::{
        amount::Amount,
        api::{account::MovementKind, blocks::Tip},
        hash::BlockHash,
    };

    fn movement(number: u64, block: Option<u32>) -> Movement {
        Movement {
            cursor: format!("t{number}"),
            kind: MovementKind::Received,
            amount: Some(Amount::from_units(number)),
            party: None,
            memo: None,
            at_us: number * 10,
            block,
            number: Some(number),
            transaction_id: None,
            payment_id: None,
        }
    }

    fn page(numbers: &[u64], next: Option<&str>) -> HistoryPage {
        HistoryPage {
            movements: numbers.iter().map(|number| movement(*number, None)).collect(),
            next: next.map(Into::into),
        }
    }

    fn block(first: u64, count: u32, height: u32) -> BlockSealed {
        let tip = Tip { height, hash: BlockHash::from_bytes([0; 32]), sealed: first + u64::from(count) };
        BlockSealed { first, count, tip }
    }

    fn numbers(movements: &Movements) -> Vec<u64> {
        movements.list().iter().filter_map(|movement| movement.number).collect()
    }

    #[test]
    fn events_come_in_once_and_in_order() {
        let mut movements = Movements::fresh(page(&[5, 3], None));
        for number in [6, 5, 4, 6, 1] {
            movements.insert(movement(number, None));
        }
        assert_eq!(numbers(&movements), [6, 5, 4, 3, 1]);
    }

    #[test]
    fn what_is_older_than_the_loaded_part_waits_for_its_page() {
        let mut movements = Movements::fresh(page(&[5, 3], Some("t3")));
        movements.insert(movement(2, None));
        assert_eq!(numbers(&movements), [5, 3]);
        movements.extend("t3", page(&[2, 1], None));
        assert_eq!(numbers(&movements), [5, 3, 2, 1]);
        assert_eq!(movements.next(), None);
    }

    #[test]
    fn a_late_page_is_ignored() {
        let mut movements = Movements::fresh(page(&[9, 8], Some("t8")));
        movements.extend("t3", page(&[2, 1], None));
        assert_eq!(numbers(&movements), [9, 8]);
    }

    #[test]
    fn a_block_confirms_exactly_its_run() {
        let mut movements = Movements::fresh(page(&[4, 3, 2, 1], None));
        movements.seal(&block(2, 2, 7));
        let blocks: Vec<_> = movements.list().iter().map(|movement| movement.block).collect();
        assert_eq!(blocks, [None, Some(7), Some(7), None]);
        assert!(movements.misses_blocks(2));
        assert!(!movements.misses_blocks(1));
        // The stream tells the movement again, as it was when it was accepted.
        movements.insert(movement(3, None));
        assert_eq!(movements.list()[1].block, Some(7));
    }

    #[test]
    fn renewing_keeps_only_what_came_later() {
        let mut movements = Movements::fresh(page(&[9, 4, 3], Some("t3")));
        movements.renew(page(&[8, 4], None));
        assert_eq!(numbers(&movements), [9, 8, 4]);
        movements.renew(page(&[], None));
        assert_eq!(numbers(&movements), [9, 8, 4]);
    }
}
