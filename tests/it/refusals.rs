//! What the program says, and how it ends, when it can't do what it was asked: one situation, one test.
//!
//! Every refusal is one `error:` on stderr that says what failed, where and why, with a hint on a line
//! of its own; stdout stays empty and no secret is in it. `run` ends at its start as `run --once` does.
//!
//! 77 is for credentials that are refused. What has to be set, ours or the server's, is 78: privileges
//! too, because a server answers alike to a schema that is not there and one that is not granted.

use aco_stream::sandbox::{SandboxLimits, SandboxParams};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use insta::{allow_duplicates, assert_snapshot};

use crate::program::{Aco, COMMAND_LIMIT, Finished, eventually};
use crate::servers::{Database, Flavour, OddServer, Server, User, both_servers};
use crate::shop::{Service, Shop, config, fixture};

const WRONG_SECRET: &str = "hunter2-which-is-wrong";

/// A program with this config, and the secrets of the test servers.
struct Bench {
    directory: tempfile::TempDir,
    aco: Aco,
    /// Texts that differ from run to run, and what stands for them in a snapshot.
    filters: Vec<(String, &'static str)>,
}

impl Bench {
    fn new(config: &str) -> Self {
        Self::without_secrets(config)
            .env("ACO_STREAM_SOURCE_PASSWORD", "cdc-secret")
            .env("ACO_STREAM_CLIENT_SECRET", "sandbox-secret")
    }

    fn without_secrets(config: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let aco = Aco::new(directory.path(), config);
        let filters = vec![(directory.path().display().to_string(), "[DIR]")];
        Self { directory, aco, filters }
    }

    /// The fixture shop's server and a sandbox, with this text of the config replaced.
    fn of_server(server: &Server, schema: &str, service: &Service, edit: (&str, &str)) -> Self {
        let text = config(server, schema, service);
        let edited = text.replace(edit.0, edit.1);
        assert!(edit.0.is_empty() || text != edited, "the config has no {:?}", edit.0);
        Self::new(&edited)
            .env("ACO_STREAM_SOURCE_PASSWORD", &User::Cdc.password())
            .filter(service.sandbox.base_url(), "[SERVICE]")
            .filter(format!(":{}", server.port), ":[PORT]")
            .filter(schema.to_owned(), "[SCHEMA]")
    }

    fn filter(mut self, text: String, name: &'static str) -> Self {
        self.filters.push((text, name));
        self
    }

    fn env(mut self, key: &str, value: &str) -> Self {
        self.aco = self.aco.env(key, value);
        self
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// The error of a command that ends with `code`.
    fn refusal(&self, arguments: &[&str], code: i32) -> String {
        self.error_of(&self.aco.run(arguments), code)
    }

    /// The error of `run --once`, which is that of `run` too.
    fn refused_start(&self, code: i32) -> String {
        let error = self.refusal(&["run", "--once"], code);
        assert_eq!(error, self.refusal(&["run"], code), "`run` ends like `run --once`");
        error
    }

    fn error_of(&self, finished: &Finished, code: i32) -> String {
        let Finished { stderr, stdout, .. } = finished;
        assert_eq!(finished.code, Some(code), "{stderr}");
        assert_eq!(stdout, "", "data goes to stdout, errors don't");
        let errors = stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "one error: {stderr}");
        for secret in [WRONG_SECRET, "sandbox-secret", "cdc-secret", "app-secret"] {
            assert!(!stderr.contains(secret), "{secret} is in: {stderr}");
        }
        let at = stderr.find("error: ").expect("there is one");
        let mut text = stderr.split_at(at).1.to_owned();
        for (from, to) in &self.filters {
            text = text.replace(from, to);
        }
        text.trim_end().to_owned()
    }
}

/// Both servers must be refused in the same words.
fn on_both(check: impl Fn(&Server)) {
    allow_duplicates! { both_servers(check) }
}

/// The fixture shop's tables without a row: enough to be refused.
fn empty_shop(server: &Server) -> Database {
    server.fresh_database(&[&fixture("shop/schema-opensource.sql")])
}

/// A config whose source and service are nowhere: for what fails before either is asked.
fn nowhere() -> String {
    r#"
[source]
url = "mysql://cdc@127.0.0.1:1/shop"
tls = "off"
[optimizer]
ingestion_url = "http://127.0.0.1:1/tenant"
ims_url = "http://127.0.0.1:1"
ccm_url = "http://127.0.0.1:1"
client_id = "sandbox-client"
[store]
path = "store"
"#
    .to_owned()
}

// --- the database ------------------------------------------------------------------------------

#[test]
fn wrong_password_of_the_database() {
    on_both(|server| {
        let (database, service) = (empty_shop(server), Service::unlimited());
        let bench = Bench::of_server(server, &database.schema, &service, ("", ""))
            .env("ACO_STREAM_SOURCE_PASSWORD", WRONG_SECRET);
        assert_snapshot!(bench.refused_start(77), @r"
        error: failed to log in to 127.0.0.1:[PORT] as cdc: ERROR 1045 (28000): Access denied for user 'cdc'@'127.0.0.1' (using password: YES)
          hint: check ACO_STREAM_SOURCE_PASSWORD (or source.password_file), and that 'cdc' may log in from this host
        ");
        assert_eq!(bench.aco.run(&["check"]).code, Some(77));
    });
}

#[test]
fn unknown_database() {
    on_both(|server| {
        let service = Service::unlimited();
        let bench = Bench::of_server(server, "shop_that_is_not_there", &service, ("", ""));
        assert_snapshot!(bench.refused_start(78), @r"
        error: failed to open the database [SCHEMA] on 127.0.0.1:[PORT]: ERROR 1049 (42000): Unknown database '[SCHEMA]'
          hint: check the schema's name in source.url, or GRANT SELECT ON `[SCHEMA]`.* to the account
        ");
    });
}

#[test]
fn unreachable_database() {
    let service = Service::unlimited();
    let server = Server::mariadb();
    let here = format!("127.0.0.1:{}", server.port);
    let bench = Bench::of_server(&server, "shop", &service, (&here, "127.0.0.1:1"));
    assert_snapshot!(bench.refused_start(69), @r"
    error: failed to reach the database server at 127.0.0.1:1: Connection refused (os error 111)
      hint: check source.url, the server's bind_address and the firewall
    ");
}

#[test]
fn certificate_of_an_authority_that_is_not_ours() {
    on_both(|server| {
        let (database, service) = (empty_shop(server), Service::unlimited());
        let (right, wrong) = (&server.ca_file, &server.wrong_ca_file);
        let edit = (right.display().to_string(), wrong.display().to_string());
        let bench = Bench::of_server(server, &database.schema, &service, (&edit.0, &edit.1));
        let error = bench.refused_start(78);
        assert!(error.contains("certificate verify failed"), "{error}");
        let hint = error.lines().nth(1).expect("a hint");
        assert_snapshot!(hint, @"  hint: set source.tls_ca_file to the authority that signed the server's certificate; verify-full also needs the host name in the certificate, verify-ca does not");
    });
}

#[test]
fn binlog_that_is_off() {
    let odd = OddServer::mariadb(&["log_bin=OFF"]);
    let (database, service) = (empty_shop(&odd.server), Service::unlimited());
    let bench = Bench::of_server(&odd.server, &database.schema, &service, ("", ""));
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to use the database [SCHEMA] on 127.0.0.1:[PORT]: the server writes no binlog (log_bin is OFF)
      hint: in my.cnf: [mysqld] log_bin = binlog, server_id = 1, binlog_format = ROW; restart
    ");
    assert_eq!(bench.aco.run(&["check"]).code, Some(78));
}

#[test]
fn wrong_binlog_format() {
    let odd = OddServer::mariadb(&["binlog_format=STATEMENT", "binlog_row_image=MINIMAL"]);
    let (database, service) = (empty_shop(&odd.server), Service::unlimited());
    let bench = Bench::of_server(&odd.server, &database.schema, &service, ("", ""));
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to use the database [SCHEMA] on 127.0.0.1:[PORT]: binlog_format is STATEMENT: row changes are not in the binlog; binlog_row_image is MINIMAL: row changes lack columns
      hint: set binlog_format = ROW, in my.cnf too, and end the shop's open sessions: SET GLOBAL binlog_format = 'ROW';
      hint: set binlog_row_image = FULL, in my.cnf too, and end the shop's open sessions: SET GLOBAL binlog_row_image = 'FULL';
    ");
}

/// An account with these privileges; dropped with the value.
struct Account<'a> {
    server: &'a Server,
    name: String,
}

impl<'a> Account<'a> {
    fn with(server: &'a Server, grants: &[String]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("partial_{}_{count}", std::process::id());
        let root = server.session(User::Root, "");
        root.exec(&format!("CREATE USER {name}@'%' IDENTIFIED BY '{}'", User::Cdc.password()));
        for grant in grants {
            root.exec(&format!("GRANT {grant} TO {name}@'%'"));
        }
        Self { server, name }
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        let dropped =
            self.server.session(User::Root, "").try_query(&format!("DROP USER {}", self.name));
        if let Err(error) = dropped {
            eprintln!("{} was not dropped: {error}", self.name);
        }
    }
}

/// What the program says to an account that lacks one of the three privileges.
fn refusal_without(privilege: &str, server: &Server) -> String {
    let (database, service) = (empty_shop(server), Service::unlimited());
    let positions = match server.flavour {
        Flavour::MariaDb | Flavour::MariaDb118 => "BINLOG MONITOR",
        Flavour::MySql => "REPLICATION CLIENT",
    };
    let grants = [
        ("select", format!("SELECT ON `{}`.*", database.schema)),
        ("follow", "REPLICATION SLAVE ON *.*".to_owned()),
        ("positions", format!("{positions} ON *.*")),
    ];
    let granted = grants.iter().filter(|(name, _)| *name != privilege);
    let granted: Vec<String> = granted.map(|(_, grant)| grant.clone()).collect();
    assert_eq!(granted.len(), 2, "{privilege} is one of the three");
    let account = Account::with(server, &granted);
    let user = format!("{}@", account.name);
    let bench = Bench::of_server(server, &database.schema, &service, ("cdc@", &user))
        .filter(account.name.clone(), "[USER]");
    bench.refused_start(78)
}

#[test]
fn missing_privilege_to_read_the_shop() {
    on_both(|server| {
        assert_snapshot!(refusal_without("select", server), @r"
    error: failed to open the database [SCHEMA] on 127.0.0.1:[PORT]: ERROR 1044 (42000): Access denied for user '[USER]'@'%' to database '[SCHEMA]'
      hint: check the schema's name in source.url, or GRANT SELECT ON `[SCHEMA]`.* to the account
    ");
    });
}

#[test]
fn missing_privilege_to_follow_the_binlog() {
    on_both(|server| {
        assert_snapshot!(refusal_without("follow", server), @r"
    error: failed to use the database [SCHEMA] on 127.0.0.1:[PORT]: the account lacks REPLICATION SLAVE: it may not follow the binlog
      hint: let the account follow the binlog: GRANT REPLICATION SLAVE ON *.* TO '[USER]'@'%';
    ");
    });
}

#[test]
fn missing_privilege_to_ask_for_positions() {
    let error = refusal_without("positions", &Server::mariadb());
    assert_snapshot!(error, @r"
    error: failed to use the database [SCHEMA] on 127.0.0.1:[PORT]: the account lacks BINLOG MONITOR: it may not ask for positions
      hint: let the account ask for positions: GRANT BINLOG MONITOR ON *.* TO '[USER]'@'%';
    ");
    if let Some(server) = Server::mysql() {
        assert_snapshot!(refusal_without("positions", &server), @r"
        error: failed to use the database [SCHEMA] on 127.0.0.1:[PORT]: the account lacks REPLICATION CLIENT: it may not ask for positions
          hint: let the account ask for positions: GRANT REPLICATION CLIENT ON *.* TO '[USER]'@'%';
        ");
    }
}

#[test]
fn privilege_for_some_tables_only() {
    let server = Server::mariadb();
    let (database, service) = (empty_shop(&server), Service::unlimited());
    let grants = [
        format!("SELECT ON `{}`.store", database.schema),
        "REPLICATION SLAVE, BINLOG MONITOR ON *.*".to_owned(),
    ];
    let account = Account::with(&server, &grants);
    let user = format!("{}@", account.name);
    let bench = Bench::of_server(&server, &database.schema, &service, ("cdc@", &user))
        .filter(account.name.clone(), "[USER]");
    let error = bench.refused_start(78);
    assert!(error.contains("may not SELECT from store_website, "), "{error}");
    let hint = error.lines().nth(1).expect("a hint");
    assert_snapshot!(hint, @"  hint: let the account read the schema: GRANT SELECT ON `[SCHEMA]`.* TO '[USER]'@'%';");
}

#[test]
fn database_that_is_no_shop() {
    let server = Server::mariadb();
    let (database, service) = (server.fresh_database(&[]), Service::unlimited());
    let bench = Bench::of_server(&server, &database.schema, &service, ("", ""));
    let error = bench.refused_start(78);
    let tables =
        "failed to use the database [SCHEMA] on 127.0.0.1:[PORT]: tables missing in [SCHEMA]";
    assert!(error.contains(tables), "{error}");
    assert_snapshot!(error.lines().nth(1).expect("a hint"), @"  hint: in the configuration: [source] table_prefix and the database in url must be the shop's, as in app/etc/env.php");
}

// --- the service -------------------------------------------------------------------------------

#[test]
fn unreachable_service() {
    let server = Server::mariadb();
    let (database, service) = (empty_shop(&server), Service::unlimited());
    let base_url = service.sandbox.base_url();
    let edit = (base_url.as_str(), "http://127.0.0.1:1");
    let bench = Bench::of_server(&server, &database.schema, &service, edit);
    assert_snapshot!(bench.refusal(&["run", "--once"], 69), @r"
    error: failed to reach the token service at http://127.0.0.1:1: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)
      hint: check optimizer.ims_url, the network, and a proxy in between
    ");
    // A run that goes on waits for the service, and reads the shop meanwhile.
    let mut running = bench.aco.start(&["run"]);
    eventually("it reads the shop without the service", COMMAND_LIMIT, || {
        assert!(running.is_running(), "run ended: {}", running.stderr());
        running.stderr().contains("following the binlog")
    });
    running.terminate();
    assert_eq!(running.wait(Duration::from_secs(30)).code, Some(0));
}

#[test]
fn refused_credentials_of_the_service() {
    let server = Server::mariadb();
    let (database, service) = (empty_shop(&server), Service::unlimited());
    let bench = Bench::of_server(&server, &database.schema, &service, ("", ""))
        .env("ACO_STREAM_CLIENT_SECRET", WRONG_SECRET);
    assert_snapshot!(bench.refused_start(77), @r"
    error: failed to sign in as 'sandbox-client': HTTP 401 invalid_client: invalid client_secret parameter
      hint: check optimizer.client_id and the client secret (ACO_STREAM_CLIENT_SECRET, optimizer.client_secret_file, or what `aco-stream init` encrypted)
    ");
}

#[test]
fn address_that_is_not_the_token_services() {
    let server = Server::mariadb();
    let (database, service) = (empty_shop(&server), Service::unlimited());
    let right = format!("ims_url = \"{}\"", service.sandbox.base_url());
    let wrong = format!("ims_url = \"{}/nothing\"", service.sandbox.base_url());
    let bench = Bench::of_server(&server, &database.schema, &service, (&right, &wrong));
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to understand the token service: HTTP 404, which it never answers
      hint: is optimizer.ims_url really the address of the token service?
    ");
}

/// A service of the sandbox's own tenant.
fn unlimited_as() -> Service {
    Service::start_as(SandboxParams { limits: SandboxLimits::Off, ..SandboxParams::default() })
}

#[test]
fn tenant_of_another_organization() {
    let server = Server::mariadb();
    let (database, service) = (empty_shop(&server), unlimited_as());
    let edit = ("org_id = \"sandbox-org", "org_id = \"other-org");
    let bench = Bench::of_server(&server, &database.schema, &service, edit);
    let finished = bench.aco.run(&["check"]);
    assert!(finished.stdout.contains("ok       log_bin"), "the findings come first: {finished:?}");
    let error = bench.error_of(&Finished { stdout: String::new(), ..finished }, 78);
    let error = error.replace(&service.params.tenant_id, "sandbox-tenant");
    assert_snapshot!(error, @r"
    error: failed to open tenant 'sandbox-tenant' of organization 'other-org@AdobeOrg': HTTP 404 Not Found: 404: Tenant not found for this organization
      hint: check optimizer.tenant_id and optimizer.org_id, and that the credentials belong to this organization
    ");
}

#[test]
fn missing_client_secret() {
    let bench = Bench::without_secrets(&nowhere());
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to sign in to the service: the client secret is missing
      hint: run `aco-stream init`, or set ACO_STREAM_CLIENT_SECRET or optimizer.client_secret_file
    ");
}

// --- the configuration -------------------------------------------------------------------------

#[test]
fn unknown_key() {
    let bench = Bench::new(&nowhere().replace("client_id", "cleint_id"));
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to read the config file [DIR]/aco-stream.toml, line 9, optimizer.cleint_id: unknown field `cleint_id`, expected one of `environment`, `ingestion_url`, `ims_url`, `ccm_url`, `org_id`, `tenant_id`, `client_id`, `client_secret_file`, `client_secret_encrypted`, `key_file`, `timeout_seconds`
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn unknown_section() {
    let bench = Bench::new(&nowhere().replace("[store]", "[sotre]"));
    assert_snapshot!(bench.refusal(&["config", "show"], 78), @r"
    error: failed to read the config file [DIR]/aco-stream.toml, line 10, sotre: unknown field `sotre`, expected one of `source`, `commerce`, `optimizer`, `limits`, `scopes`, `feeds`, `store`, `requests`
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn value_of_the_wrong_type() {
    let bench =
        Bench::new(&nowhere().replace("[store]", "[limits]\nproducts_per_day = \"many\"\n[store]"));
    assert_snapshot!(bench.refusal(&["config", "show"], 78), @r#"
    error: failed to read the config file [DIR]/aco-stream.toml, line 11, limits.products_per_day: invalid type: string "many", expected u32
      hint: README.md shows a complete file, with every key and what it may be
    "#);
}

#[test]
fn value_out_of_range() {
    let bench =
        Bench::new(&nowhere().replace("[store]", "[limits]\nrequests_per_second = 0.0\n[store]"));
    assert_snapshot!(bench.refusal(&["config", "show"], 78), @r"
    error: failed to use the config file [DIR]/aco-stream.toml, limits.requests_per_second: 0 is not within 0.01 and 1000
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn extra_attributes_that_are_none() {
    let with = |value: &str| {
        let products = format!("[feeds.products]\nextra_attributes = {value}\n[store]");
        Bench::new(&nowhere().replace("[store]", &products)).refusal(&["config", "show"], 78)
    };
    assert_snapshot!(with("\"all\""), @r#"
    error: failed to use the config file [DIR]/aco-stream.toml, feeds.products.extra_attributes: "all" is neither "auto" nor a list of codes
      hint: README.md shows a complete file, with every key and what it may be
    "#);
    assert_snapshot!(with("[\"ac_inventory\", \"ac_giftcard\"]"), @r#"
    error: failed to use the config file [DIR]/aco-stream.toml, feeds.products.extra_attributes: "ac_giftcard" is none of ac_attribute_set, ac_customizable_options, ac_downloadable, ac_inventory, ac_tax_class
      hint: README.md shows a complete file, with every key and what it may be
    "#);
    assert_snapshot!(with("7"), @r"
    error: failed to read the config file [DIR]/aco-stream.toml, line 11, feeds.products.extra_attributes: expected a word or a list of codes
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn rule_that_there_is_not() {
    let config = nowhere().replace("[store]", "[feeds]\ndisabled_rules = [\"slugs\"]\n[store]");
    assert_snapshot!(Bench::new(&config).refusal(&["config", "show"], 78), @r#"
    error: failed to use the config file [DIR]/aco-stream.toml, feeds.disabled_rules: "slugs" is none of body-size, category-name, category-slug, currency, percentage, price, price-book-id
      hint: README.md shows a complete file, with every key and what it may be
    "#);
}

#[test]
fn text_that_is_not_toml() {
    // The line is not quoted: it may hold a secret.
    let bench = Bench::new(&format!("[source]\npassword = \"{WRONG_SECRET}\nurl = 1"));
    assert_snapshot!(bench.refusal(&["status"], 78), @r#"
    error: failed to read the config file [DIR]/aco-stream.toml, line 2: invalid basic string, expected `"`
      hint: README.md shows a complete file, with every key and what it may be
    "#);
}

#[test]
fn password_in_the_config() {
    let key =
        Bench::new(&nowhere().replace("tls = ", &format!("password = \"{WRONG_SECRET}\"\ntls = ")));
    assert_snapshot!(key.refusal(&["config", "show"], 78), @r"
    error: failed to read the config file [DIR]/aco-stream.toml, line 4, source.password: unknown field `password`, expected one of `url`, `password_file`, `tls`, `tls_ca_file`, `table_prefix`, `server_id`, `heartbeat_seconds`, `on_lost_position`, `snapshot`
      hint: README.md shows a complete file, with every key and what it may be
    ");
    let url = Bench::new(&nowhere().replace("cdc@", &format!("cdc:{WRONG_SECRET}@")));
    assert_snapshot!(url.refusal(&["config", "show"], 78), @r"
    error: failed to use the config file [DIR]/aco-stream.toml, source.url: it holds a password: use ACO_STREAM_SOURCE_PASSWORD or source.password_file
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn missing_key() {
    let bench = Bench::new("[optimizer]\nclient_id = \"x\"\n");
    assert_snapshot!(bench.refusal(&["run"], 78), @r"
    error: failed to use the config file [DIR]/aco-stream.toml, source.url: it is missing
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn config_that_is_not_there() {
    let bench = Bench::new(&nowhere());
    std::fs::remove_file(bench.path("aco-stream.toml")).expect("it was there");
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to read the config file [DIR]/aco-stream.toml: No such file or directory (os error 2)
      hint: name the file with --config, and see that this user may read it
    ");
}

#[test]
fn config_that_cannot_be_read() {
    // A folder in the file's place: root may read every file, whatever its mode.
    let bench = Bench::new(&nowhere());
    std::fs::remove_file(bench.path("aco-stream.toml")).expect("it was there");
    std::fs::create_dir(bench.path("aco-stream.toml")).expect("there is room");
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to read the config file [DIR]/aco-stream.toml: Is a directory (os error 21)
      hint: name the file with --config, and see that this user may read it
    ");
}

#[test]
fn secret_file_that_others_may_read() {
    let config = nowhere().replace("tls = ", "password_file = \"password\"\ntls = ");
    let bench = Bench::without_secrets(&config);
    write_with_mode(Path::new(&bench.path("password")), 0o644);
    assert_snapshot!(bench.refusal(&["config", "show"], 78), @r"
    error: failed to use the secret that source.password_file names, password: others may read it (its mode is 644)
      hint: chmod 600 password
    ");
    write_with_mode(Path::new(&bench.path("password")), 0o600);
    assert_eq!(bench.aco.run(&["config", "show"]).code, Some(0));
}

fn write_with_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, WRONG_SECRET).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode is set");
}

#[test]
fn secret_file_that_is_not_there() {
    let config =
        nowhere().replace("client_id", "client_secret_file = \"/nowhere/secret\"\nclient_id");
    let bench = Bench::without_secrets(&config);
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to read the secret that optimizer.client_secret_file names, /nowhere/secret: No such file or directory (os error 2)
      hint: the file must exist and be readable by this user
    ");
}

#[test]
fn staging_shop_with_a_production_tenant() {
    let config = nowhere().replace("[optimizer]", "[optimizer]\nenvironment = \"production\"");
    let bench = Bench::new(&config);
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to use the config file [DIR]/aco-stream.toml, optimizer.environment: it does not pair with commerce.environment: staging goes with sandbox, production with production
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

#[test]
fn staging_shop_with_the_address_of_a_production_tenant() {
    let production = "https://na1.api.commerce.adobe.com/tenant";
    let bench = Bench::new(&nowhere().replace("http://127.0.0.1:1/tenant", production));
    assert_snapshot!(bench.refused_start(78), @r#"
    error: failed to use a production tenant (says optimizer.ingestion_url) for a staging shop
      hint: staging goes with a sandbox tenant, production with a production tenant: use the other tenant, or set commerce.environment = "production" and optimizer.environment = "production" if that is what the shop is
    "#);
    assert_eq!(bench.aco.run(&["config", "show"]).code, Some(0), "it can be looked at");
}

#[test]
fn clear_text_to_another_machine() {
    let bench =
        Bench::new(&nowhere().replace("http://127.0.0.1:1/tenant", "http://192.0.2.1/tenant"));
    assert_snapshot!(bench.refused_start(78), @r"
    error: failed to use the config file [DIR]/aco-stream.toml, optimizer.ingestion_url: expected an https:// URL; http:// is for this machine only
      hint: README.md shows a complete file, with every key and what it may be
    ");
}

// --- the store ---------------------------------------------------------------------------------

#[test]
fn second_process_on_one_store() {
    let shop = Shop::open(&Server::mariadb());
    let running = shop.stream();
    let bench = Bench::new("");
    let error = |arguments: &[&str]| bench.error_of(&shop.aco.run(arguments), 74);
    let first = error(&["run", "--once"]);
    assert_snapshot!(first, @r"
    error: failed to open the store at store: another process uses it
      hint: stop the other aco-stream, or give this one a store.path of its own
    ");
    for command in [&["run"][..], &["export", "products"], &["replay", "log.000001"]] {
        assert_eq!(error(command), first, "{command:?}");
    }
    Shop::stop(running);
}

#[test]
fn store_that_cannot_be_a_folder() {
    let bench = Bench::new(&nowhere());
    std::fs::write(bench.path("store"), "a file").expect("written");
    assert_snapshot!(bench.refused_start(74), @r"
    error: failed to prepare the store's directory store: File exists (os error 17)
      hint: store.path must be a directory that this user may write to
    ");
}

// --- binlog files ------------------------------------------------------------------------------

/// What `replay --dry-run` says to a file with these bytes.
fn refused_file(bytes: &[u8]) -> String {
    let bench = Bench::new(&nowhere());
    let file = bench.path("log.000001");
    std::fs::write(&file, bytes).expect("written");
    bench.refusal(&["replay", "--dry-run", &file], 1)
}

/// Offsets and checksums are other ones after every recording.
fn without_numbers(error: &str) -> String {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let is_checksum = |word: &str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let name = |word: &str| match word.trim_end_matches([':', ',']) {
        number if is_number(number) => word.replace(number, "[OFFSET]"),
        checksum if is_checksum(checksum) => word.replace(checksum, "[CRC]"),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(name).collect::<Vec<_>>().join(" ");
    error.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn story() -> Vec<u8> {
    let file = std::fs::File::open(fixture("binlog/story-mariadb.bin.zst")).expect("recorded");
    zstd::decode_all(file).expect("zstd")
}

#[test]
fn truncated_binlog_file() {
    let story = story();
    let half = story.get(..story.len() / 2).expect("it is long");
    assert_snapshot!(without_numbers(&refused_file(half)), @r"
    error: failed to read [DIR]/log.000001: the file is cut off inside the event at [OFFSET]
      hint: copy the file again, after the server has moved on to the next one
    ");
}

#[test]
fn truncated_compressed_binlog_file() {
    let whole = std::fs::read(fixture("binlog/story-mysql.bin.zst")).expect("recorded");
    let half = whole.get(..whole.len() / 2).expect("it is long");
    assert_snapshot!(without_numbers(&refused_file(half)), @r"
    error: failed to read [DIR]/log.000001: the file is cut off inside the event at [OFFSET]
      hint: copy the file again, after the server has moved on to the next one
    ");
}

#[test]
fn damaged_binlog_file() {
    let mut story = story();
    let middle = story.len() / 2;
    if let Some(byte) = story.get_mut(middle) {
        *byte ^= 0x40;
    }
    assert_snapshot!(without_numbers(&refused_file(&story)), @r"
    error: failed to read [DIR]/log.000001 at [OFFSET]: verify the event's checksum: it says [CRC], the bytes give [CRC]
      hint: copy the file again
    ");
}

#[test]
fn encrypted_binlog_file() {
    assert_snapshot!(refused_file(b"\xfdbin\x01and so on"), @r"
    error: failed to read [DIR]/log.000001: the file is encrypted
      hint: copy it with mysqlbinlog --read-from-remote-server --raw
    ");
}

#[test]
fn file_that_is_no_binlog() {
    assert_snapshot!(refused_file(b"INSERT INTO store VALUES (1);\n"), @r"
    error: failed to read [DIR]/log.000001: it is not a binlog file
      hint: give a file of the server's binlog, as it is or compressed with zstd
    ");
}

#[test]
fn binlog_file_that_is_not_there() {
    let bench = Bench::new(&nowhere());
    let error = bench.refusal(&["replay", "--dry-run", "/nowhere/log.000001"], 1);
    assert_snapshot!(error, @r"
    error: failed to open /nowhere/log.000001: No such file or directory (os error 2)
      hint: check the path, and that this user may read the file
    ");
}

// --- the command line --------------------------------------------------------------------------

#[test]
fn wrong_usage() {
    let bench = Bench::new(&nowhere());
    assert_snapshot!(bench.refusal(&["run", "--twice"], 64), @r"
    error: unexpected argument '--twice' found

    Usage: aco-stream run [OPTIONS]

    For more information, try '--help'.
    ");
    assert_snapshot!(bench.refusal(&["export", "category"], 64), @r"
    error: failed to find a feed named 'category'
      hint: the feeds are productAttributes, categoryAttributes, categories, products, priceBooks, prices
    ");
    assert_snapshot!(bench.refusal(&["status", "product"], 64), @r"
    error: failed to find a feed named 'product'
      hint: the feeds are productAttributes, categoryAttributes, categories, products, priceBooks, prices
    ");
    assert_snapshot!(bench.refusal(&["status", "products", "--state", "odd"], 64), @r"
    error: failed to find a state named 'odd'
      hint: the states are pending, accepted, deleted, retrying, parked
    ");
    assert_snapshot!(bench.refusal(&["status", "--state", "parked"], 64), @r"
    error: failed to use --state without a feed
      hint: name one, as in `aco-stream status products --state parked`
    ");
    assert_snapshot!(bench.refusal(&["demo", "--fail", "503"], 64), @r#"
    error: failed to understand the fail rule "503"
      hint: one of STATUS:COUNT, 429:COUNT:SECONDS, timeout:COUNT, reset:COUNT, lost-answer:COUNT, count:COUNT, html:COUNT, sku=SKU, sku-noindex=SKU; a status is 400 to 599
    "#);
    assert_snapshot!(bench.refusal(&["sandbox", "--listen", "0.0.0.0:0"], 64), @r"
    error: failed to listen on 0.0.0.0:0: the sandbox is for this machine only
      hint: use a loopback address, as in 127.0.0.1:9465
    ");
    let error = bench.refusal(&["reread", "store", "sales_order"], 64);
    let (error, tables) = error.split_once(": the watched tables are ").expect("a list");
    assert_snapshot!(error, @r"
    error: failed to find a watched table named 'sales_order'
      hint
    ");
    for table in ["catalog_product_entity", "store", "core_config_data"] {
        let times = tables.split(", ").filter(|name| *name == table).count();
        assert_eq!(times, 1, "{table} in {tables}");
    }
    for arguments in [&["replay"][..], &["frobnicate"], &["status", "--state"], &["reread"]] {
        bench.refusal(arguments, 64);
    }
    assert_eq!(bench.aco.run(&[]).code, Some(64));
}

#[test]
fn address_that_another_sandbox_has() {
    let service = Service::unlimited();
    let address = service.sandbox.address().to_string();
    let bench = Bench::new(&nowhere()).filter(address.clone(), "[ADDRESS]");
    assert_snapshot!(bench.refusal(&["sandbox", "--listen", &address], 69), @r"
    error: failed to listen on [ADDRESS]: Address already in use (os error 98)
      hint: another sandbox may run there; port 0 takes any free one
    ");
}
