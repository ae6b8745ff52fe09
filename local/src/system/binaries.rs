//! Finds or builds the two functions.

use std::env;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::Value;

use super::cargo::cargo;
use crate::identity::{INVALIDATE_CDN, PUBLISH_CHART};

/// Names a folder with both binaries, so that nothing needs to be built.
pub const FOLDER_VARIABLE: &str = "CHARTDROP_FUNCTIONS";

/// Where the executables are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// `publish-chart`.
    pub publish_chart: PathBuf,
    /// `invalidate-cdn`.
    pub invalidate_cdn: PathBuf,
}

/// Why there are no functions to run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BuildError {
    /// The folder named by [`FOLDER_VARIABLE`] does not hold them.
    #[error("{FOLDER_VARIABLE} is {folder}, but there is no {name} in it", folder = .0.display(), name = .1)]
    NotInFolder(PathBuf, &'static str),
    /// Cargo cannot be run.
    #[error(
        "cannot run cargo to build the functions ({0}); set CARGO, or {FOLDER_VARIABLE} to a folder that holds them"
    )]
    NoCargo(String),
    /// Cargo ran and failed.
    #[error("the functions do not build:\n{0}")]
    Failed(String),
}

/// Builds the functions, or finds them in the folder that `CHARTDROP_FUNCTIONS` names. Blocks; does
/// its work once per process.
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

/// The folder that `CHARTDROP_FUNCTIONS` names; nothing is built then.
#[must_use]
pub fn named_folder() -> Option<PathBuf> {
    env::var_os(FOLDER_VARIABLE)
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
}

fn find(folder: &Path) -> Result<Binaries, BuildError> {
    let one = |name: &'static str| {
        // cargo-lambda names each `NAME/bootstrap`.
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
    // A first build takes minutes: at a terminal, its progress is shown.
    let watched = std::io::stderr().is_terminal();
    let output = cargo()
        .args(["build", "--message-format=json-render-diagnostics"])
        // With this package too: cargo then chooses the same features for what both depend on, and
        // compiles it once.
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
        let said = String::from_utf8_lossy(&output.stderr);
        let said = if watched {
            "cargo says why above"
        } else {
            said.trim_end()
        };
        return Err(BuildError::Failed(said.to_owned()));
    }
    let executable = |name: &str| {
        let messages = output.stdout.split(|byte| *byte == b'\n');
        messages
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .filter(|message| message.pointer("/target/name").and_then(Value::as_str) == Some(name))
            .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
            .ok_or_else(|| BuildError::Failed(format!("cargo made no executable named {name}")))
    };
    Ok(Binaries {
        publish_chart: executable(PUBLISH_CHART)?,
        invalidate_cdn: executable(INVALIDATE_CDN)?,
    })
}

/// The profile that this program was built with: the folder below `target/` in which it lies.
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
