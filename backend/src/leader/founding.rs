//! The first start: the currency's fixed parameters out of the settings, and the administrator's first password.

use crate::config::CurrencySettings;
use crate::ledger::Keys;
use qoin_core::amount::Amount;
use qoin_core::decimals::Decimals;
use qoin_core::genesis::{Genesis, GenesisError, RULES_VERSION};
use qoin_core::target::{CompactTarget, Work};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Why a currency cannot begin with these settings.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// The decimals are out of bounds.
    #[error("currency_decimals: {0}")]
    Decimals(#[from] qoin_core::decimals::TooManyDecimals),
    /// More than an amount can be.
    #[error("genesis_amount: {0} whole units are more than any amount can be")]
    GenesisAmount(u64),
    /// A first block easier than the easiest.
    #[error("starting_work {starting} is below easiest_work {easiest}: set it to at least that, or to 0")]
    StartingWork {
        /// The setting.
        starting: u64,
        /// The other.
        easiest: u64,
    },
    /// The rules refuse it.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
}

/// The parameters of a currency that begins now.
///
/// # Errors
/// When the rules do not allow the settings.
pub fn genesis(settings: &CurrencySettings, keys: &Keys, now_ms: u64) -> Result<Genesis, FoundingError> {
    let (easiest, starting) = works(settings);
    if starting < easiest {
        return Err(FoundingError::StartingWork { starting, easiest });
    }
    // Bounds of the declaration leave only what fits.
    let decimals = Decimals::try_from(u8::try_from(settings.currency_decimals).unwrap_or(u8::MAX))?;
    let genesis = Genesis {
        rules_version: RULES_VERSION,
        name: settings.currency_name.clone(),
        symbol: settings.currency_symbol.clone(),
        decimals,
        genesis_amount: Amount::from_whole(settings.genesis_amount, decimals)
            .ok_or(FoundingError::GenesisAmount(settings.genesis_amount))?,
        block_interval_ms: settings.block_interval_s * 1000,
        recovery_delay_ms: settings.recovery_delay_h * 3_600_000,
        system_key: keys.system.public_key(),
        leader_key: keys.leader.public_key(),
        starting_target: compact(starting),
        easiest_target: compact(easiest),
        time_ms: now_ms,
    };
    genesis.check()?;
    Ok(genesis)
}

/// The settings among `given` that differ from a currency that exists, and so say what cannot be.
pub fn ignored(settings: &CurrencySettings, given: &BTreeSet<&'static str>, genesis: &Genesis) -> Vec<&'static str> {
    let (easiest, starting) = works(settings);
    let whole = Amount::from_whole(settings.genesis_amount, genesis.decimals);
    let same = [
        ("currency_name", settings.currency_name == genesis.name),
        ("currency_symbol", settings.currency_symbol == genesis.symbol),
        ("currency_decimals", settings.currency_decimals == u32::from(genesis.decimals.count())),
        ("genesis_amount", whole == Some(genesis.genesis_amount)),
        ("block_interval_s", settings.block_interval_s * 1000 == genesis.block_interval_ms),
        ("recovery_delay_h", settings.recovery_delay_h * 3_600_000 == genesis.recovery_delay_ms),
        ("easiest_work", compact(easiest) == genesis.easiest_target),
        ("starting_work", compact(starting) == genesis.starting_target),
    ];
    same.into_iter().filter(|(name, same)| !same && given.contains(name)).map(|(name, _)| name).collect()
}

/// The easiest and the first block's work, in hashes.
fn works(settings: &CurrencySettings) -> (u64, u64) {
    let easiest = settings.easiest_work;
    (easiest, if settings.starting_work == 0 { easiest } else { settings.starting_work })
}

fn compact(hashes: u64) -> CompactTarget {
    Work::from_hashes(hashes).to_target().to_compact()
}

/// A password of 20 characters in four groups (100 bits), none of which looks like another.
///
/// # Errors
/// When the system gives no randomness.
pub fn readable_password() -> Result<Zeroizing<String>, getrandom::Error> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = Zeroizing::new([0; 20]);
    getrandom::fill(&mut *random)?;
    let mut password = Zeroizing::new(String::with_capacity(23));
    for (index, byte) in random.iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Configuration, Override, RunConfig, Source};
    use qoin_core::keys::SecretKey;

    fn settings(sets: &[&str]) -> RunConfig {
        let overrides = sets.iter().map(|set| Override::parse_set(set).unwrap()).collect();
        RunConfig::of(Source::of_overrides(overrides)).unwrap()
    }

    fn founded(sets: &[&str]) -> Result<Genesis, FoundingError> {
        let keys = Keys { system: SecretKey::from_seed(&[1; 32]), leader: SecretKey::from_seed(&[2; 32]) };
        genesis(&settings(sets).currency, &keys, 1_800_000_000_000)
    }

    #[test]
    fn settings_become_the_currency() {
        let genesis = founded(&["currency_decimals=0", "block_interval_s=3", "easiest_work=256"]).unwrap();
        assert_eq!(genesis.genesis_amount, Amount::from_units(1_000_000));
        assert_eq!(genesis.block_interval_ms, 3_000);
        let work = |target: CompactTarget| target.expand().unwrap().work().to_f64();
        assert!((256.0..257.0).contains(&work(genesis.easiest_target)));
        assert_eq!(genesis.starting_target, genesis.easiest_target);
        assert_eq!(founded(&[]).unwrap().genesis_amount, Amount::from_units(100_000_000));
    }

    #[test]
    fn what_the_rules_do_not_allow_is_refused_by_name() {
        let refused = |sets: &[&str]| founded(sets).unwrap_err().to_string();
        assert!(refused(&["starting_work=5"]).contains("starting_work 5"));
        assert!(refused(&["genesis_amount=18446744073709551615"]).contains("genesis_amount"));
        assert!(refused(&["currency_symbol=123456789"]).contains("symbol"));
    }

    #[test]
    fn settings_that_come_too_late_are_named() {
        let genesis = founded(&["easiest_work=256"]).unwrap();
        let given = |sets: &[&str]| {
            let config = settings(sets);
            ignored(&config.currency, &config.currency_given, &genesis)
        };
        assert!(given(&["easiest_work=256", "block_interval_s=10"]).is_empty());
        assert!(given(&[]).is_empty(), "a default is not given");
        assert_eq!(given(&["easiest_work=512", "currency_name=Acorn"]), ["currency_name", "easiest_work"]);
    }

    #[test]
    fn passwords_are_long_and_differ() {
        let password = readable_password().unwrap();
        assert_eq!(password.len(), 23);
        assert!(qoin_core::validate::password(&password).is_ok());
        assert_ne!(*password, *readable_password().unwrap());
    }
}
