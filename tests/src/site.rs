//! [`Site`]: a bucket on any server with an S3 API, and the functions that use it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use local::aws::lambda::FunctionError;
use local::identity::{REGION, SECRET_ACCESS_KEY};
use local::{Options, System};
use serde_json::Value;

use crate::{ChartArchive, events};

/// The longest wait for anything, generous enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The address and the credentials of a server.
#[derive(Debug, Clone)]
pub struct Server {
    /// The URL, such as `http://127.0.0.1:9000`.
    pub endpoint: String,
    /// The access key ID.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The bucket, which has to exist.
    pub bucket: String,
    /// Whether the server itself notifies the functions of uploads and index writes.
    pub notifies: bool,
    /// More environment variables of the functions.
    pub settings: BTreeMap<String, String>,
}

/// A bucket on a server, and the functions.
pub struct Site {
    /// Runs the functions; its own bucket is used only by [`Site::local`].
    pub system: System,
    /// The client of the server.
    pub client: Client,
    /// The name of the bucket.
    pub bucket: String,
    notifies: bool,
}

impl Site {
    /// Uses the bucket of [`local`].
    pub async fn local() -> Self {
        let system = System::start(Options::default())
            .await
            .expect("the local system starts");
        let server = Server {
            endpoint: system.s3_endpoint(),
            access_key: "test".to_owned(),
            secret_key: SECRET_ACCESS_KEY.to_owned(),
            bucket: system.bucket_name().to_owned(),
            notifies: true,
            settings: BTreeMap::new(),
        };
        Self::of(system, &server)
    }

    /// Uses a bucket on another server.
    pub async fn on(server: &Server) -> Self {
        let ours = [
            ("AWS_ENDPOINT_URL_S3", server.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", &server.access_key),
            ("AWS_SECRET_ACCESS_KEY", &server.secret_key),
            ("AWS_SESSION_TOKEN", ""),
            ("CHART_BUCKET", &server.bucket),
            ("REPOSITORY_URL", "https://charts.example.com"),
        ];
        let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = Options {
            settings: ours.into_iter().chain(server.settings.clone()).collect(),
            ..Options::default()
        };
        let system = System::start(options).await.expect("the local system starts");
        Self::of(system, server)
    }

    fn of(system: System, server: &Server) -> Self {
        Self {
            system,
            client: client(&server.endpoint, &server.access_key, &server.secret_key),
            bucket: server.bucket.clone(),
            notifies: server.notifies,
        }
    }

    /// Puts an object, and returns its ETag without quotes.
    pub async fn put(&self, key: &str, bytes: impl Into<Bytes>) -> String {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.body(ByteStream::from(bytes.into())).send().await;
        let etag = put.unwrap_or_else(|error| panic!("{key}: {error:?}")).e_tag;
        etag.expect("an ETag").trim_matches('"').to_owned()
    }

    /// The object, if it exists.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => Some(object.body.collect().await.expect("the whole object").into_bytes()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => None,
            Err(error) => panic!("{key}: {error:?}"),
        }
    }

    /// Removes an object.
    pub async fn remove(&self, key: &str) {
        let removed = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        removed.unwrap_or_else(|error| panic!("{key}: {error:?}"));
    }

    /// The keys with this prefix.
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap_or_else(|error| panic!("{prefix}: {error:?}"));
            keys.extend(
                page.contents
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|object| object.key),
            );
        }
        keys
    }

    /// Uploads a chart archive to a folder below `staging/` (`""` or `"team-a/"`), and notifies
    /// publish-chart. Returns the key and the ETag.
    pub async fn upload(&self, folder: &str, chart: &ChartArchive) -> (String, String) {
        let key = format!("staging/{folder}{}", chart.file_name());
        let etag = self.put(&key, chart.bytes()).await;
        if !self.notifies {
            let event = events::s3_put(&self.bucket, &[&key]);
            self.system.invoke_async("publish-chart", &event);
        }
        (key, etag)
    }

    /// Uploads a chart archive, waits for its outcome, and returns the receipt.
    pub async fn publish(&self, folder: &str, chart: &ChartArchive) -> Value {
        let upload = self.upload(folder, chart).await;
        self.receipt(&upload).await
    }

    /// Waits until an upload has its receipt and is removed, and returns the receipt.
    pub async fn receipt(&self, (key, etag): &(String, String)) -> Value {
        let receipt = format!("{}.json", key.replacen("staging/", "receipts/", 1));
        let began = Instant::now();
        loop {
            if let Some(bytes) = self.get(&receipt).await {
                let receipt: Value = serde_json::from_slice(&bytes).expect("a receipt is JSON");
                if receipt["uploadEtag"] == *etag && self.get(key).await.is_none() {
                    return receipt;
                }
            }
            assert!(began.elapsed() < PATIENCE, "{key} has no receipt: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the condition holds.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < PATIENCE, "{what}: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn logs(&self) -> String {
        let lines = self.system.function_logs("publish-chart");
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }

    /// The index of a repository (`""` or `"team-a/"`), which must be JSON.
    pub async fn index(&self, folder: &str) -> Value {
        let bytes = self.get(&format!("charts/{folder}index.yaml")).await.expect("an index");
        serde_json::from_slice(&bytes).expect("an index in JSON form")
    }

    /// Invokes publish-chart with an event, and waits for its answer.
    ///
    /// # Errors
    ///
    /// The error that the function reported.
    pub async fn run(&self, event: Value) -> Result<Value, FunctionError> {
        self.system.invoke("publish-chart", event).await
    }
}

/// An S3 client for the server at this address.
pub fn client(endpoint: &str, access_key: &str, secret_key: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(Credentials::new(access_key, secret_key, None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}
