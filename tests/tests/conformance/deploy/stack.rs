//! The deployed stack, with the values in its outputs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use serde_json::Value;
use tempfile::TempDir;
use tests::ChartArchive;
use tests::site::client;
use tokio::process::Command;

use super::sam::Built;
use crate::aws_cli::aws_at;
use crate::servers::process::Process;
use crate::tools;

/// The stack name in the first profile of `samconfig.toml`.
const STACK: &str = "chartdrop-staging";
/// The longest wait for anything that the stack does by itself.
const PATIENCE: Duration = Duration::from_secs(300);

/// A stack, which ends with its emulator.
pub(super) struct Stack {
    ministack: Process,
    built: Built,
    outputs: BTreeMap<String, String>,
    s3: Client,
    uploads: TempDir,
}

impl Stack {
    pub(super) async fn deploy(built: Built, parameters: &[&str]) -> Self {
        let ministack = Process::start(|port, folder| {
            let mut command = Command::new(tools::path("CHARTDROP_MINISTACK"));
            command
                .current_dir(folder.path())
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port.to_string())
                // The emulator passes the address in its environment on to its functions.
                .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
                // The pause before retries, which is minutes in Lambda.
                .env("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2");
            command
        })
        .await;
        let mut stack = Stack {
            s3: client(&ministack.endpoint(), "test", "test"),
            ministack,
            built,
            outputs: BTreeMap::new(),
            uploads: TempDir::new().expect("a folder"),
        };
        stack.update(parameters).await;
        stack
    }

    /// Deploys again, with these parameters.
    pub(super) async fn update(&mut self, parameters: &[&str]) {
        self.built.deploy(&self.ministack.endpoint(), parameters).await;
        let described = self
            .aws(&["cloudformation", "describe-stacks", "--stack-name", STACK])
            .await;
        let outputs = described["Stacks"][0]["Outputs"].as_array().expect("outputs");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let outputs = outputs.iter();
        self.outputs = outputs
            .map(|output| (text(&output["OutputKey"]), text(&output["OutputValue"])))
            .collect();
    }

    pub(super) fn output(&self, name: &str) -> &str {
        self.outputs
            .get(name)
            .unwrap_or_else(|| panic!("no output {name}: {:?}", self.outputs))
    }

    /// Runs `aws ARGUMENTS`, which must succeed, and returns the output as JSON (`null` if empty).
    pub(super) async fn aws(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        let said = aws_at(&self.ministack.endpoint(), "test", &arguments).await;
        if said.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
    }

    /// Runs `aws s3 cp FILE s3://BUCKET/staging/FOLDER`.
    pub(super) async fn upload(&self, folder: &str, chart: &ChartArchive) {
        self.copy(&format!("staging/{folder}{}", chart.file_name()), &chart.bytes())
            .await;
    }

    /// Runs `aws s3 cp FILE s3://BUCKET/KEY`.
    pub(super) async fn copy(&self, key: &str, bytes: &[u8]) {
        let file = self.uploads.path().join("file");
        std::fs::write(&file, bytes).expect("written");
        let (from, to) = (file.to_str().expect("text"), self.url(key));
        aws_at(&self.ministack.endpoint(), "test", &["s3", "cp", from, &to]).await;
    }

    /// Runs `aws s3 rm s3://BUCKET/KEY`.
    pub(super) async fn remove(&self, key: &str) {
        aws_at(&self.ministack.endpoint(), "test", &["s3", "rm", &self.url(key)]).await;
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.output("BucketName"))
    }

    /// The object, if it exists.
    pub(super) async fn object(&self, key: &str) -> Option<Vec<u8>> {
        let asked = self.s3.get_object().bucket(self.output("BucketName")).key(key);
        match asked.send().await {
            Ok(object) => Some(object.body.collect().await.expect("the whole object").to_vec()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => None,
            Err(error) => panic!("{key}: {error:?}"),
        }
    }

    pub(super) async fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self
            .s3
            .list_objects_v2()
            .bucket(self.output("BucketName"))
            .prefix(prefix);
        let listed = listed
            .send()
            .await
            .unwrap_or_else(|error| panic!("{prefix}: {error:?}"));
        let keys = listed.contents.unwrap_or_default().into_iter();
        keys.filter_map(|object| object.key).collect()
    }

    /// Waits until an upload has its receipt and is removed, and returns the receipt.
    pub(super) async fn receipt(&self, folder: &str, chart: &ChartArchive) -> Value {
        let file = format!("{folder}{}", chart.file_name());
        let (staged, receipt) = (format!("staging/{file}"), format!("receipts/{file}.json"));
        self.until(&format!("{staged} has its receipt and is gone"), async || {
            self.object(&receipt).await.is_some() && self.object(&staged).await.is_none()
        })
        .await;
        let receipt = self.object(&receipt).await.expect("it was there");
        serde_json::from_slice(&receipt).expect("a receipt is JSON")
    }

    /// The paths of all invalidations of the distribution.
    pub(super) async fn invalidated(&self) -> Vec<Vec<String>> {
        let distribution = ["--distribution-id", self.output("DistributionId")];
        let listed = [&["cloudfront", "list-invalidations"], &distribution[..]].concat();
        let listed = self.aws(&listed).await;
        let mut all = Vec::new();
        for one in listed["InvalidationList"]["Items"].as_array().into_iter().flatten() {
            let id = one["Id"].as_str().expect("an ID");
            let one = [&["cloudfront", "get-invalidation", "--id", id], &distribution[..]].concat();
            let one = self.aws(&one).await;
            let paths = &one["Invalidation"]["InvalidationBatch"]["Paths"]["Items"];
            all.push(serde_json::from_value(paths.clone()).expect("paths"));
        }
        all
    }

    /// A message in a queue, if there is one; it stays in the queue.
    pub(super) async fn message(&self, queue: &str) -> Option<Value> {
        let queue = ["--queue-url", self.output(queue), "--visibility-timeout", "0"];
        let received = [&["sqs", "receive-message"], &queue[..]].concat();
        let received = self.aws(&received).await;
        let body = received["Messages"][0]["Body"].as_str()?;
        Some(serde_json::from_str(body).expect("JSON"))
    }

    /// Waits until the condition holds.
    pub(super) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            if began.elapsed() > PATIENCE {
                let log = self.ministack.log();
                let lines: Vec<&str> = log.lines().rev().take(60).collect();
                panic!(
                    "not after {PATIENCE:?}: {what}; MiniStack, newest first:\n{}",
                    lines.join("\n")
                );
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}
