//! What is still readable in a damaged index in JSON.

use serde_json::value::RawValue;

use super::Fields;
use crate::index::fields;
use crate::index::helm::{self, Names};
use crate::index::salvage::{Left, NO_LIST};
use crate::yaml::json_text;

/// Reads a text that is valid JSON.
pub(in crate::index) fn whole(text: &[u8]) -> Option<Left> {
    let text = json_text::as_go_reads(text);
    let top: Fields<'_> = serde_json::from_str(&text).ok()?;
    let mut left = Left::new();
    for (name, value) in &top.0 {
        match fields::top(name) {
            // It is rewritten.
            Some("generated") => {}
            Some("entries") => entries(&mut left, value),
            _ => left.add_to_top(name, value.get()),
        }
    }
    Some(left)
}

fn entries(left: &mut Left, entries: &RawValue) {
    if entries.get() == "null" {
        return;
    }
    let Ok(charts) = serde_json::from_str::<Fields<'_>>(entries.get()) else {
        return left.drop(None, None, "`entries` is not a mapping of charts");
    };
    for (chart, versions) in charts.0 {
        match serde_json::from_str::<Option<Vec<&RawValue>>>(versions.get()) {
            Ok(versions) => {
                for version in versions.unwrap_or_default() {
                    left.add_version(&chart, version.get(), Names::Any);
                }
            }
            Err(_) => left.drop(Some(&chart), None, NO_LIST),
        }
    }
}

/// Reads a text in Chartdrop's own layout, line by line.
pub(in crate::index) fn by_lines(text: &[u8]) -> Option<Left> {
    if text.first()? != &b'{' {
        return None;
    }
    let mut left = Left::new();
    let mut chart: Option<String> = None;
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        if number == 0 {
            first_line(&mut left, &line);
        } else if let Some(name) = line.strip_suffix(":[") {
            chart = serde_json::from_str::<String>(name).ok();
            if chart.is_none() {
                left.drop(None, None, format!("line {} is not the name of a chart", number + 1));
            }
        } else if !matches!(line.as_ref(), "" | "]" | "]," | "}" | "}}") {
            let version = line.strip_suffix(',').unwrap_or(&line);
            match &chart {
                Some(chart) => left.add_version(chart, version, Names::Any),
                None => left.drop(
                    None,
                    Some(helm::version_in(version)),
                    format!("line {} belongs to a chart whose name cannot be read", number + 1),
                ),
            }
        }
    }
    Some(left)
}

/// The line before the first chart.
fn first_line(left: &mut Left, line: &str) {
    let closed = format!("{line}}}}}");
    match serde_json::from_str::<Fields<'_>>(&closed) {
        Ok(top) => {
            for (name, value) in &top.0 {
                if !matches!(fields::top(name), Some("generated" | "entries")) {
                    left.add_to_top(name, value.get());
                }
            }
        }
        Err(error) => left.drop(None, None, format!("the first line cannot be read: {error}")),
    }
}
