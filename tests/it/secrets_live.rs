//! No secret is in anything that the program leaves behind: what it prints and logs, its store, its
//! configuration, its command line, and what a crash leaves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use aco_stream::sandbox::{SandboxLimits, SandboxParams};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::program::{Aco, COMMAND_LIMIT, Finished, eventually};
use crate::servers::{Server, User};
use crate::shop::{Service, config, fixture};

const CLIENT_SECRET: &str = "p8e-Wq7/zR+secret of the client";

/// The forms in which a secret could be somewhere, each with its name.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string");
        hex
    });
    let mut forms = vec![
        ("plain", secret.to_vec()),
        ("hex", hex.to_uppercase().into_bytes()),
        ("hex", hex.into_bytes()),
    ];
    // Base64 of something longer: three ways to fall on its groups of three bytes. The letters that
    // depend on the neighbours are left out.
    for (before, skipped) in [(0, 0), (1, 2), (2, 3)] {
        let encoded = BASE64.encode([&vec![0; before], secret].concat());
        let whole = (before + secret.len()) * 8 / 6;
        let letters = encoded.get(skipped..whole).expect("it is longer");
        forms.push(("base64", letters.as_bytes().to_vec()));
        forms.push(("base64url", letters.replace('+', "-").replace('/', "_").into_bytes()));
    }
    let escaped = secret.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => text.push(char::from(*byte)),
            b' ' => text.push('+'),
            byte => write!(text, "%{byte:02X}").expect("a string"),
        }
        text
    });
    forms.push(("form", escaped.into_bytes()));
    forms
}

/// What is left behind, by where it was found.
#[derive(Default)]
struct Traces(BTreeMap<String, Vec<u8>>);

impl Traces {
    fn streams(&mut self, name: &str, finished: &Finished) {
        self.0.insert(format!("{name}: stdout"), finished.stdout.clone().into_bytes());
        self.0.insert(format!("{name}: stderr"), finished.stderr.clone().into_bytes());
    }

    /// Every file below a directory, but those of these names.
    fn files(&mut self, directory: &Path, but: &[&str]) {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.files(&path, but);
            } else if path.is_file() && but.iter().all(|name| !path.ends_with(name)) {
                let bytes = std::fs::read(&path).expect("readable");
                self.0.insert(path.display().to_string(), bytes);
            }
        }
    }

    /// Where a secret is, and in which form.
    fn find(&self, name: &str, secret: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (form, needle) in forms(secret) {
            for (place, bytes) in &self.0 {
                if bytes.windows(needle.len()).any(|window| window == needle) {
                    found.push(format!("{name}, {form}, in {place}"));
                }
            }
        }
        found
    }
}

#[test]
fn every_form_of_a_secret_is_found() {
    let secret = CLIENT_SECRET.as_bytes();
    let places = [
        format!("id={CLIENT_SECRET}&"),
        BASE64.encode(format!("Basic x:{CLIENT_SECRET}!")),
        BASE64.encode(format!("Basic xy:{CLIENT_SECRET}!")),
        BASE64.encode(format!("Basic xyz:{CLIENT_SECRET}!")),
        format!("{secret:02x?}").replace(['[', ']', ',', ' '], ""),
        "secret=p8e-Wq7%2FzR%2Bsecret+of+the+client".to_owned(),
    ];
    for place in places {
        let traces = Traces([(place.clone(), place.into_bytes())].into());
        assert!(!traces.find("client secret", secret).is_empty(), "{:?}", traces.0.keys());
    }
    let clean = Traces([("log".to_owned(), b"the secret of the client is set".to_vec())].into());
    assert_eq!(clean.find("client secret", secret), Vec::<String>::new());
}

/// The program, set up by `init`: the client secret is encrypted, the password in the environment.
struct Bench {
    service: Service,
    directory: tempfile::TempDir,
    aco: Aco,
    traces: Traces,
}

impl Bench {
    fn set_up(server: &Server, schema: &str) -> Self {
        let service = Service::start(SandboxParams {
            client_secret: CLIENT_SECRET.to_owned(),
            limits: SandboxLimits::Off,
            ..SandboxParams::default()
        });
        let directory = tempfile::tempdir().expect("a temporary directory");
        let aco = Aco::new(directory.path(), &config(server, schema, &service))
            .env("ACO_STREAM_SOURCE_PASSWORD", &User::Cdc.password())
            .env("RUST_BACKTRACE", "full");
        let secret_file = directory.path().join("client-secret");
        std::fs::write(&secret_file, CLIENT_SECRET).expect("written");
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&secret_file, mode).expect("its mode is set");
        let mut bench = Self { service, directory, aco, traces: Traces::default() };
        bench.run(&["init", "--client-secret-file", "client-secret"], 0);
        bench
    }

    fn run(&mut self, arguments: &[&str], code: i32) {
        let finished = self.aco.run(&[arguments, &["--verbose"]].concat());
        assert_eq!(finished.code, Some(code), "{arguments:?}: {finished:?}");
        self.traces.streams(&arguments.join(" "), &finished);
    }

    /// A run that follows the shop, looked at from outside, and ended by a signal.
    fn run_until(&mut self, signal: &str, code: Option<i32>) {
        let mut running = self.aco.start(&["run", "--verbose", "--log-format", "json"]);
        eventually("it follows the binlog", COMMAND_LIMIT, || {
            assert!(running.is_running(), "run ended: {}", running.stderr());
            running.stderr().contains("following the binlog")
        });
        for arguments in [&["status"][..], &["status", "products", "--json"], &["estimate"]] {
            self.run(arguments, 0);
        }
        let process = format!("/proc/{}", running.pid());
        let command_line = std::fs::read(format!("{process}/cmdline")).expect("it runs");
        assert!(!command_line.is_empty());
        self.traces.0.insert("command line".to_owned(), command_line);
        let limits = std::fs::read_to_string(format!("{process}/limits")).expect("it runs");
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        let limit = limit.and_then(|limit| limit.split_whitespace().next());
        assert_eq!(limit, Some("0"), "its memory is not written to a file when it crashes");
        running.signal(signal);
        let finished = running.wait(COMMAND_LIMIT);
        assert_eq!(finished.code, code, "{finished:?}");
        self.traces.streams(&format!("run until {signal}"), &finished);
    }
}

#[test]
fn no_secret_is_in_what_the_program_leaves_behind() {
    let server = Server::mariadb();
    let files = [fixture("shop/schema-opensource.sql"), fixture("shop/shop.sql")];
    let database = server.fresh_database(&[&files[0], &files[1]]);
    let mut bench = Bench::set_up(&server, &database.schema);
    bench.run(&["check"], 0);
    bench.run(&["config", "show"], 0);
    bench.run(&["estimate", "--json"], 0);
    bench.run(&["run", "--once"], 3);
    bench.run_until("ABRT", None);
    bench.run_until("TERM", Some(0));
    bench.run(&["status", "products", "--state", "parked"], 0);
    bench.run(&["export", "products"], 0);
    bench.run(&["init", "--force", "--key-file", "second.key"], 0);

    // What is refused and what fails talks more.
    let aco = bench.aco.clone().env("ACO_STREAM_KEY", &BASE64.encode([7; 32]));
    bench.traces.streams("another key", &aco.run(&["run", "--once"]));
    let aco = bench.aco.clone().env("ACO_STREAM_CLIENT_SECRET", &format!("{CLIENT_SECRET}!"));
    bench.traces.streams("another secret", &aco.run(&["run", "--once", "--verbose"]));
    let wrong = format!("{}!", User::Cdc.password());
    let aco = bench.aco.clone().env("ACO_STREAM_SOURCE_PASSWORD", &wrong);
    bench.traces.streams("another password", &aco.run(&["check", "--verbose"]));

    // Files, which need no server, into another store.
    let path = bench.directory.path().join("aco-stream.toml");
    let text = std::fs::read_to_string(&path).expect("a config");
    let text = text.replace("path = \"store\"", "path = \"other\"");
    let text = text.replace(&format!("/{}\"", database.schema), "/shop\"");
    std::fs::write(&path, text).expect("written");
    let file = fixture("binlog/story-mariadb.bin.zst");
    let replayed = bench.aco.run(&["replay", file.to_str().expect("UTF-8"), "--verbose"]);
    assert!(matches!(replayed.code, Some(0 | 3)), "{replayed:?}");
    assert!(replayed.stderr.contains("request answered"), "it delivers: {replayed:?}");
    bench.traces.streams("replay", &replayed);

    let keys = ["aco-stream.key", "second.key"];
    bench.traces.files(bench.directory.path(), &[&keys[..], &["client-secret"]].concat());
    // The same search finds the secrets where they belong.
    let mut everything = Traces::default();
    everything.files(bench.directory.path(), &[]);
    let own = everything.find("client secret", CLIENT_SECRET.as_bytes());
    assert!(matches!(own.as_slice(), [place] if place.ends_with("client-secret")), "{own:?}");
    let places = bench.traces.0.len();
    assert!(places > 40, "{places} places: {:?}", bench.traces.0.keys());
    let store = bench.traces.0.iter().find(|(place, _)| place.ends_with("store/db"));
    assert!(store.is_some_and(|(_, bytes)| bytes.len() > 100_000), "the store is among them");

    let mut found = bench.traces.find("client secret", CLIENT_SECRET.as_bytes());
    found.extend(bench.traces.find("password", User::Cdc.password().as_bytes()));
    found.extend(bench.traces.find("key", &[7; 32]));
    let tokens = bench.service.sandbox.tokens();
    assert!(tokens.len() > 5, "{} tokens", tokens.len());
    for token in tokens {
        found.extend(bench.traces.find("token", token.as_bytes()));
    }
    for file in keys {
        let text = std::fs::read_to_string(bench.directory.path().join(file)).expect("a key");
        let key = BASE64.decode(text.trim()).expect("base64");
        found.extend(bench.traces.find("key", &key));
        found.extend(bench.traces.find("key's text", text.trim().as_bytes()));
    }
    assert!(found.is_empty(), "{found:#?}");
}
