//! The currency's fixed parameters, from which its chain starts.

use crate::{
    address::Address,
    amount::Amount,
    decimals::Decimals,
    encode::encode,
    hash::{BlockHash, GenesisHash, tagged_sha256d},
    keys::PublicKey,
    target::{CompactTarget, Target},
};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The only version of the rules so far.
pub const RULES_VERSION: u32 = 1;

/// The name of the system account, which holds what was issued and not yet paid out.
pub const SYSTEM_ACCOUNT_NAME: &str = "blockchain-master";

/// What is fixed when a currency begins. Anyone who has these bytes can check the whole chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// [`RULES_VERSION`].
    pub rules_version: u32,
    /// The currency's name, like `Qoin`.
    pub name: String,
    /// What stands beside an amount, like `Q`.
    pub symbol: String,
    /// How many decimal digits amounts have.
    pub decimals: Decimals,
    /// What the system account starts with.
    pub genesis_amount: Amount,
    /// The time a block should take, in milliseconds.
    pub block_interval_ms: u64,
    /// How long a rotation by the system key waits, in milliseconds of accepted time.
    pub recovery_delay_ms: u64,
    /// The first key of the system account.
    pub system_key: PublicKey,
    /// The key that seals the first blocks.
    pub leader_key: PublicKey,
    /// The target of block 1.
    pub starting_target: CompactTarget,
    /// The easiest target that any block may have.
    pub easiest_target: CompactTarget,
    /// When the currency began, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Why a currency cannot begin like this.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum GenesisError {
    /// Made by rules that this program does not know.
    #[error("rules version {0} is newer than this program knows ({RULES_VERSION})")]
    RulesVersion(u32),
    /// No name, or too long.
    #[error("a currency's name has 1 to 40 characters, not {0:?}")]
    Name(String),
    /// No symbol, or too long.
    #[error("a currency's symbol has 1 to 8 characters, not {0:?}")]
    Symbol(String),
    /// Blocks faster than a second or slower than a day.
    #[error("a block interval lies between 1 s and 24 h, not at {0} ms")]
    BlockInterval(u64),
    /// A delay of over a year.
    #[error("a recovery delay is at most a year, not {0} ms")]
    RecoveryDelay(u64),
    /// A target that is no number, or a starting target easier than the easiest.
    #[error("the {0} target is not usable")]
    Target(&'static str),
}

impl Genesis {
    /// The chain's name: the tagged hash of these parameters.
    pub fn hash(&self) -> GenesisHash {
        GenesisHash::from_bytes(tagged_sha256d("qoin/genesis", &[&encode(self)]))
    }

    /// What block 1 names as its previous block.
    pub fn as_previous_block(&self) -> BlockHash {
        BlockHash::from_bytes(self.hash().to_bytes())
    }

    /// The system account's address.
    pub fn system_address(&self) -> Address {
        Address::of(&self.system_key)
    }

    /// The easiest target as a number.
    ///
    /// # Panics
    /// When [`Self::check`] was not asked before.
    pub fn easiest(&self) -> Target {
        self.easiest_target.expand().expect("genesis was checked")
    }

    /// Checks every parameter's bounds.
    ///
    /// # Errors
    /// The first parameter that is out of bounds.
    pub fn check(&self) -> Result<(), GenesisError> {
        let bounded = |text: &str, max| (1..=max).contains(&text.chars().count());
        if self.rules_version != RULES_VERSION {
            return Err(GenesisError::RulesVersion(self.rules_version));
        }
        if !bounded(&self.name, 40) {
            return Err(GenesisError::Name(self.name.chars().take(60).collect()));
        }
        if !bounded(&self.symbol, 8) {
            return Err(GenesisError::Symbol(self.symbol.chars().take(60).collect()));
        }
        if !(1_000..=86_400_000).contains(&self.block_interval_ms) {
            return Err(GenesisError::BlockInterval(self.block_interval_ms));
        }
        if self.recovery_delay_ms > 365 * 86_400_000 {
            return Err(GenesisError::RecoveryDelay(self.recovery_delay_ms));
        }
        let easiest = self.easiest_target.expand().map_err(|_| GenesisError::Target("easiest"))?;
        match self.starting_target.expand() {
            Ok(starting) if starting <= easiest => Ok(()),
            _ => Err(GenesisError::Target("starting")),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::keys::SecretKey;

    /// A currency that starts with 1,000.00.
    pub(crate) fn example() -> Genesis {
        Genesis {
            rules_version: RULES_VERSION,
            name: "Qoin".into(),
            symbol: "Q".into(),
            decimals: Decimals::try_from(2).unwrap(),
            genesis_amount: Amount::from_units(100_000),
            block_interval_ms: 10_000,
            recovery_delay_ms: 72 * 3_600_000,
            system_key: SecretKey::from_seed(&[1; 32]).public_key(),
            leader_key: SecretKey::from_seed(&[2; 32]).public_key(),
            starting_target: CompactTarget(0x1f00_ffff),
            easiest_target: CompactTarget(0x2000_ffff),
            time_ms: 1_800_000_000_000,
        }
    }

    #[track_caller]
    fn assert_refused(change: impl FnOnce(&mut Genesis), error: GenesisError) {
        let mut genesis = example();
        change(&mut genesis);
        assert_eq!(genesis.check(), Err(error));
    }

    #[test]
    fn bounds_are_checked_and_named() {
        assert_eq!(example().check(), Ok(()));
        assert_refused(|genesis| genesis.rules_version = 2, GenesisError::RulesVersion(2));
        assert_refused(|genesis| genesis.name = String::new(), GenesisError::Name(String::new()));
        assert_refused(|genesis| genesis.name = "é".repeat(41), GenesisError::Name("é".repeat(41)));
        assert_refused(|genesis| genesis.symbol = String::new(), GenesisError::Symbol(String::new()));
        assert_refused(|genesis| genesis.symbol = "Q".repeat(9), GenesisError::Symbol("Q".repeat(9)));
        assert_refused(|genesis| genesis.block_interval_ms = 999, GenesisError::BlockInterval(999));
        assert_refused(|genesis| genesis.block_interval_ms = 86_400_001, GenesisError::BlockInterval(86_400_001));
        let year_ms = 365 * 86_400_000;
        assert_refused(|genesis| genesis.recovery_delay_ms = year_ms + 1, GenesisError::RecoveryDelay(year_ms + 1));
    }

    #[test]
    fn targets_are_numbers_and_the_first_is_no_easier_than_the_easiest() {
        let zero = CompactTarget(0);
        assert_refused(|genesis| genesis.easiest_target = zero, GenesisError::Target("easiest"));
        assert_refused(|genesis| genesis.starting_target = zero, GenesisError::Target("starting"));
        let easier = CompactTarget(0x2001_0000);
        assert_refused(|genesis| genesis.starting_target = easier, GenesisError::Target("starting"));
        let equal = Genesis { starting_target: example().easiest_target, ..example() };
        assert_eq!(equal.check(), Ok(()));
    }

    #[test]
    fn every_parameter_is_part_of_the_chains_name() {
        let changes: [fn(&mut Genesis); 12] = [
            |genesis| genesis.rules_version += 1,
            |genesis| genesis.name.push('x'),
            |genesis| genesis.symbol.push('x'),
            |genesis| genesis.decimals = Decimals::MAX,
            |genesis| genesis.genesis_amount = Amount::ZERO,
            |genesis| genesis.block_interval_ms += 1,
            |genesis| genesis.recovery_delay_ms += 1,
            |genesis| genesis.system_key = genesis.leader_key,
            |genesis| genesis.leader_key = genesis.system_key,
            |genesis| genesis.starting_target.0 += 1,
            |genesis| genesis.easiest_target.0 += 1,
            |genesis| genesis.time_ms += 1,
        ];
        let mut hashes = vec![example().hash()];
        for change in changes {
            let mut genesis = example();
            change(&mut genesis);
            hashes.push(genesis.hash());
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), changes.len() + 1);
    }
}
