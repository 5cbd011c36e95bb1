//! Owns the form of log lines: text or JSON, on stderr, out of the way of progress bars.

use std::io::{self, Write};

use indicatif::MultiProgress;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// Starts logging to stderr. Later calls in one process change nothing. Of the libraries beneath us
/// only warnings are shown, whatever the level.
pub fn start(format: LogFormat, level: Level, bars: &MultiProgress) {
    let writer = BesideBars(bars.clone());
    let filter = EnvFilter::new(format!("warn,aco_stream={level}"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match format {
        LogFormat::Text => lines.with_target(false).with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // Only a test that runs several commands in one process gets here twice.
    started.unwrap_or_default();
}

/// Writes whole lines to stderr while the bars are hidden.
#[derive(Debug, Clone)]
struct BesideBars(MultiProgress);

impl Write for BesideBars {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write_all(buffer)).map(|()| buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for BesideBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}
