//! From files to a chart, as Helm's loader does it
//! (<https://github.com/helm/helm/blob/main/pkg/chart/v2/loader/load.go>): users cannot install
//! what Helm cannot load.

use std::collections::BTreeSet;

use super::files::Files;
use super::limits::Budget;
use super::rules::Rules;
use super::{ArchiveError, Limits, listing, side_files, twice, walk};
use crate::chart::{ChartYaml, Metadata};

const CHART: &str = "Chart.yaml";
const REQUIREMENTS: &str = "requirements.yaml";

/// A chart with checked metadata.
pub(super) struct Loaded {
    pub(super) metadata: Metadata,
    pub(super) warnings: Vec<String>,
}

/// Loads the chart in these files, and every chart packed inside it.
pub(super) fn load(files: &Files, limits: &Limits, budget: &mut Budget, rules: Rules) -> Result<Loaded, ArchiveError> {
    let mut chart = load_chart(files, limits, budget, rules, Level::Outermost)?;
    if rules == Rules::Upload {
        check_declared(files, &chart)?;
    }
    chart.warnings.append(&mut chart.of_files);
    Ok(Loaded {
        metadata: chart.metadata,
        warnings: chart.warnings,
    })
}

/// Whether a chart is installed by users, or packed inside another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Outermost,
    Packed,
}

/// A chart at any level.
struct LoadedChart {
    metadata: Metadata,
    /// Warnings about its metadata.
    warnings: Vec<String>,
    /// Warnings about the other files that Helm reads, including those of charts packed inside.
    of_files: Vec<String>,
    /// The names of the charts packed inside it, from their own metadata.
    packed: BTreeSet<String>,
}

fn load_chart(
    files: &Files,
    limits: &Limits,
    budget: &mut Budget,
    rules: Rules,
    level: Level,
) -> Result<LoadedChart, ArchiveError> {
    let (metadata, warnings) = load_metadata(files, limits, rules, level)?;
    let mut chart = LoadedChart {
        metadata,
        warnings,
        of_files: Vec::new(),
        packed: BTreeSet::new(),
    };
    if rules == Rules::Upload {
        if let Some(path) = &files.twice {
            return Err(twice::explain(files, path));
        }
        chart.of_files = side_files::check(files)?;
    }
    for name in packed_charts(files) {
        let path = format!("charts/{name}");
        let inner = load_packed(files, &path, limits, budget, rules).map_err(|problem| ArchiveError::Dependency {
            path: path.clone(),
            problem: Box::new(problem),
        })?;
        let of_files = inner.of_files.into_iter();
        chart
            .of_files
            .extend(of_files.map(|warning| format!("{path}: {warning}")));
        chart.packed.insert(inner.metadata.name);
    }
    Ok(chart)
}

/// Helm does not render a chart that names a dependency which is not packed inside it, whether the
/// dependency is enabled or not (`action.CheckDependencies`). It checks only the outermost chart.
fn check_declared(files: &Files, chart: &LoadedChart) -> Result<(), ArchiveError> {
    let declared = chart.metadata.dependencies.iter().map(|dependency| &dependency.name);
    let missing: Vec<String> = declared.filter(|name| !chart.packed.contains(*name)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ArchiveError::DependencyMissing {
        declared_in: if files.kept.contains_key(REQUIREMENTS) {
            REQUIREMENTS
        } else {
            CHART
        },
        missing,
    })
}

/// Reads a chart's metadata. Before apiVersion v2, dependencies were in a file of their own. Helm
/// reads that file into the same fields, and the index entry contains them.
fn load_metadata(
    files: &Files,
    limits: &Limits,
    rules: Rules,
    level: Level,
) -> Result<(Metadata, Vec<String>), ArchiveError> {
    let unreadable = |path: &str| {
        let path = path.to_owned();
        |problem| ArchiveError::ChartYaml { path, problem }
    };
    let mut chart = ChartYaml::default();
    // If there are two, Helm reads the second on top of the first.
    for text in chart_yaml(files)? {
        chart
            .add_chart_yaml(bounded(CHART, text, limits)?)
            .map_err(unreadable(CHART))?;
    }
    let mut warnings: Vec<String> = chart.warnings.drain(..).map(|warning| warning.to_string()).collect();
    let own = chart.metadata.clone();
    for text in files.all(REQUIREMENTS) {
        chart
            .add_requirements_yaml(bounded(REQUIREMENTS, text, limits)?)
            .map_err(unreadable(REQUIREMENTS))?;
    }
    let ChartYaml {
        mut metadata,
        warnings: of_requirements,
    } = chart;
    warnings.extend(
        of_requirements
            .iter()
            .map(|warning| format!("{REQUIREMENTS}: {warning}")),
    );
    // Finds the file at fault: an error that remains without requirements.yaml is in Chart.yaml.
    let blame = |is_wrong: &dyn Fn(&mut Metadata) -> bool| {
        let path = if is_wrong(&mut own.clone()) {
            CHART
        } else {
            REQUIREMENTS
        };
        path.to_owned()
    };
    let is_checked = rules == Rules::Upload && level == Level::Outermost;
    let validate = |metadata: &mut Metadata| {
        if is_checked {
            metadata.validate()
        } else {
            metadata.validate_as_loaded()
        }
    };
    let doubts = validate(&mut metadata).map_err(|problem| ArchiveError::Invalid {
        path: blame(&|metadata| validate(metadata).is_err()),
        problem,
    })?;
    warnings.extend(doubts.iter().map(ToString::to_string));
    if level == Level::Outermost {
        listing::check(&metadata).map_err(|problem| ArchiveError::Unlistable {
            path: blame(&|metadata| listing::check(metadata).is_err()),
            problem,
        })?;
    }
    warnings.extend(
        files
            .links
            .iter()
            .map(|link| format!("Helm reads the link {link:?} as an empty file. Replace it by a copy of the file")),
    );
    if files.folder != metadata.name {
        warnings.push(format!(
            "the top level of the archive is the folder {:?}, but the chart is called {:?}. `helm package` gives both the same name",
            files.folder, metadata.name
        ));
    }
    Ok((metadata, warnings))
}

fn chart_yaml(files: &Files) -> Result<impl Iterator<Item = &[u8]>, ArchiveError> {
    if files.kept.contains_key(CHART) {
        return Ok(files.all(CHART));
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

/// The names below `charts/` that Helm treats as charts.
fn packed_charts(files: &Files) -> BTreeSet<&str> {
    let below = files.contents.keys().filter_map(|path| path.strip_prefix("charts/"));
    let names = below
        .filter(|path| !path.ends_with(".prov"))
        .filter_map(|path| path.split('/').next());
    names.filter(|name| !name.starts_with(['_', '.'])).collect()
}

fn load_packed(
    files: &Files,
    path: &str,
    limits: &Limits,
    budget: &mut Budget,
    rules: Rules,
) -> Result<LoadedChart, ArchiveError> {
    budget.nesting = budget
        .nesting
        .checked_sub(1)
        .ok_or(ArchiveError::TooNested { limit: limits.nesting })?;
    let inner = match files.all(path).next() {
        // If two have that name, Helm loads the first.
        Some(archive) => walk::walk(archive, limits, budget, rules)?,
        // Helm treats a folder of that name as an archive.
        None if path.ends_with(".tgz") => return Err(ArchiveError::NoChartYaml),
        None => files.subfolder(path),
    };
    // A stray file in `charts/` is not a chart. Helm reports it the same way.
    if inner.contents.is_empty() {
        return Err(ArchiveError::NoChartYaml);
    }
    let loaded = load_chart(&inner, limits, budget, rules, Level::Packed)?;
    budget.nesting += 1;
    Ok(loaded)
}
