//! The member's services.

use super::{Failure, WalletContext};
use crate::api;
use qoin_core::api::services::{ServiceDeclared, ServiceRole, ServiceView};

/// Whose key is new.
#[derive(Clone, Copy)]
pub enum KeyOf {
    /// A service's that is declared with it.
    New(ServiceRole),
    /// The service's with this number.
    Known(u64),
}

impl WalletContext {
    /// The services, oldest first.
    pub async fn services(&self) -> Result<Vec<ServiceView>, Failure> {
        Ok(self.heed(api::services().await)?.services)
    }

    /// A new key, which is told this once.
    pub async fn new_service_key(&self, of: KeyOf) -> Result<ServiceDeclared, Failure> {
        self.heed(api::new_service_key(of).await)
    }

    /// Ends a service.
    pub async fn revoke_service(&self, id: u64) -> Result<(), Failure> {
        self.heed(api::revoke_service(id).await)
    }
}
