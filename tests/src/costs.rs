//! The bill: counted requests times the prices in `docs/prices.json`, as Markdown for
//! `docs/costs.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// The requests of a publish of one chart into an existing repository: who makes it, its name, and
/// how often. `tests/promises/costs.rs` counts them.
pub const PUBLISH: [(&str, &str, u32); 6] = [
    ("the releaser", "PutObject", 1),
    ("publish-chart", "GetObject", 2),
    ("publish-chart", "PutObject", 3),
    ("publish-chart", "DeleteObject", 1),
    ("invalidate-cdn", "HeadObject", 1),
    ("invalidate-cdn", "CreateInvalidation", 1),
];

/// The metrics that have values in a month in which everything happens, and the alarms of the
/// template, both without a mirror.
pub const METRICS: u32 = 26;
/// See [`METRICS`].
pub const ALARMS: u32 = 17;
/// What a mirror adds to [`ALARMS`].
pub const ALARMS_OF_A_MIRROR: u32 = 1;

/// The priced value of the parameter `PriceClass`: North America and Europe cost the same.
pub const PRICE_CLASS: &str = "PriceClass_100";

/// The runs of both sweep schedules in a month of 30 days.
const SWEEPS: (f64, f64) = (8_640.0, 720.0);
/// The runs of the verification schedule.
const VERIFICATIONS: f64 = 30.0;
/// The longest time of a publish, or of a sweep that finds nothing, in either function.
const SECONDS_OF_A_RUN: f64 = 0.2;
const MEMORY_GB: f64 = 0.5;
/// The log of a run, in bytes.
const LOG_GB_OF_A_RUN: f64 = 2e-6;
const ARCHIVE_GB: f64 = 20e-6;
/// The number of regional caches from which CloudFront requests an index every five minutes, about.
const EDGE_READS: f64 = 130_000.0;

/// Dollars by purpose.
pub struct Prices(BTreeMap<String, f64>, Value);

impl Prices {
    /// Reads `docs/prices.json`, or another file of the same form.
    pub fn read(text: &str) -> Self {
        let all: Value = serde_json::from_str(text).expect("JSON");
        let fields = all.as_object().expect("an object").iter();
        let numbers = fields.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
        Prices(numbers.collect(), all)
    }

    fn of(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("there is no price {name:?}"))
    }

    fn above_free(&self, used: f64, free: &str) -> f64 {
        (used - self.of(free)).max(0.0)
    }
}

/// A repository, with the traffic of a month.
struct Month {
    name: &'static str,
    publishes: f64,
    versions: f64,
    index_gb: f64,
    index_downloads: f64,
    archive_downloads: f64,
}

const MONTHS: [Month; 3] = [
    Month {
        name: "small",
        publishes: 10.0,
        versions: 100.0,
        index_gb: 70e-6,
        index_downloads: 10_000.0,
        archive_downloads: 2_000.0,
    },
    Month {
        name: "middle",
        publishes: 100.0,
        versions: 1_000.0,
        index_gb: 700e-6,
        index_downloads: 300_000.0,
        archive_downloads: 100_000.0,
    },
    Month {
        name: "Bitnami-sized",
        publishes: 3_000.0,
        versions: 20_000.0,
        index_gb: 15_000e-6,
        index_downloads: 1_000_000.0,
        archive_downloads: 1_000_000.0,
    },
];

impl Month {
    fn gb_at_the_edge(&self) -> f64 {
        self.index_downloads * self.index_gb + self.archive_downloads * ARCHIVE_GB
    }

    fn requests_at_the_edge(&self) -> f64 {
        self.index_downloads + self.archive_downloads
    }

    /// The parts of the bill, in dollars.
    fn bill(&self, prices: &Prices) -> [(&'static str, f64); 9] {
        let writes = counted(&["PutObject"]) * self.publishes;
        // Each sweep of publish-chart lists staging/ and the root of the bucket, one of
        // invalidate-cdn what is published and the repairs. A verification lists everything that is
        // published, then each repository's archives, here those of one, and their receipts.
        let pages = ((self.versions + 1.0) / 1_000.0).ceil();
        let lists = 2.0 * SWEEPS.0 + SWEEPS.1 + (SWEEPS.1 + 3.0 * VERIFICATIONS) * pages;
        let reads = counted(&["GetObject", "HeadObject"]) * self.publishes + SWEEPS.1;
        let reads = reads + (self.versions + 1.0) * VERIFICATIONS;
        let reads = reads + self.requests_at_the_edge().min(EDGE_READS);
        // Earlier versions of the index are kept for 30 days.
        let stored = self.versions * ARCHIVE_GB + self.index_gb * (1.0 + self.publishes);
        let runs = 2.0 * self.publishes + SWEEPS.0 + SWEEPS.1 + VERIFICATIONS;
        let paths = counted(&["CreateInvalidation"]) * self.publishes;
        let edge = self.requests_at_the_edge();
        [
            (
                "S3: requests",
                (writes + lists) / 1e3 * prices.of("s3 write or list, 1,000")
                    + reads / 1e3 * prices.of("s3 read, 1,000"),
            ),
            ("S3: storage", stored * prices.of("s3 storage, GB-month")),
            (
                "Lambda",
                prices.above_free(runs, "lambda runs, free") / 1e6 * prices.of("lambda run, million")
                    + prices.above_free(runs * SECONDS_OF_A_RUN * MEMORY_GB, "lambda GB-seconds, free")
                        * prices.of("lambda arm64, GB-second"),
            ),
            (
                "CloudFront: bytes",
                prices.above_free(self.gb_at_the_edge(), "cloudfront GB, free") * prices.of("cloudfront, GB"),
            ),
            (
                "CloudFront: requests and the function for paths",
                prices.above_free(edge, "cloudfront requests, free") / 1e4 * prices.of("cloudfront requests, 10,000")
                    + prices.above_free(edge, "cloudfront function runs, free") / 1e6
                        * prices.of("cloudfront function run, million"),
            ),
            (
                "CloudFront: invalidation paths",
                prices.above_free(paths, "invalidation paths, free") * prices.of("invalidation path"),
            ),
            (
                "CloudWatch: metrics and alarms",
                prices.above_free(METRICS.into(), "cloudwatch metrics, free") * prices.of("cloudwatch metric")
                    + prices.above_free(ALARMS.into(), "cloudwatch alarms, free") * prices.of("cloudwatch alarm"),
            ),
            (
                "CloudWatch: logs",
                prices.above_free(runs * LOG_GB_OF_A_RUN, "cloudwatch logs GB, free")
                    * prices.of("cloudwatch logs, GB"),
            ),
            ("Route 53: the zone", prices.of("route 53 zone")),
        ]
    }
}

/// The number of requests of these kinds in a publish.
fn counted(operations: &[&str]) -> f64 {
    let counted = PUBLISH
        .iter()
        .filter(|(_, operation, _)| operations.contains(operation));
    counted.map(|(_, _, count)| f64::from(*count)).sum()
}

/// The price of one publish, beyond the free tier.
fn publish(prices: &Prices) -> f64 {
    counted(&["PutObject"]) / 1e3 * prices.of("s3 write or list, 1,000")
        + counted(&["GetObject", "HeadObject"]) / 1e3 * prices.of("s3 read, 1,000")
        + 2.0 / 1e6 * prices.of("lambda run, million")
        + 2.0 * SECONDS_OF_A_RUN * MEMORY_GB * prices.of("lambda arm64, GB-second")
}

/// The price of a thousand downloads of an archive, beyond the free tier.
fn downloads(prices: &Prices) -> f64 {
    1e3 * ARCHIVE_GB * prices.of("cloudfront, GB")
        + 1e3 / 1e4 * prices.of("cloudfront requests, 10,000")
        + 1e3 / 1e6 * prices.of("cloudfront function run, million")
}

/// The tables of `docs/costs.md`.
pub fn markdown(prices: &Prices) -> String {
    let mut page = String::new();
    let mut line = |text: String| {
        let _ = writeln!(page, "{text}");
    };
    line("| one publish | request | how many |".to_owned());
    line("| --- | --- | ---: |".to_owned());
    for (by, operation, count) in PUBLISH {
        line(format!("| {by} | {operation} | {count} |"));
    }
    line(String::new());
    line("| | dollars |".to_owned());
    line("| --- | ---: |".to_owned());
    line(format!("| one publish | {:.6} |", publish(prices)));
    line(format!(
        "| an invalidation path, after the free ones | {:.3} |",
        prices.of("invalidation path")
    ));
    line(format!(
        "| a thousand downloads of an archive | {:.6} |",
        downloads(prices)
    ));
    line(String::new());
    let row = |name: &str, cell: &dyn Fn(&Month) -> String| {
        let cells: Vec<String> = MONTHS.iter().map(cell).collect();
        format!("| {name} | {} |", cells.join(" | "))
    };
    line(row("a month", &|month| month.name.to_owned()));
    line("| --- | ---: | ---: | ---: |".to_owned());
    line(row("publishes", &|month| month.publishes.to_string()));
    line(row("versions in the index", &|month| month.versions.to_string()));
    line(row("index, KB", &|month| format!("{:.0}", month.index_gb * 1e6)));
    line(row("downloads of the index", &|month| {
        month.index_downloads.to_string()
    }));
    line(row("downloads of archives, 20 KB each", &|month| {
        month.archive_downloads.to_string()
    }));
    line(row("GB at the edge", &|month| format!("{:.1}", month.gb_at_the_edge())));
    for (part, (name, _)) in MONTHS[0].bill(prices).iter().enumerate() {
        line(row(name, &|month| format!("${:.2}", month.bill(prices)[part].1)));
    }
    line(row("**together**", &|month| {
        let together: f64 = month.bill(prices).iter().map(|(_, dollars)| dollars).sum();
        format!("**${together:.2}**")
    }));
    line(String::new());
    line(format!(
        "Prices of {}, {} (`{PRICE_CLASS}`, the\ntemplate's default):",
        text(prices, "asOf"),
        text(prices, "region")
    ));
    line(String::new());
    line("| price | dollars, or how much is free |".to_owned());
    line("| --- | ---: |".to_owned());
    for (name, value) in &prices.0 {
        line(format!("| {name} | {value} |"));
    }
    page
}

fn text<'a>(prices: &'a Prices, name: &str) -> &'a str {
    prices.1[name].as_str().expect("text")
}
