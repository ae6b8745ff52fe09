//! Metrics as CloudWatch's Embedded Metric Format: a line of JSON in the log, no request.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Chartdrop";

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::Bytes => "Bytes",
        }
    }
}

/// The metrics of one invocation.
#[derive(Debug, Default)]
pub struct Metrics {
    metrics: IndexMap<&'static str, (Unit, Vec<u64>)>,
    properties: Map<String, Value>,
}

/// The most values of a metric in one line; CloudWatch drops a line with more.
const VALUES: usize = 100;

impl Metrics {
    /// Adds to a sum.
    pub fn count(&mut self, name: &'static str, more: u64) {
        match self.values_of(name, Unit::Count).first_mut() {
            Some(sum) => *sum += more,
            None => self.add(name, Unit::Count, more),
        }
    }

    /// Adds one more value, for statistics.
    pub fn add(&mut self, name: &'static str, unit: Unit, value: u64) {
        self.values_of(name, unit).push(value);
    }

    fn values_of(&mut self, name: &'static str, unit: Unit) -> &mut Vec<u64> {
        &mut self.metrics.entry(name).or_insert((unit, Vec::new())).1
    }

    /// Adds a field for searching the log. It is not a dimension, so it costs nothing.
    pub fn property(&mut self, name: &str, value: impl Into<Value>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    /// The lines, without line breaks: none if there are no metrics, more than one if a metric has
    /// more values than fit into one. The only dimension is `function`, the deployed name of the
    /// function, which distinguishes two stacks in one account.
    pub fn lines(&self, function: &str, now: Timestamp) -> Vec<String> {
        let longest = self
            .metrics
            .values()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or_default();
        (0..longest)
            .step_by(VALUES)
            .map(|start| self.line(function, now, start))
            .collect()
    }

    /// The line with the values from number `start` on.
    fn line(&self, function: &str, now: Timestamp, start: usize) -> String {
        let chunk = |values: &[u64]| -> Vec<u64> { values.iter().skip(start).take(VALUES).copied().collect() };
        let metrics = self
            .metrics
            .iter()
            .map(|(name, (unit, values))| (*name, *unit, chunk(values)));
        let metrics: Vec<_> = metrics.filter(|(_, _, values)| !values.is_empty()).collect();
        let definition = |(name, unit, _): &(&str, Unit, _)| json!({"Name": name, "Unit": unit.name()});
        let definitions: Vec<Value> = metrics.iter().map(definition).collect();
        let mut line = self.properties.clone();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": definitions}],
            }),
        );
        line.insert("function".to_owned(), function.into());
        for (name, _, values) in metrics {
            let value = match values.as_slice() {
                [one] => json!(one),
                many => json!(many),
            };
            line.insert(name.to_owned(), value);
        }
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_declares_each_metric_that_it_holds() {
        let mut metrics = Metrics::default();
        metrics.count("ChartsPublished", 1);
        metrics.count("ChartsPublished", 1);
        metrics.add("UploadToPublished", Unit::Milliseconds, 40);
        metrics.add("UploadToPublished", Unit::Milliseconds, 50);
        metrics.property("requestId", "r1");
        let lines = metrics.lines("publish-chart", Timestamp::from_millisecond(5).unwrap());
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            serde_json::from_str::<Value>(line).unwrap(),
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
    fn more_values_than_fit_in_a_line_get_another() {
        let mut metrics = Metrics::default();
        metrics.count("ChartsPublished", 150);
        (0..150).for_each(|value| metrics.add("UploadToPublished", Unit::Milliseconds, value));
        let lines = metrics.lines("publish-chart", Timestamp::UNIX_EPOCH);
        let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lengths: Vec<_> = lines
            .iter()
            .map(|line| line["UploadToPublished"].as_array().unwrap().len())
            .collect();
        assert_eq!(lengths, [100, 50]);
        assert_eq!(
            (&lines[0]["ChartsPublished"], lines[1].get("ChartsPublished")),
            (&json!(150), None)
        );
    }

    #[test]
    fn nothing_to_tell_is_no_line() {
        assert_eq!(
            Metrics::default().lines("publish-chart", Timestamp::UNIX_EPOCH),
            Vec::<String>::new()
        );
    }
}
