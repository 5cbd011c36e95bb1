//! `sandbox`.

use crate::cli::args::{LimitsArg, SandboxArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, run, wire};
use crate::sandbox::{FailRule, Sandbox, SandboxLimits, SandboxParams};

pub(crate) async fn sandbox(args: SandboxArgs) -> Result<Exit, Failure> {
    if !args.listen.ip().is_loopback() {
        let message = format!("listen on {}: the sandbox is for this machine only", args.listen);
        return Err(Failure::usage(message, "use a loopback address, as in 127.0.0.1:9465"));
    }
    let limits = match args.limits {
        LimitsArg::Real => SandboxLimits::default(),
        LimitsArg::Off => SandboxLimits::Off,
    };
    let params = SandboxParams {
        listen: args.listen,
        limits,
        fail: fail_rules(&args.fail)?,
        ..SandboxParams::default()
    };
    let ids = (params.client_id.clone(), params.client_secret.clone());
    let (org, tenant) = (params.org_id.clone(), params.tenant_id.clone());
    let (sandbox, serving) = Sandbox::start(params, wire::clock()).await?;
    output::line(&format!("ims_url = \"{}\"", sandbox.base_url()))?;
    output::line(&format!("ccm_url = \"{}\"", sandbox.base_url()))?;
    output::line(&format!("ingestion_url = \"{}\"", sandbox.ingestion_url()))?;
    output::line(&format!("org_id = \"{org}\"\ntenant_id = \"{tenant}\""))?;
    output::line(&format!("client_id = \"{}\"\n# client secret: {}", ids.0, ids.1))?;
    let stop = run::told_to_stop()?;
    tokio::select! {
        outcome = serving => outcome?,
        () = stop => {}
    }
    Ok(Exit::Done)
}

pub(crate) fn fail_rules(rules: &[String]) -> Result<Vec<FailRule>, Failure> {
    rules.iter().map(|rule| rule.parse().map_err(Failure::from)).collect()
}
