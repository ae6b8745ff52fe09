//! Logs: one JSON object per line on standard output, with a `message` that can be read on its own.

use std::io::{self, Write};

use serde_json::{Map, Value};
use tracing::level_filters::LevelFilter;

use crate::brief;
use crate::printable::escape_json;

/// Sends `tracing` events to standard output as JSON, with the fields of the current span (the
/// Lambda runtime adds the request ID). The level is `info` or the value of `AWS_LAMBDA_LOG_LEVEL`.
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

/// The longest line: CloudWatch accepts events of 256 KiB, including a few bytes of its own.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const LINE: usize = 200 * 1024;
/// The longest text in a line that had to be shortened.
const TEXT: usize = 4_000;

/// The line with shortened texts if it is too long, or else `None`.
///
/// Messages are already limited where they are written. This covers what was overlooked, because
/// CloudWatch drops a line that is too long.
fn shortened(line: &[u8]) -> Option<Vec<u8>> {
    if line.len() <= LINE {
        return None;
    }
    let fields = serde_json::from_slice(line).unwrap_or_default();
    let cut = |(name, value): (String, Value)| match value {
        Value::String(text) => (name, brief::text(&text, TEXT).into()),
        Value::Array(_) => (name, Value::Null),
        other => (name, other),
    };
    let fields: Map<String, Value> = Map::into_iter(fields).map(cut).collect();
    let mut line = escape_json(Value::Object(fields).to_string().as_bytes()).into_owned();
    line.push(b'\n');
    Some(line)
}

/// Writes lines of JSON in bytes that are safe to display. The subscriber passes whole lines.
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let safe = escape_json(line);
        match shortened(&safe) {
            Some(short) => self.0.write_all(&short)?,
            None => self.0.write_all(&safe)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cloudwatch_would_drop_is_cut_and_stays_json() {
        let short = br#"{"message":"a"}"#;
        let mut written = Vec::new();
        Lines(&mut written).write_all(short).unwrap();
        assert_eq!(written, short);

        let line = serde_json::json!({"level": "WARN", "message": "<".repeat(100_000), "span": {"requestId": "r"}});
        let mut written = Vec::new();
        Lines(&mut written).write_all(format!("{line}\n").as_bytes()).unwrap();
        assert!(written.len() < LINE && written.ends_with(b"}\n"), "{}", written.len());
        let read: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(
            (&read["level"], &read["span"]["requestId"]),
            (&"WARN".into(), &"r".into())
        );
        assert!(
            read["message"].as_str().unwrap().ends_with(" more characters)"),
            "{read}"
        );
    }
}
