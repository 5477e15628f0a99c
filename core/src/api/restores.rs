//! Whether the leader's data was ever restored from a backup.

use crate::restore_notice::SignedRestoreNotice;
use serde::{Deserialize, Serialize};

/// `GET`: the notices of all restorations.
pub const RESTORES_PATH: &str = "/api/v1/restores";

/// All restorations of the leader's data, each under the system key's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoresView {
    /// Oldest first.
    pub notices: Vec<SignedRestoreNotice>,
}
