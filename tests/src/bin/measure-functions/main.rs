//! Measures the function binaries: their size, start time and memory.
//!
//! ```sh
//! cargo run --release -p tests --bin measure-functions
//! ```
//!
//! prints a Markdown table, and fails if a number is far above its target: see the constants below.
//! To measure other binaries, such as an earlier build or the output of `sam build`
//! (`target/lambda`), set `CHARTDROP_FUNCTIONS` to their folder. It needs Linux, for `/proc`.
//!
//! Every process runs as in Lambda: only with the environment variables that Lambda sets, under its
//! own Runtime API, with S3 on loopback.

mod function;
mod index;
mod peak;
mod start;
mod table;

use std::process::ExitCode;
use std::sync::Arc;

use chartdrop::index::Format;
use local::system::binaries;
use local::{Options, System, identity};
use tests::program;

use function::Function;
use index::Layout;
use table::{Goal, Table};

const MIB: f64 = 1024.0 * 1024.0;
/// The size of a binary, in MiB.
const BINARY: Goal = Goal {
    target: 6.0,
    limit: 6.0,
};
/// The size of publish-chart, in MiB. It contains OpenPGP, to check signatures, and only therefore
/// may it exceed the target of the others.
const PUBLISH_BINARY: Goal = Goal {
    target: 6.0,
    limit: 8.75,
};
/// The start time, as a multiple of the empty function's. The limit allows for a busy machine.
const START: Goal = Goal {
    target: 2.0,
    limit: 4.0,
};
/// The memory of the smallest Lambda function, in MiB.
const MEMORY: Goal = Goal {
    target: 128.0,
    limit: 128.0,
};

#[tokio::main]
async fn main() -> ExitCode {
    if cfg!(debug_assertions) && binaries::named_folder().is_none() {
        eprintln!("what is measured is the build of releases: cargo run --release -p tests --bin measure-functions");
        return ExitCode::from(2);
    }
    let built = binaries::build().unwrap_or_else(|error| panic!("{error}"));
    let empty = program::empty_function();
    let system = Options {
        notifications: false,
        functions: Some(built.clone()),
        ..Options::default()
    };
    let system = Arc::new(System::start(system).await.expect("the local system starts"));
    let function = |name, binary| Function::new(name, binary, &system);
    let empty = function("empty-function", empty);
    let publish = function(identity::PUBLISH_CHART, built.publish_chart);
    let invalidate = function(identity::INVALIDATE_CDN, built.invalidate_cdn);

    let mut table = Table::default();
    for (function, goal) in [(&publish, PUBLISH_BINARY), (&invalidate, BINARY)] {
        table.aimed(&format!("{function}: binary"), function.size() / MIB, "MiB", goal);
    }
    table.row(&format!("{empty}: binary"), empty.size() / MIB, "MiB");

    let [of_empty, of_publish, of_invalidate] = start::medians([&empty, &publish, &invalidate]).await;
    table.row(&format!("{empty}: start to first `next`"), of_empty, "ms");
    for (function, start) in [(&publish, of_publish), (&invalidate, of_invalidate)] {
        table.row(&format!("{function}: start to first `next`"), start, "ms");
        let name = format!("{function}: the same, in starts of {empty}");
        table.aimed(&name, start / of_empty, "×", START);
    }

    let (first, later) = start::publishes(&publish, &system).await;
    table.row(&format!("{publish}: start and first publish"), first, "ms");
    table.row(&format!("{publish}: a later publish"), later, "ms");

    for (format, layout, name) in [
        (Format::Json, Layout::Ours, "JSON"),
        (Format::Yaml, Layout::Ours, "YAML"),
    ] {
        let peak = peak::memory(&publish, &system, format, layout).await / MIB;
        let name = format!("{publish}: peak memory, index of 30 MiB in {name}");
        table.aimed(&name, peak, "MiB", MEMORY);
    }
    for (format, name) in [(Format::Json, "JSON"), (Format::Yaml, "YAML")] {
        let peak = peak::memory(&publish, &system, format, Layout::Other).await / MIB;
        let name = format!("{publish}: peak memory, index of 30 MiB in {name} of another layout (slow path)");
        table.row(&name, peak, "MiB");
    }

    for (format, name) in [(Format::Json, "JSON"), (Format::Yaml, "YAML")] {
        let peak = peak::sweep(&publish, &system, format).await / MIB;
        let name = format!("{publish}: peak memory, sweep of 100 charts with the largest entries, index in {name}");
        table.aimed(&name, peak, "MiB", MEMORY);
    }

    println!("{table}");
    for failure in table.failures() {
        eprintln!("far over its target: {failure}");
    }
    if table.failures().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
