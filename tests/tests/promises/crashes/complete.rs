//! The state that must be reached in the end.

use chartdrop::digest::Digest;
use chartdrop::index::Index;
use serde_json::Value;
use tests::system::entries;
use tests::{ChartArchive, Chartdrop, http};

use crate::crashes::flow::{Flow, archive};

/// Everything that is missing or wrong in a repository after a flow; empty if nothing is.
pub(crate) async fn missing(chartdrop: &Chartdrop, folder: &str, flow: &Flow, copy_denied: bool) -> Vec<String> {
    let mut missing = Vec::new();
    for upload in flow.uploads {
        let chart = archive(*upload);
        let file = chart.file_name();
        match chartdrop.object(&format!("receipts/{folder}/{file}.json")) {
            None => missing.push(format!("{file} has no receipt")),
            Some(receipt) => {
                let receipt: Value = serde_json::from_slice(&receipt.bytes).expect("a receipt is JSON");
                if receipt["outcome"] != upload.1 {
                    missing.push(format!("the receipt of {file} is {receipt}"));
                }
            }
        }
        let kept = chartdrop.object(&format!("rejected/{folder}/{file}"));
        let is_kept = kept.is_some_and(|kept| kept.bytes == chart.bytes());
        if is_kept != (upload.1 == "rejected") && !copy_denied {
            missing.push(format!("kept as rejected: {is_kept}, of {file}"));
        }
    }
    let staged = chartdrop.keys(&format!("staging/{folder}/"));
    if !staged.is_empty() {
        missing.push(format!("still in staging: {staged:?}"));
    }
    if let Some(version) = flow.unpublished {
        let file = ChartArchive::new("demo", version).file_name();
        if chartdrop.object(&format!("charts/{folder}/{file}")).is_some() {
            missing.push(format!("{file} is still in the bucket"));
        }
        if chartdrop.edge(&format!("/{folder}/{file}")).await.status == 200 {
            missing.push(format!("the edge still serves {file}"));
        }
    }
    missing.extend(wrong_in_index(chartdrop, folder, flow).await);
    missing
}

async fn wrong_in_index(chartdrop: &Chartdrop, folder: &str, flow: &Flow) -> Vec<String> {
    let Some(object) = chartdrop.object(&format!("charts/{folder}/index.yaml")) else {
        return vec!["there is no index".to_owned()];
    };
    let bytes = &object.bytes;
    if let Err(error) = Index::read(bytes.clone()) {
        return vec![format!("Helm could not load the index: {error}")];
    }
    let mut wrong = Vec::new();
    let index: Value = serde_json::from_slice(bytes).expect("an index in JSON form");
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let mut listed: Vec<(String, String)> = entries(&index)
        .into_iter()
        .map(|entry| (text(entry, "name"), text(entry, "version")))
        .collect();
    listed.sort();
    if listed != flow.listed() {
        wrong.push(format!("the index lists {listed:?}"));
    }
    for entry in entries(&index) {
        let url = entry["urls"][0].as_str().expect("a URL");
        let answer = http::get(url).await;
        if answer.status != 200 || entry["digest"] != Digest::of(&answer.body).to_string() {
            wrong.push(format!("{url} answers {} and not what its digest says", answer.status));
        }
    }
    let edge = chartdrop.edge(&format!("/{folder}/index.yaml")).await;
    if edge.body != *bytes {
        wrong.push("the edge serves an older index".to_owned());
    }
    wrong
}
