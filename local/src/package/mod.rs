//! Packs a chart folder into an archive, as `helm package` does.

mod glob;
mod ignore;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use chartdrop::chart::{Metadata, file_name};
use flate2::{Compression, GzBuilder};

use self::ignore::Rules;

/// What Helm writes into the extra field of the gzip header, Base64 of a link that it has always held.
const HELM_EXTRA: &[u8] = b"+aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";
const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Links that lead in a circle end here.
const MAX_DEPTH: usize = 32;

/// A packed chart.
#[derive(Debug, Clone)]
pub struct Archive {
    /// `NAME-VERSION.tgz`.
    pub file_name: String,
    /// The archive.
    pub bytes: Vec<u8>,
}

/// Why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// There is no chart in the folder.
    #[error("{0} is no chart: it has no Chart.yaml")]
    NoChart(PathBuf),
    /// Chart.yaml does not say what the archive is to be called.
    #[error("{path} cannot be packed: {problem}", path = .0.display(), problem = .1)]
    BadChart(PathBuf, String),
    /// A file cannot be read.
    #[error("{path} cannot be packed: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, #[source] io::Error),
    /// `.helmignore` holds what Helm refuses too.
    #[error("{path} cannot be packed: .helmignore: {problem}", path = .0.display(), problem = .1)]
    Ignore(PathBuf, String),
}

/// Packs the chart in `folder`: Chart.yaml first, nothing that `.helmignore` names, mode 0644, the time of packing.
///
/// # Errors
///
/// If the folder is no chart or cannot be read.
pub fn package(folder: &Path) -> Result<Archive, PackageError> {
    let failed = |error| PackageError::Io(folder.to_owned(), error);
    let chart_yaml = match fs::read(folder.join("Chart.yaml")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PackageError::NoChart(folder.to_owned())),
        Err(error) => return Err(failed(error)),
    };
    let bad = |problem: String| PackageError::BadChart(folder.to_owned(), problem);
    let mut metadata = Metadata::from_chart_yaml(&chart_yaml)
        .map_err(|error| bad(error.to_string()))?
        .metadata;
    metadata.validate().map_err(|error| bad(error.to_string()))?;
    let rules = Rules::of_folder(folder)
        .map_err(failed)?
        .map_err(|problem| PackageError::Ignore(folder.to_owned(), problem))?;
    let mut files = BTreeMap::new();
    collect(folder, "", &rules, &mut files, 0).map_err(failed)?;
    let bytes = pack(&metadata.name, files).map_err(failed)?;
    Ok(Archive {
        file_name: file_name(&metadata),
        bytes,
    })
}

/// All files that belong to the chart, by their path within it.
fn collect(
    folder: &Path,
    prefix: &str,
    rules: &Rules,
    files: &mut BTreeMap<(u8, String), Vec<u8>>,
    depth: usize,
) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!(
            "{} is nested too deeply; does a link lead in a circle?",
            folder.display()
        )));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the name {} is not UTF-8", name.display()),
            )
        })?;
        let path = format!("{prefix}{name}");
        // Helm follows links while it walks a folder.
        let kind = fs::metadata(entry.path())?;
        if rules.ignore(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), rules, files, depth + 1)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path())?;
            let bytes = bytes.strip_prefix(BOM).map(<[u8]>::to_vec).unwrap_or(bytes);
            files.insert((order(&path), path), bytes);
        } else {
            return Err(io::Error::other(format!("{path} is neither a file nor a folder")));
        }
    }
    Ok(())
}

/// The order in which Helm writes: what describes the chart, its values, templates, other files, dependencies.
fn order(path: &str) -> u8 {
    match path {
        "Chart.yaml" => 0,
        "Chart.lock" => 1,
        "values.yaml" => 2,
        "values.schema.json" => 3,
        _ if path.starts_with("templates/") => 4,
        _ if path.starts_with("charts/") => 6,
        _ => 5,
    }
}

fn pack(name: &str, files: BTreeMap<(u8, String), Vec<u8>>) -> io::Result<Vec<u8>> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    // Go's writer leaves the time out and says "unknown" for the operating system.
    let gzip = GzBuilder::new()
        .extra(HELM_EXTRA)
        .comment("Helm")
        .operating_system(255)
        .write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for ((_, path), bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_mtime(now);
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, format!("{name}/{path}"), bytes.as_slice())?;
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
    fn chart_yaml_comes_first_and_ignored_files_do_not_come() {
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
    fn the_gzip_header_is_helms() {
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
    fn a_folder_without_chart_yaml_is_no_chart() {
        let folder = chart(&[("values.yaml", "")]);
        assert!(matches!(package(folder.path()), Err(PackageError::NoChart(_))));
    }
}
