//! A chart as Helm holds it between reading a folder and writing an archive.
//!
//! Helm's loader (`LoadFiles`) sorts the files of a chart, reads those that it knows, and unpacks
//! the charts below `charts/`; its `Save` rewrites all of them. This module drops, moves and
//! rewrites files exactly as these two do: see
//! <https://github.com/helm/helm/blob/v4.3.1/pkg/chart/v2/loader/load.go> and
//! `pkg/chart/v2/util/save.go` in the same repository.

use std::collections::{BTreeMap, BTreeSet};

use chartdrop::chart::{ChartYaml, ChartYamlError, Invalid, Metadata};
use chartdrop::yaml::{self, Duplicates, Limits, Value};
use serde_json::value::RawValue;

use super::file::File;
use super::go_yaml::{self, WriteError};
use super::lock::{Lock, LockError};
use super::unpack::{self, UnpackError};

/// Why Helm would not package a chart.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChartError {
    #[error("it has no Chart.yaml")]
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
    #[error("values.yaml contains {0} instead of a mapping; change it to a mapping or remove the file")]
    ValuesKind(&'static str),
    #[error("values.schema.json is not valid JSON: {0}")]
    Schema(#[source] serde_json::Error),
    #[error("charts/{name} is a folder, but Helm expects a packaged dependency under this name; rename the folder")]
    PackedFolder { name: String },
    #[error("charts/{name}: {error}")]
    Unpack { name: String, error: UnpackError },
    #[error("charts/{name}: {error}")]
    Subchart { name: String, error: Box<Self> },
    #[error("charts/ lacks dependencies that the chart declares: {0}; run `helm dependency build`, then try again")]
    MissingDependencies(String),
    #[error("{file}: {error}")]
    Write { file: &'static str, error: WriteError },
}

/// A chart with its subcharts.
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

/// The files of a chart, sorted by how Helm treats them.
#[derive(Default)]
struct Sorted {
    chart_yaml: Vec<Vec<u8>>,
    requirements: Vec<Vec<u8>>,
    /// Each with its name. The last one wins.
    locks: Vec<(&'static str, Vec<u8>)>,
    values: Option<Vec<u8>>,
    schema: Option<Vec<u8>>,
    templates: Vec<File>,
    files: Vec<File>,
    /// By the first component of their paths below `charts/`; the paths keep this component.
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
    /// Loads a chart from its files, which must be in the order in which Helm reads them.
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
        // Charts with apiVersion v1 keep the separate files that v2 merges into Chart.yaml and
        // Chart.lock.
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

    /// Checks that each declared dependency is present. Like Helm, it checks only the chart that is
    /// packaged, not its subcharts.
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

    /// The files of the archive, in the order in which Helm writes them. Their paths begin with the
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
        // A second Chart.yaml overrides the fields that it has, as requirements.yaml does.
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
        // A file directly below charts/ yields no files here, so loading fails: no Chart.yaml.
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

/// The extension of the file name at the end of a path.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension)
}
