//! What the operator's commands ask of a running leader, with the token that the leader leaves in its data folder.

use serde::{Deserialize, Serialize};

/// `POST` with `keys` (`true` if absent): a backup of everything, as a stream of bytes.
pub const OPERATOR_BACKUP_PATH: &str = "/api/v1/operator/backup";
/// `POST` with `replace` (`false` if absent): the master key, a new one if it is to be replaced; answers [`MasterKeyView`].
pub const OPERATOR_MASTER_KEY_PATH: &str = "/api/v1/operator/master-key";

/// The key that allows the master calls of the Python interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MasterKeyView {
    /// 64 hexadecimal digits.
    pub key: String,
}
