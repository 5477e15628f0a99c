//! The limits of the Python interface, each named once.

use std::time::Duration;

/// How many connections may be open at once.
pub const CONNECTIONS_MAX: usize = 1_024;
/// How many of them may come from one address.
pub const CONNECTIONS_OF_ADDRESS_MAX: usize = 256;
/// How long a connection may say nothing.
pub const IDLE: Duration = Duration::from_secs(60 * 60);
/// How long a frame may take to arrive once it has begun.
pub const FRAME_ARRIVAL: Duration = Duration::from_secs(30);
/// How long a client may take to read an answer.
pub const WRITE: Duration = Duration::from_secs(30);
/// How long a client that encrypts may take for its handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(60);

/// The largest frame taken, as it comes and after it was inflated, in bytes.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// How deep values may be nested in one another.
pub const DEPTH_MAX: usize = 64;
/// How many values one frame may hold.
pub const VALUES_MAX: usize = 65_536;
/// The most digits that a whole number may have.
pub const DIGITS_MAX: usize = 4_300;

/// How many objects may be lent to one connection at once.
pub const OBJECTS_MAX: usize = 65_536;
/// How many values all answers may hold that are lent to one connection. A view or iterator of an answer counts like it.
pub const LENT_VALUES_MAX: usize = 2_000_000;
/// How many values may be lent to all connections together; each takes about 40 bytes.
pub const LENT_VALUES_OF_ALL_MAX: usize = 8_000_000;
/// The largest answer, in bytes: what `repr` or `copy.deepcopy` of the largest history give.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How many movements a history tells: the newest.
pub const MOVEMENTS_MAX: usize = 20_000;
/// How many members a list tells.
pub const USERS_MAX: usize = 100_000;
