//! Measures adding one chart to an index: Helm, Chartdrop and `cp` in turn.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::charts::URL;
use crate::helm::{Found, Helm};
use crate::indexes::{Indexes, text};
use crate::process::{Sample, Samples, measure};
use crate::programs::Programs;
use crate::table::count;

/// How often Chartdrop and `cp`, which take only milliseconds, run for each run of Helm.
const RUNS_IN_A_ROUND: usize = 7;

/// The indexes of one comparison.
pub(crate) struct Merge<'a> {
    pub(crate) indexes: &'a Indexes,
    /// The name of the form, for the progress.
    pub(crate) form: &'a str,
    /// The index that Helm gets.
    pub(crate) theirs: &'a Path,
    pub(crate) helm_options: &'a [&'a str],
    /// The index that Chartdrop and `cp` get.
    pub(crate) ours: &'a Path,
    pub(crate) rounds: usize,
}

/// The measured times and memory.
pub(crate) struct Merged {
    pub(crate) helm: Samples,
    pub(crate) ours: Samples,
    pub(crate) cp: Samples,
    /// The size of the index that Chartdrop read, in MiB.
    pub(crate) index_size: f64,
}

impl<'a> Merge<'a> {
    /// Both read YAML as Helm writes it.
    pub(crate) fn yaml(indexes: &'a Indexes, rounds: usize) -> Self {
        Merge {
            indexes,
            form: "YAML",
            theirs: &indexes.yaml,
            helm_options: &[],
            ours: &indexes.yaml,
            rounds,
        }
    }

    /// Helm reads its own `--json`, Chartdrop its default form.
    pub(crate) fn json(indexes: &'a Indexes, rounds: usize) -> Self {
        Merge {
            indexes,
            form: "JSON",
            theirs: &indexes.helm_json,
            helm_options: &["--json"],
            ours: &indexes.ours,
            rounds,
        }
    }

    pub(crate) fn run(&self, programs: &Programs) -> Result<Merged> {
        let by_helm = self.folder()?.join("index.yaml");
        let (by_us, by_cp) = (self.indexes.path("merged"), self.indexes.path("copied"));
        let mut merged = Merged {
            helm: Samples::default(),
            ours: Samples::default(),
            cp: Samples::default(),
            index_size: fs::metadata(self.ours)?.len() as f64 / f64::from(1 << 20),
        };
        for round in 1..=self.rounds {
            let versions = count(self.indexes.repository.versions);
            eprintln!("{versions} versions, {}: round {round} of {}", self.form, self.rounds);
            remove(&by_helm)?;
            merged.helm.add(measure(&self.by_helm(&programs.helm4)?)?);
            // After a run of Helm, the system has a gigabyte of fragmented memory to clean up and
            // output to write back. That slows down the next programs, so the first run of each is
            // not counted.
            self.in_turn(programs, &by_us, &by_cp)?;
            for _ in 0..RUNS_IN_A_ROUND {
                let (ours, cp) = self.in_turn(programs, &by_us, &by_cp)?;
                merged.ours.add(ours);
                merged.cp.add(cp);
            }
        }
        let expected = programs.helm4.finds(&by_helm)?;
        self.check(&expected, &programs.helm4, &by_us)?;
        self.check(&expected, &programs.helm3, &by_us)?;
        Ok(merged)
    }

    /// Runs Chartdrop, then `cp`.
    fn in_turn(&self, programs: &Programs, by_us: &Path, by_cp: &Path) -> Result<(Sample, Sample)> {
        remove(by_us)?;
        let ours = measure(&programs.merge_index(self.ours, &self.indexes.new, by_us))?;
        remove(by_cp)?;
        Ok((ours, measure(&programs.cp(self.ours, by_cp))?))
    }

    fn folder(&self) -> Result<PathBuf> {
        let folder = self.indexes.new.parent().ok_or("a chart lies in a folder")?;
        Ok(folder.to_owned())
    }

    fn by_helm(&self, helm: &Helm) -> Result<std::process::Command> {
        let (folder, index) = (self.folder()?, text(self.theirs)?);
        let arguments = ["repo", "index", text(&folder)?, "--merge", index, "--url", URL];
        Ok(helm.command(&[&arguments, self.helm_options].concat()))
    }

    /// Checks the results; the time of a wrong one must not count.
    fn check(&self, expected: &[Found], helm: &Helm, by_us: &Path) -> Result<()> {
        let found = helm.finds(by_us)?;
        let (versions, label) = (self.indexes.repository.versions, helm.label);
        if found.len() != versions + 1 {
            return Err(format!(
                "{label} finds {} versions in our index, not {versions} and one",
                found.len()
            )
            .into());
        }
        if !found.iter().any(|found| found.version == self.indexes.new_version) {
            return Err(format!(
                "{label} does not find version {} in our index",
                self.indexes.new_version
            )
            .into());
        }
        if found != expected {
            return Err(format!("{label} finds other charts in our index than in the one that Helm merged").into());
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
