//! `helm repo index --merge` at the cost of copying the index: adds packaged charts to an
//! `index.yaml` on disk.
//!
//! ```sh
//! cargo run --release -p chartdrop-core --example merge-index -- \
//!     index.yaml kube9-operator-1.1.0.tgz --url https://charts.kube9.io --output index.yaml
//! ```
//!
//! It does to a file what publish-chart does to an object, with the same engine
//! ([`chartdrop_core::index`]), and is what the comparison with Helm measures.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that reads and writes files; the core is what it calls"
)]

mod charts;
mod input;
mod output;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use chartdrop_core::archive::ArchiveError;
use chartdrop_core::chart::FileNameError;
use chartdrop_core::index::{Added, Entry, Format, Index, IndexError, Spliced};
use clap::{Parser, ValueEnum};
use jiff::Timestamp;

/// Adds packaged charts to a repository index, as `helm repo index --merge` does, and changes
/// nothing else in it.
///
/// What the index lists already stays: the same chart again is nothing to do, another chart under a
/// published version is rejected.
#[derive(Debug, Parser)]
#[command(name = "merge-index", version)]
struct Arguments {
    /// The index to add to; `-` starts a new one
    index: PathBuf,

    /// Chart archives, NAME-VERSION.tgz
    #[arg(value_name = "CHART", required = true)]
    charts: Vec<PathBuf>,

    /// Where the archives can be downloaded: what users give to `helm repo add`
    #[arg(long)]
    url: String,

    /// Form of a new index; an existing one keeps the form that it has
    #[arg(long, value_enum, default_value_t = Form::Json)]
    format: Form,

    /// Where the new index goes; may be INDEX itself
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Json,
    Yaml,
}

impl From<Form> for Format {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Yaml => Self::Yaml,
        }
    }
}

/// Why there is no new index.
#[derive(Debug, thiserror::Error)]
enum MergeError {
    /// Helm makes a new index here, in silence, and the history is gone.
    #[error("there is no index {}; `-` in its place starts a new one", .0.display())]
    NoIndex(PathBuf),
    #[error("{} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    #[error("{}: {}", .0.display(), .1)]
    Index(PathBuf, IndexError),
    #[error("{} is a folder; pack it first: helm package {}", .0.display(), .0.display())]
    Folder(PathBuf),
    #[error("{}: {}", .0.display(), .1)]
    Archive(PathBuf, ArchiveError),
    #[error("{}: {}", .0.display(), .1)]
    FileName(PathBuf, FileNameError),
    #[error(
        "{chart} {version} is in the index already, with other content (digest {}, yours has {digest}). A published \
         version never changes: raise `version` in Chart.yaml and package again",
        .listed.as_deref().unwrap_or("missing")
    )]
    OtherContent {
        chart: String,
        version: String,
        listed: Option<String>,
        digest: String,
    },
    #[error("{} cannot be written: {}", .0.display(), .1)]
    Unwritable(PathBuf, io::Error),
}

/// What was done, for one line.
struct Summary {
    new: Vec<String>,
    versions: usize,
    output: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (line, code) = match run(arguments) {
        Ok(summary) => (summary.to_string(), ExitCode::SUCCESS),
        Err(error) => (format!("error: {error}"), ExitCode::FAILURE),
    };
    // Standard error may be closed.
    let _ = writeln!(io::stderr(), "{line}");
    code
}

fn run(arguments: Arguments) -> Result<Summary, MergeError> {
    let now = Timestamp::now();
    let path = arguments.index;
    let (text, index) = read_index(&path, arguments.format.into())?;
    let entries = charts::entries(&arguments.charts, &arguments.url, now)?;

    let edit = index
        .edit(&entries, now)
        .map_err(|error| MergeError::Index(path, error))?;
    reject_other_content(&entries, &edit.added)?;
    let output = arguments.output;
    let unwritable = |error| MergeError::Unwritable(output.clone(), error);
    let pieces = edit.text.as_ref().map_or(std::slice::from_ref(&text), Spliced::pieces);
    output::write(pieces, &output).map_err(unwritable)?;
    let new = entries
        .iter()
        .zip(&edit.added)
        .filter(|(_, added)| **added == Added::New);
    Ok(Summary {
        new: new
            .map(|(entry, _)| format!("{} {}", entry.metadata.name, entry.metadata.version))
            .collect(),
        versions: edit.versions,
        output,
    })
}

/// The index with its text.
fn read_index(path: &Path, format: Format) -> Result<(Bytes, Index), MergeError> {
    if path == Path::new("-") {
        return Ok((Bytes::new(), Index::new(format)));
    }
    let text = input::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => MergeError::NoIndex(path.to_owned()),
        _ => MergeError::Unreadable(path.to_owned(), error),
    })?;
    match Index::read(text.clone()) {
        Ok(index) => Ok((text, index)),
        Err(error) => Err(MergeError::Index(path.to_owned(), error)),
    }
}

fn reject_other_content(entries: &[Entry], added: &[Added]) -> Result<(), MergeError> {
    for (entry, added) in entries.iter().zip(added) {
        if let Added::Conflict { listed } = added {
            return Err(MergeError::OtherContent {
                chart: entry.metadata.name.clone(),
                version: entry.metadata.version.clone(),
                listed: listed.clone(),
                digest: entry.digest.to_string(),
            });
        }
    }
    Ok(())
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.new.as_slice() {
            [] => write!(f, "nothing to do")?,
            [chart] => write!(f, "added {chart}")?,
            charts => write!(f, "added {} charts", charts.len())?,
        }
        write!(f, ": {} lists {} versions", self.output.display(), self.versions)
    }
}
