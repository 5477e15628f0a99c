//! The limits that keep miners from costing more than their work is worth, each named once.

use std::time::Duration;

/// How many miners may be connected by Stratum at once.
pub const CONNECTIONS_MAX: usize = 2_048;
/// The longest line taken from a miner, in bytes.
pub const LINE_BYTES_MAX: usize = 8 * 1024;
/// How many lines a Stratum connection, or shares a tab, may send a second on average.
pub const MESSAGES_PER_SECOND: u32 = 100;
/// How many may come at once after a silence. A fast miner starts with a low difficulty and sends many shares until it
/// is raised.
pub const MESSAGES_AT_ONCE: u32 = 2_000;
/// How many tabs of one member may mine at once.
pub const TABS_OF_MEMBER_MAX: usize = 16;
/// How many tabs may mine at once.
pub const TABS_MAX: usize = 2_048;
/// How many names of miners are counted for one owner; the one longest away makes room for a new one.
pub const WORKERS_OF_OWNER_MAX: usize = 2_048;
/// How many names of miners are counted in all.
pub const WORKERS_MAX: usize = 16_384;
/// How many shares of one height are remembered against being sent twice.
pub const SHARES_MAX: usize = 4_096;
/// The longest name of a mining program that is kept, in characters.
pub const AGENT_CHARACTERS_MAX: usize = 80;

/// How long the leader waits for a miner.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a connection may stay without being authorized.
    pub authorize: Duration,
    /// How long a line may take to arrive.
    pub line: Duration,
    /// How long a miner may take to read a message.
    pub write: Duration,
    /// How long a miner may send nothing while it has work. At the least difficulty even a thousand hashes a second make a
    /// share in a minute.
    pub silent: Duration,
    /// How long a miner hears nothing at most; some take a longer silence for the end of the connection.
    pub sign_of_life: Duration,
    /// How long a tab may send no share while it has work, before it counts as closed.
    pub tab_silent: Duration,
    /// How long a session may be without an event stream before its tabs count as closed.
    pub tab_without_stream: Duration,
    /// How often all this is looked at, at least.
    pub look: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            authorize: Duration::from_secs(30),
            line: Duration::from_secs(30),
            write: Duration::from_secs(10),
            silent: Duration::from_secs(600),
            sign_of_life: Duration::from_secs(60),
            tab_silent: Duration::from_secs(180),
            tab_without_stream: Duration::from_secs(60),
            look: Duration::from_secs(5),
        }
    }
}
