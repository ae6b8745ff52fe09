//! Follows the quick start literally: runs the commands that `cargo run -p local` prints in a
//! shell.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tests::program::{ANY_PORTS, local, workspace};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::tools;

struct Local {
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Local {
    fn start() -> Self {
        let mut process = Command::new(local())
            .args(ANY_PORTS)
            .current_dir(workspace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        Self {
            _process: process,
            lines,
        }
    }

    /// Reads until a line contains this text. Returns everything that was read.
    async fn told_until(&mut self, part: &str) -> String {
        let mut told = String::new();
        let reading = async {
            while let Some(line) = self.lines.next_line().await.expect("text") {
                told.push_str(&line);
                told.push('\n');
                if line.contains(part) {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(120), reading).await;
        assert!(
            in_time.is_ok() && told.contains(part),
            "{part:?} never appeared:\n{told}"
        );
        told
    }
}

/// A folder with the programs under their usual names.
fn programs(helm: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, variable) in [("helm", helm), ("aws", "CHARTDROP_AWS")] {
        std::os::unix::fs::symlink(tools::path(variable), folder.path().join(name)).expect("a link");
    }
    folder
}

/// Runs a line in a shell, which must succeed, and returns the output.
async fn shell(programs: &TempDir, home: &Path, line: &str) -> String {
    let path = std::env::var("PATH").expect("a PATH");
    let output = Command::new("sh")
        .args(["-e", "-c", line])
        .current_dir(home)
        .env("PATH", format!("{}:{path}", programs.path().display()))
        .env("HOME", home)
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_DATA_HOME", home.join("data"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("sh runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{said}{stderr}");
    said
}

/// The command in the story that contains this text. A backslash at the end of a line continues it,
/// a `#` begins a comment.
fn command(told: &str, part: &str) -> String {
    let joined = told.replace("\\\n", " ");
    let line = joined.lines().find(|line| line.contains(part));
    let line = line.unwrap_or_else(|| panic!("no line with {part:?}:\n{told}"));
    line.split("      #").next().unwrap_or(line).trim().to_owned()
}

/// Uploading the example again, packaged by Helm, must be `unchanged`, not an alarming rejection.
#[tokio::test(flavor = "multi_thread")]
async fn the_printed_commands_work_and_the_example_packaged_by_helm_is_unchanged() {
    for helm in ["CHARTDROP_HELM3", "CHARTDROP_HELM4"] {
        let (programs, home) = (programs(helm), TempDir::new().expect("a folder"));
        // In the second run, Helm's configuration still has the repository of the first one, whose
        // address is gone.
        for _ in 0..2 {
            let mut local = Local::start();
            let told = local.told_until("Serving until Ctrl-C").await;
            let found = shell(&programs, home.path(), &command(&told, "helm repo add")).await;
            assert!(found.contains("chartdrop/kube9-operator"), "{found}");

            let example = workspace().join("examples/kube9-operator");
            shell(&programs, home.path(), &format!("helm package {}", example.display())).await;
            let upload = command(&told, "aws s3 cp").replace("CHART-VERSION", "kube9-operator-1.0.0");
            shell(&programs, home.path(), &upload).await;
            let outcome = local.told_until("  outcome   ").await;
            assert!(outcome.contains("UNCHANGED kube9-operator 1.0.0"), "{helm}: {outcome}");
        }
    }
}
