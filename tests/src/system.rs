//! [`Chartdrop`]: the whole system on loopback, with helpers for the tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chartdrop::digest::Digest;
use local::aws::lambda::FunctionError;
use local::aws::s3::Object;
use local::faults::Faults;
use local::{Options, System};
use serde_json::{Value, json};

use crate::http::{self, Response};
use crate::{ChartArchive, events};

/// The bucket, the edge and the two functions as processes. Dropping it stops them.
pub struct Chartdrop {
    /// The system itself, for everything that has no helper.
    pub system: System,
}

impl Chartdrop {
    /// Starts the system with default settings.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Starts the system with these settings in the functions' environment.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        Self::with(Options {
            settings: owned(settings),
            ..Options::default()
        })
        .await
    }

    /// Starts the system with these settings and this secret.
    pub async fn with_secret(settings: &[(&str, &str)], secret: impl ToString) -> Self {
        Self::with(Options {
            settings: owned(settings),
            secret: Some(secret.to_string()),
            ..Options::default()
        })
        .await
    }

    /// Starts the system with these faults.
    pub async fn with_faults(faults: impl Faults + 'static) -> Self {
        Self::with(Options {
            faults: Arc::new(faults),
            ..Options::default()
        })
        .await
    }

    /// Starts the system with these options.
    pub async fn with(options: Options) -> Self {
        Self {
            system: System::start(options).await.expect("the local system starts"),
        }
    }

    /// Uploads a chart archive under its own name for the root repository, and returns the key.
    pub fn upload(&self, chart: &ChartArchive) -> String {
        self.upload_to("", chart)
    }

    /// Uploads a chart archive under its own name to a folder below `staging/` (`""` or
    /// `"team-a/"`), and returns the key.
    pub fn upload_to(&self, folder: &str, chart: &ChartArchive) -> String {
        let key = format!("staging/{folder}{}", chart.file_name());
        self.put(&key, chart.bytes());
        key
    }

    /// Puts an object as a client other than the functions would, with the bucket's notifications.
    pub fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.system
            .store()
            .put(key, bytes.into(), BTreeMap::new())
            .expect("the bucket accepts every write");
    }

    /// Uploads a chart archive, waits for its outcome, and returns the receipt.
    pub async fn publish(&self, chart: &ChartArchive) -> Value {
        let key = self.upload(chart);
        self.settled().await;
        self.receipt(&key)
    }

    /// Waits until no event and no invalidation is in progress, and asserts that no event failed
    /// for good.
    pub async fn settled(&self) {
        self.system.settled().await;
        self.system.invalidations_completed().await;
        let dead = self.system.dead_letters();
        assert!(dead.is_empty(), "events failed for good: {dead:#?}");
    }

    /// Invokes publish-chart with an event, and waits for its answer.
    pub async fn run(&self, event: &Value) -> Value {
        self.invoke("publish-chart", event)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Invokes a function with an event, and waits for its answer or its error.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, FunctionError> {
        self.system.invoke(function, event.clone()).await
    }

    /// The object under this key.
    pub fn object(&self, key: &str) -> Option<Arc<Object>> {
        self.system.store().get(key)
    }

    /// The text of the object under this key, which must exist.
    pub fn text(&self, key: &str) -> String {
        let object = self.object(key).unwrap_or_else(|| panic!("{key} does not exist"));
        String::from_utf8(object.bytes.to_vec()).expect("text")
    }

    /// The keys with this prefix.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.system.store().list(prefix)
    }

    /// The receipt of an upload, which must exist.
    pub fn receipt(&self, upload: &str) -> Value {
        let key = format!("{}.json", upload.replacen("staging/", "receipts/", 1));
        serde_json::from_str(&self.text(&key)).expect("a receipt is JSON")
    }

    /// The index of the root repository, which must be JSON.
    pub fn index(&self) -> Value {
        self.index_of("")
    }

    /// The index of a repository (`""` or `"team-a/"`), which must be JSON.
    pub fn index_of(&self, folder: &str) -> Value {
        serde_json::from_str(&self.text(&format!("charts/{folder}index.yaml"))).expect("an index in JSON form")
    }

    /// The versions of a chart in the index of the root repository, in its order.
    pub fn versions(&self, chart: &str) -> Vec<String> {
        versions(&self.index(), chart)
    }

    /// Asserts that the archive of each entry can be downloaded through the edge, with its digest.
    pub async fn assert_all_downloads(&self, index: &Value) {
        for entry in entries(index) {
            let url = entry["urls"][0].as_str().expect("a URL");
            let response = http::get(url).await;
            assert_eq!(response.status, 200, "{url}");
            assert_eq!(entry["digest"], Digest::of(&response.body).to_string(), "{url}");
        }
    }

    /// Sends `GET` to the edge for a path such as `/index.yaml`.
    pub async fn edge(&self, path: &str) -> Response {
        http::get(&format!("{}{path}", self.system.edge_url())).await
    }

    /// The S3 requests of publish-chart so far, such as `GetObject staging/demo-1.0.0.tgz`.
    pub fn publish_requests(&self) -> Vec<String> {
        let requests = self
            .system
            .s3_requests()
            .into_iter()
            .filter(|request| request.function == "publish-chart");
        requests
            .map(|request| format!("{} {}", request.operation, request.key))
            .collect()
    }

    /// The S3 notification of these keys, as the bucket would send it again.
    pub fn notification(&self, keys: &[&str]) -> Value {
        events::s3_put(self.system.bucket_name(), keys)
    }

    /// Runs a sweep, and asserts that nothing fails.
    pub async fn sweep(&self) -> Value {
        let answer = self.run(&json!({"command": "sweep"})).await;
        assert_eq!(local::undone(&answer), None, "{answer}");
        answer
    }
}

/// Settings in the form that [`Options`] has.
pub fn owned(settings: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

/// The versions of a chart in an index, in its order.
pub fn versions(index: &Value, chart: &str) -> Vec<String> {
    let entries = index["entries"][chart]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    entries
        .iter()
        .map(|entry| entry["version"].as_str().expect("a version").to_owned())
        .collect()
}

/// All entries of an index.
pub fn entries(index: &Value) -> Vec<&Value> {
    let charts = index["entries"].as_object().expect("entries");
    charts
        .values()
        .flat_map(|versions| versions.as_array().expect("versions"))
        .collect()
}

/// Waits for the next second of S3's clock: two uploads of the same bytes in the same second cannot
/// be distinguished.
pub async fn next_second() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}
