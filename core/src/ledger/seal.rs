//! Sealing: a checked block confirms the next run of the log.

use super::{AccountNumber, Effect, Refusal, State, account::grow};
use crate::{
    address::Address,
    amount::Amount,
    block::{Block, Checked},
    hash::BlockHash,
    limits::BLOCK_RECORDS_MAX,
    retarget::Past,
    reward,
};

/// What a sealed block changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The block's height.
    pub height: u32,
    /// The block's hash.
    pub hash: BlockHash,
    /// The number of its first log record.
    pub first: u64,
    /// How many log records it seals.
    pub count: u32,
    /// The reward, and whom it went to.
    pub reward: Option<(AccountNumber, Amount)>,
    /// The accounts whose money it changed, in the order of the changes; some more than once.
    pub touched: Vec<AccountNumber>,
}

/// What the next block can be, as the state sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The number of its first log record.
    pub first: u64,
    /// How many log records it seals.
    pub count: u32,
    /// The reward if a member's miner solves it; an anonymous one earns nothing.
    pub reward: Amount,
}

impl State {
    /// The block that seals all records that wait, as far as they fit.
    pub fn candidate(&self) -> Candidate {
        let count = u32::try_from(self.pending.len()).unwrap_or(u32::MAX).min(BLOCK_RECORDS_MAX);
        Candidate { first: self.head.sealed, count, reward: self.reward_for(count).unwrap_or(Amount::ZERO) }
    }

    /// The reward of a block of the next `count` records, if a member's miner solves it; `None` when the system account's
    /// balance does not cover what the block takes from it. Rewards can bring that about, unless a leader keeps to the
    /// policy of [`Self::reward_reserve`]; no other account's balance falls but by its own payments.
    pub(crate) fn reward_for(&self, count: u32) -> Option<Amount> {
        let add = |sum: Amount, more| sum.checked_add(more).expect("parts of one supply do not exceed it");
        let (mut transferred, mut received) = (Amount::ZERO, Amount::ZERO);
        let mut system = self.accounts.get(AccountNumber::SYSTEM).balance;
        for pending in self.pending.iter().take(count as usize) {
            match pending.effect {
                Effect::Transfer { from, to, amount } => {
                    transferred = add(transferred, amount);
                    if from == AccountNumber::SYSTEM {
                        system = system.checked_sub(amount)?;
                    } else if to == AccountNumber::SYSTEM {
                        received = add(received, amount);
                    }
                }
                Effect::Issue(amount) => received = add(received, amount),
                Effect::Burn(amount) => system = system.checked_sub(amount)?,
                Effect::None | Effect::Open(_) | Effect::ReplaceLeader(_) => {}
            }
        }
        let reward = reward::reward(transferred, self.genesis.decimals);
        Some(if add(system, received) < reward { Amount::ZERO } else { reward })
    }

    /// Whether a block of the next `count` records may reward an address: its account is open by then.
    pub fn can_be_rewarded(&self, address: &Address, count: u32) -> bool {
        let Some(number) = self.accounts.number(address) else { return false };
        let opened_later = |pending: &super::Pending| pending.effect == Effect::Open(number);
        !self.pending.iter().skip(count as usize).any(opened_later)
    }

    pub(super) fn seal(&mut self, block: &Block<Checked>) -> Result<Sealed, Refusal> {
        if block.coinbase.height != self.head.height + 1
            || block.header.previous != self.head.hash
            || block.first != self.head.sealed
            || block.count as usize > self.pending.len()
        {
            return Err(Refusal::StaleBlock);
        }
        let mut touched = Vec::with_capacity(2 * block.count as usize);
        for _ in 0..block.count {
            let pending = self.pending.pop_front().expect("counted above");
            self.confirm(pending.effect, &mut touched);
        }
        self.pending_first += u64::from(block.count);
        let reward = block.coinbase.rewarded.filter(|_| !block.coinbase.reward.is_zero());
        let reward = reward.map(|address| {
            let miner = self.accounts.number(&address).expect("checked blocks reward open accounts");
            let amount = block.coinbase.reward;
            self.accounts.change(AccountNumber::SYSTEM, |system| system.pay_reward(amount));
            self.accounts.change(miner, |miner| miner.earn(amount));
            touched.extend([AccountNumber::SYSTEM, miner]);
            (miner, amount)
        });
        let hash = block.header.hash();
        self.head.height += 1;
        self.head.hash = hash;
        self.head.solved_ms = block.solved_ms;
        self.head.sealed += u64::from(block.count);
        self.head.remember(Past {
            opened_ms: block.coinbase.opened_ms,
            solved_ms: block.solved_ms,
            bits: block.header.bits,
            eased: block.is_eased(&self.genesis),
        });
        Ok(Sealed { height: self.head.height, hash, first: block.first, count: block.count, reward, touched })
    }

    fn confirm(&mut self, effect: Effect, touched: &mut Vec<AccountNumber>) {
        for number in effect.accounts().into_iter().flatten() {
            self.accounts.change(number, |account| effect.confirm(number, account));
            touched.push(number);
        }
        match effect {
            Effect::Issue(amount) => grow(&mut self.head.issued, amount),
            Effect::Burn(amount) => grow(&mut self.head.burned, amount),
            Effect::ReplaceLeader(key) => self.head.leader_key = *key,
            Effect::None | Effect::Open(_) | Effect::Transfer { .. } => {}
        }
    }
}
