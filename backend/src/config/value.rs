//! What a field's value can be, and how each is read from TOML.

use super::secret::Secret;
use qoin_core::{limits::BANNER_CHARACTERS_MAX, validate::is_invisible};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::de::DeValue;

/// Why a value was refused. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub what: String,
    /// What to write instead, where there is more to say than the field's example.
    pub mend: Option<String>,
}

impl Refused {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), mend: None }
    }
}

/// A value as it stands in a file or on the command line.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// A text in quotes.
    Text(String),
    /// A whole number that fits 64 bits.
    Whole(u64),
    /// Any other number, as it was written.
    OtherNumber(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Raw>),
    /// What no field can be, by its kind.
    Other(&'static str),
}

impl From<&DeValue<'_>> for Raw {
    fn from(value: &DeValue) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(digits) => match u64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(number) => Self::Whole(number),
                Err(_) => Self::OtherNumber(digits.to_string()),
            },
            DeValue::Float(digits) => Self::OtherNumber(digits.to_string()),
            DeValue::Boolean(value) => Self::Boolean(*value),
            DeValue::Array(values) => Self::List(values.iter().map(|value| Self::from(value.get_ref())).collect()),
            DeValue::Datetime(_) => Self::Other("a date"),
            DeValue::Table(_) => Self::Other("a table"),
        }
    }
}

impl Raw {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Whole(_) | Self::OtherNumber(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }
}

/// A type that a field can have.
pub trait Value: Sized {
    /// Reads it. Paths, and those that secrets name, start from `folder`.
    ///
    /// # Errors
    /// Says what is wrong with the value.
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused>;

    /// The number to hold against the field's bounds, where it is one.
    fn number(&self) -> Option<u64> {
        None
    }
}

fn text(value: &Raw) -> Result<&str, Refused> {
    match value {
        Raw::Text(text) => Ok(text),
        other => Err(Refused::new(format!("expected a text in quotes, found {}", other.kind()))),
    }
}

fn parsed<T: FromStr>(value: &Raw, expected: &str) -> Result<T, Refused> {
    let text = text(value)?;
    text.parse().map_err(|_| Refused::new(format!("expected {expected}, found {text:?}")))
}

impl Value for u64 {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        match value {
            Raw::Whole(number) => Ok(*number),
            Raw::OtherNumber(digits) => {
                Err(Refused::new(format!("expected a whole number from 0 to 2^64 - 1, found {digits}")))
            }
            other => Err(Refused::new(format!("expected a whole number, found {}", other.kind()))),
        }
    }

    fn number(&self) -> Option<u64> {
        Some(*self)
    }
}

impl Value for u32 {
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused> {
        let number = u64::read(value, folder)?;
        number.try_into().map_err(|_| Refused::new(format!("{number} is too large")))
    }

    fn number(&self) -> Option<u64> {
        Some(u64::from(*self))
    }
}

impl Value for bool {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        match value {
            Raw::Boolean(value) => Ok(*value),
            other => Err(Refused::new(format!("expected true or false, found {}", other.kind()))),
        }
    }
}

impl Value for String {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        match text(value)?.trim() {
            "" => Err(Refused::new("it is empty")),
            text => Ok(text.to_owned()),
        }
    }
}

impl Value for PathBuf {
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused> {
        Ok(folder.join(String::read(value, folder)?))
    }
}

impl Value for Option<PathBuf> {
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused> {
        match text(value)?.trim() {
            "" => Ok(None),
            _ => PathBuf::read(value, folder).map(Some),
        }
    }
}

impl Value for SocketAddr {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        parsed(value, "an address with a port")
    }
}

impl Value for Vec<IpAddr> {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        let Raw::List(values) = value else {
            return Err(Refused::new(format!("expected a list of addresses, found {}", value.kind())));
        };
        values.iter().map(|value| parsed(value, "an address without a port")).collect()
    }
}

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(pub String);

impl Value for Email {
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused> {
        let text = String::read(value, folder)?;
        match qoin_core::validate::email(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(Refused::new(error.to_string())),
        }
    }
}

/// Where another host serves the API: `http://HOST:PORT` or `https://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderUrl {
    /// Whether it is reached by TLS.
    pub https: bool,
    /// `HOST:PORT`, or `HOST` for the scheme's own port.
    pub authority: String,
}

impl LeaderUrl {
    /// Reads an address like `http://127.0.0.1:5002`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = |why: &str| Refused::new(format!("{text:?} {why}"));
        let (https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(refused("starts neither with http:// nor with https://")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let fits = authority.parse::<hyper::http::uri::Authority>().is_ok_and(|parsed| !parsed.as_str().contains('@'));
        if authority.is_empty() || !fits {
            return Err(refused("is not the address of an API: it has a host and a port and nothing behind them"));
        }
        Ok(Self { https, authority: authority.to_owned() })
    }
}

impl std::fmt::Display for LeaderUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

impl Value for LeaderUrl {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        Self::parse(text(value)?)
    }
}

/// An amount in whole units of the currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WholeUnits(pub u64);

impl Value for WholeUnits {
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused> {
        u64::read(value, folder).map(Self)
    }

    fn number(&self) -> Option<u64> {
        Some(self.0)
    }
}

/// A line of text for people; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(pub String);

impl Value for Line {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        let text = text(value)?.trim();
        if let Some(letter) = text.chars().find(|letter| is_invisible(*letter)) {
            return Err(Refused::new(format!("the character U+{:04X} cannot be seen", u32::from(letter))));
        }
        if text.chars().count() > BANNER_CHARACTERS_MAX {
            return Err(Refused::new(format!("it has more than {BANNER_CHARACTERS_MAX} characters")));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whom members see of each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MemberList {
    /// Everyone.
    #[default]
    Members,
    /// Whose whole e-mail address they know.
    Exact,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Value for LogFormat {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        match text(value)? {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(Refused::new(format!("expected \"text\" or \"json\", found {other:?}"))),
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLevel(pub tracing::Level);

impl Value for LogLevel {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        parsed(value, "\"error\", \"warn\", \"info\", \"debug\" or \"trace\"").map(Self)
    }
}

impl Value for Secret {
    fn read(value: &Raw, folder: &Path) -> Result<Self, Refused> {
        Secret::given(text(value)?, folder)
    }
}
