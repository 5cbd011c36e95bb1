//! The request log: what was asked of the service and what it answered, a JSON line per request, in
//! files that are rotated by size.
//!
//! It is evidence, not state: delivery goes by the ledger alone, and trouble with the log never stops
//! it. Folded in order, the accepted requests give what the ledger says the service accepted. A crash
//! leaves at most one torn line, at the end of a file; readers pass over it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::feed::{Digest, FeedKey};
use crate::outbox::{Answer, Batch, Verb, Verdict};

/// Where the log is kept and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLogParams {
    /// The directory; created when missing.
    pub directory: PathBuf,
    /// A file's size in bytes beyond which the next one is begun.
    pub file_bytes_max: u64,
    /// How many files are kept, the newest ones; at least 1.
    pub files_max: usize,
    /// Whether the bodies are logged with the digests.
    pub has_bodies: bool,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestLine {
    /// When it left, as in RFC 3339.
    pub sent_at: String,
    /// How long its answer took.
    pub elapsed_ms: u64,
    /// The feed, by name.
    pub feed: String,
    /// `replace` or `delete`.
    pub verb: String,
    /// The HTTP status; 0 when there was none.
    pub code: u16,
    /// What the answer means, in a word.
    pub verdict: String,
    /// The service's or the transport's words about the request.
    pub message: String,
    /// `x-request-id`; empty when there was none.
    pub request_id: String,
    /// The items, in their order in the request.
    pub items: Vec<RequestItem>,
}

/// One item of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestItem {
    /// The parts of its key.
    pub key: Vec<String>,
    /// The digest of its body, in hexadecimal; absent for a delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What the service said about it; absent when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its body, where bodies are logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Json>,
}

impl RequestLine {
    /// The line for an answer. `digest` tells what was sent of a key, `bodies` are in the keys' order.
    pub(crate) fn new(
        batch: &Batch,
        digest: &dyn Fn(&FeedKey) -> Option<Digest>,
        bodies: Option<&[Json]>,
        (sent_at, elapsed_ms): (Timestamp, u64),
        answer: &Answer,
    ) -> Self {
        let items = batch.keys.iter().enumerate().map(|(nth, key)| RequestItem {
            key: key.parts().to_vec(),
            digest: digest(key).map(|digest| digest.to_string()),
            message: message_about(nth, &answer.verdict),
            body: bodies.and_then(|bodies| bodies.get(nth)).cloned(),
        });
        Self {
            sent_at: sent_at.to_string(),
            elapsed_ms,
            feed: batch.feed.name().to_owned(),
            verb: match batch.verb {
                Verb::Replace => "replace",
                Verb::Delete => "delete",
            }
            .to_owned(),
            code: answer.code,
            verdict: word(&answer.verdict).to_owned(),
            message: answer.message.clone(),
            request_id: answer.request_id.clone(),
            items: items.collect(),
        }
    }
}

fn message_about(nth: usize, verdict: &Verdict) -> Option<String> {
    let Verdict::ItemsRefused(faults) = verdict else { return None };
    let about = faults.iter().filter(|(place, _)| *place == nth);
    let texts: Vec<String> =
        about.map(|(_, fault)| format!("{}: {}", fault.code, fault.message)).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// A verdict in a word.
const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::ItemsRefused(_) => "items_refused",
        Verdict::BatchRefused => "batch_refused",
        Verdict::TooLarge => "too_large",
        Verdict::TokenRefused => "token_refused",
        Verdict::Forbidden => "forbidden",
        Verdict::NoSuchEndpoint => "no_such_endpoint",
        Verdict::TooManyRequests { .. } => "too_many_requests",
        Verdict::Unavailable => "unavailable",
    }
}

/// The log, open for writing by one process.
#[derive(Debug)]
pub(crate) struct RequestLog {
    params: RequestLogParams,
    file: Option<(File, u64)>,
    /// Whether the last attempt to write failed: said once, not for every request.
    is_failing: bool,
}

impl RequestLog {
    pub(crate) fn new(params: RequestLogParams) -> Self {
        Self { params, file: None, is_failing: false }
    }

    pub(crate) fn has_bodies(&self) -> bool {
        self.params.has_bodies
    }

    /// Adds a line. Trouble is logged and otherwise without consequence.
    pub(crate) fn add(&mut self, line: &RequestLine) {
        let written = self.write(line);
        match &written {
            Ok(()) if self.is_failing => tracing::info!("the request log is written again"),
            Err(error) if !self.is_failing => {
                let directory = self.params.directory.display().to_string();
                tracing::warn!(%error, directory, "the request log can't be written; going on");
            }
            Ok(()) | Err(_) => {}
        }
        self.is_failing = written.is_err();
        if self.is_failing {
            self.file = None;
        }
    }

    fn write(&mut self, line: &RequestLine) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let (mut file, size) = match self.file.take() {
            Some(open) => open,
            None => self.newest()?,
        };
        let is_full = size > 0 && size.saturating_add(length) > self.params.file_bytes_max;
        let (mut file, size) = if is_full {
            file.flush()?;
            self.next()?
        } else {
            (file, size)
        };
        file.write_all(text.as_bytes())?;
        self.file = Some((file, size.saturating_add(length)));
        Ok(())
    }

    /// The newest file, ready to be appended to: a torn line at its end gets its line end.
    fn newest(&self) -> io::Result<(File, u64)> {
        std::fs::create_dir_all(&self.params.directory)?;
        let Some((_, path)) = files(&self.params.directory)?.pop() else { return self.next() };
        let mut file = OpenOptions::new().read(true).append(true).open(path)?;
        let size = file.metadata()?.len();
        if size > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
                return Ok((file, size + 1));
            }
        }
        Ok((file, size))
    }

    /// A new file; the oldest ones that are too many are removed.
    fn next(&self) -> io::Result<(File, u64)> {
        let directory = &self.params.directory;
        let mut files = files(directory)?;
        let number = files.last().map_or(1, |(number, _)| number.saturating_add(1));
        let path = directory.join(format!("requests-{number:08}.ndjson"));
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        let kept = self.params.files_max.max(1).saturating_sub(1);
        let gone = files.len().saturating_sub(kept);
        for (_, path) in files.drain(..gone) {
            std::fs::remove_file(path)?;
        }
        Ok((file, 0))
    }
}

/// The log's files with their numbers, the oldest first.
fn files(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("requests-").and_then(|it| it.strip_suffix(".ndjson"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

/// Reads the log, the oldest request first. Returns how many lines were torn or are no requests.
///
/// # Errors
/// A file can't be read, or `each` failed. A directory that is not there is an empty log.
pub fn read_requests(
    directory: &Path,
    each: &mut dyn FnMut(RequestLine) -> io::Result<()>,
) -> io::Result<u64> {
    let mut odd = 0;
    let files = match files(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        files => files?,
    };
    for (_, path) in files {
        for line in BufReader::new(File::open(path)?).split(b'\n') {
            match serde_json::from_slice(&line?) {
                Ok(line) => each(line)?,
                Err(_) => odd += 1,
            }
        }
    }
    Ok(odd)
}

#[cfg(test)]
mod tests;
