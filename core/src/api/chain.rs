//! The whole chain, to be verified elsewhere.

/// `GET`: the chain from its genesis to its end now, as [`crate::chain_file`] lays it out.
pub const CHAIN_PATH: &str = "/api/v1/chain";
/// The media type of a chain and of a receipt.
pub const FILE_MEDIA_TYPE: &str = "application/octet-stream";
/// The header of the answer that tells how many log records the chain holds.
pub const CHAIN_RECORDS_HEADER: &str = "qoin-records";
