//! Builds programs of this workspace, to run them as processes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use local::system::cargo::cargo;
use serde_json::Value;

/// Options that make `local` listen on free ports, so that tests can run at the same time.
pub const ANY_PORTS: [&str; 6] = ["--listen", "127.0.0.1:0", "--s3", "127.0.0.1:0", "--aws", "127.0.0.1:0"];

/// Builds `local` as `cargo run -p local` would, once per test process, and returns its path.
pub fn local() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["-p", "local", "--bin", "local"]))
}

/// Builds the function that does nothing, and returns its path. It uses the release profile, and
/// the features of dependencies with which [`local::system::binaries::build`] builds the other
/// functions.
pub fn empty_function() -> PathBuf {
    build(&[
        "-p",
        "local",
        "-p",
        "empty-function",
        "--bin",
        "empty-function",
        "--release",
    ])
}

/// Builds one program with `cargo build`, and returns its path.
pub fn build(arguments: &[&str]) -> PathBuf {
    let output = cargo()
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let mut executables = messages.filter_map(|line| {
        let message: Value = serde_json::from_slice(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executables.next().expect("cargo reports the path of the program")
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
}
