//! Runs the functions with cargo-lambda and sends them the sample events, as the docs describe.

use std::process::Stdio;
use std::time::Duration;

use local::Options;
use local::system::cargo::package_variables;
use serde_json::Value;
use tests::program::workspace;
use tests::{ChartArchive, Chartdrop, events};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::tools;

/// The longest wait, which includes building the function.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// The commands under "Develop with cargo lambda", with the addresses of this test.
struct Page {
    settings: Vec<String>,
    watch: String,
    invoke: String,
}

impl Page {
    fn read(chartdrop: &Chartdrop, port: u16) -> Self {
        let text = std::fs::read_to_string(workspace().join("CONTRIBUTING.md")).expect("a page");
        let section = text
            .split("\n## ")
            .find(|section| section.starts_with("Develop with cargo lambda"));
        let section = section.expect("a section about cargo lambda");
        let here = |line: &str| {
            let line = line.replace("http://127.0.0.1:9000", &chartdrop.system.s3_endpoint());
            let line = line.replace("http://127.0.0.1:8080", &chartdrop.system.edge_url());
            line.replace("-P 9012", &format!("-P {port}"))
        };
        let lines = |start: &str| -> Vec<String> {
            section
                .lines()
                .filter(|line| line.starts_with(start))
                .map(here)
                .collect()
        };
        let one = |start: &str| {
            lines(start)
                .pop()
                .unwrap_or_else(|| panic!("CONTRIBUTING.md has no line {start}…"))
        };
        Page {
            settings: lines("export "),
            watch: one("cargo lambda watch"),
            invoke: one("cargo lambda invoke"),
        }
    }

    /// Runs a command line in a shell, after the `export` lines of the page, with cargo-lambda in
    /// PATH.
    fn shell(&self, line: &str) -> Command {
        let tool = tools::path("CHARTDROP_CARGO_LAMBDA");
        let folder = tool.parent().expect("a folder").to_str().expect("text").to_owned();
        let path = format!("{folder}:{}", std::env::var("PATH").expect("PATH"));
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{}\nexec {line}", self.settings.join("\n"))])
            .env("PATH", path)
            .current_dir(workspace())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for name in package_variables() {
            command.env_remove(name);
        }
        command
    }
}

/// Runs `cargo lambda watch` until it is dropped, and ends everything that it has started.
struct Watch(Child);

impl Watch {
    async fn start(readme: &Page, port: u16) -> Self {
        // In its own process group, so that the functions that it starts can be ended with it.
        let child = readme
            .shell(&readme.watch)
            .process_group(0)
            .spawn()
            .expect("cargo lambda watch starts");
        let listening = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), listening)
            .await
            .expect("it listens");
        Watch(child)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(id) = self.0.id() {
            let _ = std::process::Command::new("kill")
                .args(["-TERM", "--", &format!("-{id}")])
                .status();
        }
    }
}

/// Runs `cargo lambda invoke`, and returns the answer.
async fn invoke(readme: &Page, line: &str) -> Value {
    let output = tokio::time::timeout(PATIENCE, readme.shell(line).output())
        .await
        .expect("an answer")
        .expect("it runs");
    let (said, problem) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{line}: {said}{problem}");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{line}: {error}: {said}{problem}"))
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_under_cargo_lambda_watch_accepts_every_sample_event() {
    let chartdrop = Chartdrop::with(Options {
        notifications: false,
        ..Options::default()
    })
    .await;
    let port = free_port().await;
    let readme = Page::read(&chartdrop, port);
    let _watch = Watch::start(&readme, port).await;

    let waiting = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    invoke(&readme, &readme.invoke).await;
    assert_eq!(
        chartdrop.receipt(&waiting)["outcome"],
        "published",
        "by the page's own line: {}",
        readme.invoke
    );

    let example = chartdrop.upload(&ChartArchive::new("kube9-operator", "1.0.0"));
    let second = chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "0.1.0+build.1"));
    for file in std::fs::read_dir(events::folder()).expect("tests/events") {
        let name = file.expect("a file").file_name().into_string().expect("text");
        if !name.starts_with("index-") && !name.starts_with("archive-") {
            let line =
                format!("cargo lambda invoke publish-chart -A 127.0.0.1 -P {port} --data-file tests/events/{name}");
            invoke(&readme, &line).await;
        }
    }
    for upload in [&example, &second] {
        assert_eq!(
            chartdrop.receipt(upload)["outcome"],
            "published",
            "the sample events name {upload}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn local_answers_cargo_lambda_invoke() {
    let chartdrop = Chartdrop::with(Options {
        notifications: false,
        ..Options::default()
    })
    .await;
    let address = chartdrop.system.aws_address();
    let readme = Page::read(&chartdrop, address.port());
    let upload = chartdrop.upload(&ChartArchive::new("kube9-operator", "1.0.0"));
    let line = |function: &str, event: &str| {
        let (ip, port) = (address.ip(), address.port());
        format!("cargo lambda invoke {function} -A {ip} -P {port} --data-file tests/events/{event}")
    };
    invoke(&readme, &line("publish-chart", "s3-put.json")).await;
    assert_eq!(chartdrop.receipt(&upload)["outcome"], "published");
    invoke(&readme, &line("invalidate-cdn", "index-written.json")).await;
    assert_eq!(chartdrop.system.invalidations(), [["/index.yaml"]]);
}
