//! `init`: what it checks, what it writes, and that it writes nothing when a check fails.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aco_stream::sandbox::{SandboxLimits, SandboxParams};
use aco_stream::store::{Store, StoreParams};

use crate::program::{Aco, Finished};
use crate::shop::{Service, fixture};

const ARGUMENTS: [&str; 7] = [
    "init",
    "--org-id",
    "sandbox-org@AdobeOrg",
    "--tenant-id",
    "sandbox-tenant",
    "--client-id",
    "sandbox-client",
];

/// A directory, a stand-in for the service, and a config file that knows its addresses.
struct Desk {
    service: Service,
    directory: tempfile::TempDir,
    aco: Aco,
}

impl Desk {
    fn new(params: SandboxParams) -> Self {
        let service = Service::start_as(SandboxParams { limits: SandboxLimits::Off, ..params });
        let directory = tempfile::tempdir().expect("a temporary directory");
        let base = service.sandbox.base_url();
        let config = format!(
            "# Ours.\n[source]\nurl = \"mysql://cdc@127.0.0.1:1/shop\"  # the replica\ntls = \
             \"off\"\n\n[optimizer]\nims_url = \"{base}\"\nccm_url = \"{base}\"\n\n[store]\npath = \
             \"store\"\n"
        );
        let aco =
            Aco::new(directory.path(), &config).env("ACO_STREAM_CLIENT_SECRET", "sandbox-secret");
        Self { service, directory, aco }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn config(&self) -> String {
        std::fs::read_to_string(self.path("aco-stream.toml")).expect("there is a config")
    }

    /// The program without the secret in its environment.
    fn without_secret(&self) -> Aco {
        let config = self.config();
        let aco = Aco::new(self.directory.path(), &config);
        set_mode(&self.path("aco-stream.toml"), 0o600);
        aco
    }

    /// `init` with more arguments, which must be refused with this code and leave everything alone.
    fn refused(&self, more: &[&str], code: i32) -> String {
        let before = self.files();
        let finished = self.aco.run(&[&ARGUMENTS[..], more].concat());
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert_eq!(self.files(), before, "nothing is written: {finished:?}");
        finished.stderr
    }

    /// Every file's name and text.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(self.directory.path()).expect("a directory");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = paths
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(&path).expect("readable")))
            .collect();
        files.sort();
        files
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode is set");
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn done(finished: &Finished) {
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

/// The line of `config show` for a key, without the padding.
fn shown(aco: &Aco, key: &str) -> String {
    let finished = aco.run(&["config", "show"]);
    let line = finished.stdout.lines().find(|line| line.split(' ').next() == Some(key));
    let line = line.unwrap_or_else(|| panic!("no {key} in {finished:?}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn init_writes_what_a_run_needs_and_keeps_what_was_there() {
    let desk = Desk::new(SandboxParams::default());
    let finished = desk.aco.run(&ARGUMENTS);
    done(&finished);
    let (config, key) = (desk.config(), desk.path("aco-stream.key"));
    for kept in ["# Ours.\n", "url = \"mysql://cdc@127.0.0.1:1/shop\"  # the replica\n"] {
        assert!(config.contains(kept), "{kept:?} is not in:\n{config}");
    }
    let ingestion =
        format!("ingestion_url = \"{}/v1/catalog\"", desk.service.sandbox.ingestion_url());
    assert!(config.contains(&ingestion), "{config}");
    for file in ["aco-stream.toml", "aco-stream.key", "aco-stream.tenant.json"] {
        assert_eq!(mode(&desk.path(file)), 0o600, "{file}");
    }
    let key_text = std::fs::read_to_string(&key).expect("a key");
    assert!(!config.contains("sandbox-secret") && !config.contains(key_text.trim()), "{config}");
    assert!(finished.stdout.contains("environment    sandbox"), "{}", finished.stdout);

    // With the secret in its environment gone, the encrypted one serves.
    let aco = desk.without_secret();
    let secret = shown(&aco, "optimizer.client_secret");
    assert_eq!(secret, "optimizer.client_secret = *** # encrypted in the file");
    let file = fixture("binlog/story-mariadb.bin.zst");
    let replayed = aco.run(&["replay", file.to_str().expect("UTF-8")]);
    assert!(matches!(replayed.code, Some(0 | 3)), "delivered with it: {replayed:?}");
    assert!(!desk.service.held("products").is_empty());
}

#[test]
fn secret_can_come_from_a_file_or_from_stdin() {
    let desk = Desk::new(SandboxParams::default());
    let aco = desk.without_secret();
    let missing = aco.run(&ARGUMENTS);
    assert_eq!(missing.code, Some(64), "{missing:?}");
    std::fs::write(desk.path("secret"), "sandbox-secret\n").expect("written");
    set_mode(&desk.path("secret"), 0o644);
    let from_file = [&ARGUMENTS[..], &["--client-secret-file", "secret"]].concat();
    let open = aco.run(&from_file);
    assert_eq!(open.code, Some(78), "{open:?}");
    assert!(open.stderr.contains("hint: chmod 600 secret"), "{}", open.stderr);
    set_mode(&desk.path("secret"), 0o600);
    done(&aco.run(&from_file));

    std::fs::remove_file(desk.path("aco-stream.key")).expect("the key is lost");
    let mut child = Command::new(env!("CARGO_BIN_EXE_aco-stream"))
        .args(ARGUMENTS)
        .arg("--force")
        .current_dir(desk.directory.path())
        .env_remove("ACO_STREAM_CLIENT_SECRET")
        .env_remove("ACO_STREAM_KEY")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("a pipe").write_all(b"sandbox-secret\n").expect("written");
    assert_eq!(
        child.wait().expect("it ends").code(),
        Some(0),
        "a lost key: the secret is asked for"
    );
}

#[test]
fn nothing_is_written_when_a_check_fails() {
    let desk = Desk::new(SandboxParams::default());
    let wrong = desk.refused(&["--environment", "production"], 78);
    assert!(wrong.contains("a sandbox tenant (says the tenant service) for a production shop"));
    let url = "https://eu1.api.commerce.adobe.com/sandbox-tenant";
    let wrong = desk.refused(&["--ingestion-url", url], 78);
    assert!(wrong.contains("a production tenant (says the ingestion address) for a staging shop"));
    let wrong = desk.refused(&["--ingestion-url", "http://db.example/T"], 64);
    assert!(wrong.contains("expected an https:// URL"), "{wrong}");
    let wrong = desk.refused(&["--ingestion-url", "https://u:hunter2@db.example/T"], 64);
    assert!(wrong.contains("a password in it") && !wrong.contains("hunter2"), "{wrong}");
    let wrong = desk.refused(&["--key-file", "store/key"], 64);
    assert!(wrong.contains("in the store's directory"), "{wrong}");
    let wrong = desk.refused(&["--key-file", "nowhere/key"], 78);
    assert!(wrong.contains("nowhere/key"), "{wrong}");

    let other = ["init", "--org-id", "x", "--tenant-id", "y", "--client-id", "sandbox-client"];
    let refused = desk.aco.run(&other);
    assert_eq!(refused.code, Some(78), "a tenant of another organization: {refused:?}");
    let other = ["init", "--org-id", "x", "--tenant-id", "y", "--client-id", "z"];
    assert_eq!(desk.aco.run(&other).code, Some(77), "credentials that are refused");
    assert_eq!(desk.aco.run(&["init", "--org-id", "x"]).code, Some(64));
    assert_eq!(desk.files().len(), 1);
}

#[test]
fn ingestion_address_that_is_not_adobes_has_to_be_given() {
    let elsewhere = "https://evil.example/sandbox-tenant/v1/catalog".to_owned();
    let desk = Desk::new(SandboxParams {
        named_ingestion_url: Some(elsewhere.clone()),
        ..SandboxParams::default()
    });
    let refused = desk.refused(&[], 78);
    assert!(refused.contains("it is no address of Adobe's"), "{refused}");
    done(&desk.aco.run(&[&ARGUMENTS[..], &["--ingestion-url", &elsewhere]].concat()));
    assert!(desk.config().contains(&elsewhere));

    let none = Some(String::new());
    let desk = Desk::new(SandboxParams { named_ingestion_url: none, ..SandboxParams::default() });
    let refused = desk.refused(&[], 78);
    assert!(refused.contains("the tenant service names none"), "{refused}");
}

#[test]
fn production_tenant_pairs_with_a_production_shop() {
    let environment = "production".to_owned();
    let desk = Desk::new(SandboxParams { environment, ..SandboxParams::default() });
    desk.refused(&[], 78);
    done(&desk.aco.run(&[&ARGUMENTS[..], &["--environment", "production"]].concat()));
    let config = desk.config();
    assert_eq!(config.matches("environment = \"production\"").count(), 2, "{config}");
}

#[test]
fn key_is_rotated_without_the_secret_at_hand() {
    let desk = Desk::new(SandboxParams::default());
    done(&desk.aco.run(&ARGUMENTS));
    let aco = desk.without_secret();
    let again = aco.run(&ARGUMENTS);
    assert_eq!(again.code, Some(78), "not by accident: {again:?}");
    done(&aco.run(&["init", "--force", "--key-file", "new.key"]));
    std::fs::remove_file(desk.path("aco-stream.key")).expect("the old key goes");
    done(&aco.run(&["config", "show"]));

    // Another key does not open it, and neither do other ids.
    let new = std::fs::read_to_string(desk.path("new.key")).expect("a key");
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let refused = aco.clone().env("ACO_STREAM_KEY", wrong).run(&["config", "show"]);
    assert_eq!(refused.code, Some(78));
    assert!(refused.stderr.contains("with the key in ACO_STREAM_KEY"), "{}", refused.stderr);
    assert!(!refused.stderr.contains(wrong));
    assert_eq!(aco.env("ACO_STREAM_KEY", new.trim()).run(&["config", "show"]).code, Some(0));
    let moved = desk.config().replace("\"sandbox-client\"", "\"other-client\"");
    let aco = Aco::new(desk.directory.path(), &moved);
    let refused = aco.run(&["config", "show"]);
    assert!(refused.stderr.contains("for other ids"), "{}", refused.stderr);
    assert_eq!(aco.run(&["status"]).code, Some(0), "what needs no secret needs no key");
}

#[test]
fn files_that_others_may_read_are_refused_with_the_remedy() {
    let desk = Desk::new(SandboxParams::default());
    done(&desk.aco.run(&ARGUMENTS));
    let aco = desk.without_secret();
    for file in ["aco-stream.toml", "aco-stream.key"] {
        set_mode(&desk.path(file), 0o640);
        let refused = aco.run(&["config", "show"]);
        let remedy = format!("hint: chmod 600 {}", desk.path(file).display());
        assert_eq!(refused.code, Some(78), "{refused:?}");
        assert!(refused.stderr.contains(&remedy), "{remedy}: {}", refused.stderr);
        set_mode(&desk.path(file), 0o600);
    }
    done(&aco.run(&["config", "show"]));
}

#[test]
fn full_sync_is_noted_in_a_store_that_is_there() {
    let desk = Desk::new(SandboxParams::default());
    done(&desk.aco.run(&ARGUMENTS));
    let file = fixture("binlog/story-mariadb.bin.zst");
    let replay = ["replay", file.to_str().expect("UTF-8")];
    assert!(matches!(desk.aco.run(&replay).code, Some(0 | 3)));
    let is_marked = || desk.aco.run(&["status"]).stdout.contains("all");
    assert!(!is_marked(), "settled");
    done(&desk.aco.run(&["init", "--force", "--no-full-sync"]));
    assert!(!is_marked());
    done(&desk.aco.run(&["init", "--force"]));
    assert!(is_marked());

    let store = StoreParams { path: desk.path("store"), cache_bytes: 1 << 24 };
    let store = Store::open(&store).expect("nobody has it");
    let before = desk.files();
    let in_use = desk.aco.run(&["init", "--force"]);
    assert_eq!(in_use.code, Some(74), "a process that runs goes on as before: {in_use:?}");
    assert_eq!(desk.files(), before, "nothing is written");
    drop(store);

    let refused = desk.aco.run(&["init", "--force", "--tenant-id", "other"]);
    assert_eq!(refused.code, Some(78), "what one tenant accepted says nothing about another");
    assert!(refused.stderr.contains("holds what the tenant 'sandbox-tenant' accepted"));
}
