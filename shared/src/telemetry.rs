//! Logs: one JSON object a line on standard output, with a `message` that can be read alone.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;

use crate::printable::escape_json;

/// Sends `tracing` events to standard output as JSON, with the fields of the current span (the Lambda runtime puts the
/// request ID there). The level is `info`, or what `AWS_LAMBDA_LOG_LEVEL` says.
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        .and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_writer(|| Lines(io::stdout().lock()))
        .init();
}

/// Writes lines of JSON in bytes that are safe to look at. The subscriber hands over whole lines.
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&escape_json(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
