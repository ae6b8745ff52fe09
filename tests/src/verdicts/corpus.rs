//! Small archives and indexes: some with the same verdict from all, and some for every row of the
//! table.

use std::path::{Path, PathBuf};

use super::Kind;
use crate::ChartArchive;
use crate::chart_archive::gzip;

/// Writes all of them into a folder, each into a subfolder whose name describes it.
pub fn write(folder: &Path) -> Vec<(PathBuf, Kind)> {
    let archives = archives()
        .into_iter()
        .map(|(name, bytes)| ("archives", name, "demo-1.0.0.tgz", bytes, Kind::Archive));
    let indexes = indexes()
        .into_iter()
        .map(|(name, text)| ("indexes", name, "index.yaml", text.into_bytes(), Kind::Index));
    archives
        .chain(indexes)
        .map(|(group, name, file, bytes, kind)| {
            let folder = folder.join(group).join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            let path = folder.join(file);
            std::fs::write(&path, bytes).expect("written");
            (path, kind)
        })
        .collect()
}

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

fn with(lines: &str) -> ChartArchive {
    demo().with_chart_yaml(lines)
}

/// A dependency in `charts/`, unpacked.
fn with_common(chart: ChartArchive) -> ChartArchive {
    chart.file(
        "charts/common/Chart.yaml",
        "apiVersion: v2\nname: common\nversion: 2.0.0\n",
    )
}

fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<(&str, Vec<u8>)> = Vec::new();
    for (name, archive) in accepted().into_iter().chain(of_no_use()).chain(not_taken()) {
        all.push((name, archive.bytes()));
    }
    let tar = demo().tar();
    all.push(("zero-bytes-behind-the-stream", [gzip(&tar), vec![0; 512]].concat()));
    all.push(("words-behind-the-stream", [gzip(&tar), b"words".to_vec()].concat()));
    all.push(("size-in-a-pax-header", size_in_a_pax_header()));
    all.extend(large());
    all.push(("cut-short", gzip(&tar).into_iter().take(200).collect()));
    all.push(("no-gzip", tar));
    all.push(("empty-file", Vec::new()));
    all.push(("words", gzip(b"words")));
    all
}

/// Archives that both Helms and Chartdrop list with the same entry.
fn accepted() -> Vec<(&'static str, ChartArchive)> {
    let plain = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";
    let in_any_case = "ApiVersion: v2\nNAME: demo\nversion: 1.0.0\nKeywords: [a, 1, true]\nappversion: 1.10\n";
    vec![
        ("ordinary", demo()),
        ("tar-of-a-dot", ChartArchive::new("./demo", "1.0.0").chart_yaml(plain)),
        ("another-folder", ChartArchive::new("folder", "1.0.0").chart_yaml(plain)),
        (
            "apple-double",
            demo().file_at("./._demo", "x").file("._Chart.yaml", "x"),
        ),
        ("any-case", demo().chart_yaml(in_any_case)),
        ("no-api-version", demo().chart_yaml("name: demo\nversion: 1.0.0\n")),
        ("library", with("").chart_yaml(format!("{plain}type: library\n"))),
        ("deprecated", with("deprecated: true\nkubeVersion: '>= 1.20'\n")),
        (
            "texts",
            with("home: \"a\\u0085b\"\nicon: ~\nsources: [x, ~]\nannotations: {a: '1', b: ~}\n"),
        ),
        (
            "maintainers",
            with("maintainers:\n- name: a\n  email: b\n- {name: c, url: d}\n"),
        ),
        (
            "dependency",
            with_common(with(
                "dependencies:\n- name: common\n  version: 2.0.0\n  repository: file://x\n",
            )),
        ),
        (
            "requirements",
            with_common(old()).file("requirements.yaml", "dependencies:\n- name: common\n  version: 2.0.0\n"),
        ),
        ("same-path-twice", demo().file("notes", "x").file("notes", "x")),
        (
            "byte-order-marks",
            demo().chart_yaml(format!("\u{feff}{plain}")).values("\u{feff}a: 1\n"),
        ),
        ("symlink", demo().symlink("notes", "values.yaml")),
        ("hidden-files", demo().file(".helmignore", "x").file(".a/b", "x")),
    ]
}

fn old() -> ChartArchive {
    demo().chart_yaml("apiVersion: v1\nname: demo\nversion: 1.0.0\n")
}

/// Archives that no Helm can load or install.
fn of_no_use() -> Vec<(&'static str, ChartArchive)> {
    vec![
        ("no-chart-yaml", demo().without_chart_yaml()),
        ("no-name", demo().chart_yaml("apiVersion: v2\nversion: 1.0.0\n")),
        (
            "bad-version",
            demo().chart_yaml("apiVersion: v2\nname: demo\nversion: one\n"),
        ),
        ("no-yaml", demo().chart_yaml("a: b: c\n")),
        (
            "dependency-missing",
            with("dependencies:\n- name: common\n  version: 2.0.0\n"),
        ),
        ("values-are-a-list", demo().values("- a\n")),
        ("values-are-no-yaml", demo().values("a: b: c\n")),
        ("lock-is-a-list", demo().file("Chart.lock", "- a\n")),
        ("path-begins-with-dots", demo().file("..notes", "x")),
        ("path-leads-out", demo().file_at("demo/../../x", "x")),
        (
            "bad-values-of-a-dependency",
            with_common(demo()).file("charts/common/values.yaml", "- a\n"),
        ),
        (
            "packed-dependency-is-no-archive",
            demo().file("charts/common-1.0.0.tgz", "x"),
        ),
        (
            "api-version-v3",
            demo().chart_yaml("apiVersion: v3\nname: demo\nversion: 1.0.0\n"),
        ),
        ("large-file", demo().file("large", vec![b'x'; 5 * 1024 * 1024 + 1])),
    ]
}

/// Archives that both Helms load and Chartdrop rejects.
fn not_taken() -> Vec<(&'static str, ChartArchive)> {
    let plain = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";
    let declared = with("dependencies:\n- name: common\n  version: 2.0.0\n  repository: https://example.com\n");
    let dependency_twice = with_common(declared).file(
        "charts/common/Chart.yaml",
        "apiVersion: v2\nname: common\nversion: 1.0.0\n",
    );
    let many = (0..20_001).fold(demo(), |chart, number| chart.file(&format!("files/{number}"), ""));
    let keywords = format!("keywords: [{}]\n", ["abc"; 20_000].join(", "));
    vec![
        ("path-twice", demo().file("notes", "x").file("notes", "y")),
        ("dependency-twice", dependency_twice),
        ("absolute-path", demo().file_at("/x/y", "x")),
        ("both-separators", demo().file_at("demo/files\\x", "x")),
        ("up-and-down", demo().file_at("demo/files/../x", "x")),
        ("link-that-leaves", demo().symlink("notes", "/etc/passwd")),
        ("device", demo().device("notes")),
        ("two-folders", demo().file_at("other/x", "x")),
        (
            "line-separator",
            demo().chart_yaml(format!("{plain}description: \"a\u{2028}b\"\n")),
        ),
        ("many-files", many),
        (
            "packed-deeply",
            (0..6).fold(demo(), |chart, _| demo().file("charts/demo-1.0.0.tgz", chart.bytes())),
        ),
        (
            "long-name-of-an-annotation",
            with(&format!("annotations:\n  {}: x\n", "a".repeat(600))),
        ),
        ("long-comment", with(&"# a comment\n".repeat(25_000))),
        ("many-keywords", with(&keywords)),
        (
            "another-name",
            demo().chart_yaml("apiVersion: v2\nname: other\nversion: 1.0.0\n"),
        ),
    ]
}

/// An archive with a file whose size is also in an extension header.
fn size_in_a_pax_header() -> Vec<u8> {
    let mut before = demo().tar();
    // A tar ends with two empty blocks.
    before.truncate(before.len() - 1024);
    let mut tar = tar::Builder::new(before);
    tar.append_pax_extensions([("size", "1".as_bytes())])
        .expect("memory accepts every write");
    let mut header = tar::Header::new_ustar();
    header.set_size(1);
    header.set_mode(0o644);
    tar.append_data(&mut header, "demo/notes", "x".as_bytes())
        .expect("memory accepts every write");
    gzip(&tar.into_inner().expect("memory accepts every write"))
}

/// Archives of the largest size that Helm loads.
fn large() -> Vec<(&'static str, Vec<u8>)> {
    // Random bytes, which do not compress.
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(4 * 1024 * 1024).collect();
    let noisy = (0..6).fold(demo(), |chart, number| {
        chart.file(&format!("files/{number}"), noise.clone())
    });
    let zeros = vec![0; 5 * 1024 * 1024];
    let nearly_full = (0..19).fold(demo(), |chart, number| {
        chart.file(&format!("files/{number}"), zeros.clone())
    });
    let full = nearly_full.file("files/last", vec![0; 5 * 1024 * 1024 - 4096]);
    vec![("much-noise", noisy.bytes()), ("many-zeros", full.bytes())]
}

fn indexes() -> Vec<(&'static str, String)> {
    let index =
        |entries: &str| format!("apiVersion: v1\nentries:\n  demo:\n{entries}generated: \"2024-01-01T00:00:00Z\"\n");
    let entry = "  - apiVersion: v2\n    created: \"2024-01-01T00:00:00.5+02:00\"\n    description: x\n    digest: abc\n    name: demo\n    \
                 urls:\n    - https://example.com/demo-1.0.0.tgz\n    version: 1.0.0\n";
    let listed = index(entry);
    let json = |entry: &str| format!("{{\"apiVersion\":\"v1\",\"entries\":{{\"demo\":[{entry}]}}}}\n");
    let json_entry = r#"{"name":"demo","version":"1.0.0","urls":["x.tgz"]}"#;
    let also = |line: &str| index(&format!("{entry}    {line}\n"));
    vec![
        ("yaml", listed.clone()),
        ("json", json(json_entry)),
        ("no-entries", "apiVersion: v1\nentries: {}\n".to_owned()),
        ("null-entries", "apiVersion: v1\nentries:\n".to_owned()),
        ("only-api-version", "apiVersion: v1\n".to_owned()),
        ("empty", String::new()),
        ("words", "words\n".to_owned()),
        ("a-list", "[]\n".to_owned()),
        ("no-api-version", "entries: {}\n".to_owned()),
        ("comments", format!("# by hand\n{listed}")),
        ("windows", listed.replace('\n', "\r\n")),
        ("byte-order-mark", format!("\u{feff}{listed}")),
        ("indented-by-four", listed.replace("  ", "    ")),
        ("two-documents", format!("{listed}---\n{listed}")),
        (
            "any-case",
            listed
                .replace("digest:", "Digest:")
                .replace("    apiVersion", "    apiversion"),
        ),
        ("any-case-at-the-top", listed.replace("generated", "Generated")),
        ("unknown-field", also("unknown: x")),
        ("unknown-field-at-the-top", format!("{listed}unknown: x\n")),
        ("field-twice", also("name: demo")),
        ("field-twice-in-another-case", also("Name: demo")),
        ("number-as-version", listed.replace("version: 1.0.0", "version: 1.0")),
        ("number-as-digest", listed.replace("digest: abc", "digest: 123")),
        ("flag-as-text", listed.replace("description: x", "description: yes")),
        ("bad-time", listed.replace("2024-01-01T00:00:00.5+02:00", "yesterday")),
        ("no-time", listed.replace("\"2024-01-01T00:00:00.5+02:00\"", "")),
        (
            "time-as-yaml",
            listed.replace("\"2024-01-01T00:00:00.5+02:00\"", "2024-01-01T00:00:00Z"),
        ),
        ("bad-version", listed.replace("version: 1.0.0", "version: one")),
        ("null-version", index("  - ~\n")),
        ("no-version", index("  - name: demo\n")),
        ("empty-digest", listed.replace("digest: abc", "digest: \"\"")),
        ("nothing-as-digest", listed.replace("digest: abc", "digest:")),
        ("another-chart's-name", listed.replace("name: demo", "name: other")),
        ("constraint", listed.replace("description: x", "kubeVersion: < 2.0")),
        ("tilde", listed.replace("description: x", "description: ~1.2.3")),
        (
            "folded",
            listed.replace("description: x", "description: >-\n      x\n      y"),
        ),
        (
            "anchors",
            index(&format!("{}  - <<: *a\n", entry.replacen("- ", "- &a\n    ", 1))),
        ),
        (
            "json-unknown-field",
            json(r#"{"name":"demo","version":"1.0.0","urls":[],"x":1}"#),
        ),
        (
            "json-field-twice",
            json(r#"{"name":"demo","name":"demo","version":"1.0.0"}"#),
        ),
        (
            "json-any-case",
            json(r#"{"Name":"demo","VERSION":"1.0.0","Urls":["x"]}"#),
        ),
        (
            "json-text-as-urls",
            json(r#"{"name":"demo","version":"1.0.0","Urls":"x"}"#),
        ),
        (
            "json-text-as-flag",
            json(r#"{"name":"demo","version":"1.0.0","Deprecated":"yes"}"#),
        ),
        (
            "json-list-as-entries",
            "{\"apiVersion\":\"v1\",\"Entries\":[]}".to_owned(),
        ),
        ("json-null", json("null")),
    ]
}
