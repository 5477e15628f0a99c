//! The live stream of what concerns a session (Server-Sent Events).

use super::{
    account::{AccountView, Movement},
    blocks::Tip,
    mining::MiningWork,
};
use serde::{Deserialize, Serialize};

/// `GET`, optionally with `after` (a position) or the header `Last-Event-ID`.
pub const EVENTS_PATH: &str = "/api/v1/events";

/// One event. On the wire its name is the variant's and its data the content as JSON; its id is the position
/// from which the stream resumes.
///
/// After opening, the stream first sends every movement since the position asked for, oldest first,
/// then `account`; so a client that was away sees exactly what a fresh load shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "event", content = "data")]
pub enum Event {
    /// The account as it is now, after every change of it.
    Account(AccountView),
    /// A new movement of the account.
    Movement(Movement),
    /// A block was sealed: its height, and the log records below `tip.sealed` are confirmed.
    Block(BlockSealed),
    /// What a mining tab of the session is to do: told at every change, and for each such tab when the stream opens.
    /// It has no id: it is not resumed, only told anew.
    Work(MiningWork),
    /// Too much was missed to tell it one by one: load everything anew.
    Reset,
    /// What the administrators tell everyone, when the stream opens and whenever it changes; empty when there is nothing
    /// to tell. It has no id.
    Banner(String),
    /// The member was suspended; `signed_out` follows.
    Suspended,
    /// The session has ended.
    SignedOut,
}

/// A block was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockSealed {
    /// The number of its first log record.
    pub first: u64,
    /// How many log records it seals.
    pub count: u32,
    /// The chain's end with it.
    pub tip: Tip,
}

impl Event {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Movement(_) => "movement",
            Self::Block(_) => "block",
            Self::Work(_) => "work",
            Self::Reset => "reset",
            Self::Banner(_) => "banner",
            Self::Suspended => "suspended",
            Self::SignedOut => "signed_out",
        }
    }
}
