//! Finds or builds the executables of the two functions.

use std::env;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::Value;

use super::cargo::cargo;
use crate::identity::{INVALIDATE_CDN, PUBLISH_CHART};

/// The variable that names a folder with both executables; nothing is built then.
pub const FOLDER_VARIABLE: &str = "CHARTDROP_FUNCTIONS";

/// The paths of the executables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// `publish-chart`.
    pub publish_chart: PathBuf,
    /// `invalidate-cdn`.
    pub invalidate_cdn: PathBuf,
}

/// Why the functions are not available.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BuildError {
    /// The folder named by [`FOLDER_VARIABLE`] does not hold one of them.
    #[error(
        "{FOLDER_VARIABLE} names {folder}, which has neither {name} nor {name}/bootstrap; build the functions there, \
         or unset the variable",
        folder = .0.display(),
        name = .1
    )]
    NotInFolder(PathBuf, &'static str),
    /// Cargo cannot be started.
    #[error(
        "cannot run cargo to build the functions: {0}; set CARGO to its path, or {FOLDER_VARIABLE} to a folder that \
         holds the functions"
    )]
    NoCargo(String),
    /// Cargo ran and failed.
    #[error("building the functions failed:\n{0}")]
    Failed(String),
}

/// Builds the functions, or finds them in the folder that `CHARTDROP_FUNCTIONS` names. It blocks
/// the thread; later calls in the same process return the first result.
///
/// # Errors
///
/// See [`BuildError`].
pub fn build() -> Result<Binaries, BuildError> {
    static BUILT: OnceLock<Result<Binaries, BuildError>> = OnceLock::new();
    BUILT
        .get_or_init(|| match named_folder() {
            Some(folder) => find(&folder),
            None => cargo_build(),
        })
        .clone()
}

/// The folder that `CHARTDROP_FUNCTIONS` names, if it is set.
#[must_use]
pub fn named_folder() -> Option<PathBuf> {
    env::var_os(FOLDER_VARIABLE)
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
}

fn find(folder: &Path) -> Result<Binaries, BuildError> {
    let one = |name: &'static str| {
        // cargo-lambda writes each executable to `NAME/bootstrap`.
        [folder.join(name), folder.join(name).join("bootstrap")]
            .into_iter()
            .find(|path| path.is_file())
            .ok_or_else(|| BuildError::NotInFolder(folder.to_owned(), name))
    };
    Ok(Binaries {
        publish_chart: one(PUBLISH_CHART)?,
        invalidate_cdn: one(INVALIDATE_CDN)?,
    })
}

fn cargo_build() -> Result<Binaries, BuildError> {
    // A first build takes minutes, so its progress is shown at a terminal.
    let watched = std::io::stderr().is_terminal();
    let output = cargo()
        .args(["build", "--message-format=json-render-diagnostics"])
        // Including this package makes cargo choose the same features for shared dependencies, so
        // that it compiles them once.
        .args(["-p", "local", "-p", PUBLISH_CHART, "-p", INVALIDATE_CDN])
        .args(["--bin", PUBLISH_CHART, "--bin", INVALIDATE_CDN])
        .args(["--profile", &profile()])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(if watched { Stdio::inherit() } else { Stdio::piped() })
        .output()
        .map_err(|error| BuildError::NoCargo(error.to_string()))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let why = if watched {
            "see the output of cargo above"
        } else {
            stderr.trim_end()
        };
        return Err(BuildError::Failed(why.to_owned()));
    }
    let executable = |name: &str| {
        let messages = output.stdout.split(|byte| *byte == b'\n');
        messages
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .filter(|message| message.pointer("/target/name").and_then(Value::as_str) == Some(name))
            .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
            .ok_or_else(|| BuildError::Failed(format!("cargo built no executable named {name}")))
    };
    Ok(Binaries {
        publish_chart: executable(PUBLISH_CHART)?,
        invalidate_cdn: executable(INVALIDATE_CDN)?,
    })
}

/// The profile that this program was built with, from the name of its folder below `target/`.
fn profile() -> String {
    let own = env::current_exe().unwrap_or_default();
    let folders = own
        .ancestors()
        .skip(1)
        .filter_map(|folder| folder.file_name()?.to_str());
    match folders.into_iter().find(|name| !matches!(*name, "deps" | "examples")) {
        Some("release") => "release".to_owned(),
        None | Some("debug") => "dev".to_owned(),
        Some(custom) => custom.to_owned(),
    }
}
