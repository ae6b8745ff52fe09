//! Logs: one JSON object a line on standard output, with a `message` that can be read alone.

use tracing::level_filters::LevelFilter;

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
        .init();
}
