//! The only places that write to stdout and stderr.

use std::io::{self, Write as _};

use crate::cli::exit::Failure;

/// Writes a line of data.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        // The reader has seen enough: `aco-stream export … | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::system("write to stdout")(error)),
        Ok(()) => Ok(()),
    }
}

/// Writes an error for people.
pub(crate) fn error(text: &str) {
    // Nobody is left to tell when stderr is gone.
    writeln!(io::stderr().lock(), "error: {text}").unwrap_or_default();
}

/// Pads cells to columns: the first to the left, numbers to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().map(|row| cell(row, column).chars().count());
            cells.max().unwrap_or(0).max(cell(&header, column).chars().count())
        })
        .collect();
    let mut lines = Vec::new();
    for row in std::iter::once(&header).chain(rows) {
        let cells = widths.iter().enumerate().map(|(column, width)| {
            let text = cell(row, column);
            if column == 0 { format!("{text:<width$}") } else { format!("{text:>width$}") }
        });
        lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    lines.join("\n")
}
