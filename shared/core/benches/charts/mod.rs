//! What the benchmarks work on: charts and indexes with metadata of a real size, the same on every
//! run.

use std::io::Write as _;

use bytes::Bytes;
use chartdrop_core::chart::{Dependency, Maintainer, Metadata};
use chartdrop_core::digest::Digest;
use chartdrop_core::index::{Entry, Format, Index};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

/// Versions of a chart in an index.
const VERSIONS_OF_A_CHART: usize = 100;

/// An index of so many versions, as we write it.
pub(crate) fn index(format: Format, versions: usize) -> Bytes {
    let entries: Vec<Entry> = (0..versions)
        .map(|at| entry(at / VERSIONS_OF_A_CHART, at % VERSIONS_OF_A_CHART))
        .collect();
    let edit = Index::new(format).edit(&entries, Timestamp::UNIX_EPOCH);
    let text = edit.ok().and_then(|edit| edit.text);
    text.map(|text| text.to_bytes()).unwrap_or_default()
}

/// The next version of the chart in the middle of [`index`].
pub(crate) fn next(versions: usize) -> Entry {
    entry(versions / VERSIONS_OF_A_CHART / 2, VERSIONS_OF_A_CHART)
}

/// A packed chart with so many templates.
pub(crate) fn archive(templates: usize) -> Vec<u8> {
    let metadata = metadata(0, 0);
    let chart_yaml = serde_json::to_vec(&metadata).unwrap_or_default();
    let template =
        "{{- include \"chart.labels\" . | nindent 4 }}\nkind: ConfigMap\nname: {{ .Release.Name }}\n".repeat(60);
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |path: String, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("chart-0/{path}"), content)
    };
    let mut added = vec![
        add("Chart.yaml".to_owned(), &chart_yaml),
        add("values.yaml".to_owned(), b"replicas: 1\n"),
    ];
    // Neither Helm loads a chart without the dependencies that it declares.
    added.extend(metadata.dependencies.iter().map(|Dependency { name, .. }| {
        let chart_yaml = format!("apiVersion: v2\nname: {name}\nversion: 2.0.0\n");
        add(format!("charts/{name}/Chart.yaml"), chart_yaml.as_bytes())
    }));
    added.extend((0..templates).map(|at| add(format!("templates/{at}.yaml"), template.as_bytes())));
    let tar = tar.into_inner().unwrap_or_default();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    added.push(gzip.write_all(&tar));
    assert!(added.iter().all(Result::is_ok), "memory takes all writes");
    gzip.finish().unwrap_or_default()
}

fn entry(chart: usize, version: usize) -> Entry {
    let metadata = metadata(chart, version);
    let file = format!("{}-{}.tgz", metadata.name, metadata.version);
    Entry {
        digest: Digest::of(file.as_bytes()),
        url: format!("https://charts.example.com/{file}"),
        created: Timestamp::UNIX_EPOCH.into(),
        metadata,
    }
}

fn metadata(chart: usize, version: usize) -> Metadata {
    let name = format!("chart-{chart}");
    let version = format!("{}.{}.0", 1 + version / 10, version % 10);
    let image = format!("- name: {name}\n  image: docker.io/example/{name}:{version}-debian-12-r7\n");
    let annotations = [
        ("category", "Infrastructure"),
        ("images", &image.repeat(3)),
        ("licenses", "Apache-2.0"),
    ];
    Metadata {
        home: format!("https://{name}.example.com"),
        sources: vec![format!("https://github.com/example/charts/tree/main/stable/{name}")],
        description: format!("{name} is a distributed, highly scalable and secure message broker for clusters."),
        keywords: ["broker", "cluster", "message", "queue"].map(str::to_owned).into(),
        maintainers: vec![Maintainer {
            name: "Example Project Authors".to_owned(),
            url: "https://github.com/example/charts".to_owned(),
            ..Maintainer::default()
        }],
        icon: format!("https://charts.example.com/icons/{name}-stack-220x234.png"),
        api_version: "v2".to_owned(),
        app_version: version.clone(),
        annotations: annotations
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        dependencies: vec![Dependency {
            name: "common".to_owned(),
            version: "2.x.x".to_owned(),
            repository: "oci://registry-1.docker.io/examplecharts".to_owned(),
            tags: vec!["example-common".to_owned()],
            ..Dependency::default()
        }],
        name,
        version,
        ..Metadata::default()
    }
}
