//! The command line: `cargo run -p local -- [CHART]…`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::faults::Faults;
use crate::faults::chaos::{Chaos, MODERATE_RATE};
use crate::package::{PackageError, package};
use crate::run::report::{Printer, Report};
use crate::run::session::{Prepared, Session};
use crate::run::story::Story;
use crate::system::System;
use crate::system::options::{Options, StartError};

/// Settings of the functions that may be given in our own environment.
pub const SETTINGS: [&str; 14] = [
    "INDEX_FORMAT",
    "INDEX_MAX_AGE",
    "URL_STYLE",
    "MAX_CHART_BYTES",
    "MAX_INDEX_BYTES",
    "VERSION_CHECK",
    "IMAGE_CHECK",
    "IMAGE_PLATFORMS",
    "IMAGE_REGISTRIES",
    "IMAGE_WAIT",
    "PROVENANCE",
    "PROVENANCE_WAIT",
    "OCI_MIRROR",
    "REPOSITORY_URL",
];

/// Nothing was started, or not well: wrong usage, no chart, a port in use.
const WRONG_USAGE: u8 = 2;

/// The whole of Chartdrop on this machine: drops charts into a local bucket, runs the real functions on them and
/// serves the repository to Helm until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "local", version, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Chart folders (packed as `helm package` packs them) and packaged charts (uploaded as they are), in this order
    /// [default: examples/kube9-operator, or nothing if the folder of --data has a repository]
    #[arg(value_name = "CHART")]
    pub charts: Vec<PathBuf>,

    /// Exit when every upload has its outcome and the published ones are visible at the edge: 0 if all are live, 1 if any
    /// was rejected or failed, 3 if none was, but any is held
    #[arg(long)]
    pub once: bool,

    /// Where the edge listens, for Helm; port 0 for any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,

    /// Where S3 listens, for the AWS CLI and SDKs; port 0 for any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = address)]
    pub s3: SocketAddr,

    /// Where CloudFront's API, Secrets Manager and Lambda's Invoke API listen; port 0 for any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001", value_parser = address)]
    pub aws: SocketAddr,

    /// Keep the bucket in this folder between runs [default: in memory]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Processes of publish-chart at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    pub instances: usize,

    /// The tag of the release that the charts belong to, such as v1.2.3: metadata of their uploads, which publish-chart
    /// compares with their versions (VERSION_CHECK)
    #[arg(long, value_name = "TAG")]
    pub release: Option<String>,

    /// What Secrets Manager holds: a file with the JSON that docs/secret.md describes
    #[arg(long, value_name = "FILE")]
    pub secret: Option<PathBuf>,

    /// The worst day: requests and events go wrong and processes die, the same for the same SEED as far as timing
    /// allows. With --once it ends with a sweep, as the schedule would make one, and says which promise was broken
    #[arg(long, value_name = "SEED")]
    pub chaos: Option<u64>,

    /// The share of requests and events that go wrong, from 0 to 1
    #[arg(long, value_name = "RATE", requires = "chaos", default_value_t = MODERATE_RATE, value_parser = share)]
    pub chaos_rate: f64,

    /// A line of JSON for each outcome instead of the story; with --once a summary at the end, else the addresses at the start
    #[arg(long)]
    pub json: bool,
}

const AFTER_HELP: &str = "\
Settings of the functions are taken from the environment: INDEX_FORMAT=yaml cargo run -p local
CHARTDROP_FUNCTIONS names a folder with the two functions; then they are not built.";

fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text
        .strip_prefix("localhost")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1{port}"));
    text.parse()
        .map_err(|_| "an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "a whole number from 1 on".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a number from 0 to 1, such as 0.05".to_owned())
}

/// Runs the program with the arguments of this process.
pub async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return refuse(&first_paragraph(&error.to_string())),
        // --help and --version.
        Err(text) => {
            let _ = text.print();
            return ExitCode::SUCCESS;
        }
    };
    match run(arguments).await {
        Ok(code) => code,
        Err(error) => refuse(&format!("error: {error}")),
    }
}

fn refuse(why: &str) -> ExitCode {
    // Nobody may be reading.
    let _ = writeln!(std::io::stderr(), "{why}");
    ExitCode::from(WRONG_USAGE)
}

/// clap explains in several paragraphs; the first says what is wrong.
fn first_paragraph(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    format!("{} (see --help)", lines.join(" "))
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The path does not exist.
    #[error("there is no {}", .0.display())]
    Missing(PathBuf),
    /// A file, but none that the bucket's notifications would pick up.
    #[error(
        "{} is neither a chart folder nor a chart archive: an archive is named NAME-VERSION.tgz, \
         its provenance file NAME-VERSION.tgz.prov",
        .0.display()
    )]
    NoArchive(PathBuf),
    /// A file that cannot be read.
    #[error("{} cannot be read: {error}", .path.display(), error = .error)]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// A folder that cannot be packed.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The system does not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

async fn run(arguments: Arguments) -> Result<ExitCode, CliError> {
    let uploads = prepare(&charts(&arguments.charts), arguments.release.as_deref())?;
    let mut printer: Box<dyn Printer> = if arguments.json {
        Box::new(Report::new(arguments.once))
    } else {
        Box::new(Story::new())
    };
    printer.building();
    let chaos = arguments.chaos.map(|seed| Chaos::new(seed, arguments.chaos_rate));
    let mut options = options(&arguments, chaos.as_ref());
    options.secret = match &arguments.secret {
        // There, and empty: a public registry needs no login.
        None => Some("{}".to_owned()),
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| CliError::Unreadable {
            path: path.clone(),
            error,
        })?),
    };
    let system = System::start(options).await?;
    // The example is for a bucket that is still empty.
    let uploads = if arguments.charts.is_empty() && system.has_repository() {
        Vec::new()
    } else {
        uploads
    };
    let session = Session::new(system, printer, arguments.once, chaos);
    Ok(session.run(uploads).await)
}

fn options(arguments: &Arguments, chaos: Option<&Chaos>) -> Options {
    let settings: BTreeMap<String, String> = SETTINGS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect();
    let faults = chaos.map(|chaos| Arc::new(chaos.clone()) as Arc<dyn Faults>);
    Options {
        faults: faults.unwrap_or_else(|| Options::default().faults),
        watch_promises: chaos.is_some(),
        edge: arguments.listen,
        s3: arguments.s3,
        aws: arguments.aws,
        data: arguments.data.clone(),
        instances: arguments.instances,
        settings,
        watch_edge: true,
        ..Options::default()
    }
}

/// The charts that are named, or the example: of the current folder, else of the sources.
fn charts(named: &[PathBuf]) -> Vec<PathBuf> {
    const EXAMPLE: &str = "examples/kube9-operator";
    if !named.is_empty() {
        return named.to_vec();
    }
    let here = PathBuf::from(EXAMPLE);
    if here.exists() {
        return vec![here];
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    vec![sources.join(EXAMPLE)]
}

fn prepare(charts: &[PathBuf], release: Option<&str>) -> Result<Vec<Prepared>, CliError> {
    let mut uploads: Vec<Prepared> = charts.iter().map(|path| prepare_one(path)).collect::<Result<_, _>>()?;
    for upload in &mut uploads {
        let release = release.map(|tag| ("release".to_owned(), tag.to_owned()));
        upload.metadata.extend(release);
    }
    // Provenance lies beside its archive before anybody is told of the archive.
    uploads.sort_by_key(|upload| !upload.key.ends_with(".prov"));
    Ok(uploads)
}

fn prepare_one(path: &Path) -> Result<Prepared, CliError> {
    let Ok(kind) = std::fs::metadata(path) else {
        return Err(CliError::Missing(path.to_owned()));
    };
    if kind.is_dir() {
        let archive = package(path)?;
        return Ok(Prepared {
            key: format!("staging/{}", archive.file_name),
            bytes: archive.bytes.into(),
            metadata: BTreeMap::new(),
        });
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.ends_with(".tgz") && !name.ends_with(".tgz.prov") {
        return Err(CliError::NoArchive(path.to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| CliError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    Ok(Prepared {
        key: format!("staging/{name}"),
        bytes: bytes.into(),
        metadata: BTreeMap::new(),
    })
}
