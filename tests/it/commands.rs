//! The commands that show something: their output is for scripts as much as for people.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use aco_stream::sandbox::SandboxParams;
use serde_json::Value as Json;

use crate::program::{Aco, COMMAND_LIMIT, eventually};
use crate::servers::{Server, User, both_servers};
use crate::shop::{FEEDS, Service, Shop, config, fixture};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// The program with a store that holds the recorded shop, of which nothing is delivered.
fn absorbed(directory: &Path) -> Aco {
    let service = Service::unlimited();
    let aco = Aco::new(directory, &config(&Server::mariadb(), "shop", &service));
    let file = fixture("binlog/story-mariadb.bin.zst");
    let finished = aco.run(&["replay", "--dry-run", file.to_str().expect("UTF-8")]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    aco
}

fn json_lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn keys(json: &Json) -> Vec<&str> {
    json.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn config_show_gives_every_value_with_its_origin_and_no_secret() {
    let directory = directory();
    let secret_file = directory.path().join("client-secret");
    std::fs::write(&secret_file, "hunter2\n").expect("written");
    let chmod = Command::new("chmod").arg("600").arg(&secret_file).status().expect("chmod runs");
    assert!(chmod.success());
    let text = r#"
[source]
url = "mysql://cdc@db.example/magento"
[optimizer]
ingestion_url = "https://na1.api.commerce.adobe.com/tenant"
client_secret_file = "client-secret"
[scopes]
disabled_store_views = ["german"]
[feeds.products]
extra_attributes = ["ac_tax_class", "ac_inventory"]
"#;
    let aco = Aco::new(directory.path(), text).env("ACO_STREAM_SOURCE_PASSWORD", "swordfish");
    let finished = aco.run(&["config", "show"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: BTreeSet<String> = finished.stdout.lines().map(words).collect();
    for line in [
        "source.url = \"mysql://cdc@db.example/magento\" # file",
        "source.password = *** # environment",
        "source.tls = \"verify-full\" # default",
        "commerce.environment = \"staging\" # default",
        "optimizer.environment = \"sandbox\" # default",
        "source.tls_ca_file = not set # default",
        "optimizer.client_secret = *** # file",
        "limits.requests_per_second = 2.0 # default",
        "scopes.disabled_store_views = [\"german\"] # file",
        "feeds.products.extra_attributes = [\"ac_tax_class\", \"ac_inventory\"] # file",
    ] {
        assert!(lines.contains(line), "{line} is not in:\n{}", finished.stdout);
    }
    for secret in ["hunter2", "swordfish"] {
        assert!(!finished.stdout.contains(secret), "{secret} is in:\n{}", finished.stdout);
    }
}

#[test]
fn export_gives_one_line_an_item_sorted_by_key() {
    let directory = directory();
    let aco = absorbed(directory.path());
    for feed in FEEDS {
        let lines = json_lines(&aco.run(&["export", feed]).stdout);
        assert!(lines.len() >= 6, "{feed} has {} items only", lines.len());
        let mut last: Option<Vec<&str>> = None;
        for line in &lines {
            assert_eq!(keys(line), ["digest", "feed", "item", "key", "state"]);
            assert_eq!(line["feed"], *feed);
            let parts = line["key"].as_array().expect("a list").iter();
            let key: Vec<&str> = parts.map(|part| part.as_str().expect("a text")).collect();
            assert!(last.as_ref().is_none_or(|last| *last < key), "{last:?} before {key:?}");
            last = Some(key);
        }
    }
    let one = json_lines(&aco.run(&["export", "products", "--key", "LAN-001"]).stdout);
    assert_eq!(one.len(), 3, "one line a store view");
    let arguments = ["export", "prices", "--source", "base", "--key", "LAN-001"];
    let one = json_lines(&aco.run(&arguments).stdout);
    assert_eq!(one.len(), 1);
    assert_eq!(one[0]["item"]["sku"], "LAN-001");
}

#[test]
fn reader_that_has_seen_enough_is_no_failure() {
    let directory = directory();
    let aco = absorbed(directory.path());
    assert!(aco.run(&["export", "products"]).stdout.len() > 100_000, "more than a pipe holds");
    let script = "set -o pipefail; \"$0\" export products --config aco-stream.toml | head -n 1";
    let output = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_aco-stream")])
        .current_dir(directory.path())
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn status_counts_the_items_of_every_feed() {
    let shop = Shop::open(&Server::mariadb());
    let empty = shop.output(&["status", "--json"]);
    let empty = json_lines(&empty);
    assert_eq!((&empty[0]["position"], &empty[0]["snapshot"]), (&Json::Null, &"none".into()));
    shop.settle();

    let reports = json_lines(&shop.output(&["status", "--json"]));
    let [report] = reports.as_slice() else { panic!("one line: {reports:?}") };
    let fields = ["at", "delivery", "feeds", "position", "snapshot", "snapshot_rows", "source"];
    assert_eq!(keys(report), fields);
    assert_eq!((&report["source"], &report["delivery"]), (&Json::Null, &Json::Null), "none runs");
    assert_eq!(report["snapshot"], "open");
    assert!(report["position"].is_string() && report["snapshot_rows"].as_u64() > Some(500));
    let feeds = report["feeds"].as_array().expect("a list");
    assert_eq!(feeds.iter().map(|feed| &feed["feed"]).collect::<Vec<_>>(), FEEDS);
    for feed in feeds {
        let columns = [
            "accepted",
            "dirty",
            "feed",
            "is_mass_load",
            "parked",
            "pending",
            "retrying",
            "source",
        ];
        assert_eq!(keys(feed), columns);
        let of = |name: &str| feed[name].as_u64().expect("a figure");
        assert_eq!(of("source"), of("accepted") + of("parked"), "{feed}");
        assert_eq!((of("pending"), of("retrying"), of("dirty")), (0, 0, 0), "{feed}");
        assert_eq!(feed["is_mass_load"], false, "{feed}");
    }

    let text = shop.output(&["status"]);
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][0], "position");
    assert_eq!(lines[1][..2], ["snapshot", "open,"]);
    assert_eq!(lines[2], ["source", "no", "process", "runs"]);
    let header = ["feed", "source", "accepted", "pending", "retrying", "parked", "dirty"];
    assert_eq!(lines[3], header);
    assert_eq!(lines.iter().skip(4).map(|row| row[0]).collect::<Vec<_>>(), FEEDS);
}

#[test]
fn status_of_a_feed_says_why_items_are_parked() {
    let shop = Shop::open(&Server::mariadb());
    shop.settle();
    let parked = ["status", "products", "--state", "parked", "--json"];
    let items = json_lines(&shop.output(&parked));
    assert_eq!(items.len(), 6, "NO-NAME and NO-SLUG, in each of the three store views");
    for item in &items {
        let columns = [
            "accepted_digest",
            "attempts",
            "cause_key",
            "cause_position",
            "cause_table",
            "code",
            "feed",
            "first_at",
            "key",
            "last_at",
            "message",
            "request_id",
            "state",
        ];
        assert_eq!(keys(item), columns);
        assert_eq!((&item["state"], &item["feed"]), (&"parked".into(), &"products".into()));
        assert_ne!(item["message"], "");
    }
    let text = shop.output(&["status", "products", "--state", "parked"]);
    assert_eq!(text.lines().count(), 6);
    assert!(text.lines().all(|line| line.starts_with("parked    ")), "{text}");
    let accepted = shop.output(&["status", "products", "--state", "accepted"]);
    let all = shop.output(&["status", "products"]);
    assert_eq!(all.lines().count(), accepted.lines().count() + 6);
}

#[test]
fn check_lists_its_findings() {
    both_servers(|server| {
        let shop = Shop::open(server);
        let findings = json_lines(&shop.output(&["check", "--json"]));
        for finding in &findings {
            assert_eq!(keys(finding), ["check", "fix", "message", "severity", "sql"]);
            assert_ne!(finding["severity"], "fatal", "{finding}");
            assert_eq!(finding["fix"].is_null(), finding["severity"] == "ok", "{finding}");
        }
        let ok = findings.iter().filter(|finding| finding["severity"] == "ok");
        let ok: BTreeSet<&str> = ok.filter_map(|finding| finding["check"].as_str()).collect();
        for check in [
            "log_bin",
            "binlog_format",
            "grant_select",
            "tls",
            "tables",
            "service",
            "tenant",
            "environment",
            "ingestion",
        ] {
            assert!(ok.contains(check), "{check} is not in {ok:?}");
        }
        let severities: Vec<&Json> = findings.iter().map(|finding| &finding["severity"]).collect();
        assert!(severities.is_sorted_by_key(|it| *it == "ok"), "what is well comes last");
        let text = shop.output(&["check"]);
        let lines = text.lines().filter(|line| !line.starts_with(' ')).count();
        assert_eq!(lines, findings.len(), "{text}");
    });
}

#[test]
fn check_holds_the_tenant_and_the_licence_against_the_configuration() {
    let environment = "production".to_owned();
    let service = Service::start(SandboxParams { environment, ..SandboxParams::default() });
    let shop = Shop::with(&Server::mariadb(), service);
    let finished = shop.aco.run(&["check", "--json"]);
    assert_eq!(finished.code, Some(78), "{finished:?}");
    let findings = json_lines(&finished.stdout);
    let found = |check: &str| {
        let finding = findings.iter().find(|finding| finding["check"] == check);
        finding.unwrap_or_else(|| panic!("no {check} in {findings:?}"))
    };
    assert_eq!(found("tenant")["severity"], "ok");
    let service = findings.iter().filter(|finding| finding["check"] == "service");
    let refused: Vec<&Json> = service.filter(|finding| finding["severity"] == "fatal").collect();
    let [refused] = refused.as_slice() else { panic!("one fatal finding: {findings:?}") };
    let message = refused["message"].as_str().expect("a text");
    assert!(message.contains("a production tenant (says the tenant service) for a staging shop"));
    assert!(refused["fix"].as_str().expect("a text").contains("use the other tenant"));
    let limits = findings.iter().filter(|finding| finding["check"] == "limits");
    assert_eq!(limits.count(), 4, "the limits of the tests are no licence's: {findings:?}");
}

#[test]
fn check_prints_each_faults_remedy_with_its_statements() {
    both_servers(|server| {
        let shop = Shop::open(server);
        let root = server.session(User::Root, "");
        let table = format!("`{}`.`core_config_data`", shop.database.schema);
        root.exec(&format!("ALTER TABLE {table} MODIFY `value` TEXT CHARACTER SET greek"));
        let text = shop.output(&["check"]);
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| line.starts_with("warning  charsets: "));
        let at = at.unwrap_or_else(|| panic!("no such finding: {text}"));
        assert!(lines[at].ends_with(": core_config_data.value"), "{text}");
        assert!(lines[at + 1].starts_with("         hint: "), "{text}");
        let statement =
            format!("ALTER TABLE {table} MODIFY `value` text CHARACTER SET utf8mb4 NULL");
        assert_eq!(lines[at + 2], format!("         sql:  {statement};"), "{text}");
        let first_ok = lines.iter().position(|line| line.starts_with("ok")).expect("some are well");
        assert!(at < first_ok, "what is well comes last: {text}");
        root.exec(&statement);
        assert!(!shop.output(&["check"]).contains("warning  charsets"), "the remedy is one");
    });
}

#[test]
fn reread_is_taken_by_the_process_that_runs_and_else_by_the_next_one() {
    let shop = Shop::open(&Server::mariadb());
    let reread = || {
        let finished = shop.aco.run(&["reread", "store", "catalog_product_entity"]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""), "{finished:?}");
        finished.stderr
    };
    let was_read = |log: &str| {
        let lines = log.lines().filter(|line| line.contains("the table was read again"));
        let tables = ["table=\"store\"", "table=\"catalog_product_entity\""];
        let lines: Vec<&str> = lines.collect();
        tables.iter().all(|table| lines.iter().any(|line| line.contains(table)))
    };
    assert!(reread().contains("there is no catalog copy yet"));
    let running = shop.stream();
    assert!(reread().contains("the running process reads the tables again"));
    eventually("the tables were read again", COMMAND_LIMIT, || was_read(&running.stderr()));
    Shop::stop(running);
    assert!(reread().contains("the next run reads the tables again"));
    assert!(was_read(&shop.settle().stderr), "once more, by the next run");
    assert!(!was_read(&shop.settle().stderr), "once only");
}
