//! Runs `sam build` and `sam deploy`, as an operator does.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use local::system::cargo::package_variables;
use tests::program::workspace;
use tokio::process::Command;

use crate::tools;

/// The longest time for release builds of both functions from scratch, on a busy machine.
const BUILD: Duration = Duration::from_secs(2_400);
const DEPLOY: Duration = Duration::from_secs(900);

/// The output folder of `sam build`. Its template names the two folders to deploy.
pub(super) struct Built(PathBuf);

/// Builds for the architecture of this machine, so that the result can run here.
pub(super) async fn build() -> Built {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sam");
    let mut command = sam("build");
    command
        .arg("--build-dir")
        .arg(&folder)
        .args(["--parameter-overrides", &architecture()]);
    run("sam build", command, BUILD).await;
    for function in ["PublishChart", "InvalidateCdn"] {
        let bootstrap = folder.join(function).join("bootstrap");
        assert!(bootstrap.is_file(), "sam build made no {}", bootstrap.display());
    }
    Built(folder)
}

impl Built {
    /// Deploys or updates the stack with these parameters. `samconfig.toml` names the stack.
    pub(super) async fn deploy(&self, endpoint: &str, parameters: &[&str]) {
        let mut command = sam("deploy");
        command
            .arg("--config-file")
            .arg(workspace().join("samconfig.toml"))
            .arg("--template-file")
            .arg(self.0.join("template.yaml"))
            .arg("--no-progressbar")
            // The emulator does not support saved queries.
            .args(["--parameter-overrides", &architecture(), "SavedQueries=false"])
            .args(parameters)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("AWS_PROFILE");
        run("sam deploy", command, DEPLOY).await;
    }
}

fn architecture() -> String {
    let lambda_calls_it = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    format!("Architecture={lambda_calls_it}")
}

fn sam(subcommand: &str) -> Command {
    let cargo_lambda = tools::path("CHARTDROP_CARGO_LAMBDA");
    let folder = cargo_lambda.parent().expect("a folder").to_str().expect("text");
    let mut command = Command::new(tools::path("CHARTDROP_SAM"));
    command
        .arg(subcommand)
        .env("PATH", format!("{folder}:{}", std::env::var("PATH").expect("PATH")))
        .env("SAM_CLI_TELEMETRY", "0")
        .current_dir(workspace())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    for name in package_variables() {
        command.env_remove(name);
    }
    command
}

async fn run(what: &str, mut command: Command, patience: Duration) {
    let began = Instant::now();
    let output = tokio::time::timeout(patience, command.output()).await;
    let output = output
        .unwrap_or_else(|_| panic!("{what} takes longer than {patience:?}"))
        .expect("it runs");
    assert!(
        output.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{what} took {} s", began.elapsed().as_secs());
}
