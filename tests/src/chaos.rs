//! Runs `local --once --chaos SEED` with charts of many kinds, and collects the results.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value;

use crate::ChartArchive;
use crate::program::{ANY_PORTS, local};

/// The result of one run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Day {
    /// The number of uploads with each outcome.
    #[serde(skip)]
    pub outcomes: BTreeMap<String, usize>,
    /// The number of faults of each kind.
    pub faults: BTreeMap<String, usize>,
    /// The promises that were broken.
    pub broken_promises: Vec<String>,
    /// What the program printed on stderr.
    #[serde(skip)]
    pub said: String,
}

/// Uploads `charts` charts in a run with this seed and this share of faults. Most charts are new,
/// some are uploaded again, some have a published version but other content, and some are not
/// charts.
pub async fn day(seed: u64, charts: usize, rate: f64) -> Day {
    let folder = tempfile::tempdir().expect("a folder");
    let files = write_charts(folder.path(), charts);
    let output = tokio::process::Command::new(local())
        .args(["--once", "--json"])
        .args(ANY_PORTS)
        .args(["--chaos", &seed.to_string(), "--chaos-rate", &rate.to_string()])
        .args(files)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("it runs");
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let mut day = lines
        .last()
        .and_then(|last| Day::deserialize(&last["summary"]["chaos"]).ok())
        .unwrap_or_else(|| Day {
            broken_promises: vec!["the run ended without a summary".to_owned()],
            ..Day::default()
        });
    for line in &lines {
        if let Some(outcome) = line["outcome"].as_str() {
            *day.outcomes.entry(outcome.to_owned()).or_default() += 1;
        }
    }
    let concluded: usize = day.outcomes.values().sum();
    if concluded != charts {
        day.broken_promises
            .push(format!("{concluded} of {charts} uploads had an outcome"));
    }
    day.said = String::from_utf8_lossy(&output.stderr).into_owned();
    day
}

/// The outcomes that these uploads must have despite all faults.
pub fn expected(charts: usize) -> BTreeMap<String, usize> {
    let mut expected = BTreeMap::new();
    for number in 0..charts {
        *expected.entry(Kind::of(number).outcome().to_owned()).or_default() += 1;
    }
    expected
}

#[derive(Clone, Copy)]
enum Kind {
    New,
    /// The same chart as the previous one.
    Again,
    /// The same version as the previous one, with other content.
    Other,
    NoChart,
}

impl Kind {
    fn of(number: usize) -> Self {
        match number % 10 {
            3 => Kind::Again,
            6 => Kind::Other,
            9 => Kind::NoChart,
            _ => Kind::New,
        }
    }

    fn outcome(self) -> &'static str {
        match self {
            Kind::New => "published",
            Kind::Again => "unchanged",
            Kind::Other | Kind::NoChart => "rejected",
        }
    }
}

/// Writes each chart into its own folder, because some file names occur twice. An upload with the
/// name of an earlier one waits for the outcome of that one.
fn write_charts(folder: &Path, charts: usize) -> Vec<String> {
    (0..charts)
        .map(|number| {
            let chart = |number: usize| ChartArchive::new(&format!("chart-{}", number % 7), &format!("1.{number}.0"));
            let archive = match Kind::of(number) {
                Kind::New => chart(number),
                Kind::Again => chart(number - 1).packed_at(1_767_300_000),
                Kind::Other => chart(number - 1).file("values.yaml", "other: content\n"),
                Kind::NoChart => chart(number).chart_yaml("not: a chart\n"),
            };
            let path = folder.join(number.to_string());
            std::fs::create_dir(&path).expect("a folder");
            let path = path.join(archive.file_name());
            std::fs::write(&path, archive.bytes()).expect("written");
            path.to_str().expect("text").to_owned()
        })
        .collect()
}
