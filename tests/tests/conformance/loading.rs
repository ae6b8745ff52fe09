//! Compares which archives both Helms load with which ones Chartdrop publishes.
//!
//! `helm show chart` and `helm template` decide. Both Helms must load every archive that Chartdrop
//! publishes. At least one of them must fail on every archive that Chartdrop rejects, except for a
//! few that unpackers read differently.

use std::path::Path;

use chartdrop::archive::{self, Limits};
use tests::ChartArchive;
use tests::chart_archive::gzip;

use crate::helm::{self, Helm};

/// The expected verdict on an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Both Helms load it, and Chartdrop publishes it.
    Accepted,
    /// At least one Helm does not load it, and Chartdrop rejects it.
    Rejected,
    /// Both Helms load it, but Chartdrop rejects it as an upload. If it is already published,
    /// Chartdrop reads it.
    Stricter,
    /// Chartdrop rejects it as an upload, but reads it if it is already published, because at least
    /// one Helm loads it.
    RejectedButRead,
}

use Expected::{Accepted, Rejected, RejectedButRead, Stricter};

fn chart() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

fn chart_yaml(name: &str, version: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: {version}\n")
}

const DECLARED: &str = "dependencies:\n- name: redis\n  version: 17.x.x\n  repository: https://example.com\n";

fn paths() -> Vec<(&'static str, Vec<u8>, Expected)> {
    let at = |path: &str| chart().file_at(path, "x").bytes();
    vec![
        ("plain", chart().bytes(), Accepted),
        ("bare tar", chart().in_folder(".").bytes(), Accepted),
        ("bare tar with a folder", chart().in_folder("./demo").bytes(), Rejected),
        ("another folder", chart().in_folder("src").bytes(), Accepted),
        ("attributes of the folder", at("./._demo"), Accepted),
        ("attributes at the top", at("._demo"), Rejected),
        (
            "attributes in a zip's folder",
            at("__MACOSX/demo/._Chart.yaml"),
            Accepted,
        ),
        ("attributes of a file", at("demo/._Chart.yaml"), Accepted),
        ("two points first", at("demo/..notes"), Rejected),
        ("two points first, deeper", at("demo/files/..notes"), Accepted),
        ("two slashes", at("demo//notes"), Rejected),
        ("two slashes, deeper", at("demo/files//notes"), Accepted),
        ("a colon", at("demo/files/c:x"), Accepted),
        ("a colon at the chart's top", at("demo/c:x"), Accepted),
        ("a drive's folder", at("demo/c:/x"), Rejected),
        ("a drive's folder, deeper", at("demo/files/c:/x"), Accepted),
        ("Windows", at("demo\\files\\x"), Accepted),
        ("a drive first", at("c:/x"), Stricter),
        ("both separators", at("demo/files\\x"), Stricter),
        ("absolute", at("/etc/passwd"), Stricter),
        ("up and down", at("demo/files/../x"), Stricter),
        ("up", at("demo/../x"), Rejected),
        ("another folder beside", at("other/x"), Stricter),
        ("control characters", at("demo/a\u{7}b"), Stricter),
        ("a link", chart().symlink("a", "values.yaml").bytes(), Accepted),
        (
            "a link that leaves",
            chart().symlink("a", "/etc/passwd").bytes(),
            Stricter,
        ),
        ("a device", chart().device("a").bytes(), Stricter),
        (
            "the same twice",
            chart().file("a", "1").file("a", "1").bytes(),
            Accepted,
        ),
        (
            "something twice",
            chart().file("a", "1").file("a", "2").bytes(),
            Stricter,
        ),
        (
            "a large file",
            chart().file("a", vec![b'x'; 6 << 20]).bytes(),
            RejectedButRead,
        ),
    ]
}

fn ends() -> Vec<(&'static str, Vec<u8>, Expected)> {
    let padded = |zeros: usize| [chart().bytes(), vec![0; zeros]].concat();
    let tar = chart().tar();
    let unmarked = &tar[..tar.len() - 1024];
    vec![
        ("a zero behind", padded(1), Accepted),
        ("a block of zeros behind", padded(10_240), Accepted),
        ("something behind", [chart().bytes(), b"x".to_vec()].concat(), Stricter),
        ("a second member", [chart().bytes(), gzip(b"")].concat(), Accepted),
        ("no end mark", gzip(unmarked), Accepted),
        ("half an end mark", gzip(&[unmarked, &[0; 512]].concat()), Accepted),
        (
            "half an end mark, and more",
            gzip(&[unmarked, &[0; 512], &tar].concat()),
            Rejected,
        ),
        (
            "no end mark, and zeros behind",
            [gzip(unmarked), vec![0; 512]].concat(),
            Rejected,
        ),
        ("cut", chart().bytes()[..200].to_vec(), Rejected),
    ]
}

fn dependencies() -> Vec<(&'static str, Vec<u8>, Expected)> {
    let declaring = |lines: &str| chart().with_chart_yaml(lines);
    let redis = ChartArchive::new("redis", "17.0.0").bytes();
    let commons = |first: &str, second: &str| {
        let common = |chart: ChartArchive, version: &str| {
            chart
                .file("charts/common/Chart.yaml", chart_yaml("common", version))
                .file("charts/common/values.yaml", format!("version: {version}\n"))
        };
        common(common(chart(), first), second)
    };
    vec![
        ("missing", declaring(DECLARED).bytes(), RejectedButRead),
        (
            "missing, and switched off",
            declaring(&format!("{DECLARED}  condition: redis.enabled\n"))
                .values("redis: {enabled: false}\n")
                .bytes(),
            RejectedButRead,
        ),
        (
            "missing, and tagged off",
            declaring(&format!("{DECLARED}  tags: [cache]\n"))
                .values("tags: {cache: false}\n")
                .bytes(),
            RejectedButRead,
        ),
        (
            "missing, and called otherwise",
            declaring(&format!("{DECLARED}  alias: cache\n"))
                .file("charts/cache/Chart.yaml", chart_yaml("cache", "17.0.0"))
                .bytes(),
            RejectedButRead,
        ),
        (
            "missing in an old chart",
            chart()
                .chart_yaml("apiVersion: v1\nname: demo\nversion: 1.0.0\n")
                .file("requirements.yaml", DECLARED)
                .bytes(),
            RejectedButRead,
        ),
        (
            "there as an archive",
            declaring(DECLARED)
                .file("charts/redis-17.0.0.tgz", redis.clone())
                .bytes(),
            Accepted,
        ),
        (
            "there as a folder of any name",
            declaring(DECLARED)
                .file("charts/any/Chart.yaml", chart_yaml("redis", "17.0.0"))
                .bytes(),
            Accepted,
        ),
        (
            "there in another version",
            declaring(DECLARED)
                .file("charts/redis/Chart.yaml", chart_yaml("redis", "1.0.0"))
                .bytes(),
            Accepted,
        ),
        (
            "there with an alias",
            declaring(&format!("{DECLARED}  alias: cache\n"))
                .file("charts/redis-17.0.0.tgz", redis.clone())
                .bytes(),
            Accepted,
        ),
        (
            "hidden",
            declaring(DECLARED)
                .file("charts/_redis/Chart.yaml", chart_yaml("redis", "17.0.0"))
                .bytes(),
            RejectedButRead,
        ),
        (
            "missing in a packed chart",
            chart()
                .file("charts/a/Chart.yaml", format!("{}{DECLARED}", chart_yaml("a", "1.0.0")))
                .bytes(),
            Accepted,
        ),
        (
            "a library",
            declaring(DECLARED)
                .file(
                    "charts/redis/Chart.yaml",
                    format!("{}type: library\n", chart_yaml("redis", "17.0.0")),
                )
                .bytes(),
            Accepted,
        ),
        (
            "undeclared",
            chart().file("charts/redis-17.0.0.tgz", redis.clone()).bytes(),
            Accepted,
        ),
        (
            "a signature beside",
            chart()
                .file("charts/redis-17.0.0.tgz", redis.clone())
                .file("charts/redis-17.0.0.tgz.prov", "x")
                .bytes(),
            Accepted,
        ),
        ("a stray file", chart().file("charts/README.md", "x").bytes(), Rejected),
        (
            "a folder called as an archive",
            chart()
                .file("charts/redis.tgz/Chart.yaml", chart_yaml("redis", "17.0.0"))
                .bytes(),
            Rejected,
        ),
        (
            "another apiVersion inside",
            chart()
                .file("charts/a/Chart.yaml", "apiVersion: v7\nname: a\nversion: 1.0.0\n")
                .bytes(),
            Accepted,
        ),
        (
            "another apiVersion",
            chart()
                .chart_yaml("apiVersion: v7\nname: demo\nversion: 1.0.0\n")
                .bytes(),
            RejectedButRead,
        ),
        ("two versions", commons("1.0.0", "2.0.0").bytes(), Stricter),
        (
            "Chart.yaml twice",
            chart().file("Chart.yaml", "name: demo\nversion: 2.0.0\n").bytes(),
            Stricter,
        ),
    ]
}

fn side_files() -> Vec<(&'static str, Vec<u8>, Expected)> {
    let file = |path: &str, text: &str| chart().file(path, text).bytes();
    let values = |text: &str| chart().values(text).bytes();
    let inner = |path: &str, text: &str| {
        let inner = chart().file("charts/a/Chart.yaml", chart_yaml("a", "1.0.0"));
        inner.file(&format!("charts/a/{path}"), text).bytes()
    };
    let packed = |path: &str, text: &str| {
        let inner = ChartArchive::new("a", "1.0.0").file(path, text).bytes();
        chart().file("charts/a-1.0.0.tgz", inner).bytes()
    };
    let conflict = "<<<<<<< HEAD\ndigest: a\n=======\ndigest: b\n>>>>>>> b\n";
    vec![
        ("no values", values(""), Accepted),
        ("null values", values("null\n"), Accepted),
        ("comments", values("# a\n"), Accepted),
        ("several documents", values("a: 1\n---\nb: 2\n"), Accepted),
        ("a key twice", values("a: 1\na: 2\n"), Accepted),
        ("a list", values("- a\n"), Rejected),
        ("text", values("a\n"), Rejected),
        ("no YAML", values("a: [\n"), Rejected),
        ("infinity", values("a: .inf\n"), Rejected),
        ("the second document", values("a: 1\n---\nb: [\n"), RejectedButRead),
        ("something behind a separator", values("--- {a: 1}\n"), RejectedButRead),
        ("a version of YAML", values("%YAML 1.1\n---\na: 1\n"), RejectedButRead),
        ("a separator of lines in quotes", values("a: \"b\u{85}c\"\n"), Accepted),
        ("a mark in the middle", values("a: b\u{feff}c\n"), Accepted),
        ("a carriage return alone", values("a: 1\rb: 2\n"), Accepted),
        (
            "a lock",
            file(
                "Chart.lock",
                "dependencies: []\ndigest: a\ngenerated: \"2026-01-01T00:00:00.5+02:00\"\n",
            ),
            Accepted,
        ),
        ("an empty lock", file("Chart.lock", ""), Accepted),
        (
            "a lock with a null",
            file("Chart.lock", "dependencies: [null]\n"),
            Accepted,
        ),
        ("a conflict in a lock", file("Chart.lock", conflict), Rejected),
        (
            "a lock without a time",
            file("Chart.lock", "generated: 2026-01-01\n"),
            Rejected,
        ),
        ("a lock that is a list", file("Chart.lock", "- a\n"), Rejected),
        (
            "a conflict in an old lock",
            file("requirements.lock", conflict),
            Rejected,
        ),
        (
            "a conflict in requirements",
            file("requirements.yaml", conflict),
            Rejected,
        ),
        ("values of a folder", inner("values.yaml", "- a\n"), Rejected),
        ("lock of a folder", inner("Chart.lock", conflict), Rejected),
        ("values of an archive", packed("values.yaml", "- a\n"), Rejected),
        ("lock of an archive", packed("requirements.lock", conflict), Rejected),
        (
            "infinity as text",
            chart().with_chart_yaml("annotations: {a: .inf}\n").bytes(),
            Rejected,
        ),
    ]
}

/// Whether a Helm shows the chart, and whether it renders it.
async fn verdict(helm: &Helm, archive: &Path) -> (Result<String, String>, Result<String, String>) {
    let show = helm.try_run(["show".as_ref(), "chart".as_ref(), archive]).await;
    let template = helm.try_run(["template".as_ref(), "x".as_ref(), archive]).await;
    (show, template)
}

#[tokio::test]
async fn both_helms_load_published_archives_and_archives_that_they_cannot_load_are_rejected() {
    let helms = helm::both();
    let folder = helms[0].folder("archives");
    let mut wrong = Vec::new();
    for (name, bytes, expected) in [paths(), ends(), dependencies(), side_files()].concat() {
        let path = folder.join("demo-1.0.0.tgz");
        std::fs::write(&path, &bytes).expect("a file");
        let mut loads = Vec::new();
        let mut shows = Vec::new();
        for helm in &helms {
            let (show, template) = verdict(helm, &path).await;
            shows.push(show.is_ok());
            loads.push(show.and(template).map(drop));
        }
        let by_both = loads.iter().all(Result::is_ok);
        let ours = archive::read(&bytes, &Limits::default()).map(drop);
        let published = archive::read_published(&bytes, &Limits::default());
        let is_right = match expected {
            Accepted => by_both && ours.is_ok(),
            Rejected | RejectedButRead => !by_both && ours.is_err(),
            Stricter => by_both && ours.is_err(),
        };
        let shown = shows.contains(&true);
        // Chartdrop must read what a Helm shows, and blame Helm only for what stops Helm.
        let is_fair = match &published {
            Ok(_) => true,
            Err(error) => !shown || !error.stops_helm(),
        };
        let is_read = published.is_ok() || expected == Rejected;
        if !is_right || !is_fair || !is_read {
            wrong.push(format!(
                "{name}: {expected:?}, but Helm {loads:#?}, we {ours:?}, published {published:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
