//! The miner's configuration: a TOML file, and flags of the same names that override it.

use crate::secret::Secret;
use clap::Parser;
use qoin_core::limits::EMAIL_BYTES_MAX;
use std::{num::NonZeroUsize, ops::Range, path::PathBuf, thread::available_parallelism};
use thiserror::Error;
use toml::de::{DeTable, DeValue};

/// The owner that stands for nobody: such a miner is not rewarded and needs no key.
pub const ANONYMOUS: &str = "anonymous";
/// The most threads of one miner.
const THREADS_MAX: i64 = 1_024;
/// The longest name of a worker, in bytes.
const WORKER_BYTES_MAX: usize = 32;

/// The declaration of a field of the file, which is also a flag (with `-` for `_`).
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is for, in a line.
    pub meaning: &'static str,
    /// A value as it may stand in the file.
    pub example: &'static str,
}

/// All fields.
pub const FIELDS: [Field; 5] = [
    Field { name: "server", meaning: "the leader's Stratum address: host and port", example: r#""127.0.0.1:3333""# },
    Field {
        name: "owner",
        meaning: "the e-mail of the member who is rewarded, or anonymous",
        example: r#""anonymous""#,
    },
    Field {
        name: "worker",
        meaning: "a name for this machine in its owner's list; none if absent",
        example: r#""attic""#,
    },
    Field {
        name: "service_key",
        meaning: "the owner's service key, itself or env:NAME or file:PATH; an anonymous miner needs none",
        example: r#""env:QOIN_SERVICE_KEY""#,
    },
    Field { name: "threads", meaning: "how many threads search; one for each processor if absent", example: "2" },
];

/// A miner for Qoin, and for every pool that speaks Stratum with SHA-256d.
#[derive(Debug, Default, Parser)]
#[command(name = "qoin-miner", version)]
pub struct Arguments {
    /// The configuration file (see etc/miner.conf.example); not needed if the flags say everything
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The leader's Stratum address: host and port
    #[arg(long, value_name = "HOST:PORT")]
    pub server: Option<String>,
    /// The e-mail of the member who is rewarded, or anonymous
    #[arg(long, value_name = "EMAIL")]
    pub owner: Option<String>,
    /// A name for this machine in its owner's list
    #[arg(long, value_name = "NAME")]
    pub worker: Option<String>,
    /// The owner's service key as env:NAME or file:PATH (the key itself would show in the list of processes)
    #[arg(long, value_name = "KEY")]
    pub service_key: Option<String>,
    /// How many threads search; one for each processor if absent
    #[arg(long, value_name = "N")]
    pub threads: Option<i64>,
}

/// What the miner goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Host and port of the server.
    pub server: String,
    /// The owner, followed by a dot and the worker's name if it has one.
    pub user: String,
    /// The service key; empty for an anonymous miner without one.
    pub service_key: Secret,
    /// How many threads search.
    pub threads: usize,
}

/// What is wrong with the configuration, where, and how to mend it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{place}: {problem}\n  {mend}")]
pub struct ConfigError {
    place: String,
    problem: String,
    mend: String,
}

/// A value and where it was given: `FILE:LINE:COLUMN` or the flag.
struct Given<T> {
    value: T,
    place: String,
}

/// What was given, in the file or by flags.
struct Values {
    server: Option<Given<String>>,
    owner: Option<Given<String>>,
    worker: Option<Given<String>>,
    service_key: Option<Given<String>>,
    threads: Option<Given<i64>>,
    /// Where a missing field would be added.
    end: String,
}

impl Settings {
    /// The settings that the arguments, and the file they name, give.
    ///
    /// # Errors
    /// When a field is unknown, missing or cannot be what it is, or the file cannot be read.
    pub fn from_arguments(arguments: Arguments) -> Result<Self, ConfigError> {
        let mut values = match &arguments.config {
            None => Values::none("the command line".into()),
            Some(path) => {
                let name = path.display().to_string();
                let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
                    place: name.clone(),
                    problem: format!("cannot read the configuration: {error}"),
                    mend: "copy etc/miner.conf.example there, or give --server and --owner instead".into(),
                })?;
                Values::from_toml(&name, &text)?
            }
        };
        values.override_by(arguments);
        values.settle()
    }
}

impl Values {
    fn none(end: String) -> Self {
        Self { server: None, owner: None, worker: None, service_key: None, threads: None, end }
    }

    fn from_toml(file: &str, text: &str) -> Result<Self, ConfigError> {
        let place = |span: Range<usize>| place(file, text, span.start);
        let table = DeTable::parse(text).map_err(|error| ConfigError {
            place: place(error.span().unwrap_or(0..0)),
            problem: error.message().to_owned(),
            mend: format!("each line is NAME = VALUE, with texts in quotes, like {}", FIELDS[0].line()),
        })?;
        let mut values = Self::none(place(text.len()..text.len()));
        for (key, value) in table.get_ref() {
            let Some(field) = FIELDS.iter().find(|field| field.name == key.get_ref().as_ref()) else {
                let known: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
                return Err(ConfigError {
                    place: place(key.span()),
                    problem: format!("there is no field {:?}", key.get_ref()),
                    mend: format!("remove the line, or correct the name to one of: {}", known.join(", ")),
                });
            };
            let wrong_type = |expected| ConfigError {
                place: place(value.span()),
                problem: format!("{} is {expected}, not {}", field.name, value.get_ref().type_str()),
                mend: field.like_this(),
            };
            let text = || match value.get_ref() {
                DeValue::String(text) => Ok(Given { value: text.to_string(), place: place(value.span()) }),
                _ => Err(wrong_type("a text in quotes")),
            };
            match field.name {
                "server" => values.server = Some(text()?),
                "owner" => values.owner = Some(text()?),
                "worker" => values.worker = Some(text()?),
                "service_key" => values.service_key = Some(text()?),
                _ => {
                    let integer = value.get_ref().as_integer().ok_or_else(|| wrong_type("a whole number"))?;
                    let number = i64::from_str_radix(integer.as_str(), integer.radix());
                    let number = number.map_err(|_| wrong_type("a number of this size"))?;
                    values.threads = Some(Given { value: number, place: place(value.span()) });
                }
            }
        }
        Ok(values)
    }

    fn override_by(&mut self, arguments: Arguments) {
        fn replace<T>(old: &mut Option<Given<T>>, flag: &str, value: Option<T>) {
            if let Some(value) = value {
                *old = Some(Given { value, place: flag.into() });
            }
        }
        replace(&mut self.server, "--server", arguments.server);
        replace(&mut self.owner, "--owner", arguments.owner);
        replace(&mut self.worker, "--worker", arguments.worker);
        replace(&mut self.service_key, "--service-key", arguments.service_key);
        replace(&mut self.threads, "--threads", arguments.threads);
    }

    fn settle(self) -> Result<Settings, ConfigError> {
        let end = self.end;
        let missing = |name: &str, why: &str| {
            let flag = name.replace('_', "-");
            ConfigError {
                place: end.clone(),
                problem: format!("{name} is missing{why}"),
                mend: format!("add the line {}, or give --{flag}", field(name).line()),
            }
        };
        let server = check(self.server.ok_or_else(|| missing("server", ""))?, "server", server_address)?;
        let owner = check(self.owner.ok_or_else(|| missing("owner", ""))?, "owner", owner_name)?;
        let worker = self.worker.map(|given| check(given, "worker", worker_name)).transpose()?;
        let service_key = match self.service_key {
            Some(given) => check(given, "service_key", |setting| Secret::from_setting(&setting))?,
            None if owner == ANONYMOUS => Secret::default(),
            None => return Err(missing("service_key", &format!(", which the owner {owner:?} needs"))),
        };
        let threads = match self.threads {
            Some(given) => check(given, "threads", thread_count)?,
            None => available_parallelism().map_or(1, NonZeroUsize::get),
        };
        let user = worker.map_or_else(|| owner.clone(), |worker| format!("{owner}.{worker}"));
        Ok(Settings { server, user, service_key, threads })
    }
}

impl Field {
    fn line(&self) -> String {
        format!("{} = {}", self.name, self.example)
    }

    fn like_this(&self) -> String {
        format!("write it like this: {} ({})", self.line(), self.meaning)
    }
}

fn field(name: &str) -> &'static Field {
    FIELDS.iter().find(|field| field.name == name).expect("only declared fields are asked for")
}

fn check<T, U>(given: Given<T>, name: &str, rule: impl FnOnce(T) -> Result<U, String>) -> Result<U, ConfigError> {
    rule(given.value).map_err(|why| ConfigError {
        place: given.place,
        problem: format!("{name}: {why}"),
        mend: field(name).like_this(),
    })
}

fn server_address(text: String) -> Result<String, String> {
    let address = text.strip_prefix("stratum+tcp://").unwrap_or(&text);
    let (host, port) = address.rsplit_once(':').ok_or_else(|| format!("there is no port in {text:?}"))?;
    if host.is_empty() || host.contains(|character: char| character.is_whitespace() || character == '/') {
        return Err(format!("there is no host in {text:?}"));
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(address.to_owned()),
        _ => Err(format!("{port:?} is not a port from 1 to 65535")),
    }
}

fn owner_name(text: String) -> Result<String, String> {
    if text.is_empty() || text.len() > EMAIL_BYTES_MAX {
        return Err(format!("an owner has 1 to {EMAIL_BYTES_MAX} characters"));
    }
    if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err(format!("there is a space in {text:?}"));
    }
    Ok(text)
}

fn worker_name(text: String) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || text.len() > WORKER_BYTES_MAX || !text.bytes().all(fits) {
        return Err(format!("a worker has 1 to {WORKER_BYTES_MAX} letters, digits, - and _, not {text:?}"));
    }
    Ok(text)
}

fn thread_count(number: i64) -> Result<usize, String> {
    match usize::try_from(number) {
        Ok(count) if (1..=THREADS_MAX).contains(&number) => Ok(count),
        _ => Err(format!("a miner has 1 to {THREADS_MAX} threads, not {number}")),
    }
}

/// `FILE:LINE:COLUMN` of a byte of the text, both counted from 1 and the column in characters.
fn place(file: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{file}:{line}:{column}")
}

#[cfg(test)]
mod tests;
