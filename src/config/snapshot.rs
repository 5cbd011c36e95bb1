//! `[source.snapshot]`: how hard tables may be read.

use std::time::Duration;

use serde::Deserialize;

use crate::config::ConfigError;
use crate::config::resolve::within;
use crate::config::show::Shown;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SnapshotSection {
    connections: Option<u64>,
    rows_per_second: Option<u64>,
    pause_ms: Option<u64>,
    chunk_rows: Option<u64>,
}

/// How hard tables may be read, for a snapshot and to read single tables again.
#[derive(Debug)]
pub struct Snapshot {
    /// Connections at the same time, 1 to 16.
    pub connections: usize,
    /// Rows per second; `None`: as many as the server gives.
    pub rows_per_second: Option<u32>,
    /// The rest after each chunk.
    pub pause: Duration,
    /// About how many rows of a table are asked for at once, 10 to 100000.
    pub chunk_rows: usize,
}

impl Snapshot {
    pub(crate) fn of(shown: &mut Shown, file: &SnapshotSection) -> Result<Self, ConfigError> {
        const CONNECTIONS: &str = "source.snapshot.connections";
        const ROWS_PER_SECOND: &str = "source.snapshot.rows_per_second";
        const PAUSE_MS: &str = "source.snapshot.pause_ms";
        const CHUNK_ROWS: &str = "source.snapshot.chunk_rows";
        let connections = shown.take(CONNECTIONS, file.connections, 2);
        within(CONNECTIONS, connections, 1, 16)?;
        let rows_per_second = shown.take(ROWS_PER_SECOND, file.rows_per_second, 0);
        within(ROWS_PER_SECOND, rows_per_second, 0, 100_000_000)?;
        let pause_ms = shown.take(PAUSE_MS, file.pause_ms, 0);
        within(PAUSE_MS, pause_ms, 0, 60_000)?;
        let chunk_rows = shown.take(CHUNK_ROWS, file.chunk_rows, 5000);
        within(CHUNK_ROWS, chunk_rows, 10, 100_000)?;
        // The ranges were checked just now.
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self {
            connections: count(connections),
            rows_per_second: u32::try_from(rows_per_second).ok().filter(|rate| *rate > 0),
            pause: Duration::from_millis(pause_ms),
            chunk_rows: count(chunk_rows),
        })
    }
}
