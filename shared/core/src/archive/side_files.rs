//! The files beside `Chart.yaml` that Helm parses whenever it loads a chart. If it cannot parse
//! one, users cannot install the chart.

use serde::de::IgnoredAny;

use super::ArchiveError;
use super::files::Files;
use crate::chart::values::{self, Unreadable};
use crate::chart::{ChartYamlError, Lock};

const LOCKS: [&str; 2] = ["Chart.lock", "requirements.lock"];

/// Rejects what Helm cannot load. What it may not load, or cannot render, is a warning.
pub(super) fn check(files: &Files) -> Result<Vec<String>, ArchiveError> {
    let mut warnings = Vec::new();
    for path in LOCKS {
        for text in files.all(path) {
            match Lock::read(text) {
                Ok(_) => {}
                Err(ChartYamlError::Yaml(error)) if !error.stops_helm() => warnings.push(doubt(path, &error)),
                Err(error) => {
                    return Err(ArchiveError::LockUnreadable {
                        path,
                        problem: error.to_string(),
                    });
                }
            }
        }
    }
    for text in files.all("values.yaml") {
        match values::check_loadable(text) {
            Ok(()) => {}
            Err(Unreadable::Perhaps(problem)) => warnings.push(doubt("values.yaml", &problem)),
            Err(Unreadable::ByHelm(problem)) => return Err(ArchiveError::ValuesUnreadable { problem }),
        }
    }
    warnings.extend(schema_warning(files));
    warnings.extend(template_warning(files));
    Ok(warnings)
}

fn doubt(path: &str, problem: &impl ToString) -> String {
    format!(
        "Helm may not be able to read {path}: {}. Check it with `helm lint CHART_FOLDER`",
        problem.to_string()
    )
}

/// Helm reads the schema only when it renders, and can be told not to.
fn schema_warning(files: &Files) -> Option<String> {
    let schema = files.last("values.schema.json")?;
    let error = serde_json::from_slice::<IgnoredAny>(schema).err()?;
    // Our reader has a bound on nesting that Helm's does not have.
    if error.to_string().contains("recursion limit") {
        return None;
    }
    Some(format!(
        "values.schema.json is not JSON ({error}), so `helm install` fails without --skip-schema-validation. Correct it"
    ))
}

/// macOS's tar packs attributes of `a.yaml` as `._a.yaml`, which Helm renders as a template and
/// then cannot read.
fn template_warning(files: &Files) -> Option<String> {
    let of_macos = |path: &&String| {
        let name = path.strip_prefix("templates/").and_then(|path| path.rsplit('/').next());
        name.is_some_and(|name| name.starts_with("._"))
    };
    let path = files.contents.keys().find(of_macos)?;
    Some(format!(
        "Helm reads {path:?} as a template and may not be able to render it. macOS's tar adds such files; `helm package` does \
         not"
    ))
}
