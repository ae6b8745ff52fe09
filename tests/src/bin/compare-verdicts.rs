//! Compares Chartdrop's verdict on chart archives and indexes with that of both Helms.
//!
//! ```sh
//! export $(.ci/tools verdicts)
//! cargo run -p tests --bin compare-verdicts -- FOLDER…
//! ```

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, mpsc};

use clap::Parser;
use tests::verdicts::summary::Summary;
use tests::verdicts::{Comparison, Judge, Kind, Programs, allowed, corpus};

/// Compares how Helm 3, Helm 4 and Chartdrop read archives (*.tgz) and indexes (*.yaml, *.yml,
/// *.json), and fails if there are differences that docs/stricter-than-helm.md does not list
#[derive(Debug, Parser)]
struct Arguments {
    /// Folders to search for files, including their subfolders; without one, the corpus of the
    /// tests
    folders: Vec<PathBuf>,
    /// How many processes of each Helm run at the same time
    #[arg(long, default_value_t = 2)]
    at_once: usize,
    /// Print the table of allowed differences as Markdown, and compare nothing
    #[arg(long)]
    allowed: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.allowed {
        print!("{}", allowed::markdown());
        return ExitCode::SUCCESS;
    }
    let built_in = tempfile::TempDir::new().expect("a temporary folder");
    let mut files = VecDeque::new();
    if arguments.folders.is_empty() {
        files.extend(corpus::write(built_in.path()));
    }
    for folder in &arguments.folders {
        collect(folder, &mut files);
    }
    let summary = compare(files, arguments.at_once);
    println!("{summary}");
    if summary.is_as_documented() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Finds all archives and indexes below a folder.
fn collect(folder: &Path, files: &mut VecDeque<(PathBuf, Kind)>) {
    let listing = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listing.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else if let Some(kind) = Kind::of(&path) {
            files.push_back((path, kind));
        }
    }
}

fn compare(files: VecDeque<(PathBuf, Kind)>, at_once: usize) -> Summary {
    let programs = Programs::from_environment();
    let (all, files) = (files.len(), Mutex::new(files));
    let (send, receive) = mpsc::channel::<Comparison>();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            let (send, files, programs) = (send.clone(), &files, &programs);
            scope.spawn(move || {
                let mut judge = Judge::start(programs);
                while let Some((path, kind)) = next(files) {
                    send.send(judge.compare(&path, kind)).expect("the receiver exists");
                }
            });
        }
        drop(send);
        let mut summary = Summary::default();
        for (number, comparison) in receive.into_iter().enumerate() {
            summary.add(comparison);
            if (number + 1) % 1000 == 0 {
                eprintln!("{} of {all}", number + 1);
            }
        }
        summary
    })
}

fn next(files: &Mutex<VecDeque<(PathBuf, Kind)>>) -> Option<(PathBuf, Kind)> {
    files
        .lock()
        .expect("no thread panics while it holds the lock")
        .pop_front()
}
