//! The limits that every part keeps, each named once.

/// The most log records that one block seals.
pub const BLOCK_RECORDS_MAX: u32 = 16_384;
/// The longest memo, in characters.
pub const MEMO_CHARACTERS_MAX: usize = 140;
/// The longest name of a member, in characters.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// The longest e-mail address, in bytes (RFC 5321).
pub const EMAIL_BYTES_MAX: usize = 254;
/// The shortest password, in characters.
pub const PASSWORD_CHARACTERS_MIN: usize = 10;
/// The longest password, in characters.
pub const PASSWORD_CHARACTERS_MAX: usize = 256;
/// The longest name of a miner, in bytes.
pub const WORKER_BYTES_MAX: usize = 40;
/// The largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The most transactions in one batch.
pub const BATCH_ENTRIES_MAX: usize = 8_000;
/// The largest body of a batch, in bytes: so many of the largest transactions with the longest memos (764 bytes each).
pub const BATCH_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The batches that the leader reads and handles at the same time.
pub const BATCHES_MAX: usize = 8;
/// The most entries in one page of any list.
pub const PAGE_ENTRIES_MAX: u32 = 200;
/// The entries in a page of a list when the caller names no number.
pub const PAGE_ENTRIES_DEFAULT: u32 = 50;
/// The most invitations in one file.
pub const INVITATION_ROWS_MAX: usize = 100_000;
/// The largest file of invitations, in bytes.
pub const INVITATION_FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The longest banner, in characters.
pub const BANNER_CHARACTERS_MAX: usize = 300;
/// The most headers in one answer.
pub const HEADERS_MAX: u32 = 2_000;
/// The most chains that are downloaded at once.
pub const CHAIN_DOWNLOADS_MAX: usize = 8;
/// The most credits in one file.
pub const CREDIT_ROWS_MAX: usize = 100_000;
/// The largest file of credits, in bytes.
pub const CREDIT_FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The proposals that can wait for a second administrator at once.
pub const PROPOSALS_OPEN_MAX: usize = 100;
/// The requests for repayment that can be open for one member at once.
pub const REPAYMENTS_OPEN_MAX: usize = 20;
