//! What goes over the line: one JSON object a line, requests and answers with an id, notices without.

use qoin_miner::job::{Job, JobError, JobText};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

/// The most bytes of an extranonce that a server may ask for.
const EXTRANONCE_LEN_MAX: usize = 16;
/// The most characters of a server's text that reach a log.
const TEXT_CHARACTERS_MAX: usize = 200;

/// A line from the server.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// What it says to the request of this number.
    Answer(u64, Result<Value, Refusal>),
    /// What it says unasked.
    Notice(Notice),
    /// What it asks the miner.
    Request(Value, String),
}

/// What a server says unasked.
#[derive(Debug, PartialEq)]
pub enum Notice {
    /// The difficulty of shares from the next job on; 1 is Bitcoin's easiest block.
    Difficulty(f64),
    /// The extranonces from the next job on.
    Extranonce(Extranonce),
    /// A job to work on.
    Job(Box<Job>),
    /// There is no work until the next job: a notice of Qoin's own, sent only to `qoin-miner`.
    Idle,
    /// A text for the operator.
    Text(String),
    /// A wish that the miner connect anew.
    Reconnect(Elsewhere),
    /// A notice that this miner does not know.
    Unknown(String),
}

/// Where a server wishes the miner to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elsewhere {
    /// The host, if the server named one.
    pub host: Option<String>,
    /// The port, if the server named one; as it was written.
    pub port: Option<String>,
}

/// What makes a connection's coinbases its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extranonce {
    /// The bytes that the server chose.
    pub first: Vec<u8>,
    /// How many bytes the miner chooses after them.
    pub second_len: usize,
}

/// A server's refusal of a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}{}", code.map_or(String::new(), |code| format!(" (code {code})")))]
pub struct Refusal {
    /// Stratum's number of the reason: 21 job not found, 22 duplicate, 23 above the target, 24 not authorised.
    pub code: Option<i64>,
    /// The server's words.
    pub reason: String,
}

/// A line that is not Stratum.
#[derive(Debug, Error)]
pub enum Malformed {
    /// Not a JSON object.
    #[error("a line is not a JSON object: {0:?}")]
    NotJson(String),
    /// Neither an answer nor a notice.
    #[error("a line is neither an answer nor a notice: {0:?}")]
    NeitherAnswerNorNotice(String),
    /// A known notice with parameters that it cannot have.
    #[error("the parameters of {0} make no sense: {1:?}")]
    Parameters(&'static str, String),
    /// A job of which a part is wrong.
    #[error(transparent)]
    Job(#[from] JobError),
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    result: Option<Value>,
    #[serde(default)]
    error: Value,
}

impl Message {
    /// The message in a line.
    ///
    /// # Errors
    /// When the line is not Stratum.
    pub fn parse(line: &[u8]) -> Result<Self, Malformed> {
        let excerpt = || printable(&String::from_utf8_lossy(line));
        let line: Line = serde_json::from_slice(line).map_err(|_| Malformed::NotJson(excerpt()))?;
        match (line.method, line.id.as_u64()) {
            (Some(method), _) => Self::from_method(method, line.id, line.params),
            (None, Some(id)) if line.error.is_null() => Ok(Self::Answer(id, Ok(line.result.unwrap_or(Value::Null)))),
            (None, Some(id)) => Ok(Self::Answer(id, Err(Refusal::from_value(&line.error)))),
            (None, None) => Err(Malformed::NeitherAnswerNorNotice(excerpt())),
        }
    }

    fn from_method(method: String, id: Value, params: Value) -> Result<Self, Malformed> {
        let wrong = |method| Malformed::Parameters(method, printable(&params.to_string()));
        let notice = match method.as_str() {
            "mining.notify" => {
                let text = JobText::deserialize(&params).map_err(|_| wrong("mining.notify"))?;
                Notice::Job(Box::new(Job::try_from(text)?))
            }
            "mining.set_difficulty" => {
                let difficulty = params.get(0).and_then(Value::as_f64);
                let sensible = difficulty.filter(|difficulty| difficulty.is_finite() && *difficulty > 0.0);
                Notice::Difficulty(sensible.ok_or_else(|| wrong("mining.set_difficulty"))?)
            }
            "mining.set_extranonce" => {
                let extranonce = Extranonce::from_values(params.get(0), params.get(1));
                Notice::Extranonce(extranonce.ok_or_else(|| wrong("mining.set_extranonce"))?)
            }
            "qoin.idle" => Notice::Idle,
            "client.show_message" => {
                Notice::Text(params.get(0).and_then(Value::as_str).map(printable).unwrap_or_default())
            }
            "client.reconnect" => Notice::Reconnect(Elsewhere::from_params(&params)),
            _ if id.is_null() => Notice::Unknown(printable(&method)),
            _ => return Ok(Self::Request(id, method)),
        };
        Ok(Self::Notice(notice))
    }
}

impl Elsewhere {
    /// Of `[host, port, seconds]`, of which each may be absent; ports come as numbers and as texts. The wait that the
    /// server asks for is not kept: the miner has its own.
    fn from_params(params: &Value) -> Self {
        let text = |index| match params.get(index) {
            Some(Value::String(text)) if !text.is_empty() => Some(printable(text)),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Self { host: text(0), port: text(1) }
    }

    /// Whether it is this server, which is given as host and port.
    pub fn is(&self, server: &str) -> bool {
        let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
        self.host.as_deref().is_none_or(|named| named.eq_ignore_ascii_case(host.trim_matches(['[', ']'])))
            && self.port.as_deref().is_none_or(|named| named == port)
    }
}

impl Extranonce {
    /// The extranonces in the answer to `mining.subscribe`: `[subscriptions, extranonce1, length of extranonce2]`.
    pub fn from_subscription(result: &Value) -> Option<Self> {
        Self::from_values(result.get(1), result.get(2))
    }

    fn from_values(first: Option<&Value>, second_len: Option<&Value>) -> Option<Self> {
        let first = hex::decode(first?.as_str()?).ok().filter(|bytes| bytes.len() <= EXTRANONCE_LEN_MAX)?;
        let second_len = usize::try_from(second_len?.as_u64()?).ok()?;
        (1..=EXTRANONCE_LEN_MAX).contains(&second_len).then_some(Self { first, second_len })
    }
}

impl Refusal {
    /// For a result of `false` or nothing without an error.
    pub fn without_reason() -> Self {
        Self { code: None, reason: "the server gives no reason".into() }
    }

    /// Servers write `[code, text, data]`, as the original did, or JSON-RPC's `{"code", "message"}`, or a bare text.
    fn from_value(error: &Value) -> Self {
        let code = error.get(0).or_else(|| error.get("code")).and_then(Value::as_i64);
        let text = error.get(1).or_else(|| error.get("message")).unwrap_or(error);
        let reason = text.as_str().map_or_else(|| printable(&text.to_string()), printable);
        Self { code, reason }
    }
}

/// A server's text fit for a log: cut, and without control characters.
fn printable(text: &str) -> String {
    let visible = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().take(TEXT_CHARACTERS_MAX).map(visible).collect()
}

/// A request's line.
pub fn request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    line(&json!({"id": id, "method": method, "params": params}))
}

/// The line that answers a server's request: with a result, or that its method is not known.
pub fn answer(id: &Value, result: Option<&str>) -> Vec<u8> {
    let error = if result.is_some() { Value::Null } else { json!([20, "unknown method", null]) };
    line(&json!({"id": id, "result": result, "error": error}))
}

fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Message, Malformed> {
        Message::parse(line.as_bytes())
    }

    #[test]
    fn answers_carry_a_result_or_a_reason() {
        let refused = |code, reason: &str| Message::Answer(3, Err(Refusal { code, reason: reason.into() }));
        for (line, expected) in [
            (r#"{"id":3,"result":true,"error":null}"#, Message::Answer(3, Ok(json!(true)))),
            (r#"{"id":3,"result":null}"#, Message::Answer(3, Ok(Value::Null))),
            (r#"{"id":3,"result":null,"error":[21,"stale",null]}"#, refused(Some(21), "stale")),
            (r#"{"id":3,"error":{"code":-1,"message":"no"}}"#, refused(Some(-1), "no")),
            (r#"{"id":3,"error":"line\nbreak\u001b[0m"}"#, refused(None, "line break [0m")),
        ] {
            assert_eq!(parse(line).unwrap(), expected, "{line}");
        }
        assert_eq!(Refusal { code: Some(21), reason: "stale".into() }.to_string(), "stale (code 21)");
        assert_eq!(Refusal { code: None, reason: "stale".into() }.to_string(), "stale");
    }

    #[test]
    fn notices_become_what_they_mean() {
        let extranonce = Extranonce { first: vec![0xab, 0xcd], second_len: 4 };
        for (line, expected) in [
            (r#"{"id":null,"method":"mining.set_difficulty","params":[0.25]}"#, Notice::Difficulty(0.25)),
            (r#"{"id":null,"method":"mining.set_difficulty","params":[8]}"#, Notice::Difficulty(8.0)),
            (r#"{"id":null,"method":"mining.set_extranonce","params":["abcd",4]}"#, Notice::Extranonce(extranonce)),
            (r#"{"id":null,"method":"qoin.idle","params":[]}"#, Notice::Idle),
            (r#"{"method":"client.show_message","params":["hello"]}"#, Notice::Text("hello".into())),
            (r#"{"method":"client.reconnect","params":[]}"#, Notice::Reconnect(Elsewhere::default())),
            (
                r#"{"method":"client.reconnect","params":["elsewhere",1,"30"]}"#,
                Notice::Reconnect(Elsewhere { host: Some("elsewhere".into()), port: Some("1".into()) }),
            ),
            (r#"{"method":"mining.dance"}"#, Notice::Unknown("mining.dance".into())),
        ] {
            assert_eq!(parse(line).unwrap(), Message::Notice(expected), "{line}");
        }
        let question = parse(r#"{"id":"q","method":"client.get_version","params":[]}"#).unwrap();
        assert_eq!(question, Message::Request(json!("q"), "client.get_version".into()));
    }

    #[test]
    fn only_the_same_host_and_port_are_the_same_server() {
        let elsewhere = |host: &str, port: &str| {
            let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Elsewhere { host: named(host), port: named(port) }
        };
        for (host, port, server, expected) in [
            ("", "", "leader:3333", true),
            ("Leader", "3333", "leader:3333", true),
            ("leader", "", "leader:3333", true),
            ("leader", "3334", "leader:3333", false),
            ("leader.example", "3333", "leader:3333", false),
            ("::1", "3333", "[::1]:3333", true),
        ] {
            assert_eq!(elsewhere(host, port).is(server), expected, "{host} {port} {server}");
        }
    }

    #[test]
    fn what_is_not_stratum_is_refused() {
        for line in [
            "",
            "GET / HTTP/1.1",
            "[]",
            "7",
            "{}",
            r#"{"id":null,"result":true}"#,
            r#"{"id":-1,"result":true}"#,
            r#"{"method":7}"#,
            r#"{"method":"mining.set_difficulty","params":[0]}"#,
            r#"{"method":"mining.set_difficulty","params":[-1]}"#,
            r#"{"method":"mining.set_difficulty","params":["1"]}"#,
            r#"{"method":"mining.set_difficulty","params":[]}"#,
            r#"{"method":"mining.set_extranonce","params":["abc",4]}"#,
            r#"{"method":"mining.set_extranonce","params":["abcd",0]}"#,
            r#"{"method":"mining.set_extranonce","params":["abcd",17]}"#,
            r#"{"method":"mining.notify","params":["1","00"]}"#,
            r#"{"method":"mining.notify"}"#,
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
