//! An index with the same charts in each form, and one more chart.

use std::fs;
use std::path::{Path, PathBuf};

use chartdrop::index::{Format, Index};
use jiff::Timestamp;
use tempfile::TempDir;
use tests::ChartArchive;

use crate::Result;
use crate::charts::{Repository, URL};
use crate::helm::Helm;
use crate::table::count;

/// The files, in a temporary folder.
pub(crate) struct Indexes {
    pub(crate) repository: Repository,
    /// In Chartdrop's default form.
    pub(crate) ours: PathBuf,
    /// As `helm repo index` writes it.
    pub(crate) yaml: PathBuf,
    /// As `helm repo index --json` writes it: pretty-printed.
    pub(crate) helm_json: PathBuf,
    /// The chart to add, alone in its folder.
    pub(crate) new: PathBuf,
    pub(crate) new_version: String,
    folder: TempDir,
}

impl Indexes {
    pub(crate) fn build(helm: &Helm, repository: Repository) -> Result<Self> {
        eprintln!(
            "{} versions of {} charts: building",
            count(repository.versions),
            count(repository.charts)
        );
        let folder = TempDir::new()?;
        let ours = folder.path().join("ours.json");
        fs::write(&ours, in_our_form(repository)?)?;
        let metadata = repository.next();
        let mut archive =
            ChartArchive::new(&metadata.name, &metadata.version).chart_yaml(serde_json::to_string(&metadata)?);
        // Helm does not load a chart without its declared dependencies.
        for dependency in &metadata.dependencies {
            let (name, path) = (&dependency.name, format!("charts/{}/Chart.yaml", dependency.name));
            archive = archive.file(&path, format!("apiVersion: v2\nname: {name}\nversion: 2.0.0\n"));
        }
        let new = folder.path().join("new").join(archive.file_name());
        fs::create_dir(folder.path().join("new"))?;
        fs::write(&new, archive.bytes())?;
        let indexes = Indexes {
            repository,
            yaml: folder.path().join("helm.yaml"),
            helm_json: folder.path().join("helm.json"),
            ours,
            new,
            new_version: metadata.version,
            folder,
        };
        indexes.rewrite(helm, &indexes.yaml, &[])?;
        indexes.rewrite(helm, &indexes.helm_json, &["--json"])?;
        Ok(indexes)
    }

    /// A path for an intermediate file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets Helm write the index, by merging Chartdrop's index into that of an empty folder.
    fn rewrite(&self, helm: &Helm, into: &Path, options: &[&str]) -> Result<()> {
        let empty = TempDir::new_in(self.folder.path())?;
        let (folder, ours) = (text(empty.path())?, text(&self.ours)?);
        helm.run(&[&["repo", "index", folder, "--merge", ours, "--url", URL], options].concat())?;
        fs::rename(empty.path().join("index.yaml"), into)?;
        Ok(())
    }
}

/// The path as text, for an argument.
pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| format!("{} is no text", path.display()).into())
}

fn in_our_form(repository: Repository) -> Result<Vec<u8>> {
    let generated = Timestamp::new(1_700_000_000, 0)?;
    let edit = Index::new(Format::Json).edit(&repository.entries(), generated)?;
    let text = edit.text.ok_or("an index of no charts")?;
    Ok(text.to_bytes().into())
}
