//! Helm loads every index that Chartdrop writes, and Chartdrop can extend every index that Helm
//! writes.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::system::{entries, versions};
use tests::{ChartArchive, Chartdrop};

use crate::helm::{self, Helm};

/// Charts with texts that are hard to write, each in an index that Helm has to read.
pub fn charts() -> Vec<ChartArchive> {
    let texts = [
        "plain",
        "'quoted: yes # no comment'",
        "\"line\\nbreak\\ttab \\\"quote\\\" back\\\\slash\"",
        "'- looks like a list'",
        "'{looks: like, a: mapping}'",
        "'&anchor *alias !tag |block >folded %directive @at `tick`'",
        "'  spaces around  '",
        "'true'",
        "'1.10'",
        "'null'",
        "'~'",
        "'2026-01-01'",
        "'0x1F'",
        "監視",
        "\"\\U0001F680\"",
        "\"\\u2028 \\u2029 \\u00a0\"",
        "\"bell \\a escape \\e\"",
        "'---'",
        "'...'",
        "\"trailing newline\\n\"",
        "\"\\n leading newline\"",
        "'=' ",
        "'y'",
    ];
    let texts = texts.iter().enumerate().map(|(number, text)| {
        ChartArchive::new(&format!("text-{number}"), "1.0.0").with_chart_yaml(&format!(
            "keywords: [{text}]\nhome: {text}\nannotations:\n  {text}: {text}\n  other: {text}\n"
        ))
    });
    let long = "long text with: colons and # marks ".repeat(300);
    let long = ChartArchive::new("long", "1.0.0").with_chart_yaml(&format!("annotations: {{long: '{long}'}}\n"));
    let versions = ["0.1.0", "1.0.0-rc.1", "1.0.0", "1.0.0+b.1", "v1.14.0", "1.2", "10.0.0"];
    let versions = versions.iter().map(|version| ChartArchive::new("demo", version));
    let full = ChartArchive::new("full", "1.0.0").with_chart_yaml(
        "maintainers:\n  - name: A\n    email: a@example.com\nsources: [https://example.com]\ndeprecated: true\n\
         dependencies:\n  - name: child\n    version: '>=1'\n    repository: https://example.com\n    import-values:\n      \
         - data\n      - child: a\n        parent: b\n",
    );
    let full = full.file(
        "charts/child/Chart.yaml",
        "apiVersion: v2\nname: child\nversion: 1.0.0\n",
    );
    texts.chain([long, full]).chain(versions).collect()
}

/// Charts with texts that Helm itself cannot write in YAML: its writer fails on some, and it writes
/// `<<` as a merge key.
fn charts_that_helm_cannot_index() -> Vec<ChartArchive> {
    let texts = [
        "<<",
        "next line \\u0085",
        "byte order mark \\ufeff",
        "\\ufeff first",
        "delete \\x7f",
        "\\x9f",
    ];
    let charts = texts.iter().enumerate().map(|(number, text)| {
        ChartArchive::new(&format!("hard-{number}"), "1.0.0")
            .with_chart_yaml(&format!("home: \"{text}\"\nannotations:\n  \"{text}\": \"{text}\"\n"))
    });
    charts.collect()
}

/// All charts that `helm search repo -l` finds, as `NAME VERSION`.
async fn found(helm: &Helm, repository: &str) -> BTreeSet<String> {
    let found = helm
        .json([
            "search",
            "repo",
            "-l",
            "--devel",
            "-o",
            "json",
            &format!("{repository}/"),
        ])
        .await;
    let found: Vec<Value> = found.as_array().expect("a list").clone();
    let text = |found: &Value, field: &str| found[field].as_str().expect("text").to_owned();
    found
        .iter()
        .map(|found| format!("{} {}", text(found, "name"), text(found, "version")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_loads_every_index_that_chartdrop_writes() {
    let mut read = Vec::new();
    for form in ["json", "yaml"] {
        let chartdrop =
            Chartdrop::with_settings(&[("INDEX_FORMAT", form), ("REPOSITORY_URL", "https://charts.example.com")]).await;
        let mut expected = BTreeSet::new();
        for chart in [charts(), charts_that_helm_cannot_index()].concat() {
            let receipt = chartdrop.publish(&chart).await;
            assert_eq!(receipt["outcome"], "published", "{receipt}");
            let text = |field: &str| receipt[field].as_str().expect("text").to_owned();
            expected.insert(format!("{form}/{} {}", text("chart"), text("version")));
        }
        for helm in helm::both() {
            helm.run(["repo", "add", form, &chartdrop.system.edge_url()]).await;
            assert_eq!(found(&helm, form).await, expected, "{} and the {form} form", helm.label);
            let path = helm.folder("ours").join("index.yaml");
            std::fs::write(&path, chartdrop.text("charts/index.yaml")).expect("written");
            read.push((helm.label, form, without_times(helm.reads_index(&path).await)));
        }
    }
    // Both Helms read the same content in both forms.
    for (label, form, index) in &read[1..] {
        assert_eq!(
            index, &read[0].2,
            "{label} and the {form} form against {} and {}",
            read[0].0, read[0].1
        );
    }
}

fn without_times(mut index: Value) -> Value {
    index.as_object_mut().expect("an index").remove("generated");
    for versions in index["entries"].as_object_mut().expect("entries").values_mut() {
        for entry in versions.as_array_mut().expect("versions") {
            entry.as_object_mut().expect("an entry").remove("created");
        }
    }
    index
}

/// A bucket with archives and an index that this Helm wrote, as of a project that moves to
/// Chartdrop.
async fn moving_in(helm: &Helm, json: bool) -> (Chartdrop, String) {
    let chartdrop = Chartdrop::start().await;
    let folder = helm.folder(if json { "json" } else { "yaml" });
    for chart in charts() {
        std::fs::write(folder.join(chart.file_name()), chart.bytes()).expect("written");
        chartdrop.put(&format!("charts/{}", chart.file_name()), chart.bytes());
    }
    let url = chartdrop.system.edge_url();
    let folder_text = folder.to_str().expect("text");
    let mut arguments = vec!["repo", "index", folder_text, "--url", &url];
    if json {
        arguments.push("--json");
    }
    helm.run(arguments).await;
    let index = std::fs::read_to_string(folder.join("index.yaml")).expect("an index");
    chartdrop.put("charts/index.yaml", index.clone());
    chartdrop.settled().await;
    (chartdrop, index)
}

#[tokio::test(flavor = "multi_thread")]
async fn chartdrop_extends_every_index_that_helm_writes() {
    for helm in helm::both() {
        for json in [false, true] {
            let (chartdrop, theirs) = moving_in(&helm, json).await;
            let receipt = chartdrop.publish(&ChartArchive::new("demo", "2.0.0")).await;
            assert_eq!(receipt["outcome"], "published", "{}: {receipt}", helm.label);
            let ours = chartdrop.text("charts/index.yaml");
            assert_eq!(ours.starts_with('{'), json, "the form stays");
            assert_taken_over(&helm, &theirs, &ours).await;
            helm.run(["repo", "add", "moved", &chartdrop.system.edge_url()]).await;
            assert!(found(&helm, "moved").await.contains("moved/demo 2.0.0"));
            helm.run(["pull", "moved/demo", "--version", "0.1.0"]).await;
            helm.run(["repo", "remove", "moved"]).await;
        }
    }
}

/// Asserts that Helm reads the new index as the old one with one more entry.
async fn assert_taken_over(helm: &Helm, theirs: &str, ours: &str) {
    let folder = helm.folder("compared");
    let (before, after) = (folder.join("before.yaml"), folder.join("after.yaml"));
    std::fs::write(&before, theirs).expect("written");
    std::fs::write(&after, ours).expect("written");
    let (before, mut after) = (helm.reads_index(&before).await, helm.reads_index(&after).await);
    assert_eq!(versions(&after, "demo")[1..].len(), versions(&before, "demo").len());
    let demo = after["entries"]["demo"].as_array_mut().expect("versions");
    demo.retain(|entry| entry["version"] != "2.0.0");
    assert_eq!(
        before["entries"], after["entries"],
        "{}: everything that Helm reads, `created` too",
        helm.label
    );
    assert!(!entries(&before).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_in_an_index_that_helm_wrote_count_as_published() {
    for helm in helm::both() {
        let (chartdrop, index) = moving_in(&helm, false).await;
        for chart in [&charts()[0], &charts().pop().expect("a chart")] {
            let receipt = chartdrop.publish(chart).await;
            assert_eq!(receipt["outcome"], "unchanged", "{}: {receipt}", helm.label);
        }
        assert_eq!(chartdrop.text("charts/index.yaml"), index);
    }
}
