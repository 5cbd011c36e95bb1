//! `init`: checks credentials and tenant, then writes the configuration. Nothing is written before
//! every check has passed.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::args::InitArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, prompt, wire};
use crate::config::{
    self, ClientSecret, CommerceEnvironment, ConfigError, Draft, ENV_KEY, Environment, KeySource,
    SealedFor, SealingKey, Setup,
};
use crate::engine;
use crate::store::{Store, StoreParams};
use crate::submit::{SubmitParams, Submitter, Tenant, TenantEnvironment};

pub(crate) async fn init(path: &Path, args: &InitArgs) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let draft = Draft::read(path, &environment)?;
    if draft.is_set_up && !args.force {
        let message = format!("set up {}: that was done before", path.display());
        let hint = "add --force to check everything again and to write it anew";
        return Err(Failure::config(message, hint));
    }
    if let Some(url) = &args.ingestion_url {
        let checked = config::check_address("--ingestion-url", url);
        if let Err(ConfigError::Value { message, .. }) = checked {
            let hint = "it looks like https://na1-sandbox.api.commerce.adobe.com/TENANT";
            return Err(Failure::usage(format!("use --ingestion-url: {message}"), hint));
        }
    }
    let ids = Ids::of(args, &draft)?;
    let store = store(&draft, args, &ids)?;
    let sealer = Sealer::of(path, args, &draft, &environment)?;
    let secret = secret(args, &draft, &ids)?;
    let tenant = ask(args, &draft, &ids, &secret).await?;
    let ingestion_url = ingestion_url(args, &tenant)?;
    let shop = shop_environment(args, &draft, &tenant, &ingestion_url)?;
    let of = SealedFor { tenant_id: ids.tenant.clone(), client_id: ids.client.clone() };
    let encrypted =
        sealer.key.seal(&secret, &of).map_err(|error| Failure::failed(error.to_string()))?;
    let setup = Setup {
        environment: shop,
        ingestion_url,
        org_id: ids.org,
        tenant_id: ids.tenant,
        client_id: ids.client,
        client_secret_encrypted: encrypted,
        key_file: sealer.file.clone(),
    };
    let text = draft.edited(&setup)?;

    if let (Some(file), true) = (&sealer.file, sealer.is_new) {
        let line = format!("{}\n", sealer.key.to_text().expose_secret());
        config::create_private(file, &line, path)?;
        tracing::info!(file = %file.display(), "made a key; keep a copy of it");
    }
    config::replace_private(path, &text)?;
    keep_reply(path, &tenant)?;
    if let Some(store) = &store {
        engine::request_full_sync(store)?;
    }
    report(path, &draft, &setup, store.is_some())
}

/// Who we are to the service.
struct Ids {
    org: String,
    tenant: String,
    client: String,
}

impl Ids {
    /// Those of the arguments, else those of the file.
    fn of(args: &InitArgs, draft: &Draft) -> Result<Self, Failure> {
        let id = |argument: &Option<String>, known: &Option<String>, option: &str| {
            let id = argument.clone().or_else(|| known.clone()).filter(|id| !id.trim().is_empty());
            id.ok_or_else(|| {
                let hint = "the Adobe Developer Console shows the organization and the client, \
                            Commerce Cloud Manager the tenant (there: instance id)";
                Failure::usage(format!("set up without {option}"), hint)
            })
        };
        Ok(Self {
            org: id(&args.org_id, &draft.org_id, "--org-id")?,
            tenant: id(&args.tenant_id, &draft.tenant_id, "--tenant-id")?,
            client: id(&args.client_id, &draft.client_id, "--client-id")?,
        })
    }
}

/// The store, when there is one that a full sync has to be noted in. What another tenant accepted
/// says nothing about this one: then it must not be used.
fn store(draft: &Draft, args: &InitArgs, ids: &Ids) -> Result<Option<Store>, Failure> {
    let path = &draft.store_path;
    let is_there = path.join("db").try_exists().map_err(Failure::system("look for the store"))?;
    if !is_there {
        return Ok(None);
    }
    if let Some(old) = draft.tenant_id.as_ref().filter(|old| **old != ids.tenant) {
        let message = format!(
            "change the tenant to '{}': the store {} holds what the tenant '{old}' accepted",
            ids.tenant,
            path.display()
        );
        let hint = "set store.path to another directory, or remove this one: the next run reads \
                    the database again and sends everything";
        return Err(Failure::config(message, hint));
    }
    if args.no_full_sync {
        return Ok(None);
    }
    let params = StoreParams { path: path.clone(), cache_bytes: draft.store_cache_bytes };
    Ok(Some(Store::open(&params)?))
}

/// The key that encrypts the client secret.
struct Sealer {
    key: SealingKey,
    /// Where it is; `None`: in the environment.
    file: Option<PathBuf>,
    is_new: bool,
}

impl Sealer {
    fn of(
        path: &Path,
        args: &InitArgs,
        draft: &Draft,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        const DOING: &str = "find the key file";
        if environment.key.is_some() {
            if args.key_file.is_some() {
                let message = format!("use --key-file: {ENV_KEY} is set, and goes before it");
                return Err(Failure::usage(message, format!("unset {ENV_KEY}, or leave it out")));
            }
            let key = KeySource::of(environment, None).read()?;
            return Ok(Self { key, file: None, is_new: false });
        }
        let file = args.key_file.clone().or_else(|| draft.key_file.clone());
        let file = file.unwrap_or_else(|| path.with_extension("key"));
        let absolute = |path: &Path| std::path::absolute(path).map_err(Failure::system(DOING));
        let file = absolute(&file)?;
        if file.starts_with(absolute(&draft.store_path)?) {
            let hint = "whoever copies the store must not have the key with it";
            return Err(Failure::usage("keep the key in the store's directory", hint));
        }
        let is_new = !file.try_exists().map_err(Failure::system(DOING))?;
        let key = if is_new {
            SealingKey::generate().map_err(|error| Failure::failed(error.to_string()))?
        } else {
            KeySource::File(file.clone()).read()?
        };
        Ok(Self { key, file: Some(file), is_new })
    }
}

/// The client secret: of the file that the arguments name, of the environment, of the configuration
/// as it is, or of whoever sits there.
fn secret(args: &InitArgs, draft: &Draft, ids: &Ids) -> Result<SecretString, Failure> {
    if let Some(path) = &args.client_secret_file {
        return Ok(config::read_secret_file("--client-secret-file", path)?);
    }
    let is_same_client = draft.client_id.as_ref() == Some(&ids.client);
    match &draft.client_secret {
        ClientSecret::Known(secret) => return Ok(secret.clone()),
        sealed @ ClientSecret::Sealed(_) if is_same_client => match sealed.open() {
            Ok(Some(secret)) => return Ok(secret),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the secret in the file can't be used"),
        },
        ClientSecret::Missing | ClientSecret::Sealed(_) => {}
    }
    let secret = prompt::secret("Client secret").map_err(Failure::system("ask for the secret"))?;
    if secret.expose_secret().is_empty() {
        let hint = "give it in a file (--client-secret-file), in ACO_STREAM_CLIENT_SECRET, or on \
                    stdin";
        return Err(Failure::usage("set up without the client secret", hint));
    }
    Ok(secret)
}

/// Signs in, and asks whose the tenant is.
async fn ask(
    args: &InitArgs,
    draft: &Draft,
    ids: &Ids,
    secret: &SecretString,
) -> Result<Tenant, Failure> {
    let params = SubmitParams {
        // Nothing is sent there now, and an address that the reply names is not contacted.
        ingestion_url: args.ingestion_url.clone().unwrap_or_else(|| draft.ccm_url.clone()),
        ims_url: draft.ims_url.clone(),
        ccm_url: draft.ccm_url.clone(),
        org_id: ids.org.clone(),
        tenant_id: ids.tenant.clone(),
        client_id: ids.client.clone(),
        client_secret: secret.clone(),
        timeout: draft.timeout,
    };
    let submitter = Submitter::new(params, wire::clock())?;
    submitter.sign_in().await?;
    Ok(submitter.check_tenant().await?)
}

/// The operator's address, else the one that the tenant service names.
fn ingestion_url(args: &InitArgs, tenant: &Tenant) -> Result<String, Failure> {
    match (&args.ingestion_url, &tenant.ingestion_url, &tenant.untrusted_url) {
        (Some(url), named, _) => {
            if let Some(named) = named.as_ref().filter(|named| *named != url) {
                tracing::warn!(named, "the tenant service names another address; yours is used");
            }
            Ok(url.clone())
        }
        (None, Some(url), _) => Ok(url.clone()),
        (None, None, Some(url)) => Err(Failure::config(
            format!("use '{url}', which the tenant service names: it is no address of Adobe's"),
            "if you know that it is right, give it with --ingestion-url",
        )),
        (None, None, None) => Err(Failure::config(
            "find the ingestion address: the tenant service names none",
            "give it with --ingestion-url, as in \
             https://na1-sandbox.api.commerce.adobe.com/TENANT",
        )),
    }
}

/// The shop's environment, which has to pair with the tenant's.
fn shop_environment(
    args: &InitArgs,
    draft: &Draft,
    tenant: &Tenant,
    ingestion_url: &str,
) -> Result<CommerceEnvironment, ConfigError> {
    let shop = args.environment.or(draft.environment).unwrap_or(CommerceEnvironment::Staging);
    let by_url = TenantEnvironment::of_url(ingestion_url);
    match (by_url, tenant.environment) {
        (Some(found), _) => shop.check_tenant(found, "the ingestion address")?,
        (None, Some(found)) => shop.check_tenant(found, "the tenant service")?,
        (None, None) => tracing::warn!(
            "nothing says whether the tenant is sandbox or production; it is taken to be {}, since \
             the shop is {}",
            shop.tenant().name(),
            shop.name()
        ),
    }
    Ok(shop)
}

/// Keeps what the tenant service said, for questions to Adobe's support; not if a secret is in it.
fn keep_reply(path: &Path, tenant: &Tenant) -> Result<(), Failure> {
    let file = path.with_extension("tenant.json");
    if tenant.holds_secret {
        tracing::warn!("the tenant service's reply may hold a secret, so it is not kept");
        return Ok(());
    }
    config::replace_private(&file, &format!("{:#}\n", tenant.reply))?;
    tracing::info!(file = %file.display(), "kept the tenant service's reply");
    Ok(())
}

fn report(path: &Path, draft: &Draft, setup: &Setup, is_marked: bool) -> Result<Exit, Failure> {
    let shown = |path: &PathBuf| path.display().to_string();
    let key = setup.key_file.as_ref().map_or_else(|| format!("${ENV_KEY}"), shown);
    output::line(&format!("config         {}", path.display()))?;
    output::line(&format!("key            {key}"))?;
    output::line(&format!("tenant         {} of {}", setup.tenant_id, setup.org_id))?;
    output::line(&format!("environment    {}", setup.environment.tenant().name()))?;
    output::line(&format!("ingestion_url  {}", setup.ingestion_url))?;
    if is_marked {
        tracing::info!("the next run assembles everything again and sends what differs");
    }
    if draft.has_source {
        tracing::info!("next: `aco-stream check`, then `aco-stream run`");
    } else {
        tracing::info!("next: set source.url in {}, then `aco-stream check`", path.display());
    }
    Ok(Exit::Done)
}
