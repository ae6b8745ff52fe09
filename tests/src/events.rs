//! Events as AWS sends them.

use std::path::PathBuf;

use serde_json::{Value, json};

/// The S3 notification of these keys, in one event. Keys are form-urlencoded, as in S3.
pub fn s3_put(bucket: &str, keys: &[&str]) -> Value {
    let records: Vec<Value> = keys
        .iter()
        .map(|key| {
            let mut record = sample("s3-put.json")["Records"][0].clone();
            record["s3"]["bucket"]["name"] = bucket.into();
            record["s3"]["object"]["key"] = key.replace('+', "%2B").replace(' ', "+").into();
            record
        })
        .collect();
    json!({ "Records": records })
}

/// The event in a file of `tests/events`.
pub fn sample(name: &str) -> Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folder `tests/events`.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events")
}
