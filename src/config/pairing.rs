//! A staging shop must not feed a production tenant, nor the other way round.
//!
//! `optimizer.environment` is what a person says about the tenant; the ingestion address, and what
//! the tenant service says, are held against it.

use crate::config::file::CommerceEnvironment;
use crate::config::{Config, ConfigError};
use crate::submit::TenantEnvironment;

impl CommerceEnvironment {
    /// The name of the shop's environment.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// The tenant's environment that goes with the shop's.
    pub const fn tenant(self) -> TenantEnvironment {
        match self {
            Self::Staging => TenantEnvironment::Sandbox,
            Self::Production => TenantEnvironment::Production,
        }
    }

    /// Refuses a tenant of the other environment. `told_by` is the key or the service that says
    /// which environment the tenant is.
    ///
    /// # Errors
    /// [`ConfigError::Pairing`] when they do not go together.
    pub fn check_tenant(
        self,
        tenant: TenantEnvironment,
        told_by: &'static str,
    ) -> Result<(), ConfigError> {
        if self.tenant() == tenant {
            return Ok(());
        }
        Err(ConfigError::Pairing { shop: self, tenant, told_by })
    }
}

impl Config {
    /// Refuses an ingestion address of the other environment. An address that does not tell is fine.
    ///
    /// # Errors
    /// [`ConfigError::Pairing`] when it is of the other environment.
    pub fn check_pairing(&self) -> Result<(), ConfigError> {
        match TenantEnvironment::of_url(&self.optimizer.ingestion_url) {
            Some(tenant) => self.environment.check_tenant(tenant, "optimizer.ingestion_url"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_goes_with_sandbox_and_production_with_production() {
        use CommerceEnvironment::{Production, Staging};
        assert!(Staging.check_tenant(TenantEnvironment::Sandbox, "x").is_ok());
        assert!(Production.check_tenant(TenantEnvironment::Production, "x").is_ok());
        let error = Staging.check_tenant(TenantEnvironment::Production, "the address").unwrap_err();
        assert_eq!(
            error.to_string(),
            "use a production tenant (says the address) for a staging shop"
        );
        assert!(error.hint().contains("commerce.environment = \"production\""), "{}", error.hint());
        assert!(Production.check_tenant(TenantEnvironment::Sandbox, "x").is_err());
    }
}
