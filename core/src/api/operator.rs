//! What the operator's commands ask of a running leader, with the token that the leader leaves in its data folder.

/// `POST` with `keys` (`true` if absent): a backup of everything, as a stream of bytes.
pub const OPERATOR_BACKUP_PATH: &str = "/api/v1/operator/backup";
