//! The lines of Stratum: one JSON object each.

use crate::mining::Refusal;
use serde::Deserialize;
use serde_json::{Value, json};

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

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stale => Self::Stale,
            Refusal::Duplicate => Self::Duplicate,
            Refusal::LowDifficulty => Self::LowDifficulty,
            Refusal::Time | Refusal::TooMany | Refusal::NotTaken(_) => Self::Other(refusal.to_string()),
        }
    }
}

/// Appends the answer to a request as a line.
pub(super) fn push_answer(id: &Value, result: Result<Value, Rejection>, out: &mut Vec<u8>) {
    push_line(
        &match result {
            Ok(result) => json!({"id": id, "result": result, "error": null}),
            Err(rejection) => json!({"id": id, "result": null, "error": [rejection.code(), rejection.text(), null]}),
        },
        out,
    );
}

/// Appends a message that no request asked for as a line.
pub(super) fn push_notice(method: &str, params: &Value, out: &mut Vec<u8>) {
    push_line(&json!({"id": null, "method": method, "params": params}), out);
}

fn push_line(message: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(message.to_string().as_bytes());
    out.push(b'\n');
}
