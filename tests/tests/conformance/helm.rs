//! The real Helm, versions 3 and 4.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::tools;

/// A Helm client with its own configuration and caches.
pub struct Helm {
    /// `helm3` or `helm4`.
    pub label: &'static str,
    program: PathBuf,
    home: TempDir,
}

/// Both versions.
pub fn both() -> [Helm; 2] {
    [Helm::three(), Helm::four()]
}

impl Helm {
    pub fn three() -> Self {
        Helm::new("helm3", "CHARTDROP_HELM3")
    }

    pub fn four() -> Self {
        Helm::new("helm4", "CHARTDROP_HELM4")
    }

    fn new(label: &'static str, variable: &str) -> Self {
        Helm {
            label,
            program: tools::path(variable),
            home: TempDir::with_prefix(label).expect("a temporary folder"),
        }
    }

    /// A folder that belongs to this client.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.home.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// Runs Helm, which must succeed, and returns its output.
    pub async fn run<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        self.try_run(arguments)
            .await
            .unwrap_or_else(|message| panic!("{}: {message}", self.label))
    }

    /// Runs Helm with `-o json`, which must succeed.
    pub async fn json<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let output = self.run(arguments).await;
        serde_json::from_str(&output).unwrap_or_else(|error| panic!("{}: {error}: {output}", self.label))
    }

    /// Runs Helm. Returns its output, or on failure the command line with everything that it
    /// printed.
    pub async fn try_run<A: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HELM_CACHE_HOME", self.home.path().join("cache"))
            .env("HELM_CONFIG_HOME", self.home.path().join("config"))
            .env("HELM_DATA_HOME", self.home.path().join("data"))
            .env_remove("KUBECONFIG")
            // Helm records the local time in the charts that it pushes.
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        let output = command.output().await.expect("Helm starts");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{:?} ended with {}\n{stdout}{stderr}",
            command.as_std(),
            output.status
        ))
    }

    /// Runs `helm package`, and returns the path of the archive.
    pub async fn package(&self, chart: &Path, into: &Path) -> Result<PathBuf, String> {
        let said = self
            .try_run(["package".as_ref(), chart, "--destination".as_ref(), into])
            .await?;
        let path = said.rsplit_once(": ").map(|(_, path)| PathBuf::from(path.trim()));
        path.ok_or_else(|| format!("`helm package` did not say where the archive is: {said}"))
    }

    /// The index as this Helm reads it, in JSON: Helm merges it into the index of an empty folder
    /// and writes the result.
    pub async fn reads_index(&self, index: &Path) -> Value {
        let empty = self.folder("empty");
        self.run([
            "repo".as_ref(),
            "index".as_ref(),
            "--json".as_ref(),
            "--merge".as_ref(),
            index,
            &empty,
        ])
        .await;
        let written = std::fs::read(empty.join("index.yaml")).expect("the index that Helm wrote");
        serde_json::from_slice(&written).expect("JSON")
    }
}
