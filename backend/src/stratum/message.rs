//! The lines of Stratum: one JSON object each.

use serde::Deserialize;
use serde_json::{Value, json};

/// The longest line taken from a miner, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 8 * 1024;

/// A request of a miner.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    /// What the answer carries back.
    #[serde(default)]
    pub id: Value,
    /// What is asked.
    pub method: String,
    /// With which values.
    #[serde(default)]
    pub params: Vec<Value>,
}

/// Why a request was refused, with the codes that pools use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rejection {
    /// 20: anything without a code of its own.
    Other(String),
    /// 21: the job is unknown or worthless by now.
    Stale,
    /// 22: this share came before.
    Duplicate,
    /// 23: the hash is above the share's target.
    LowDifficulty,
    /// 24: not authorized, or the credentials are wrong.
    Unauthorized(String),
    /// 25: shares need a subscription first.
    NotSubscribed,
}

impl Rejection {
    fn code(&self) -> u8 {
        match self {
            Self::Other(_) => 20,
            Self::Stale => 21,
            Self::Duplicate => 22,
            Self::LowDifficulty => 23,
            Self::Unauthorized(_) => 24,
            Self::NotSubscribed => 25,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Other(text) | Self::Unauthorized(text) => text,
            Self::Stale => "Job not found or stale",
            Self::Duplicate => "Duplicate share",
            Self::LowDifficulty => "Low difficulty share",
            Self::NotSubscribed => "Not subscribed",
        }
    }
}

/// The answer to a request, as a line.
pub(super) fn answer(id: &Value, result: Result<Value, Rejection>) -> String {
    match result {
        Ok(result) => line(json!({"id": id, "result": result, "error": null})),
        Err(rejection) => line(json!({"id": id, "result": null, "error": [rejection.code(), rejection.text(), null]})),
    }
}

/// A message that no request asked for, as a line.
pub(super) fn notification(method: &str, params: Value) -> String {
    line(json!({"id": null, "method": method, "params": params}))
}

fn line(message: Value) -> String {
    let mut line = message.to_string();
    line.push('\n');
    line
}
