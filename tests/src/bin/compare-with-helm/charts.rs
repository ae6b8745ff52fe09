//! Generates charts with metadata of a realistic size: an entry has about 1.2 KB of YAML, like
//! Bitnami's. They are the same in every run.

use std::collections::BTreeMap;

use chartdrop::chart::{Dependency, Maintainer, Metadata};
use chartdrop::digest::Digest;
use chartdrop::index::Entry;
use fastrand::Rng;
use jiff::Timestamp;

/// The URL of the repository in the generated indexes.
pub(crate) const URL: &str = "https://charts.example.com/stable";

/// The time at which the oldest version was published, and the interval between versions.
const FIRST_CREATED: i64 = 1_600_000_000;
const DAY: i64 = 86_400;

const WORDS: [&str; 24] = [
    "analytics",
    "application",
    "broker",
    "cache",
    "cluster",
    "database",
    "distributed",
    "gateway",
    "graph",
    "highly",
    "http",
    "infrastructure",
    "logging",
    "message",
    "metrics",
    "monitoring",
    "object",
    "operator",
    "proxy",
    "queue",
    "relational",
    "scalable",
    "secure",
    "storage",
];
const CATEGORIES: [&str; 5] = ["Analytics", "CMS", "Database", "Infrastructure", "WorkFlow"];
const MAINTAINERS: [&str; 3] = [
    "Broadcom, Inc. All Rights Reserved.",
    "Example Project Authors",
    "Platform Team",
];

/// The number of charts, and the total number of versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repository {
    pub(crate) charts: usize,
    pub(crate) versions: usize,
}

impl Repository {
    /// A repository with this many versions, distributed over charts as in real repositories.
    pub(crate) fn with_versions(versions: usize) -> Self {
        Repository {
            charts: versions.div_ceil(120),
            versions,
        }
    }

    pub(crate) fn of_one_chart(versions: usize) -> Self {
        Repository { charts: 1, versions }
    }

    /// All entries of the repository.
    pub(crate) fn entries(self) -> Vec<Entry> {
        (0..self.versions)
            .map(|at| self.entry(at % self.charts, at / self.charts))
            .collect()
    }

    /// The next version of a chart in the middle of the index.
    pub(crate) fn next(self) -> Metadata {
        metadata(self.charts / 2, self.versions / self.charts + 1)
    }

    fn entry(self, chart: usize, version: usize) -> Entry {
        let metadata = metadata(chart, version);
        let file = format!("{}-{}.tgz", metadata.name, metadata.version);
        let created = FIRST_CREATED + DAY * i64::try_from(version).unwrap_or_default();
        Entry {
            digest: Digest::of(file.as_bytes()),
            url: format!("{URL}/{file}"),
            created: Timestamp::new(created, 123_456_789).unwrap_or_default().into(),
            metadata,
        }
    }
}

/// The metadata of a version. The fields of the chart are the same in all of its versions.
fn metadata(chart: usize, version: usize) -> Metadata {
    let of_chart = &mut Rng::with_seed(chart as u64);
    let name = format!("{}-{}-{chart}", word(of_chart), word(of_chart));
    let number = format!("{}.{}.{}", 1 + version / 100, version / 10 % 10, version % 10);
    let app_version = format!("{}.{number}", of_chart.u32(1..20));
    let home = format!("https://{}.example.com/{name}", word(of_chart));
    let dependencies = dependencies(of_chart);
    let keywords = (0..of_chart.usize(3..7)).map(|_| word(of_chart)).collect();
    let description = sentence(of_chart, &name);
    let annotations = annotations(of_chart, &name, &app_version);
    Metadata {
        home,
        sources: vec![
            format!("https://github.com/example/charts/tree/main/stable/{name}"),
            format!("https://github.com/example/containers/tree/main/{name}"),
        ],
        version: number,
        description,
        keywords,
        maintainers: vec![Maintainer {
            name: of_chart.choice(MAINTAINERS).unwrap_or_default().to_owned(),
            url: "https://github.com/example/charts".to_owned(),
            ..Maintainer::default()
        }],
        icon: format!("https://dyltqmyl993wv.cloudfront.net/assets/stacks/{name}/img/{name}-stack-220x234.png"),
        api_version: "v2".to_owned(),
        app_version,
        annotations,
        dependencies,
        name,
        ..Metadata::default()
    }
}

fn annotations(rng: &mut Rng, name: &str, app_version: &str) -> BTreeMap<String, String> {
    let image = |part: &str| format!("- name: {part}\n  image: docker.io/example/{part}:{app_version}-debian-12-r7\n");
    let mut images = image(name);
    for _ in 0..rng.usize(0..4) {
        images.push_str(&image(&word(rng)));
    }
    let category = rng.choice(CATEGORIES).unwrap_or_default();
    let pairs = [("category", category), ("images", &images), ("licenses", "Apache-2.0")];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn dependencies(rng: &mut Rng) -> Vec<Dependency> {
    let mut dependencies = vec![Dependency {
        name: "common".to_owned(),
        version: "2.x.x".to_owned(),
        repository: "oci://registry-1.docker.io/examplecharts".to_owned(),
        tags: vec!["example-common".to_owned()],
        ..Dependency::default()
    }];
    for _ in 0..rng.usize(0..2) {
        let name = word(rng);
        dependencies.push(Dependency {
            version: format!("{}.x.x", rng.u32(1..20)),
            repository: "oci://registry-1.docker.io/examplecharts".to_owned(),
            condition: format!("{name}.enabled"),
            name,
            ..Dependency::default()
        });
    }
    dependencies
}

fn sentence(rng: &mut Rng, name: &str) -> String {
    let words: Vec<String> = (0..rng.usize(10..16)).map(|_| word(rng)).collect();
    format!("{name} is an open source {}.", words.join(" "))
}

fn word(rng: &mut Rng) -> String {
    rng.choice(WORDS).unwrap_or_default().to_owned()
}
