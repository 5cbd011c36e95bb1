//! Asking a running process: a Unix socket beside the store, readable by its user alone.
//!
//! The store admits one process, so `status` asks the one that has it. One question a connection:
//! a JSON line comes in, JSON lines go out. Who may write to the store's directory may ask for
//! everything here, resyncs included: the socket's permissions are the guard.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;

use crate::clock::SharedClock;
use crate::feed::Feed;
use crate::ledger::ItemState;
use crate::status::{
    Count, Counted, Explain, Explained, ItemReport, Report, RoleState, SourceState,
};
use crate::store::{Store, StoreError};

/// A question is a list of names at most: as many as fit into a command line.
const QUESTION_BYTES_MAX: u64 = 4 << 20;
/// How long the other side may take over one read or write.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Where everything stands. The answer is one [`Report`].
    #[default]
    Summary,
    /// Where items stand. The answer is one [`ItemReport`] a line.
    Items {
        /// The feed, by name.
        feed: String,
        /// Only items in this state, by name.
        state: Option<String>,
    },
    /// That these watched tables, without prefix, be read again. The answer is one [`Answer`].
    Reread {
        /// The tables' names.
        tables: Vec<String>,
    },
    /// What is known about one item. The answer is one [`Explained`].
    Explain {
        /// The feed, by name.
        feed: String,
        /// The parts of the key, or the first ones.
        key: Vec<String>,
    },
    /// What a full sync would be. The answer is one [`Counted`].
    Count,
    /// That items be sent again, or that the requests for it be shown. The answer is each request on
    /// a line, where they are to be shown, and one [`ResyncAnswer`].
    Resync(ResyncQuestion),
    /// That the database be compared with the catalog copy. The answer is one JSON object for each
    /// table, and one [`Answer`].
    Reconcile {
        /// Whether tables that differ are read again.
        is_repair: bool,
    },
}

/// What is to be sent again, by the names that commands use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the command")]
pub struct ResyncQuestion {
    /// The feed.
    pub feed: String,
    /// What the ids are; `None`: the whole feed is meant.
    pub id_type: Option<String>,
    /// The ids.
    pub ids: Vec<String>,
    /// Whether what the service accepted is sent, too.
    pub is_forced: bool,
    /// Whether what is known of the service is forgotten first.
    pub is_forgotten: bool,
    /// Whether an interrupted resync goes on.
    pub is_continued: bool,
    /// Whether the requests are shown and nothing is sent.
    pub is_dry_run: bool,
}

/// What became of a resync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResyncAnswer {
    /// Owners to assemble: products, categories, attributes, websites.
    pub owners: usize,
    /// Keys of theirs that are known now.
    pub keys: usize,
    /// Ids that nothing is known of.
    pub unknown: Vec<String>,
    /// There is no resync to go on with.
    pub nothing_to_continue: bool,
    /// Why it was not granted; `None` when it was.
    pub error: Option<String>,
}

/// Schedules a resync, or gives the requests for it to the last argument, line by line, until that
/// returns `false`.
pub type Resync = Box<
    dyn Fn(&ResyncQuestion, Timestamp, &mut dyn FnMut(&str) -> bool) -> ResyncAnswer + Send + Sync,
>;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Why it was not granted; `None` when it was.
    pub error: Option<String>,
}

/// Has watched tables, named without prefix, read again; else says why not.
pub type Reread = Box<dyn Fn(&[String]) -> Result<(), String> + Send + Sync>;

/// Compares the database with the catalog copy, and gives what it finds to the last argument, line by
/// line, until that returns `false`.
pub type Reconcile =
    Box<dyn Fn(bool, &mut (dyn FnMut(&str) -> bool + Send)) -> Result<(), String> + Send + Sync>;

/// What a running process adds to what the store knows.
pub struct Process {
    /// Where it stands with its source.
    pub source: Box<dyn Fn() -> SourceState + Send + Sync>,
    /// Whether it delivers; `None`: not known yet.
    pub role: Box<dyn Fn() -> Option<RoleState> + Send + Sync>,
    /// How it takes the wish to read tables again.
    pub reread: Reread,
    /// How it counts for an estimate.
    pub count: Count,
    /// How it explains an item.
    pub explain: Explain,
    /// How it takes the wish to send items again.
    pub resync: Resync,
    /// How it compares the database with the catalog copy.
    pub reconcile: Reconcile,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Process")
    }
}

/// Where a process that has the store at `store_path` listens.
pub fn socket_path(store_path: &Path) -> PathBuf {
    store_path.join("status.sock")
}

/// Answers a question line by line, from the store and from the process that runs, if one does.
///
/// # Errors
/// The store can't be read. A line that `each` does not take ends the answer early.
pub fn answer(
    store: &Store,
    process: Option<&Process>,
    question: &Question,
    now: Timestamp,
    each: &mut (dyn FnMut(String) -> io::Result<()> + Send),
) -> Result<(), StoreError> {
    // A plain record always serialises; a reader that went away needs no answer.
    match question {
        Question::Summary => {
            let source = process.map(|process| (process.source)());
            let mut report = Report::read(store, source, now)?;
            report.delivery = process.and_then(|process| (process.role)());
            each(serde_json::to_string(&report).unwrap_or_default()).unwrap_or_default();
            Ok(())
        }
        Question::Items { feed, state } => {
            let Some(feed) = Feed::from_name(feed) else { return Ok(()) };
            let state = state.as_deref().and_then(ItemState::from_name);
            let mut is_heard = true;
            store.each_ledger_record(feed, &mut |key, record| {
                if is_heard && state.is_none_or(|state| state == record.state) {
                    let item = ItemReport::of(&key, &record);
                    is_heard = each(serde_json::to_string(&item).unwrap_or_default()).is_ok();
                }
            })
        }
        Question::Explain { feed, key } => {
            let error = || Some("no process runs".to_owned());
            let nobody = || Explained { error: error(), ..Explained::default() };
            let explained = process.map_or_else(nobody, |process| (process.explain)(feed, key));
            each(serde_json::to_string(&explained).unwrap_or_default()).unwrap_or_default();
            Ok(())
        }
        Question::Count => {
            let error = || Some("no process runs".to_owned());
            let nobody = || Counted { error: error(), ..Counted::default() };
            let counted = process.map_or_else(nobody, |process| (process.count)());
            each(serde_json::to_string(&counted).unwrap_or_default()).unwrap_or_default();
            Ok(())
        }
        Question::Reread { tables } => {
            let error = match process {
                Some(process) => (process.reread)(tables).err(),
                None => Some("no process runs".to_owned()),
            };
            let answer = Answer { error };
            each(serde_json::to_string(&answer).unwrap_or_default()).unwrap_or_default();
            Ok(())
        }
        Question::Reconcile { is_repair } => {
            let error = match process {
                Some(process) => {
                    let mut line = |line: &str| each(line.to_owned()).is_ok();
                    (process.reconcile)(*is_repair, &mut line).err()
                }
                None => Some("no process runs".to_owned()),
            };
            let answer = Answer { error };
            each(serde_json::to_string(&answer).unwrap_or_default()).unwrap_or_default();
            Ok(())
        }
        Question::Resync(resync) => {
            let answer = match process {
                Some(process) => {
                    (process.resync)(resync, now, &mut |line| each(line.to_owned()).is_ok())
                }
                None => ResyncAnswer {
                    error: Some("no process runs".to_owned()),
                    ..ResyncAnswer::default()
                },
            };
            each(serde_json::to_string(&answer).unwrap_or_default()).unwrap_or_default();
            Ok(())
        }
    }
}

/// Answers questions until it is dropped.
///
/// # Errors
/// The socket can't be made: its path is too long, or the directory is not writable.
pub async fn serve(
    store: Arc<Store>,
    process: Arc<Process>,
    clock: SharedClock,
    path: PathBuf,
) -> io::Result<std::convert::Infallible> {
    match std::fs::remove_file(&path) {
        // One left by a process that was killed; the store's lock says nobody else is alive.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    // A comparison takes minutes; others are answered meanwhile.
    let mut answering = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let stream = accepted?.0.into_std()?;
                let (store, process) = (Arc::clone(&store), Arc::clone(&process));
                let now = clock.now();
                answering.push(tokio::task::spawn_blocking(move || {
                    answer_stream(&store, &process, &stream, now)
                }));
            }
            Some(answered) = answering.next() => match answered {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(error = %error, "status question not answered"),
                Err(error) => return Err(io::Error::other(error)),
            },
        }
    }
}

fn answer_stream(
    store: &Store,
    process: &Process,
    stream: &UnixStream,
    now: Timestamp,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(QUESTION_BYTES_MAX)).read_line(&mut line)?;
    let question: Question = serde_json::from_str(&line)?;
    let mut writer = io::BufWriter::new(stream);
    answer(store, Some(process), &question, now, &mut |line| writeln!(writer, "{line}"))
        .map_err(io::Error::other)?;
    writer.flush()
}

/// Asks the process that has the store, and calls `each` with every line of its answer.
///
/// # Errors
/// Nobody listens, or the connection broke.
pub fn ask(path: &Path, question: &Question, each: &mut dyn FnMut(&str)) -> io::Result<()> {
    let mut stream = UnixStream::connect(path)?;
    let question = serde_json::to_string(question)?;
    writeln!(stream, "{question}")?;
    for line in BufReader::new(stream).lines() {
        each(&line?);
    }
    Ok(())
}
