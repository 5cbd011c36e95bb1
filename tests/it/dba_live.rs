//! What `docs/dba.md` promises a database administrator is true on both servers: the privileges are
//! enough, the statements are all there are, and the server can tell us from other replicas.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value as Json;

use crate::program::{Aco, eventually};
use crate::servers::{Flavour, OddServer, Server, User, all_servers};
use crate::shop::Shop;
use crate::source_live::{open_stream, params, run, start_of};

const PATIENCE: Duration = Duration::from_mins(1);
const PASSWORD: &str = "secret-of-the-page";

/// The page's SQL blocks whose first line is this comment, or begins with it.
fn block(first_line: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dba.md");
    let page = std::fs::read_to_string(path).expect("there is the page");
    let start = format!("```sql\n{first_line}");
    let (_, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no {first_line:?}"));
    let (_, rest) = rest.split_once('\n').expect("more lines");
    rest.split_once("\n```").expect("the block's end").0.to_owned()
}

/// An account made by the page's statements; dropped with the value.
struct Documented<'a> {
    server: &'a Server,
    name: String,
}

impl<'a> Documented<'a> {
    fn new(server: &'a Server, schema: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("page_{}_{count}", std::process::id());
        let block = match server.flavour {
            Flavour::MySql => block("-- MySQL 8.0"),
            Flavour::MariaDb | Flavour::MariaDb118 => block("-- MariaDB 10.6"),
        };
        let root = server.session(User::Root, "");
        let account = Self { server, name };
        for statement in block.split(';').map(str::trim).filter(|text| !text.is_empty()) {
            let statement = statement.replace("'cdc'", &format!("'{}'", account.name));
            root.exec(
                &statement.replace("`magento`", &format!("`{schema}`")).replace('…', PASSWORD),
            );
        }
        account
    }

    /// The shop's program as this account.
    fn program(&self, shop: &Shop) -> Aco {
        let path = shop.directory.path().join("aco-stream.toml");
        let config = std::fs::read_to_string(path).expect("its configuration");
        let user = format!("{}@", User::Cdc.name());
        let edited = config.replace(&user, &format!("{}@", self.name));
        assert_ne!(config, edited, "the account is in the url");
        Aco::new(shop.directory.path(), &edited)
            .env("ACO_STREAM_SOURCE_PASSWORD", PASSWORD)
            .env("ACO_STREAM_CLIENT_SECRET", &shop.service.params.client_secret)
    }
}

impl Drop for Documented<'_> {
    fn drop(&mut self) {
        let dropped = format!("DROP USER '{}'@'%'", self.name);
        if let Err(error) = self.server.session(User::Root, "").try_query(&dropped) {
            eprintln!("{} was not dropped: {error}", self.name);
        }
    }
}

#[test]
fn documented_privileges_are_enough_for_a_whole_run_and_not_too_many() {
    all_servers(|server| {
        let shop = Shop::open(server);
        let account = Documented::new(server, &shop.database.schema);
        let aco = account.program(&shop);
        let checked = aco.run(&["check", "--json"]);
        assert_eq!(checked.code, Some(0), "{}", checked.stderr);
        let findings: Vec<Json> =
            checked.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let bad = |finding: &&Json| {
            let check = finding["check"].as_str().unwrap_or_default();
            check.starts_with("grant_") && finding["severity"] != "ok"
        };
        assert_eq!(findings.iter().find(bad), None);
        let grants = findings.iter().filter(|it| it["check"].to_string().contains("grant_"));
        assert_eq!(grants.count(), 4);
        let finished = aco.run(&["run", "--once"]);
        assert_eq!(finished.code, Some(3), "settled, some parked: {}", finished.stderr);
        shop.assert_sandbox_agrees_with_database();
        shop.play("price_changed");
        let finished = aco.run(&["run", "--once"]);
        assert_eq!(finished.code, Some(3), "settled, some parked: {}", finished.stderr);
        shop.assert_sandbox_agrees_with_database();
    });
}

/// Words that no statement of ours may hold: they write, or lock.
const FORBIDDEN: &[&str] = &[
    "INSERT", "UPDATE", "DELETE", "REPLACE", "INTO", "CREATE", "ALTER", "DROP", "TRUNCATE", "LOCK",
    "LOCKS", "FLUSH", "CALL", "KILL", "RESET", "PURGE", "GLOBAL",
];

/// Whether `text` is `pattern`, in which `…` stands for anything.
fn matches(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

/// The statements of this account that the server logged.
fn logged(server: &Server, account: &str) -> Vec<String> {
    let sql = format!(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE user_host LIKE \
         '{account}[%' AND command_type IN ('Query', 'Prepare', 'Execute')"
    );
    let rows = server.session(User::Root, "").query(&sql);
    rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
}

#[test]
fn documented_statements_are_all_that_the_servers_log() {
    let page = block("-- every connection");
    let patterns: Vec<&str> = page.lines().filter(|line| !line.starts_with("--")).collect();
    assert!(patterns.len() > 40, "{patterns:?}");
    for flavour in Flavour::ALL {
        let options = ["general_log=ON", "log_output=TABLE"];
        let Some(odd) = OddServer::start(flavour, &options) else { continue };
        let shop = Shop::open(&odd.server);
        let account = Documented::new(&odd.server, &shop.database.schema);
        let aco = account.program(&shop);
        for arguments in [&["check"][..], &["run", "--once"], &["reread", "store"]] {
            let finished = aco.run(arguments);
            assert!(matches!(finished.code, Some(0 | 3)), "{arguments:?}: {}", finished.stderr);
        }
        shop.play("price_changed");
        let finished = aco.run(&["run", "--once"]);
        assert!(finished.stderr.contains("the table was read again"), "{}", finished.stderr);
        let statements = logged(&odd.server, &account.name);
        assert!(statements.len() > 200, "{statements:?}");
        for statement in &statements {
            let is_documented = patterns.iter().any(|pattern| matches(statement, pattern));
            assert!(is_documented, "on {}: {statement}", flavour.name());
            let mut words =
                statement.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let forbidden = words.find(|word| FORBIDDEN.contains(word));
            let is_question = statement.starts_with("SHOW ") || statement.contains("@@GLOBAL");
            assert!(forbidden.is_none() || is_question, "on {}: {statement}", flavour.name());
        }
    }
}

/// What the server lists for this number, as text.
fn listed(server: &Server, server_id: u32) -> Vec<String> {
    let sql = if server.flavour.is_mariadb() { "SHOW SLAVE HOSTS" } else { "SHOW REPLICAS" };
    let rows = server.session(User::Root, "").query(sql);
    let ours = Some(server_id.to_string());
    let rows = rows.iter().filter(|row| row.first() == Some(&ours));
    rows.map(|row| {
        row.iter().map(|it| it.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(" ")
    })
    .collect()
}

#[test]
fn the_list_of_replicas_shows_us_under_the_same_name_and_uuid_each_time() {
    all_servers(|server| {
        let shop = Shop::open(server);
        let params = params(server, &shop.database.schema);
        run(async {
            let from = start_of(&params).await;
            shop.play("price_changed");
            let mut seen = BTreeSet::new();
            for _ in 0..2 {
                let mut stream = open_stream(&params, &from).await.expect("a stream");
                stream.next().await.expect("something happens");
                let lines = listed(server, params.server_id);
                let [line] = lines.as_slice() else { panic!("one line for us: {lines:?}") };
                assert!(line.contains(" aco-stream "), "{line}");
                if !server.flavour.is_mariadb() {
                    let uuid = line.rsplit(' ').next().expect("the last column");
                    assert_eq!(uuid.len(), 36, "{line}");
                }
                seen.insert(line.clone());
            }
            assert_eq!(seen.len(), 1, "the same each time: {seen:?}");
        });
    });
}

#[test]
fn a_locked_account_makes_it_stop_and_say_that_its_credentials_were_refused() {
    all_servers(|server| {
        let shop = Shop::open(server);
        let account = Documented::new(server, &shop.database.schema);
        let aco = account.program(&shop);
        let mut running = aco.start(&["run"]);
        eventually("it follows the binlog", PATIENCE, || {
            running.stderr().contains("the gate is open")
        });
        let root = server.session(User::Root, "");
        root.exec(&format!("ALTER USER '{}'@'%' ACCOUNT LOCK", account.name));
        for thread in root.query("SHOW PROCESSLIST") {
            if thread[1].as_ref() == Some(&account.name) {
                let id = thread[0].as_deref().expect("a number");
                // One that has gone by itself meanwhile is no fault.
                drop(root.try_query(&format!("KILL {id}")));
            }
        }
        eventually("it stopped", PATIENCE, || running.stderr().contains("absorbing stopped"));
        let status = aco.run(&["status"]).stdout;
        assert!(status.contains("source    stopped"), "{status}");
        assert!(status.contains("as page_"), "it says why: {status}");
        assert!(running.is_running(), "delivery goes on: {}", running.stderr());
        Shop::stop(running);
    });
}
