//! From files to a chart, the way Helm's loader does it
//! (<https://github.com/helm/helm/blob/main/pkg/chart/v2/loader/load.go>): what it cannot load nobody can install.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use super::limits::Budget;
use super::{ArchiveError, Limits, listing, walk};
use crate::chart::{ChartYaml, Metadata};
use crate::yaml::{self, Duplicates};

/// Larger values are not looked at: it would take many times their size in memory.
const VALUES_LOOKED_AT: usize = 256 * 1024;

/// A chart whose metadata has passed.
pub(super) struct Loaded {
    pub(super) metadata: Metadata,
    pub(super) warnings: Vec<String>,
}

/// Loads the chart that these files are, and every chart packed inside it.
pub(super) fn load(files: &Files, limits: &Limits, budget: &mut Budget) -> Result<Loaded, ArchiveError> {
    let loaded = load_metadata(files, limits)?;
    for name in packed_charts(files) {
        let path = format!("charts/{name}");
        load_packed(files, &path, limits, budget).map_err(|source| ArchiveError::Dependency {
            path,
            source: Box::new(source),
        })?;
    }
    Ok(loaded)
}

fn load_metadata(files: &Files, limits: &Limits) -> Result<Loaded, ArchiveError> {
    let text = chart_yaml(files)?;
    let unreadable = |path: &str| {
        let path = path.to_owned();
        |source| ArchiveError::ChartYaml { path, source }
    };
    let mut chart =
        Metadata::from_chart_yaml(bounded("Chart.yaml", text, limits)?).map_err(unreadable("Chart.yaml"))?;
    // Before apiVersion v2 dependencies had a file of their own. Helm reads it into the same fields, and the index
    // entry has them.
    if let Some(text) = files.kept.get("requirements.yaml") {
        chart
            .add_requirements_yaml(bounded("requirements.yaml", text, limits)?)
            .map_err(unreadable("requirements.yaml"))?;
    }
    let ChartYaml { mut metadata, warnings } = chart;
    let more_warnings = metadata.validate().map_err(|source| ArchiveError::Invalid {
        path: "Chart.yaml".to_owned(),
        source,
    })?;
    let mut warnings: Vec<String> = warnings.iter().chain(&more_warnings).map(ToString::to_string).collect();
    listing::check(&metadata)?;
    warnings.extend(values_warning(files));
    warnings.extend(
        files
            .links
            .iter()
            .map(|link| format!("Helm reads the link {link:?} as an empty file")),
    );
    if files.folder != metadata.name {
        warnings.push(format!(
            "the archive's folder is {:?}, not the chart's name {:?}; `helm package` makes them the same",
            files.folder, metadata.name
        ));
    }
    Ok(Loaded { metadata, warnings })
}

fn chart_yaml(files: &Files) -> Result<&[u8], ArchiveError> {
    if let Some(text) = files.kept.get("Chart.yaml") {
        return Ok(text);
    }
    let elsewhere = files
        .contents
        .keys()
        .find(|path| path.ends_with("/Chart.yaml") && !path.starts_with("charts/"));
    Err(match elsewhere {
        Some(path) => ArchiveError::ChartYamlElsewhere {
            path: format!("{}/{path}", files.folder),
        },
        None => ArchiveError::NoChartYaml,
    })
}

fn bounded<'a>(path: &str, text: &'a [u8], limits: &Limits) -> Result<&'a [u8], ArchiveError> {
    if text.len() <= limits.metadata_bytes {
        return Ok(text);
    }
    Err(ArchiveError::MetadataTooLarge {
        path: path.to_owned(),
        size: text.len(),
        limit: limits.metadata_bytes,
    })
}

/// `helm package` does not pack a chart whose values it cannot read, so this is rare; and since YAML readers differ
/// in their corners, it is no reason to refuse a chart.
fn values_warning(files: &Files) -> Option<String> {
    let text = files
        .kept
        .get("values.yaml")
        .filter(|text| text.len() <= VALUES_LOOKED_AT)?;
    let limits = yaml::Limits::for_index(text.len());
    let problem = match yaml::parse(text, &limits, Duplicates::LastWins) {
        Ok(document) => match document.value {
            yaml::Value::Mapping(_) | yaml::Value::Null => return None,
            other => format!("it holds {}, not a mapping", other.kind()),
        },
        Err(error) => error.to_string(),
    };
    Some(format!("values.yaml may be unreadable for Helm: {problem}"))
}

/// The names below `charts/` that Helm takes for charts.
fn packed_charts(files: &Files) -> BTreeSet<&str> {
    let below = files.contents.keys().filter_map(|path| path.strip_prefix("charts/"));
    let names = below.filter_map(|path| path.split('/').next());
    names
        .filter(|name| !name.starts_with(['_', '.']) && !name.ends_with(".prov"))
        .collect()
}

fn load_packed(files: &Files, path: &str, limits: &Limits, budget: &mut Budget) -> Result<(), ArchiveError> {
    budget.nesting = budget
        .nesting
        .checked_sub(1)
        .ok_or(ArchiveError::TooNested { limit: limits.nesting })?;
    let inner = match files.kept.get(path) {
        Some(archive) => walk::walk(archive, limits, budget)?,
        None => subfolder(files, path),
    };
    // A stray file in `charts/` is no chart; Helm's own error for it says nothing else.
    if inner.contents.is_empty() {
        return Err(ArchiveError::NoChartYaml);
    }
    load(&inner, limits, budget)?;
    budget.nesting += 1;
    Ok(())
}

/// The files below a folder, as a chart of their own.
fn subfolder(files: &Files, path: &str) -> Files {
    let prefix = format!("{path}/");
    let kept = below(&files.kept, &prefix).map(|(path, bytes)| (path, bytes.clone()));
    let contents = below(&files.contents, &prefix).map(|(path, content)| (path, *content));
    Files {
        folder: path.rsplit('/').next().unwrap_or(path).to_owned(),
        kept: kept.collect(),
        contents: contents.collect(),
        links: Vec::new(),
    }
}

fn below<'a, T>(map: &'a BTreeMap<String, T>, prefix: &'a str) -> impl Iterator<Item = (String, &'a T)> {
    map.range(prefix.to_owned()..)
        .map_while(move |(path, value)| path.strip_prefix(prefix).map(|path| (path.to_owned(), value)))
}
