//! Servers of one test: with options of their own, and free to be stopped, killed and frozen.

use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Flavour, Server, User, note_skipped, parse_settings, script, setting, trusting};
use crate::program::eventually;

/// How long the system may take to act on a signal.
const SIGNAL_LIMIT: Duration = Duration::from_secs(30);

/// A server of one test, with options of its own; stopped and deleted with the value.
#[derive(Debug)]
pub(crate) struct OddServer {
    /// How to reach it. It stays the same when the server is stopped and started again.
    pub(crate) server: Server,
    pid_file: PathBuf,
    directory: tempfile::TempDir,
}

/// Who signs a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The CA of `Server::ca_file`.
    Ours,
    /// The CA of `Server::wrong_ca_file`.
    Wrong,
}

impl OddServer {
    /// A MariaDB with these settings on top of the usual ones, as in `binlog_format=STATEMENT`.
    pub(crate) fn mariadb(options: &[&str]) -> Self {
        Self::start(Flavour::MariaDb, options).expect("the tests need MariaDB")
    }

    /// A server with these settings on top of the usual ones, or `None` after noting that this test
    /// was skipped on it.
    pub(crate) fn start(flavour: Flavour, options: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = utf8(directory.path());
        let mut arguments = vec!["start", path, "--only", flavour.name()];
        arguments.extend(options.iter().flat_map(|option| ["--option", *option]));
        script(&arguments);
        let settings = parse_settings(&script(&["env", path]));
        let server = Server::from_settings(flavour, &settings)
            .map_err(|reason| note_skipped(flavour, &reason))
            .ok()?;
        let pid_file = setting(&settings, &format!("{}_pid_file", flavour.name())).into();
        Some(Self { server, pid_file, directory })
    }

    /// The process id; a new one after each start.
    pub(crate) fn pid(&self) -> u32 {
        let text = std::fs::read_to_string(&self.pid_file).expect("the server runs");
        text.trim().parse().expect("a process id")
    }

    /// Stops it as an administrator does and starts it again: same data, same port.
    pub(crate) fn restart(&self) {
        script(&["stop", utf8(self.directory.path())]);
        self.start_again();
    }

    /// Ends it with SIGKILL; it is gone when this returns, and its data stays.
    pub(crate) fn kill9(&self) {
        script(&["kill", utf8(self.directory.path())]);
    }

    /// Starts it again after [`Self::kill9`]: same data, same port.
    pub(crate) fn start_again(&self) {
        script(&["resume", utf8(self.directory.path())]);
    }

    /// Stops its process in the middle of what it does, until the value is dropped. Connections stay
    /// open and nothing answers. A `Database` that is dropped meanwhile waits for an answer: create it
    /// before this value, so that this value goes first.
    pub(crate) fn freeze(&self) -> Frozen<'_> {
        let pid = self.pid();
        assert!(signal(pid, "STOP"), "{pid} runs");
        eventually("the server is frozen", SIGNAL_LIMIT, || state(pid) == Some('T'));
        Frozen { pid, _server: self }
    }

    /// Puts a new server certificate in place. It is served after [`Self::restart`], or from
    /// [`Self::reload_certificate`] on.
    pub(crate) fn replace_certificate(&self, authority: Authority) {
        let authority = match authority {
            Authority::Ours => "ca",
            Authority::Wrong => "wrong-ca",
        };
        script(&["certificate", utf8(self.directory.path()), authority]);
    }

    /// Has it serve the certificate that is in place now; connections that are open stay open.
    pub(crate) fn reload_certificate(&self) {
        let reload = match self.server.flavour {
            Flavour::MariaDb | Flavour::MariaDb118 => "FLUSH SSL",
            Flavour::MySql => "ALTER INSTANCE RELOAD TLS",
        };
        self.server.session(User::Root, "").exec(reload);
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        // Nobody needs its data any more, and a clean stop takes MySQL more than a second.
        self.kill9();
    }
}

/// A server that is frozen as long as this value lives.
#[derive(Debug)]
#[must_use = "the server goes on when this is dropped"]
pub(crate) struct Frozen<'a> {
    pid: u32,
    _server: &'a OddServer,
}

impl Frozen<'_> {
    /// Lets the server go on.
    pub(crate) fn thaw(self) {
        drop(self);
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        // One that was killed meanwhile has nothing to go on with.
        if !signal(self.pid, "CONT") {
            eprintln!("the frozen server {} is gone", self.pid);
        }
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a temporary directory's path is UTF-8")
}

/// Sends a signal by name, as in `KILL`; false when there is no such process.
fn signal(pid: u32, name: &str) -> bool {
    // The shell's own `kill`: the program of that name is missing on a small system.
    let kill = format!("kill -{name} {pid}");
    Command::new("sh").args(["-c", &kill]).status().expect("sh runs").success()
}

/// The letter for what a process does, as `T` for stopped; `None` when there is no such process.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in parentheses, and may hold some itself.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

/// Runs `check` on a server of its own of each flavour; a missing one is noted as a skipped test.
fn each_odd_server(flavours: &[Flavour], options: &[&str], check: impl Fn(&OddServer)) {
    for odd in flavours.iter().filter_map(|flavour| OddServer::start(*flavour, options)) {
        eprintln!("on {} {}", odd.server.flavour.name(), odd.server.version);
        check(&odd);
    }
}

fn numbers(server: &Server) -> Vec<String> {
    let rows = server.session(User::App, "shop_odd").query("SELECT n FROM t ORDER BY n");
    rows.into_iter().flatten().flatten().collect()
}

/// The first byte the server sends to a new connection, if it sends one within `limit`.
fn greeting(port: u16, limit: Duration) -> Option<u8> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the kernel accepts");
    connection.set_read_timeout(Some(limit)).expect("a limit above zero");
    let mut first = [0];
    connection.read_exact(&mut first).map(|()| first[0]).ok()
}

#[test]
fn odd_server_has_the_options_it_was_given() {
    let odd = OddServer::mariadb(&["log_bin=OFF", "max_connections=77"]);
    let row = odd.server.session(User::Root, "").query("SELECT @@log_bin, @@max_connections");
    assert_eq!(row, vec![vec![Some("0".to_owned()), Some("77".to_owned())]]);
}

#[test]
fn data_port_and_options_outlive_a_restart_and_a_kill() {
    each_odd_server(&Flavour::ALL, &["max_connections=77"], |odd| {
        let root = odd.server.session(User::Root, "");
        root.exec("CREATE DATABASE shop_odd; CREATE TABLE shop_odd.t (n INT PRIMARY KEY)");
        root.exec("INSERT INTO shop_odd.t VALUES (1)");
        let first = odd.pid();
        odd.restart();
        assert_ne!(odd.pid(), first);
        assert_eq!(numbers(&odd.server), ["1"]);
        let app = odd.server.session(User::App, "shop_odd");
        app.exec("INSERT INTO t VALUES (2)");
        odd.kill9();
        assert!(app.try_query("SELECT 1").is_err(), "nobody answers");
        assert!(TcpStream::connect(("127.0.0.1", odd.server.port)).is_err(), "nobody listens");
        odd.start_again();
        assert_eq!(numbers(&odd.server), ["1", "2"]);
        let tls = trusting(&odd.server.ca_file);
        let cdc = Server::tls_session(odd.server.port, tls, User::Cdc, "shop_odd");
        let options = cdc.expect("it listens on its port").query("SELECT @@max_connections");
        assert_eq!(options, vec![vec![Some("77".to_owned())]]);
    });
}

#[test]
fn frozen_server_answers_nobody_until_it_goes_on() {
    let odd = OddServer::mariadb(&[]);
    let frozen = odd.freeze();
    assert_eq!(greeting(odd.server.port, Duration::from_millis(300)), None);
    frozen.thaw();
    assert!(greeting(odd.server.port, SIGNAL_LIMIT).is_some());
}

#[test]
fn certificate_can_be_replaced_while_the_server_runs() {
    each_odd_server(&[Flavour::MariaDb, Flavour::MySql], &[], |odd| {
        let accepted = |ca_file: &Path| {
            Server::tls_session(odd.server.port, trusting(ca_file), User::Cdc, "").is_ok()
        };
        let (ours, wrong) = (&odd.server.ca_file, &odd.server.wrong_ca_file);
        assert_eq!((accepted(ours), accepted(wrong)), (true, false));
        odd.replace_certificate(Authority::Wrong);
        assert_eq!((accepted(ours), accepted(wrong)), (true, false), "the old one is served yet");
        odd.reload_certificate();
        assert_eq!((accepted(ours), accepted(wrong)), (false, true));
        odd.replace_certificate(Authority::Ours);
        odd.restart();
        assert_eq!((accepted(ours), accepted(wrong)), (true, false));
    });
}
