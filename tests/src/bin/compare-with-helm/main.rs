//! Compares Chartdrop's engine with Helm and `cp`, and Helm's speed with both forms of the index.
//! It builds indexes from generated charts, runs the programs in turn, and prints the medians and
//! the targets as a Markdown table.
//!
//! ```sh
//! export $(.ci/tools helm3 helm4)
//! cargo run --release -p tests --bin compare-with-helm
//! ```
//!
//! A result counts only if it is correct: Helm must find the same charts in Chartdrop's index as in
//! its own, and one more version than before.

mod charts;
mod clients;
mod helm;
mod indexes;
mod machine;
mod merges;
mod other_layouts;
mod process;
mod programs;
mod server;
mod suite;
mod table;

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::programs::Programs;
use crate::suite::Suite;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Compares Chartdrop with Helm on this machine and prints the result as a Markdown table.
///
/// The exit code is 1 if a result is wrong or a ratio is below half of its target.
#[derive(Debug, Parser)]
#[command(name = "compare-with-helm", version, subcommand_negates_reqs = true)]
struct Arguments {
    /// Fewer sizes and rounds: a few minutes, for CI
    #[arg(long)]
    short: bool,

    /// The path of Helm 3
    #[arg(long, value_name = "PATH", env = "CHARTDROP_HELM3", required = true)]
    helm3: Option<PathBuf>,

    /// The path of Helm 4
    #[arg(long, value_name = "PATH", env = "CHARTDROP_HELM4", required = true)]
    helm4: Option<PathBuf>,

    /// Also write the table to this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Runs one command and prints its time and memory; see [`process`].
    #[command(hide = true)]
    Measure {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (arguments.role, arguments.helm3, arguments.helm4) {
        (Some(Role::Measure { command }), ..) => process::measure_here(&command),
        (None, Some(helm3), Some(helm4)) => {
            let suite = if arguments.short { Suite::short() } else { Suite::full() };
            Programs::find(&helm3, &helm4).and_then(|programs| compare(&programs, &suite, arguments.output))
        }
        (None, ..) => Err("both Helms are needed: see --help".into()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn compare(programs: &Programs, suite: &Suite, output: Option<PathBuf>) -> Result<ExitCode> {
    let table = suite.run(programs)?;
    // CI measures the functions in a separate stage.
    let functions = if suite.is_short() {
        String::new()
    } else {
        programs::measure_functions()?
    };
    let text = format!("{}\n{functions}{}", table.to_markdown(), machine::described(programs));
    print!("{text}");
    if let Some(path) = output {
        std::fs::write(&path, &text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    let far_off = table.far_off();
    for row in &far_off {
        eprintln!("below half of its target: {row}");
    }
    Ok(if far_off.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
