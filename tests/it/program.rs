//! Runs the built binary as a user would: a config file, arguments, an exit code and two streams.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take that is not meant to run on.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_mins(2);

/// The binary with a config file in a directory of its own, which is also its working directory.
#[derive(Debug, Clone)]
pub(crate) struct Aco {
    directory: PathBuf,
    config: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Aco {
    /// Writes `config` (TOML) to `aco-stream.toml` in `directory`.
    pub(crate) fn new(directory: &Path, config: &str) -> Self {
        let path = directory.join("aco-stream.toml");
        std::fs::write(&path, config).expect("the config file is written");
        Self { directory: directory.to_path_buf(), config: path, environment: BTreeMap::new() }
    }

    /// Sets an environment variable; of `ACO_STREAM_*` the program sees only those set here.
    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Runs a command to its end; `--config` is added to the arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).wait(COMMAND_LIMIT)
    }

    /// Starts a command and leaves it running; `--config` is added to the arguments.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aco-stream"));
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("ACO_STREAM_") {
                command.env_remove(&key);
            }
        }
        command.args(arguments).arg("--config").arg(&self.config).envs(&self.environment);
        Running::start(command, &self.directory)
    }
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that runs; killed when the value is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// Files, not pipes: a program that writes much must not wait for its test to read.
    output: tempfile::TempDir,
}

impl Running {
    fn start(mut command: Command, directory: &Path) -> Self {
        let output = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str| File::create(output.path().join(name)).expect("an output file");
        command.current_dir(directory).stdin(Stdio::null());
        command.stdout(file("stdout")).stderr(file("stderr"));
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, output }
    }

    /// What it wrote to stdout so far.
    pub(crate) fn stdout(&self) -> String {
        self.read("stdout")
    }

    /// What it wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        self.read("stderr")
    }

    /// The peak of its resident memory so far, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("its status is readable");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let figure = peak.and_then(|peak| peak.split_whitespace().next());
        figure.and_then(|figure| figure.parse().ok()).expect("a figure in kB")
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state can be asked").is_none()
    }

    /// Ends it as a power cut would: SIGKILL, no chance to clean up.
    pub(crate) fn kill(mut self) -> Finished {
        self.child.kill().expect("it can be killed");
        self.wait(COMMAND_LIMIT)
    }

    /// Asks it to stop: SIGTERM, as `systemctl stop` does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, named without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id();
        // The shell's own `kill`: the program of that name is missing on a small system.
        let kill = format!("kill -{name} {pid}");
        let status = Command::new("sh").args(["-c", &kill]).status().expect("sh runs");
        assert!(status.success(), "process {pid} could not be signalled");
    }

    /// Waits for its end; panics with its stderr when that takes longer than `limit`.
    pub(crate) fn wait(mut self, limit: Duration) -> Finished {
        let ended = holds_within(limit, || !self.is_running());
        assert!(ended, "still running after {limit:?}; stderr: {}", self.stderr());
        let code = self.child.wait().expect("its exit code can be asked").code();
        Finished { code, stdout: self.stdout(), stderr: self.stderr() }
    }

    fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.output.path().join(name)).expect("its output is readable");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; both calls then say so, and there is nothing left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until `condition` holds; panics with `what` when it does not within `limit`.
pub(crate) fn eventually(what: &str, limit: Duration, condition: impl FnMut() -> bool) {
    assert!(holds_within(limit, condition), "not within {limit:?}: {what}");
}

/// Whether `condition` holds within `limit`.
///
/// The one place of the tests that looks at the clock and sleeps: what it watches happens in another
/// process, which has nothing to wait on but what it wrote. It looks at the value, never at an edge.
#[expect(clippy::disallowed_methods, reason = "watches another process, which offers no signal")]
pub(crate) fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn shell(script: &str) -> Running {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Running::start(command, Path::new("/"))
}

#[test]
fn end_of_a_program_is_reported_with_its_code_and_streams() {
    let finished = shell("echo out; echo err >&2; exit 3").wait(COMMAND_LIMIT);
    assert_eq!(finished.code, Some(3));
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
}

#[test]
fn running_program_can_be_watched_and_killed() {
    let mut running = shell("echo ready; exec sleep 1000");
    eventually("it says ready", COMMAND_LIMIT, || running.stdout() == "ready\n");
    assert!(running.is_running());
    assert_eq!(running.kill().code, None);
}

#[test]
fn running_program_can_be_asked_to_stop() {
    let running =
        shell("trap 'echo stopped; exit 7' TERM; echo ready; while :; do sleep 0.02; done");
    eventually("it says ready", COMMAND_LIMIT, || running.stdout().contains("ready"));
    running.terminate();
    let finished = running.wait(COMMAND_LIMIT);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(7), "ready\nstopped\n"));
}

#[test]
#[should_panic(expected = "not within 20ms: the sky falls")]
fn waiting_for_what_never_happens_ends() {
    eventually("the sky falls", Duration::from_millis(20), || false);
}

#[test]
fn binary_says_its_version() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let aco = Aco::new(directory.path(), "").env("ACO_STREAM_SOURCE_PASSWORD", "secret");
    let finished = aco.run(&["--version"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
}
