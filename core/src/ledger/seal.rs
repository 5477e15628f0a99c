//! Sealing: a checked block confirms the next run of the log.

use super::{Account, Effect, Refusal, State};
use crate::{
    address::Address,
    amount::Amount,
    block::{Block, Checked},
    hash::BlockHash,
    limits::BLOCK_RECORDS_MAX,
    retarget::Past,
    reward,
};
use std::collections::BTreeSet;

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
    pub reward: Option<(Address, Amount)>,
    /// Every account whose money it changed.
    pub touched: BTreeSet<Address>,
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
        let mut system = self.accounts.get(&self.system).map_or(Amount::ZERO, |account| account.balance);
        for pending in self.pending.iter().take(count as usize) {
            match pending.effect {
                Effect::Transfer { from, to, amount } => {
                    transferred = add(transferred, amount);
                    if from == self.system {
                        system = system.checked_sub(amount)?;
                    } else if to == self.system {
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
        let opened_later = |pending: &super::Pending| pending.effect == Effect::Open(*address);
        self.accounts.get(address).is_some() && !self.pending.iter().skip(count as usize).any(opened_later)
    }

    pub(super) fn seal(&mut self, block: &Block<Checked>) -> Result<Sealed, Refusal> {
        if block.coinbase.height != self.head.height + 1
            || block.header.previous != self.head.hash
            || block.first != self.head.sealed
            || block.count as usize > self.pending.len()
        {
            return Err(Refusal::StaleBlock);
        }
        let mut touched = BTreeSet::new();
        for _ in 0..block.count {
            let pending = self.pending.pop_front().expect("counted above");
            self.confirm(pending.effect, &mut touched);
        }
        let reward = block.coinbase.rewarded.filter(|_| !block.coinbase.reward.is_zero());
        let reward = reward.map(|address| (address, block.coinbase.reward));
        if let Some((address, amount)) = reward {
            self.change(self.system, &mut touched, |system| subtract(&mut system.balance, amount));
            self.change(address, &mut touched, |miner| add(&mut miner.balance, amount));
        }
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

    fn confirm(&mut self, effect: Effect, touched: &mut BTreeSet<Address>) {
        match effect {
            Effect::None | Effect::Open(_) => {}
            Effect::Transfer { from, to, amount } => {
                self.change(from, touched, |payer| {
                    subtract(&mut payer.balance, amount);
                    subtract(&mut payer.outgoing, amount);
                });
                self.change(to, touched, |payee| {
                    add(&mut payee.balance, amount);
                    subtract(&mut payee.incoming, amount);
                });
            }
            Effect::Issue(amount) => {
                add(&mut self.head.issued, amount);
                self.change(self.system, touched, |system| {
                    add(&mut system.balance, amount);
                    subtract(&mut system.incoming, amount);
                });
            }
            Effect::Burn(amount) => {
                add(&mut self.head.burned, amount);
                self.change(self.system, touched, |system| {
                    subtract(&mut system.balance, amount);
                    subtract(&mut system.outgoing, amount);
                });
            }
            Effect::ReplaceLeader(key) => self.head.leader_key = key,
        }
    }

    fn change(&mut self, address: Address, touched: &mut BTreeSet<Address>, change: impl FnOnce(&mut Account)) {
        let mut account = self.accounts.get(&address).expect("accepted records name open accounts").clone();
        change(&mut account);
        self.accounts.put(address, account);
        touched.insert(address);
    }
}

fn add(sum: &mut Amount, more: Amount) {
    *sum = sum.checked_add(more).expect("parts of one supply do not exceed it");
}

fn subtract(sum: &mut Amount, less: Amount) {
    *sum = sum.checked_sub(less).expect("what was reserved is there");
}
