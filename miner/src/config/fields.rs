//! The declaration of the settings: their names, their kinds, what they are for, and the flags of the same names.

use super::Given;
use clap::{Parser, Subcommand};
use std::{path::PathBuf, time::Duration};
use toml::de::DeValue;

/// The declaration of a field of the file, which is also a flag (with `-` for `_`).
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// What may stand for it.
    pub kind: Kind,
    /// What it is for, in a line.
    pub meaning: &'static str,
    /// A value as it may stand in the file.
    pub example: &'static str,
}

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text, or a list of them.
    Texts,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
}

/// What a field is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of [`Kind::Text`] or [`Kind::Texts`].
    Texts(Vec<String>),
    /// Of [`Kind::Number`].
    Number(i64),
    /// Of [`Kind::Flag`].
    Flag(bool),
}

/// All fields.
pub const FIELDS: [Field; 11] = [
    Field {
        name: "server",
        kind: Kind::Texts,
        meaning: "the leader's Stratum address, host and port; or a list: the first that answers is used",
        example: r#""127.0.0.1:3333""#,
    },
    Field {
        name: "owner",
        kind: Kind::Text,
        meaning: "the e-mail of the member who is rewarded, or anonymous",
        example: r#""anonymous""#,
    },
    Field {
        name: "worker",
        kind: Kind::Text,
        meaning: "a name for this machine in its owner's list; none if absent",
        example: r#""attic""#,
    },
    Field {
        name: "service_key",
        kind: Kind::Text,
        meaning: "the owner's service key, itself or env:NAME or file:PATH; an anonymous miner needs none",
        example: r#""env:QOIN_SERVICE_KEY""#,
    },
    Field {
        name: "threads",
        kind: Kind::Number,
        meaning: "how many threads search; one for each processor but one if absent",
        example: "2",
    },
    Field {
        name: "kernel",
        kind: Kind::Text,
        meaning: "the hashing kernel (see qoin-miner bench); the fastest on this processor if absent",
        example: r#""avx2""#,
    },
    Field {
        name: "cpu_priority",
        kind: Kind::Number,
        meaning: "how far the threads stand back for other programs: 0 not at all, 19 entirely; 10 if absent",
        example: "10",
    },
    Field {
        name: "duty",
        kind: Kind::Number,
        meaning: "the percentage of the time in which the threads search, 1 to 100 (the default)",
        example: "100",
    },
    Field {
        name: "pause_on_battery",
        kind: Kind::Flag,
        meaning: "whether to pause while the machine runs on its battery (Linux); true if absent",
        example: "true",
    },
    Field {
        name: "pause_while_used",
        kind: Kind::Flag,
        meaning: "whether to pause while someone types in a terminal or uses the desktop (Linux); false if absent",
        example: "false",
    },
    Field {
        name: "status_address",
        kind: Kind::Text,
        meaning: "where to serve the status as JSON (/) and for Prometheus (/metrics); nowhere if absent",
        example: r#""127.0.0.1:3380""#,
    },
];

/// A miner for Qoin, and for every pool that speaks Stratum with SHA-256d.
#[derive(Debug, Default, Parser)]
#[command(name = "qoin-miner", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do instead of mining
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The configuration file (see etc/miner.conf.example); not needed if the flags say everything
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only say whether the configuration is right
    #[arg(long)]
    pub check_config: bool,
    /// Print what happens as one JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
    /// The leader's Stratum address: host and port; given several times, the first that answers is used
    #[arg(long, value_name = "HOST:PORT")]
    pub server: Vec<String>,
    /// The e-mail of the member who is rewarded, or anonymous
    #[arg(long, value_name = "EMAIL")]
    pub owner: Option<String>,
    /// A name for this machine in its owner's list
    #[arg(long, value_name = "NAME")]
    pub worker: Option<String>,
    /// The owner's service key as env:NAME or file:PATH (the key itself would show in the list of processes)
    #[arg(long, value_name = "KEY")]
    pub service_key: Option<String>,
    /// How many threads search; one for each processor but one if absent
    #[arg(long, value_name = "N")]
    pub threads: Option<i64>,
    /// The hashing kernel (see `qoin-miner bench`); the fastest on this processor if absent
    #[arg(long, value_name = "NAME")]
    pub kernel: Option<String>,
    /// How far the threads stand back for other programs: 0 not at all, 19 entirely; 10 if absent
    #[arg(long, value_name = "0-19")]
    pub cpu_priority: Option<i64>,
    /// The percentage of the time in which the threads search
    #[arg(long, value_name = "PERCENT")]
    pub duty: Option<i64>,
    /// Whether to pause while the machine runs on its battery (Linux)
    #[arg(long, value_name = "BOOL")]
    pub pause_on_battery: Option<bool>,
    /// Whether to pause while someone types in a terminal or uses the desktop (Linux)
    #[arg(long, value_name = "BOOL")]
    pub pause_while_used: Option<bool>,
    /// Where to serve the status as JSON (/) and for Prometheus (/metrics)
    #[arg(long, value_name = "IP:PORT")]
    pub status_address: Option<String>,
}

/// What to do instead of mining.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the hashing kernels on this machine
    Bench(Bench),
}

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// How long to measure, in seconds
    #[arg(long, default_value = "6", value_parser = seconds)]
    pub seconds: Duration,
    /// Print one JSON object a line instead of a table
    #[arg(long)]
    pub json: bool,
    /// Measure nothing: only hash so many headers, for a program that counts instructions
    #[arg(long, value_name = "HASHES", requires = "kernel")]
    pub count: Option<u32>,
    /// Which kernel hashes them
    #[arg(long, value_name = "NAME", requires = "count")]
    pub kernel: Option<String>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (0.1..=600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err("0.1 to 600".into()) }
}

impl Arguments {
    /// The fields that the flags give, with the flags as their places.
    pub(super) fn fields(self) -> Vec<(&'static str, Given<Value>)> {
        let text = |text: Option<String>| text.map(|text| Value::Texts(vec![text]));
        let servers = (!self.server.is_empty()).then_some(Value::Texts(self.server));
        let values = [
            ("server", servers),
            ("owner", text(self.owner)),
            ("worker", text(self.worker)),
            ("service_key", text(self.service_key)),
            ("threads", self.threads.map(Value::Number)),
            ("kernel", text(self.kernel)),
            ("cpu_priority", self.cpu_priority.map(Value::Number)),
            ("duty", self.duty.map(Value::Number)),
            ("pause_on_battery", self.pause_on_battery.map(Value::Flag)),
            ("pause_while_used", self.pause_while_used.map(Value::Flag)),
            ("status_address", text(self.status_address)),
        ];
        let given = |name: &str, value| Given { value, place: format!("--{}", name.replace('_', "-")) };
        values.into_iter().filter_map(|(name, value)| Some((name, given(name, value?)))).collect()
    }
}

impl Field {
    /// The field of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Its example as a line of the file.
    pub fn line(&self) -> String {
        format!("{} = {}", self.name, self.example)
    }

    /// How to write it.
    pub fn like_this(&self) -> String {
        format!("write it like this: {} ({})", self.line(), self.meaning)
    }
}

impl Kind {
    /// The value as one of this kind, or what it should have been.
    pub fn read(self, value: &DeValue<'_>) -> Result<Value, &'static str> {
        match (self, value) {
            (Self::Text | Self::Texts, DeValue::String(text)) => Ok(Value::Texts(vec![text.to_string()])),
            (Self::Texts, DeValue::Array(items)) => {
                let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
                texts.collect::<Option<_>>().map(Value::Texts).ok_or("a text in quotes, or a list of texts")
            }
            (Self::Number, DeValue::Integer(integer)) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map(Value::Number)
                .map_err(|_| "a number of this size"),
            (Self::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
            (Self::Text, _) => Err("a text in quotes"),
            (Self::Texts, _) => Err("a text in quotes, or a list of texts"),
            (Self::Number, _) => Err("a whole number"),
            (Self::Flag, _) => Err("true or false"),
        }
    }
}
