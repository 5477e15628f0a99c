//! Services that act for a member with a key of their own, such as miners.

use serde::{Deserialize, Serialize};

/// `POST` [`DeclareService`], answers [`ServiceDeclared`]; `GET` answers [`ServicesPage`].
pub const SERVICES_PATH: &str = "/api/v1/services";

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, borsh::BorshSerialize, borsh::BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceRole {
    /// Seals blocks; the owner gets the rewards.
    Miner,
}

/// Declares a service of the session's member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeclareService {
    /// What it does.
    pub role: ServiceRole,
}

/// A declared service with its key, which is told this once.
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
    /// Oldest first.
    pub services: Vec<ServiceView>,
}

/// A declared service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceView {
    /// What it does.
    pub role: ServiceRole,
    /// The last four characters of its key.
    pub key_ends: String,
    /// When it was declared.
    pub declared_ms: u64,
}
