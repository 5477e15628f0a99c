//! The configuration: one declaration a setting (`settings`), from which the files, the flags, their check and the
//! examples under etc/ derive.
//!
//! A host's own fields stand at the top of a file and are all required; everything else has a default and stands under
//! `[settings]`. What is wrong is told all at once, each fault with its place and the way to mend it.

pub mod declaration;
pub mod example;
pub mod fault;
pub mod live;
pub mod secret;
pub mod settings;
pub mod source;
pub mod value;

pub use declaration::{Declared, Field, Section};
pub use fault::{ConfigError, Fault, Place};
pub use live::LiveSettings;
pub use secret::Secret;
pub use settings::{
    CommonSettings, CurrencySettings, LeaderHost, LeaderSettings, LinkSettings, WebsiteHost, WebsiteSettings,
};
pub use source::{Override, Source};

use std::collections::BTreeSet;
use std::path::Path;

/// A role's whole configuration.
pub trait Configuration: Sized {
    /// The name of the role, as its command has it.
    const ROLE: &'static str;

    /// The declarations it consists of, in the order of the file.
    fn groups() -> Vec<&'static [Field]>;

    /// Takes it out of `source`; `None` after a fault.
    fn read(source: &mut Source) -> Option<Self>;

    /// All of its fields.
    fn fields() -> impl Iterator<Item = &'static Field> {
        Self::groups().into_iter().flatten()
    }

    /// Takes everything out of `source`.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn of(mut source: Source) -> Result<Self, ConfigError> {
        let config = Self::read(&mut source);
        source.finish()?;
        Ok(config.expect("a configuration without a fault can be read"))
    }
}

/// Of `qoin server`.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The host's own fields.
    pub host: LeaderHost,
    /// The currency, for the first start.
    pub currency: CurrencySettings,
    /// Those of `currency` that were given and not left at their defaults.
    pub currency_given: BTreeSet<&'static str>,
    /// What can be changed while it runs.
    pub live: LiveSettings,
    /// The leader's limits.
    pub settings: LeaderSettings,
    /// Doors and log.
    pub common: CommonSettings,
}

impl Configuration for ServerConfig {
    const ROLE: &'static str = "server";

    fn groups() -> Vec<&'static [Field]> {
        vec![
            LeaderHost::FIELDS,
            CurrencySettings::FIELDS,
            LiveSettings::FIELDS,
            LeaderSettings::FIELDS,
            CommonSettings::FIELDS,
        ]
    }

    fn read(source: &mut Source) -> Option<Self> {
        let host = LeaderHost::read(source);
        let currency = CurrencySettings::read(source);
        let live = LiveSettings::read(source);
        let settings = LeaderSettings::read(source);
        let common = CommonSettings::read(source);
        let currency_given = given(source, CurrencySettings::FIELDS);
        Some(Self {
            host: host?,
            currency: currency?,
            currency_given,
            live: live?,
            settings: settings?,
            common: common?,
        })
    }
}

/// Of `qoin website`.
#[derive(Debug, Clone)]
pub struct WebsiteConfig {
    /// The host's own fields.
    pub host: WebsiteHost,
    /// What concerns the way to the leader.
    pub link: LinkSettings,
    /// What concerns the website alone.
    pub settings: WebsiteSettings,
    /// Doors and log.
    pub common: CommonSettings,
}

impl Configuration for WebsiteConfig {
    const ROLE: &'static str = "website";

    fn groups() -> Vec<&'static [Field]> {
        vec![WebsiteHost::FIELDS, LinkSettings::FIELDS, WebsiteSettings::FIELDS, CommonSettings::FIELDS]
    }

    fn read(source: &mut Source) -> Option<Self> {
        let host = WebsiteHost::read(source);
        let link = LinkSettings::read(source);
        let settings = WebsiteSettings::read(source);
        let common = CommonSettings::read(source);
        Some(Self { host: host?, link: link?, settings: settings?, common: common? })
    }
}

/// Of `qoin run`, which has no file: settings alone, given by `--set`.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The currency, for the first start.
    pub currency: CurrencySettings,
    /// Those of `currency` that were given and not left at their defaults.
    pub currency_given: BTreeSet<&'static str>,
    /// What can be changed while it runs.
    pub live: LiveSettings,
    /// The leader's limits.
    pub leader: LeaderSettings,
    /// What concerns the website alone.
    pub website: WebsiteSettings,
    /// Doors and log.
    pub common: CommonSettings,
}

impl Configuration for RunConfig {
    const ROLE: &'static str = "run";

    fn groups() -> Vec<&'static [Field]> {
        vec![
            CurrencySettings::FIELDS,
            LiveSettings::FIELDS,
            LeaderSettings::FIELDS,
            WebsiteSettings::FIELDS,
            CommonSettings::FIELDS,
        ]
    }

    fn read(source: &mut Source) -> Option<Self> {
        let currency = CurrencySettings::read(source);
        let live = LiveSettings::read(source);
        let leader = LeaderSettings::read(source);
        let website = WebsiteSettings::read(source);
        let common = CommonSettings::read(source);
        let currency_given = given(source, CurrencySettings::FIELDS);
        Some(Self {
            currency: currency?,
            currency_given,
            live: live?,
            leader: leader?,
            website: website?,
            common: common?,
        })
    }
}

fn given(source: &Source, fields: &[Field]) -> BTreeSet<&'static str> {
    fields.iter().map(|field| field.name).filter(|name| source.is_given(name)).collect()
}

/// A configuration file that is good, by the role whose fields it has.
#[derive(Debug)]
pub enum Checked {
    /// Of a leader, with its secret key.
    Server(Secret),
    /// Of a website, with its secret key.
    Website(Secret),
    /// Of a miner.
    Miner,
}

impl Checked {
    /// The command that takes such a file.
    pub fn command(&self) -> &'static str {
        match self {
            Self::Server(_) => "qoin server",
            Self::Website(_) => "qoin website",
            Self::Miner => "qoin-miner",
        }
    }

    /// Whether one is a leader's and the other a website's, and both have the same secret key.
    pub fn shares_secret(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Server(one), Self::Website(other)) | (Self::Website(one), Self::Server(other)) => one.equals(other),
            _ => false,
        }
    }
}

/// Checks a configuration file, of whichever role most of its fields are.
///
/// # Errors
/// All that is wrong with it; of a miner's, the first.
pub fn check_file(path: &Path) -> Result<Checked, ConfigError> {
    let source = Source::of_file(path, Vec::new())?;
    let count = |is_known: &dyn Fn(&str) -> bool| source.host_names().filter(|name| is_known(name)).count();
    let of = |fields: &'static [Field]| count(&|name| fields.iter().any(|field| field.name == name));
    let (server, website) = (of(LeaderHost::FIELDS), of(WebsiteHost::FIELDS));
    let miner = count(&|name| qoin_miner::config::FIELDS.iter().any(|field| field.name == name));
    if miner > server.max(website) {
        qoin_miner::config::check_file(path)?;
        Ok(Checked::Miner)
    } else if website > server {
        WebsiteConfig::of(source).map(|config| Checked::Website(config.host.secret_key))
    } else {
        ServerConfig::of(source).map(|config| Checked::Server(config.host.secret_key))
    }
}

#[cfg(test)]
mod tests;
