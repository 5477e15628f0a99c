//! The miner's configuration: a TOML file, and flags of the same names that override it.

mod fields;
mod rules;
#[cfg(test)]
mod tests;

pub use fields::{Arguments, Bench, Command, FIELDS, Field};

use crate::{kernel::Kernel, pace::Pace, secret::Secret};
use fields::Value;

use std::{collections::BTreeMap, net::SocketAddr, ops::Range, path::Path};
use thiserror::Error;
use toml::de::DeTable;

/// The owner that stands for nobody: such a miner is not rewarded and needs no key.
pub const ANONYMOUS: &str = "anonymous";

/// What the miner goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Host and port of each server, in the order in which they are preferred; at least one.
    pub servers: Vec<String>,
    /// The owner, followed by a dot and the worker's name if it has one.
    pub user: String,
    /// The service key; empty for an anonymous miner without one.
    pub service_key: Secret,
    /// The kernel to use; `None` for the fastest.
    pub kernel: Option<Kernel>,
    /// How the threads search.
    pub pace: Pace,
    /// Whether to pause while the machine runs on its battery.
    pub pause_on_battery: bool,
    /// Whether to pause while someone uses the machine.
    pub pause_while_used: bool,
    /// Where to serve the status.
    pub status_address: Option<SocketAddr>,
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
    fields: BTreeMap<&'static str, Given<Value>>,
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
            None => Values { fields: BTreeMap::new(), end: "the command line".into() },
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
        values.fields.extend(arguments.fields());
        values.settle()
    }
}

/// Checks a configuration file.
///
/// # Errors
/// What is wrong with it.
pub fn check_file(path: &Path) -> Result<(), ConfigError> {
    let arguments = Arguments { config: Some(path.to_owned()), ..Arguments::default() };
    Settings::from_arguments(arguments).map(|_| ())
}

impl Values {
    fn from_toml(file: &str, text: &str) -> Result<Self, ConfigError> {
        let place = |span: Range<usize>| place(file, text, span.start);
        let table = DeTable::parse(text).map_err(|error| ConfigError {
            place: place(error.span().unwrap_or(0..0)),
            problem: error.message().to_owned(),
            mend: format!("each line is NAME = VALUE, with texts in quotes, like {}", FIELDS[0].line()),
        })?;
        let mut fields = BTreeMap::new();
        for (key, value) in table.get_ref() {
            let Some(field) = Field::named(key.get_ref()) else {
                let known: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
                return Err(ConfigError {
                    place: place(key.span()),
                    problem: format!("there is no field {:?}", key.get_ref()),
                    mend: format!("remove the line, or correct the name to one of: {}", known.join(", ")),
                });
            };
            let read = field.kind.read(value.get_ref()).map_err(|expected| ConfigError {
                place: place(value.span()),
                problem: format!("{} is {expected}, not {}", field.name, value.get_ref().type_str()),
                mend: field.like_this(),
            })?;
            fields.insert(field.name, Given { value: read, place: place(value.span()) });
        }
        Ok(Self { fields, end: place(text.len()..text.len()) })
    }

    fn settle(mut self) -> Result<Settings, ConfigError> {
        let servers = self.texts("server", rules::servers)?.ok_or_else(|| self.missing("server", ""))?;
        let owner = self.text("owner", rules::owner)?.ok_or_else(|| self.missing("owner", ""))?;
        let worker = self.text("worker", rules::worker)?;
        let service_key = match self.text("service_key", |setting| rules::service_key(Some(setting), &owner))? {
            Some(key) => key,
            None => rules::service_key(None, &owner).map_err(|why| self.missing("service_key", &format!(", {why}")))?,
        };
        Ok(Settings {
            servers,
            user: worker.map_or_else(|| owner.clone(), |worker| format!("{owner}.{worker}")),
            service_key,
            kernel: self.text("kernel", rules::kernel)?.flatten(),
            pace: Pace {
                threads: self.number("threads", rules::threads)?.unwrap_or_else(rules::default_threads),
                duty_percent: self.number("duty", rules::duty)?.unwrap_or(100),
                niceness: self.number("cpu_priority", rules::cpu_priority)?.unwrap_or(Pace::NICENESS),
            },
            pause_on_battery: self.flag("pause_on_battery").unwrap_or(true),
            pause_while_used: self.flag("pause_while_used").unwrap_or(false),
            status_address: self.text("status_address", rules::status_address)?,
        })
    }

    fn missing(&self, name: &str, why: &str) -> ConfigError {
        let (flag, line) = (name.replace('_', "-"), Field::named(name).map(Field::line).unwrap_or_default());
        ConfigError {
            place: self.end.clone(),
            problem: format!("{name} is missing{why}"),
            mend: format!("add the line {line}, or give --{flag}"),
        }
    }

    fn texts<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(Vec<String>) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(Given { value: Value::Texts(texts), place }) = self.fields.remove(name) else { return Ok(None) };
        rule(texts).map(Some).map_err(|why| broken(name, place, &why))
    }

    fn text<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(String) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.texts(name, |mut texts| rule(texts.pop().unwrap_or_default()))
    }

    fn number<T>(&mut self, name: &str, rule: impl FnOnce(i64) -> Result<T, String>) -> Result<Option<T>, ConfigError> {
        let Some(Given { value: Value::Number(number), place }) = self.fields.remove(name) else { return Ok(None) };
        rule(number).map(Some).map_err(|why| broken(name, place, &why))
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        match self.fields.remove(name)?.value {
            Value::Flag(flag) => Some(flag),
            Value::Texts(_) | Value::Number(_) => None,
        }
    }
}

fn broken(name: &str, place: String, why: &str) -> ConfigError {
    let mend = Field::named(name).map(Field::like_this).unwrap_or_default();
    ConfigError { place, problem: format!("{name}: {why}"), mend }
}

/// `FILE:LINE:COLUMN` of a byte of the text, both counted from 1 and the column in characters.
fn place(file: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{file}:{line}:{column}")
}
