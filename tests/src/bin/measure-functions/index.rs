//! Generates large indexes, with entries of a realistic size.

use chartdrop::archive::{self, Archive, Limits};
use chartdrop::index::{Entry, Format, Index};
use tests::ChartArchive;

/// The number of versions of one chart.
const VERSIONS: usize = 100;
/// The metadata of a version: about 1.2 kB in the index, the average of Bitnami's.
const CHART_YAML: &str = "\
apiVersion: v2
name: database
version: 1.0.0
appVersion: 1.0.0
type: application
annotations:
  category: Database
  images: |
    - name: shell
      image: registry.example.com/example/shell:12-debian-12-r50
    - name: database
      image: registry.example.com/example/database:17.5.0-debian-12-r12
    - name: database-exporter
      image: registry.example.com/example/database-exporter:0.17.1-debian-12-r7
  licenses: Apache-2.0
dependencies:
- name: common
  repository: oci://registry.example.com/charts
  tags:
  - example-common
  version: 2.x.x
description: An open source object-relational database known for reliability and data integrity. It is packed with
  features, is ACID-compliant, and supports foreign keys, joins, views, triggers and stored procedures.
home: https://charts.example.com
icon: https://charts.example.com/assets/stacks/database/img/database-stack-220x234.png
keywords: [database, sql, replication, cluster, relational]
maintainers:
- name: Example, Inc.
  url: https://github.com/example/charts
sources:
- https://github.com/example/charts/tree/main/example/database
- https://github.com/example/containers/tree/main/example/database
";

/// The layout of an index.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    Ours,
    /// An equally valid layout that cannot be edited in place, and is parsed completely.
    Other,
}

/// An index with at least this many bytes, and hardly more.
pub fn of_size(size: usize, format: Format, layout: Layout) -> String {
    let archive = ChartArchive::new("database", "1.0.0")
        .chart_yaml(CHART_YAML)
        .file(
            "charts/common/Chart.yaml",
            "apiVersion: v2\nname: common\nversion: 2.0.0\n",
        )
        .bytes();
    let archive = archive::read(&archive, &Limits::default()).expect("a good chart");
    let of = |charts: usize| {
        let entries: Vec<Entry> = (0..charts * VERSIONS).map(|number| entry(&archive, number)).collect();
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let edit = Index::new(format).edit(&entries, now).expect("good entries");
        edit.text.expect("a new index").to_bytes()
    };
    let charts = size / (of(2).len() - of(1).len()) + 1;
    let text = of(charts);
    let text = String::from_utf8(text.to_vec()).expect("text");
    match (layout, format) {
        (Layout::Ours, _) => text,
        (Layout::Other, Format::Json) => format!(" {text}"),
        (Layout::Other, Format::Yaml) => text.replacen("entries:\n", "entries: # a comment\n", 1),
    }
}

fn entry(archive: &Archive, number: usize) -> Entry {
    let (chart, version) = (number / VERSIONS, VERSIONS - number % VERSIONS);
    let mut metadata = archive.metadata.clone();
    metadata.name = format!("database-{chart:04}");
    metadata.version = format!("16.{version}.0");
    metadata.app_version = format!("17.{version}.0");
    Entry {
        url: format!("https://charts.example.com/{}-{}.tgz", metadata.name, metadata.version),
        metadata,
        digest: archive.digest,
        created: "2026-01-01T00:00:00Z"
            .parse::<jiff::Timestamp>()
            .expect("a time")
            .into(),
    }
}
