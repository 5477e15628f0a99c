//! Services that act for a member with a key of their own, such as miners.

use super::members::MemberView;
use crate::amount::Amount;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// `POST` [`DeclareService`], answers [`ServiceDeclared`]; `GET` answers [`ServicesPage`].
pub const SERVICES_PATH: &str = "/api/v1/services";
/// `DELETE` revokes a service.
pub const SERVICE_PATH: &str = "/api/v1/services/{id}";
/// `POST` makes a new key for a service and answers [`ServiceDeclared`].
pub const SERVICE_KEY_PATH: &str = "/api/v1/services/{id}/key";
/// `GET` answers [`DeclaredServicesPage`].
pub const ADMIN_SERVICES_PATH: &str = "/api/v1/admin/services";
/// `PUT` [`SetBudget`], answers [`DeclaredService`].
pub const SERVICE_BUDGET_PATH: &str = "/api/v1/admin/services/{id}/budget";

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, borsh::BorshSerialize, borsh::BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceRole {
    /// Seals blocks; the owner gets the rewards.
    Miner,
    /// Rewards contributions out of the system account, within a budget.
    Qwinner,
}

/// A text that names no role.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a service's role is MINER or QWINNER")]
pub struct UnknownRole;

impl ServiceRole {
    /// The roles that there are.
    pub const ALL: [Self; 2] = [Self::Miner, Self::Qwinner];

    /// Its name, the same in every interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Miner => "MINER",
            Self::Qwinner => "QWINNER",
        }
    }
}

impl fmt::Display for ServiceRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ServiceRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(UnknownRole)
    }
}

/// Whether a service works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ServiceStatus {
    /// It is connected, or has shown its key in the last five minutes.
    Active,
    /// It is not.
    Sleeping,
}

/// Declares a service of the session's member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeclareService {
    /// What it does.
    pub role: ServiceRole,
}

/// A declared service with its new key, which is told this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceDeclared {
    /// The password of the service.
    pub key: String,
    /// The service as it is listed.
    pub service: ServiceView,
}

/// The session's member's services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServicesPage {
    /// Oldest first; those that were revoked are not among them.
    pub services: Vec<ServiceView>,
}

/// A declared service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceView {
    /// Its number, the same for its whole life.
    pub id: u64,
    /// What it does.
    pub role: ServiceRole,
    /// Whether it works.
    pub status: ServiceStatus,
    /// The last four characters of its key.
    pub key_ends: String,
    /// When it was declared.
    pub declared_ms: u64,
    /// When its present key was made.
    pub key_since_ms: u64,
    /// When it last showed its key, or was last connected.
    pub seen_ms: Option<u64>,
    /// From which address that was.
    pub address: Option<String>,
    /// The host and port at which it says it is; nobody connects there.
    pub host: Option<String>,
    /// What a `QWINNER` may give.
    pub budget: Option<ServiceBudget>,
}

/// What a `QWINNER` may give in a day, which begins at midnight UTC by the leader's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceBudget {
    /// How much in a day; nothing until an administrator sets it.
    pub per_day: Amount,
    /// How much of that was given today.
    pub spent_today: Amount,
}

/// All members' services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclaredServicesPage {
    /// Oldest first; those that were revoked are not among them.
    pub services: Vec<DeclaredService>,
    /// What to pass as `after` for the next page, if there is one.
    pub next: Option<u64>,
}

/// A service with whoever declared it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclaredService {
    /// Whose it is.
    pub owner: MemberView,
    /// The service.
    pub service: ServiceView,
}

/// Sets what a `QWINNER` may give in a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetBudget {
    /// The new budget.
    pub per_day: Amount,
    /// The budget that it replaces, as the caller saw it. Where another one stands by now, nothing is changed.
    pub before: Amount,
    /// Why, for the audit log.
    #[serde(default)]
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_name_everywhere() {
        for role in ServiceRole::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert_eq!("miner".parse::<ServiceRole>(), Err(UnknownRole));
    }
}
