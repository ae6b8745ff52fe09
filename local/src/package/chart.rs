//! A chart as Helm holds it between reading a folder and writing an archive.
//!
//! Helm's loader (`LoadFiles`) sorts the files of a chart, reads what it knows, and unpacks the
//! charts below `charts/`; its `Save` rewrites all of them. What falls away on the way, moves or is
//! written otherwise is here what it is there: see
//! <https://github.com/helm/helm/blob/v4.3.1/pkg/chart/v2/loader/load.go> and
//! `pkg/chart/v2/util/save.go` beside it.

use std::collections::{BTreeMap, BTreeSet};

use chartdrop::chart::{ChartYaml, ChartYamlError, Invalid, Metadata};
use chartdrop::yaml::{self, Duplicates, Limits, Value};
use serde_json::value::RawValue;

use super::file::File;
use super::go_yaml::{self, WriteError};
use super::lock::{Lock, LockError};
use super::unpack::{self, UnpackError};

/// Why Helm would not pack a chart.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChartError {
    #[error("there is no Chart.yaml")]
    NoChartYaml,
    #[error("Chart.yaml: {0}")]
    ChartYaml(#[source] ChartYamlError),
    #[error("requirements.yaml: {0}")]
    Requirements(#[source] ChartYamlError),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("{file}: {error}")]
    Lock { file: &'static str, error: LockError },
    #[error("values.yaml: {0}")]
    Values(#[source] yaml::Error),
    #[error("values.yaml holds {0}, not fields; make it a mapping or remove it")]
    ValuesKind(&'static str),
    #[error("values.schema.json is not valid JSON: {0}")]
    Schema(#[source] serde_json::Error),
    #[error("charts/{name} is a folder; a packed dependency is a file")]
    PackedFolder { name: String },
    #[error("charts/{name}: {error}")]
    Unpack { name: String, error: UnpackError },
    #[error("charts/{name}: {error}")]
    Subchart { name: String, error: Box<Self> },
    #[error(
        "the chart declares dependencies that are not in charts/: {0}; run `helm dependency build`, then try again"
    )]
    MissingDependencies(String),
    #[error("{file}: {error}")]
    Write { file: &'static str, error: WriteError },
}

/// A chart with the charts below it.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) metadata: Metadata,
    lock: Option<Lock>,
    values: Option<Vec<u8>>,
    schema: Option<Vec<u8>>,
    templates: Vec<File>,
    files: Vec<File>,
    charts: Vec<Self>,
}

/// The files by what Helm makes of them.
#[derive(Default)]
struct Sorted {
    chart_yaml: Vec<Vec<u8>>,
    requirements: Vec<Vec<u8>>,
    /// Each with its name; the last one counts.
    locks: Vec<(&'static str, Vec<u8>)>,
    values: Option<Vec<u8>>,
    schema: Option<Vec<u8>>,
    templates: Vec<File>,
    files: Vec<File>,
    /// By the first part of their paths below `charts/`, which the paths still have.
    charts: BTreeMap<String, Vec<File>>,
}

impl Sorted {
    fn of(files: Vec<File>) -> Self {
        let mut sorted = Self::default();
        for file in files {
            sorted.add(file);
        }
        sorted
    }

    fn add(&mut self, file: File) {
        match file.path.as_str() {
            "Chart.yaml" => self.chart_yaml.push(file.bytes),
            "Chart.lock" => self.locks.push(("Chart.lock", file.bytes)),
            "values.yaml" => self.values = Some(file.bytes),
            "values.schema.json" => self.schema = Some(file.bytes),
            "requirements.yaml" => self.requirements.push(file.bytes),
            "requirements.lock" => self.locks.push(("requirements.lock", file.bytes)),
            path if path.starts_with("templates/") => self.templates.push(file),
            path => match path.strip_prefix("charts/") {
                Some(below) if extension(path) != Some("prov") => {
                    let name = below.split('/').next().unwrap_or(below).to_owned();
                    let path = below.to_owned();
                    let files = self.charts.entry(name).or_default();
                    files.push(File { path, ..file });
                }
                _ => self.files.push(file),
            },
        }
    }
}

impl Chart {
    /// Reads a chart from its files, in the order in which Helm meets them.
    pub(super) fn load(files: Vec<File>) -> Result<Self, ChartError> {
        let mut sorted = Sorted::of(files);
        let metadata = metadata(&sorted.chart_yaml, &sorted.requirements)?;
        let mut lock = None;
        for (file, bytes) in &sorted.locks {
            lock = Lock::read(bytes).map_err(|error| ChartError::Lock { file, error })?;
        }
        if let Some(values) = &sorted.values {
            check_values(values)?;
        }
        // Old charts keep the files that new ones have in Chart.yaml and Chart.lock.
        if metadata.api_version == "v1" {
            let requirements = sorted
                .requirements
                .into_iter()
                .map(|bytes| ("requirements.yaml", bytes));
            let locks = sorted
                .locks
                .into_iter()
                .filter(|(file, _)| *file == "requirements.lock");
            let kept = requirements.chain(locks).map(|(path, bytes)| File {
                path: path.to_owned(),
                bytes,
            });
            sorted.files.extend(kept);
        }
        Ok(Self {
            metadata,
            lock,
            values: sorted.values,
            schema: sorted.schema,
            templates: sorted.templates,
            files: sorted.files,
            charts: charts(sorted.charts)?,
        })
    }

    /// Whether each declared dependency is there. Helm asks for the chart that is packed, not for
    /// those below it.
    pub(super) fn check_dependencies(&self) -> Result<(), ChartError> {
        let there: BTreeSet<&str> = self.charts.iter().map(|chart| chart.metadata.name.as_str()).collect();
        let declared = self
            .metadata
            .dependencies
            .iter()
            .map(|dependency| dependency.name.as_str());
        let missing: Vec<&str> = declared.filter(|name| !there.contains(name)).collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(ChartError::MissingDependencies(missing.join(", ")))
        }
    }

    /// The files of the archive, in the order in which Helm writes them; paths begin with the
    /// chart's name.
    pub(super) fn into_files(self) -> Result<Vec<File>, ChartError> {
        let mut files = Vec::new();
        self.write(String::new(), &mut files)?;
        Ok(files)
    }

    fn write(mut self, prefix: String, to: &mut Vec<File>) -> Result<(), ChartError> {
        let base = format!("{prefix}{}/", self.metadata.name);
        let mut add = |path: &str, bytes: Vec<u8>| {
            to.push(File {
                path: format!("{base}{path}"),
                bytes,
            });
        };
        let is_old = self.metadata.api_version == "v1";
        if is_old {
            self.metadata.dependencies.clear();
        }
        add("Chart.yaml", written("Chart.yaml", &self.metadata)?);
        if let Some(lock) = self.lock.filter(|_| !is_old) {
            add("Chart.lock", written("Chart.lock", &lock)?);
        }
        if let Some(values) = self.values {
            add("values.yaml", values);
        }
        if let Some(schema) = self.schema {
            serde_json::from_slice::<&RawValue>(&schema).map_err(ChartError::Schema)?;
            add("values.schema.json", schema);
        }
        for file in self.templates.into_iter().chain(self.files) {
            add(&file.path, file.bytes);
        }
        for chart in self.charts {
            chart.write(format!("{base}charts/"), to)?;
        }
        Ok(())
    }
}

fn metadata(chart_yaml: &[Vec<u8>], requirements: &[Vec<u8>]) -> Result<Metadata, ChartError> {
    let (first, others) = chart_yaml.split_first().ok_or(ChartError::NoChartYaml)?;
    let mut chart: ChartYaml = Metadata::from_chart_yaml(first).map_err(ChartError::ChartYaml)?;
    for again in others {
        // It sets what it names, as requirements.yaml does.
        chart.add_requirements_yaml(again).map_err(ChartError::ChartYaml)?;
    }
    for requirements in requirements {
        chart
            .add_requirements_yaml(requirements)
            .map_err(ChartError::Requirements)?;
    }
    chart.metadata.validate()?;
    Ok(chart.metadata)
}

fn check_values(values: &[u8]) -> Result<(), ChartError> {
    let limits = Limits::for_index(values.len());
    let document = yaml::parse(values, &limits, Duplicates::LastWins).map_err(ChartError::Values)?;
    match document.value {
        Value::Null | Value::Mapping(_) => Ok(()),
        other => Err(ChartError::ValuesKind(other.kind())),
    }
}

fn charts(by_name: BTreeMap<String, Vec<File>>) -> Result<Vec<Chart>, ChartError> {
    let charts = by_name.into_iter().filter(|(name, _)| !name.starts_with(['_', '.']));
    charts.map(|(name, files)| subchart(name, files)).collect()
}

fn subchart(name: String, files: Vec<File>) -> Result<Chart, ChartError> {
    let files = if extension(&name) == Some("tgz") {
        match files.into_iter().next() {
            Some(file) if file.path == name => unpack::unpack(&file.bytes).map_err(|error| ChartError::Unpack {
                name: name.clone(),
                error,
            })?,
            _ => return Err(ChartError::PackedFolder { name }),
        }
    } else {
        // A file right below charts/ belongs to no chart, and so there is none.
        let below = files.into_iter().filter_map(|file| {
            let (_, path) = file.path.split_once('/')?;
            let path = path.to_owned();
            Some(File { path, ..file })
        });
        below.collect()
    };
    Chart::load(files).map_err(|error| ChartError::Subchart {
        name,
        error: Box::new(error),
    })
}

fn written(file: &'static str, value: &impl serde::Serialize) -> Result<Vec<u8>, ChartError> {
    let text = go_yaml::to_string(value).map_err(|error| ChartError::Write { file, error })?;
    Ok(text.into_bytes())
}

/// What follows the last point of the last part of a path.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension)
}
