//! Metrics as CloudWatch's Embedded Metric Format: a line of JSON in the log, no request.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Chartdrop";

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Time.
    Milliseconds,
    /// Size.
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Milliseconds => "Milliseconds",
            Unit::Bytes => "Bytes",
        }
    }
}

/// The metrics of one invocation.
#[derive(Debug, Default)]
pub struct Metrics {
    values: Vec<(&'static str, Unit, Vec<u64>)>,
    properties: Map<String, Value>,
}

impl Metrics {
    /// Adds a value; a metric may have several in one line.
    pub fn add(&mut self, name: &'static str, unit: Unit, value: u64) {
        match self.values.iter_mut().find(|(known, _, _)| *known == name) {
            Some((_, _, values)) => values.push(value),
            None => self.values.push((name, unit, vec![value])),
        }
    }

    /// Adds a field for searching the log; no dimension, so it costs nothing.
    pub fn property(&mut self, name: &str, value: impl Into<Value>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    /// The line, without a line break; `None` if there is nothing to tell. `function` is the only dimension.
    pub fn line(&self, function: &str, now: Timestamp) -> Option<String> {
        if self.values.is_empty() {
            return None;
        }
        let definitions: Vec<Value> = self
            .values
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit.name()}))
            .collect();
        let mut line = self.properties.clone();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": definitions}],
            }),
        );
        line.insert("function".to_owned(), function.into());
        for (name, _, values) in &self.values {
            // A list may hold 100 values; a batch holds no more uploads than that.
            let value = match values.as_slice() {
                [one] => json!(one),
                many => json!(many.iter().take(100).collect::<Vec<_>>()),
            };
            line.insert((*name).to_owned(), value);
        }
        Some(Value::Object(line).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_declares_each_metric_that_it_holds() {
        let mut metrics = Metrics::default();
        metrics.add("ChartsPublished", Unit::Count, 2);
        metrics.add("UploadToPublished", Unit::Milliseconds, 40);
        metrics.add("UploadToPublished", Unit::Milliseconds, 50);
        metrics.property("requestId", "r1");
        let line = metrics
            .line("publish-chart", Timestamp::from_millisecond(5).unwrap())
            .unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({
                "_aws": {"Timestamp": 5, "CloudWatchMetrics": [{
                    "Namespace": "Chartdrop", "Dimensions": [["function"]],
                    "Metrics": [{"Name": "ChartsPublished", "Unit": "Count"},
                                {"Name": "UploadToPublished", "Unit": "Milliseconds"}],
                }]},
                "function": "publish-chart", "requestId": "r1",
                "ChartsPublished": 2, "UploadToPublished": [40, 50],
            })
        );
    }

    #[test]
    fn nothing_to_tell_is_no_line() {
        assert_eq!(Metrics::default().line("publish-chart", Timestamp::UNIX_EPOCH), None);
    }
}
