//! MiniStack: independent implementations of S3 and CloudFront. The site notifies the functions,
//! not MiniStack.

use serde_json::Value;
use tests::site::{Server, Site, client};
use tokio::process::Command;

use super::process::Process;
use crate::aws_cli::aws_at;
use crate::tools;

pub(super) struct MiniStack {
    process: Process,
    distribution: String,
}

pub(super) async fn start() -> MiniStack {
    let process = Process::start(|port, folder| {
        let mut command = Command::new(tools::path("CHARTDROP_MINISTACK"));
        command
            .current_dir(folder.path())
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string());
        command
    })
    .await;
    let mut ministack = MiniStack {
        process,
        distribution: String::new(),
    };
    let created = ministack
        .cloudfront(&["create-distribution", "--origin-domain-name", "suite.s3.amazonaws.com"])
        .await;
    ministack.distribution = created["Distribution"]["Id"].as_str().expect("an ID").to_owned();
    ministack
}

impl MiniStack {
    /// Creates a bucket, and starts the functions for it.
    pub(super) async fn site(&self, bucket: &str) -> Site {
        self.site_with(bucket, &[]).await
    }

    /// Does the same, with more settings.
    pub(super) async fn site_with(&self, bucket: &str, more: &[(&str, &str)]) -> Site {
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = [
            ("AWS_ENDPOINT_URL_CLOUDFRONT".to_owned(), self.process.endpoint()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), self.process.endpoint()),
            ("DISTRIBUTION_ID".to_owned(), self.distribution.clone()),
        ];
        let server = Server {
            endpoint: self.process.endpoint(),
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
            bucket: bucket.to_owned(),
            notifies: false,
            settings: settings.into_iter().chain(more).collect(),
        };
        let client = client(&server.endpoint, &server.access_key, &server.secret_key);
        let created = client.create_bucket().bucket(bucket).send().await;
        created.unwrap_or_else(|error| panic!("{error:?}: {}", self.process.log()));
        Site::on(&server).await
    }

    /// Creates a secret with this value, or sets a new value.
    pub(super) async fn secret(&self, command: &str, id: &str, value: &str) {
        let id = match command {
            "create-secret" => ["--name", id],
            _ => ["--secret-id", id],
        };
        let arguments = [&["secretsmanager", command, "--secret-string", value], id.as_slice()].concat();
        aws_at(&self.process.endpoint(), "test", &arguments).await;
    }

    /// The paths of each invalidation.
    pub(super) async fn invalidations(&self) -> Vec<Vec<String>> {
        let listed = self
            .cloudfront(&["list-invalidations", "--distribution-id", &self.distribution])
            .await;
        let mut all = Vec::new();
        for one in listed["InvalidationList"]["Items"].as_array().into_iter().flatten() {
            let id = one["Id"].as_str().expect("an ID");
            let whole = self
                .cloudfront(&["get-invalidation", "--distribution-id", &self.distribution, "--id", id])
                .await;
            let paths = &whole["Invalidation"]["InvalidationBatch"]["Paths"]["Items"];
            all.push(serde_json::from_value(paths.clone()).expect("paths"));
        }
        all
    }

    /// Runs `aws cloudfront ARGUMENTS`, which must succeed, and returns the output.
    async fn cloudfront(&self, arguments: &[&str]) -> Value {
        let arguments = [&["cloudfront", "--output", "json"], arguments].concat();
        let said = aws_at(&self.process.endpoint(), "test", &arguments).await;
        serde_json::from_str(&said).expect("JSON")
    }
}
