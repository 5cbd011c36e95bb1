//! The servers of the benchmark: private ones of `tests/servers`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};

/// A running private server.
pub(crate) struct Server {
    /// `mariadb` or `mysql`.
    pub(crate) flavour: &'static str,
    /// What `SELECT VERSION()` says.
    pub(crate) version: String,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
    /// The CA that signed its certificate.
    pub(crate) ca_file: PathBuf,
    /// The password of `cdc`, who may read the binlog.
    pub(crate) password: String,
    socket: PathBuf,
    client: PathBuf,
}

impl Server {
    /// Starts it, or finds it running; `None`, and a note, when it can't be had.
    pub(crate) fn start(flavour: &'static str) -> Option<Self> {
        let directory = target_directory().join("bench-servers");
        let directory = directory.to_str().expect("the target directory is UTF-8");
        let options = ["binlog_checksum=CRC32", "max_binlog_size=1G"];
        let [checksum, file_size] = options;
        let options = ["--option", checksum, "--option", file_size];
        script(&[&["start", directory, "--only", flavour], options.as_slice()].concat());
        let settings = script(&["env", directory]);
        let settings: BTreeMap<&str, &str> =
            settings.lines().filter_map(|line| line.split_once('=')).collect();
        let of = |key: &str| (*settings.get(key).unwrap_or_else(|| panic!("no {key}"))).to_owned();
        if of(flavour) != "available" {
            println!("\n{flavour} is left out: {}", of(flavour));
            return None;
        }
        let own = |key: &str| of(&format!("{flavour}_{key}"));
        Some(Self {
            flavour,
            version: own("version"),
            port: own("port").parse().expect("a port"),
            ca_file: of("ca_file").into(),
            password: of("cdc_password"),
            socket: own("socket").into(),
            client: own("client").into(),
        })
    }

    pub(crate) fn is_mariadb(&self) -> bool {
        self.flavour == "mariadb"
    }

    /// A connection of the administrator.
    pub(crate) async fn root(&self) -> Conn {
        let options = OptsBuilder::default().socket(self.socket.to_str()).user(Some("root"));
        Conn::new(options).await.expect("root gets in by the socket")
    }

    /// Runs the statements of a file.
    pub(crate) fn load(&self, schema: &str, file: &Path) {
        let input = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let status = Command::new(&self.client).arg(schema).stdin(input).status();
        assert!(status.expect("the client runs").success(), "{} was not loaded", file.display());
    }
}

/// A connection that may read the binlog, over TLS with the server's name verified.
pub(crate) async fn reader_connection(port: u16, ca_file: &Path, password: &str) -> Conn {
    let tls = SslOpts::default()
        .with_root_certs(vec![ca_file.to_path_buf().into()])
        .with_disable_built_in_roots(true);
    let options: Opts = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .prefer_socket(false)
        .user(Some("cdc"))
        .pass(Some(password))
        .ssl_opts(tls)
        .into();
    Conn::new(options).await.expect("cdc gets in")
}

/// Where the build goes.
pub(crate) fn target_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in target").to_path_buf()
}

fn script(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers");
    let output =
        Command::new(script).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.expect("tests/servers runs");
    assert!(output.status.success(), "tests/servers {arguments:?} failed");
    String::from_utf8(output.stdout).expect("settings are UTF-8")
}
