//! The command line: `cargo run -p local -- [CHART]…`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use crate::faults::Faults;
use crate::faults::chaos::Chaos;
use crate::run::arguments::Arguments;
use crate::run::printer::Printer;
use crate::run::report::Report;
use crate::run::session::Session;
use crate::run::story::Story;
use crate::run::uploads::{UploadError, charts, prepare};
use crate::system::System;
use crate::system::options::{Options, StartError};

/// The settings of the functions that this program passes on from its own environment.
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

/// The exit code when nothing was started: wrong usage, no such chart, a port in use.
const WRONG_USAGE: u8 = 2;

/// Runs the program with the arguments of this process.
pub async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return fail(&first_paragraph(&error.to_string())),
        // --help and --version.
        Err(text) => {
            let _ = text.print();
            return ExitCode::SUCCESS;
        }
    };
    match run(arguments).await {
        Ok(code) => code,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn fail(why: &str) -> ExitCode {
    // A closed stderr changes nothing about the exit code.
    let _ = writeln!(std::io::stderr(), "{why}");
    ExitCode::from(WRONG_USAGE)
}

/// The first paragraph of clap's explanation, which names the mistake; the others are usage.
pub(crate) fn first_paragraph(text: &str) -> String {
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
    /// A chart cannot be uploaded.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The file with the secret cannot be read.
    #[error(
        "cannot read the secret from {}: {error}; --secret needs a file with the JSON that docs/secret.md describes",
        .path.display()
    )]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why, in the words of the operating system.
        error: std::io::Error,
    },
    /// The system cannot start.
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
        // A secret without fields: public registries need no login.
        None => Some("{}".to_owned()),
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| CliError::Secret {
            path: path.clone(),
            error,
        })?),
    };
    let system = System::start(options).await?;
    // The example is uploaded only to an empty bucket.
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
