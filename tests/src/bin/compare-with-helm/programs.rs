//! The compared programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::program::build;

use crate::Result;
use crate::charts::URL;
use crate::helm::Helm;

/// The paths of all programs.
pub(crate) struct Programs {
    pub(crate) helm3: Helm,
    pub(crate) helm4: Helm,
    merge_index: PathBuf,
}

impl Programs {
    /// Builds Chartdrop's program.
    pub(crate) fn find(helm3: &Path, helm4: &Path) -> Result<Self> {
        eprintln!("building merge-index");
        Ok(Programs {
            helm3: Helm::new("Helm 3", helm3)?,
            helm4: Helm::new("Helm 4", helm4)?,
            merge_index: build(&["--release", "-p", "chartdrop-core", "--example", "merge-index"]),
        })
    }

    /// Chartdrop's program: adds a chart to an index.
    pub(crate) fn merge_index(&self, index: &Path, chart: &Path, output: &Path) -> Command {
        let mut command = Command::new(&self.merge_index);
        command
            .arg(index)
            .arg(chart)
            .args(["--url", URL, "--output"])
            .arg(output);
        command
    }

    /// `cp`: the lower limit of the time to write a new index from an old one.
    pub(crate) fn cp(&self, index: &Path, output: &Path) -> Command {
        let mut command = Command::new("cp");
        command.arg(index).arg(output);
        command
    }
}

/// The table of the functions' size, start and memory, from the program that measures them.
pub(crate) fn measure_functions() -> Result<String> {
    eprintln!("building and measuring the functions");
    let output = Command::new(build(&["--release", "-p", "tests", "--bin", "measure-functions"])).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
