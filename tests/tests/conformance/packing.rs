//! `local` packages a chart folder with the same content as `helm package`, byte for byte in each
//! file.
//!
//! Helm rewrites Chart.yaml and Chart.lock, unpacks packaged dependencies and leaves files out. If
//! the content differed, publish-chart would reject the example chart when it is packaged with Helm
//! after `local` has published it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use tests::program::workspace;

use crate::entries::created;
use crate::helm::{self, Helm};
use crate::variations;

/// Files to write, by their paths.
type Listed<'a> = &'a [(&'a str, &'a [u8])];
/// Files by their paths.
type Files = BTreeMap<String, Vec<u8>>;

fn unpacked(archive: &[u8]) -> Files {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut files = Files::new();
    for entry in tar.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_str().expect("text").to_owned();
        assert_eq!(entry.header().mode().expect("a mode") & 0o777, 0o644, "{path}");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a file");
        assert!(files.insert(path.clone(), bytes).is_none(), "{path} twice");
    }
    files
}

/// Packages a folder with both, and compares names and files.
async fn compare(helm: &Helm, chart: &Path) {
    let into = helm.folder("packed");
    let theirs = helm.package(chart, &into).await.expect("Helm packs it");
    let ours = local::package::package(chart).unwrap_or_else(|error| panic!("{}: {error}", helm.label));
    assert_eq!(
        theirs.file_name().and_then(|name| name.to_str()),
        Some(ours.file_name.as_str())
    );
    let theirs = std::fs::read(theirs).expect("an archive");
    let (theirs, ours) = (unpacked(&theirs), unpacked(&ours.bytes));
    for (path, bytes) in &theirs {
        let Some(own) = ours.get(path) else {
            panic!("{}: {path} is missing in {}", helm.label, chart.display())
        };
        assert_eq!(
            String::from_utf8_lossy(own),
            String::from_utf8_lossy(bytes),
            "{}: {path} of {}",
            helm.label,
            chart.display()
        );
        assert_eq!(own, bytes, "{path}");
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
}

/// Asserts that neither packages a folder.
async fn neither(helm: &Helm, chart: &Path) {
    let into = helm.folder("packed");
    let theirs = helm.package(chart, &into).await;
    assert!(theirs.is_err(), "{} packs {}", helm.label, chart.display());
    assert!(local::package::package(chart).is_err(), "we pack {}", chart.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_packaged_as_both_helms_package_it() {
    for helm in helm::both() {
        compare(&helm, &workspace().join("examples/kube9-operator")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variation_is_packaged_as_both_helms_package_it() {
    for helm in helm::both() {
        let created = created(&helm).await;
        for variation in variations::all() {
            compare(&helm, &variation.folder(&helm, &created)).await;
        }
    }
}

fn write(folder: &Path, files: &[(&str, &[u8])]) {
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("written");
    }
}

/// The bytes of a chart that Helm has packaged.
async fn packed_by(helm: &Helm, name: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = helm.folder("dependencies").join(name);
    let chart_yaml = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\ndescription: 'a: b'\n");
    write(&folder, &[("Chart.yaml", chart_yaml.as_bytes())]);
    write(&folder, files);
    let archive = helm.package(&folder, &helm.folder("packed")).await.expect("packed");
    std::fs::read(archive).expect("an archive")
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_with_files_that_helm_moves_or_drops_are_packaged_as_both_helms_package_them() {
    for helm in helm::both() {
        let inner = packed_by(&helm, "inner", &[("values.yaml", b"a: 1\n"), ("README.md", b"inner\n")]).await;
        let folder = helm.folder("folders").join("everything");
        let long = format!("files/{}/{}.txt", "d".repeat(90), "f".repeat(90));
        write(
            &folder,
            &[
                (
                    "Chart.yaml",
                    b"# comment\nversion: 1.0.0+b.1\nname: everything\napiVersion: v2\nunknown: field\ndependencies:\n- {name: inner, version: 1.x}\n",
                ),
                ("requirements.yaml", b"dependencies:\n- name: inner\n  version: '>=1'\n  repository: ''\n- {name: other, version: '*', repository: '@x', tags: [a, 1.0]}\n"),
                ("requirements.lock", b"dependencies:\n- name: inner\n  version: 1.0.0\n  repository: ''\ndigest: sha256:00\ngenerated: 2026-01-01T01:02:03.450+02:00\n"),
                ("values.yaml", b"\xef\xbb\xbf# values\na: 1\n"),
                ("values.schema.json", b"{ \"type\": \"object\" }\n"),
                ("templates/a.yaml", b"\xef\xbb\xbfkind: List\n"),
                ("templates/.hidden", b"no"),
                ("templates/deep/.keep", b"yes"),
                ("templates/NOTES.txt", b""),
                ("crds/c.yaml", b"{}\n"),
                ("charts/inner-1.0.0.tgz", &inner),
                ("charts/inner-1.0.0.tgz.prov", b"a signature"),
                ("charts/renamed/Chart.yaml", b"name: other\nversion: 2.0.0\napiVersion: v1 # old\n"),
                ("charts/renamed/requirements.yaml", b"dependencies:\n- {name: x, version: 1.0.0, repository: ''}\n"),
                ("charts/renamed/requirements.lock", b"digest: x\n"),
                ("charts/renamed/templates/.dot", b"kept, the rules are the top chart's"),
                ("charts/renamed/charts/deepest/Chart.yaml", b"name: deepest\nversion: '3'\n"),
                ("charts/renamed/charts/_skipped/x", b""),
                ("charts/_partials/x.tpl", b"no"),
                ("charts/.keep", b"no"),
                ("binary", &[0, 159, 146, 150]),
                (&long, b"long"),
                ("skipped.bak", b"no"),
                ("folder/skipped.bak", b"no"),
                ("build/out", b"no"),
                ("docs/build", b"a file of that name"),
                ("only-here/x", b"no"),
                ("deep/only-here/x", b"yes"),
                (".helmignore", b"\xef\xbb\xbf# rules\n*.bak\nbuild/\n/only-here/*\n\n  spaces.txt  \n[ab]?.md\n"),
                ("spaces.txt", b"no"),
                ("a1.md", b"no"),
                ("c1.md", b"yes"),
            ],
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../c1.md", folder.join("files/link.md")).expect("a link");
            std::os::unix::fs::symlink("files", folder.join("linked")).expect("a link");
        }
        compare(&helm, &folder).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_helm_does_not_package_are_not_packaged() {
    let chart_yaml: &[u8] = b"apiVersion: v2\nname: bad\nversion: 1.0.0\n";
    let cases: [(&str, Listed<'_>); 9] = [
        ("missing-dependency", &[("Chart.yaml", b"apiVersion: v2\nname: bad\nversion: 1.0.0\ndependencies:\n- {name: x, version: 1.0.0, repository: ''}\n")]),
        ("values-list", &[("Chart.yaml", chart_yaml), ("values.yaml", b"- a\n")]),
        ("values-broken", &[("Chart.yaml", chart_yaml), ("values.yaml", b"a: [\n")]),
        ("schema-broken", &[("Chart.yaml", chart_yaml), ("values.schema.json", b"{")]),
        ("lock-broken", &[("Chart.yaml", chart_yaml), ("Chart.lock", b"generated: yesterday\n")]),
        ("file-in-charts", &[("Chart.yaml", chart_yaml), ("charts/README.md", b"x")]),
        ("packed-broken", &[("Chart.yaml", chart_yaml), ("charts/x.tgz", b"x")]),
        ("packed-folder", &[("Chart.yaml", chart_yaml), ("charts/x.tgz/Chart.yaml", chart_yaml)]),
        ("rule-broken", &[("Chart.yaml", chart_yaml), (".helmignore", b"a/**/b\n")]),
    ];
    for helm in helm::both() {
        for (name, files) in cases {
            let folder = helm.folder("bad").join(name);
            write(&folder, files);
            neither(&helm, &folder).await;
        }
    }
}

/// Thousands of texts in one chart test the quoting and the folding of lines.
#[tokio::test(flavor = "multi_thread")]
async fn text_of_every_kind_is_written_as_both_helms_write_it() {
    let parts = [
        "a",
        "word",
        "é",
        "監視",
        "\u{1f680}",
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
        "\r",
        ":",
        ": ",
        " #",
        "#",
        "-",
        "- ",
        "---",
        "...",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "? ",
        "=",
        "~",
        "<<",
        "0",
        "1",
        "9",
        ".",
        "1.0",
        "0x1F",
        "1e3",
        "_",
        "yes",
        "null",
        "true",
        ".inf",
        "2026-01-01",
        "T10:00:00Z",
        "1:30",
        "\u{a0}",
        "\u{2028}",
        "\u{2029}",
        "\u{e000}",
        "\u{200b}",
        "\u{1}",
        "\u{1b}",
        "\u{fffd}",
        "a long text with many words to fold ",
    ];
    let mut random = fastrand::Rng::with_seed(12);
    let mut text = |longest: usize| -> String {
        let count = random.usize(0..longest);
        (0..count).map(|_| parts[random.usize(..parts.len())]).collect()
    };
    let annotations: BTreeMap<String, String> = (0..3_000)
        .map(|number| (format!("k{number:04}"), text(if number % 10 == 0 { 40 } else { 6 })))
        .collect();
    // Each key is alone in its mapping: Go's order of keys is not transitive, so Helm writes
    // several keys in a different order each time.
    let keys: Vec<_> = (0..1_000)
        .map(|number| serde_json::json!({ text(if number % 10 == 0 { 40 } else { 4 }): number }))
        .collect();
    let chart_yaml = serde_json::json!({
        "apiVersion": "v2", "name": "texts", "version": "1.0.0", "annotations": annotations,
        "dependencies": [{
            "name": "x", "repository": "", "version": "1",
            "import-values": [keys, 1, 1.5, 1e21, 1e-7, 123_456_789.25, true, null, "text", ["a", []], {"b": {"c": {}}, "a9": 1, "a10": 2}],
        }],
    });
    // JSON is valid YAML, except for the separators that end a line in YAML.
    let chart_yaml = chart_yaml.to_string();
    let chart_yaml = chart_yaml.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    for helm in helm::both() {
        let folder = helm.folder("texts").join("texts");
        write(
            &folder,
            &[
                ("Chart.yaml", chart_yaml.as_bytes()),
                ("charts/x/Chart.yaml", b"apiVersion: v2\nname: x\nversion: 1.0.0\n"),
            ],
        );
        compare(&helm, &folder).await;
    }
}
