//! The part of `check` that is about the service: reachable, credentials, tenant, environment.

use crate::cli::exit::Failure;
use crate::cli::wire;
use crate::config::Config;
use crate::source::Finding;
use crate::submit::{Submitter, Tenant, TenantEnvironment};

/// What was found, and what ended the looking.
pub(super) async fn findings(config: &Config) -> (Vec<Finding>, Option<Failure>) {
    let mut findings = Vec::new();
    let failure = look(config, &mut findings).await.err();
    if let Some(failure) = &failure {
        findings.push(Finding::fatal("service", failure.message(), failure.first_hint()));
    }
    (findings, failure)
}

async fn look(config: &Config, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let submitter = wire::submitter(config, &wire::clock())?;
    submitter.sign_in().await?;
    findings.push(Finding::ok("service", "signed in"));
    let tenant = tenant(config, &submitter, findings).await?;
    environment(config, tenant.as_ref(), findings)?;
    submitter.reach_ingestion().await?;
    findings.push(Finding::ok("ingestion", "the ingestion service answers"));
    Ok(())
}

/// Whether the tenant belongs to the organization.
async fn tenant(
    config: &Config,
    submitter: &Submitter,
    findings: &mut Vec<Finding>,
) -> Result<Option<Tenant>, Failure> {
    const CHECK: &str = "tenant";
    let optimizer = &config.optimizer;
    if optimizer.org_id.is_empty() || optimizer.tenant_id.is_empty() {
        let message = "whether the tenant belongs to the organization was not asked";
        let fix = "set optimizer.org_id and optimizer.tenant_id, or run `aco-stream init`";
        findings.push(Finding::warning(CHECK, message, fix));
        return Ok(None);
    }
    let tenant = submitter.check_tenant().await?;
    let message = format!("'{}' belongs to {}", optimizer.tenant_id, optimizer.org_id);
    findings.push(Finding::ok(CHECK, message));
    let is_other = |named: &&String| base(named) != base(&optimizer.ingestion_url);
    if let Some(named) = tenant.ingestion_url.as_ref().filter(is_other) {
        let message = format!(
            "the tenant service names {named}, and optimizer.ingestion_url is {}",
            optimizer.ingestion_url
        );
        findings.push(Finding::warning("ingestion_url", message, "is that on purpose?"));
    }
    Ok(Some(tenant))
}

/// Whether the tenant's environment pairs with the shop's. What the address says was checked before.
fn environment(
    config: &Config,
    tenant: Option<&Tenant>,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    const CHECK: &str = "environment";
    let shop = config.environment;
    let by_url = TenantEnvironment::of_url(&config.optimizer.ingestion_url);
    let told = by_url.or_else(|| tenant.and_then(|tenant| tenant.environment));
    let Some(told) = told else {
        let message = "nothing says whether the tenant is sandbox or production";
        let fix = "make sure that it goes with commerce.environment: staging with sandbox, \
                   production with production";
        findings.push(Finding::warning(CHECK, message, fix));
        return Ok(());
    };
    shop.check_tenant(told, "the tenant service")?;
    let message = format!("a {} tenant for a {} shop", told.name(), shop.name());
    findings.push(Finding::ok(CHECK, message));
    Ok(())
}

/// An ingestion address without what all endpoints share.
fn base(url: &str) -> &str {
    let url = url.trim().trim_end_matches('/');
    url.strip_suffix("/v1/catalog").unwrap_or(url)
}
