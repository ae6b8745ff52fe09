//! The real Helm, with its own configuration and caches.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use tempfile::TempDir;

use crate::Result;

/// A Helm client.
pub(crate) struct Helm {
    /// `Helm 3` or `Helm 4`.
    pub(crate) label: &'static str,
    /// `v4.3.1`.
    pub(crate) version: String,
    program: PathBuf,
    home: TempDir,
}

/// A line of `helm search repo`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Found {
    name: String,
    pub(crate) version: String,
    app_version: String,
    description: String,
}

impl Helm {
    pub(crate) fn new(label: &'static str, program: &Path) -> Result<Self> {
        let mut helm = Helm {
            label,
            version: String::new(),
            program: program.to_owned(),
            home: TempDir::new()?,
        };
        helm.version = match built_from(program)? {
            Some(version) => version,
            None => helm.run(&["version", "--template", "{{.Version}}"])?,
        };
        Ok(helm)
    }

    /// The same program with empty configuration and caches.
    pub(crate) fn with_new_home(&self) -> Result<Self> {
        Ok(Helm {
            label: self.label,
            version: self.version.clone(),
            program: self.program.clone(),
            home: TempDir::new()?,
        })
    }

    /// The command with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("HELM_CACHE_HOME", self.home.path().join("cache"))
            .env("HELM_CONFIG_HOME", self.home.path().join("config"))
            .env("HELM_DATA_HOME", self.home.path().join("data"))
            .env_remove("KUBECONFIG");
        command
    }

    /// Runs a command, which must succeed, and returns its output.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}, {arguments:?}: {said}", self.label).into())
    }

    /// All versions that Helm finds in an index, in a fixed order.
    pub(crate) fn finds(&self, index: &Path) -> Result<Vec<Found>> {
        let client = self.with_new_home()?;
        let (cache, config) = (
            client.home.path().join("cache/repository"),
            client.home.path().join("config"),
        );
        std::fs::create_dir_all(&cache)?;
        std::fs::create_dir_all(&config)?;
        std::fs::copy(index, cache.join("demo-index.yaml"))?;
        let repositories = "apiVersion: v1\nrepositories:\n- name: demo\n  url: http://127.0.0.1\n";
        std::fs::write(config.join("repositories.yaml"), repositories)?;
        let said = client.run(&["search", "repo", "demo/", "--versions", "--output", "json"])?;
        let mut found: Vec<Found> = serde_json::from_str(&said)?;
        found.sort_unstable();
        Ok(found)
    }
}

/// The module version that a Helm was built from, as Go records it in the program. A Helm that was
/// installed with `go install` reports only `v4.3` itself.
fn built_from(program: &Path) -> Result<Option<String>> {
    let bytes = std::fs::read(program).map_err(|error| format!("{} cannot be read: {error}", program.display()))?;
    let mut lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let fields = line.strip_prefix(b"mod\thelm.sh/helm/v")?;
        String::from_utf8(fields.split(|byte| *byte == b'\t').nth(1)?.to_vec()).ok()
    });
    Ok(lines.next().filter(|version| version.starts_with('v')))
}
