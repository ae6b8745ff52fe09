//! Packages a chart folder into an archive with the same content as `helm package`.
//!
//! [`folder`] finds the files ([`ignore`], [`glob`]). [`chart`] loads them as Helm's loader does and
//! rewrites them as Helm's `Save` does ([`lock`], [`unpack`]), in YAML as Helm writes it
//! ([`go_yaml`]). A chart that is packaged here and again with Helm therefore has the same content
//! digest, and publish-chart treats both as the same chart. A conformance test compares this module
//! with Helm 3 and Helm 4.

mod chart;
mod file;
mod folder;
mod glob;
mod go_yaml;
mod ignore;
mod lock;
#[cfg(test)]
pub(crate) mod messages;
mod unpack;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use chartdrop::chart::file_name;
use flate2::{Compression, GzBuilder};

use self::chart::{Chart, ChartError};
use self::file::File;
use self::ignore::Rules;

/// The extra field that Helm writes into the gzip header: a fixed link in Base64.
const HELM_EXTRA: &[u8] = b"+aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/// A packaged chart.
#[derive(Debug, Clone)]
pub struct Archive {
    /// `NAME-VERSION.tgz`.
    pub file_name: String,
    /// The archive's content.
    pub bytes: Vec<u8>,
}

/// Why a folder cannot be packaged.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The folder is not a chart.
    #[error("{path} is not a chart folder: it has no Chart.yaml", path = .0.display())]
    NoChart(PathBuf),
    /// Helm would not package the chart.
    #[error("{path} cannot be packaged: {problem}", path = .0.display(), problem = .1)]
    BadChart(PathBuf, String),
    /// A file cannot be read.
    #[error("{path} cannot be packaged: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, #[source] io::Error),
    /// Helm would not accept `.helmignore`.
    #[error("{path} cannot be packaged: .helmignore: {problem}", path = .0.display(), problem = .1)]
    Ignore(PathBuf, String),
}

/// Packages the chart in `folder`, with the same content as `helm package`.
///
/// # Errors
///
/// If the folder is not a chart, Helm would not package it, or it cannot be read.
pub fn package(folder: &Path) -> Result<Archive, PackageError> {
    let failed = |error| PackageError::Io(folder.to_owned(), error);
    if !fs::exists(folder.join("Chart.yaml")).map_err(failed)? {
        return Err(PackageError::NoChart(folder.to_owned()));
    }
    let rules = Rules::of_folder(folder)
        .map_err(failed)?
        .map_err(|problem| PackageError::Ignore(folder.to_owned(), problem))?;
    let files = folder::files(folder, &rules).map_err(failed)?;
    let bad = |error: ChartError| match error {
        ChartError::NoChartYaml => PackageError::NoChart(folder.to_owned()),
        error => PackageError::BadChart(folder.to_owned(), error.to_string()),
    };
    let chart = Chart::load(files).map_err(bad)?;
    chart.check_dependencies().map_err(bad)?;
    let file_name = file_name(&chart.metadata);
    let bytes = pack(chart.into_files().map_err(bad)?).map_err(failed)?;
    Ok(Archive { file_name, bytes })
}

/// Writes the archive: every file has mode 0644 and the current time.
fn pack(files: Vec<File>) -> io::Result<Vec<u8>> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    // Go's writer writes no time, and 255 (unknown) as the operating system.
    let gzip = GzBuilder::new()
        .extra(HELM_EXTRA)
        .comment("Helm")
        .operating_system(255)
        .write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for File { path, bytes } in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_mtime(now);
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, path, bytes.as_slice())?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn chart(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn entries(archive: &Archive) -> Vec<(String, u32)> {
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive.bytes.as_slice()));
        let entries = tar.entries().unwrap().map(Result::unwrap);
        entries
            .map(|e| {
                (
                    e.path().unwrap().to_str().unwrap().to_owned(),
                    e.header().mode().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn chart_yaml_comes_first_and_ignored_files_are_left_out() {
        let folder = chart(&[
            ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.2.3 # of course\n"),
            ("values.yaml", "a: 1\n"),
            ("README.md", "# demo\n"),
            ("templates/a.yaml", "{}\n"),
            ("templates/.hidden", "no\n"),
            ("notes.swp", "no\n"),
            ("build/out.txt", "no\n"),
            (".helmignore", "# comment\n*.swp\nbuild/\n"),
        ]);
        let archive = package(folder.path()).unwrap();
        assert_eq!(archive.file_name, "demo-1.2.3.tgz");
        let expected = [
            "Chart.yaml",
            "values.yaml",
            "templates/a.yaml",
            ".helmignore",
            "README.md",
        ];
        let expected: Vec<_> = expected.iter().map(|path| (format!("demo/{path}"), 0o644)).collect();
        assert_eq!(entries(&archive), expected);
    }

    #[test]
    fn the_gzip_header_is_the_one_that_helm_writes() {
        let folder = chart(&[("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.0.0\n")]);
        let bytes = package(folder.path()).unwrap().bytes;
        let mut gzip = flate2::read::GzDecoder::new(bytes.as_slice());
        gzip.read_to_end(&mut Vec::new()).unwrap();
        let header = gzip.header().unwrap();
        assert_eq!(header.extra(), Some(HELM_EXTRA));
        assert_eq!(header.comment(), Some(b"Helm".as_slice()));
        assert_eq!((header.mtime(), header.operating_system()), (0, 255));
    }

    #[test]
    fn a_byte_order_mark_is_not_packed() {
        let folder = chart(&[
            ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.0.0\n"),
            ("values.yaml", "\u{feff}a: 1\n"),
        ]);
        let archive = package(folder.path()).unwrap();
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive.bytes.as_slice()));
        let mut values = tar.entries().unwrap().nth(1).unwrap().unwrap();
        let mut text = String::new();
        values.read_to_string(&mut text).unwrap();
        assert_eq!(text, "a: 1\n");
    }

    #[test]
    fn a_folder_without_chart_yaml_is_not_a_chart() {
        let folder = chart(&[("values.yaml", "")]);
        assert!(matches!(package(folder.path()), Err(PackageError::NoChart(_))));
    }
}
