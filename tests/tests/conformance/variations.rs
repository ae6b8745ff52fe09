//! Many variations of a chart: each is the output of `helm create` with another Chart.yaml, and
//! sometimes more files.

use std::path::{Path, PathBuf};

use tests::ChartArchive;

use crate::helm::Helm;

/// One variation.
pub struct Variation {
    /// The chart's name.
    pub name: String,
    chart_yaml: Vec<u8>,
    files: Vec<(&'static str, String)>,
}

impl Variation {
    /// Packages the chart with `helm package`; the error is Helm's message.
    pub async fn package(&self, helm: &Helm, created: &Path, into: &Path) -> Result<PathBuf, String> {
        helm.package(&self.folder(helm, created), into).await
    }

    /// The folder of the chart: a changed copy of the output of `helm create`.
    pub fn folder(&self, helm: &Helm, created: &Path) -> PathBuf {
        let folder = helm.folder("charts").join(&self.name);
        copy(created, &folder);
        write(&folder, "Chart.yaml", &self.chart_yaml);
        for (path, content) in &self.files {
            write(&folder, path, content.as_bytes());
        }
        folder
    }

    /// Packages the chart with its Chart.yaml unchanged, as other tools do. `helm package` rewrites
    /// it.
    pub fn pack_as_it_stands(&self) -> Vec<u8> {
        let chart = ChartArchive::new(&self.name, "0").chart_yaml(self.chart_yaml.clone());
        self.files
            .iter()
            .fold(chart, |chart, (path, content)| chart.file(path, content.as_str()))
            .bytes()
    }

    fn file(mut self, path: &'static str, content: impl Into<String>) -> Self {
        self.files.push((path, content.into()));
        self
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a copy");
        }
    }
}

fn write(folder: &Path, path: &str, content: &[u8]) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
    std::fs::write(path, content).expect("a file");
}

/// A chart with exactly this Chart.yaml.
fn whole(name: &str, chart_yaml: impl Into<Vec<u8>>) -> Variation {
    Variation {
        name: name.to_owned(),
        chart_yaml: chart_yaml.into(),
        files: Vec::new(),
    }
}

/// A chart with these lines after the required ones.
fn lines(name: &str, more: &str) -> Variation {
    whole(name, format!("apiVersion: v2\nname: {name}\nversion: 1.2.3\n{more}"))
}

/// A chart with this version.
fn version(name: &str, version: &str) -> Variation {
    whole(
        name,
        format!("apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"1\"\n"),
    )
}

/// All variations. Each has something that occurs in real charts, or that YAML readers read
/// differently.
pub fn all() -> Vec<Variation> {
    [
        versions(),
        scalars(),
        fields(),
        dependencies(),
        encodings(),
        texts(),
        yaml(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn versions() -> Vec<Variation> {
    vec![
        version("release", "1.0.0"),
        version("build", "1.0.0+build.7"),
        version("prerelease", "2.0.0-alpha.1"),
        version("prerelease-build", "2.0.0-rc.1+git.0abc123"),
        version("leading-v", "v1.14.0"),
        version("two-numbers", "1.2"),
        version("one-number", "\"3\""),
        version("number-as-version", "1.10"),
        version("large-numbers", "20260101.123456789.4294967296"),
        version("hyphens", "1.0.0-a-b-c--1"),
    ]
}

/// Unquoted values where Helm expects text: YAML 1.1 decides their types, Go how they are written.
fn scalars() -> Vec<Variation> {
    let values = [
        "1.10",
        "1.0",
        "1",
        "0",
        "-0",
        "-1.50",
        "+1",
        "010",
        "0o10",
        "0x1F",
        "0b101",
        "1_000",
        "1e3",
        "1.5e300",
        "1e-7",
        "123456789012345678",
        "12345678901234567890",
        "123456789012345678901234567890",
        "100000000000000000000000.0",
        "0.1",
        ".5",
        "1.",
        "1e21",
        "1e20",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "true",
        "False",
        "TRUE",
        "~",
        "null",
        "Null",
        "2026-01-01",
        "2026-01-01T12:00:00Z",
        "1:30",
        "190:20:30",
        "1.2.3",
        "1.2-3",
        "v1",
        "=",
        "<<",
        "!!str 1.10",
        "'1.10'",
        "\"1.10\"",
        "!!float 1",
        "|-\n  1.10",
        ">-\n  folded\n  text",
    ];
    values
        .iter()
        .enumerate()
        .map(|(number, value)| {
            let nested = value.replace("\n  ", "\n    ");
            lines(
                &format!("scalar-{number}"),
                &format!(
                    "appVersion: {value}\nannotations:\n  example.com/a: {nested}\nkeywords:\n  - {nested}\n  - plain\n"
                ),
            )
        })
        .collect()
}

fn fields() -> Vec<Variation> {
    vec![
        lines("only-the-required", ""),
        lines(
            "every-field",
            "kubeVersion: '>=1.20.0-0'\ndescription: All of them\ntype: application\nkeywords: [a, b]\n\
             home: https://example.com\nsources: [https://example.com/source, 'https://example.com/?a=1&b=<2>']\n\
             maintainers:\n  - name: One\n    email: one@example.com\n    url: https://example.com/one\n  - name: Two\n\
             icon: https://example.com/icon.png\nappVersion: 4.5.6\ndeprecated: true\n\
             annotations:\n  b: two\n  a: one\n  artifacthub.io/changes: |\n    - kind: added\n      description: much\n",
        ),
        lines("library", "type: library\n"),
        lines("empty-type", "type: ''\n"),
        lines("not-deprecated", "deprecated: false\n"),
        lines(
            "nulls",
            "description: ~\nkeywords: null\nmaintainers:\nannotations:\nicon:\nhome: null\n",
        ),
        lines(
            "empties",
            "description: ''\nkeywords: []\nmaintainers: []\nannotations: {}\nsources: []\n",
        ),
        lines("null-items", "keywords: [a, ~, b]\nsources: [~]\nannotations: {a: ~}\n"),
        lines(
            "unknown-fields",
            "description: Kept\nx-internal: {team: a}\nengine: gotpl\ntillerVersion: '>2.0.0'\ncategory: web\n",
        ),
        lines(
            "unknown-in-maintainer",
            "maintainers:\n  - name: One\n    twitter: '@one'\n",
        ),
        lines("maintainer-without-name", "maintainers:\n  - email: one@example.com\n"),
        lines("other-case", "Description: Written with a capital\nAPPVERSION: '7'\n"),
        lines("both-cases", "description: small\nDescription: capital\n"),
        lines("api-version-twice", "apiVersion: v2\n"),
        whole(
            "v1-plain",
            "apiVersion: v1\nname: v1-plain\nversion: 0.1.0\ndescription: An old chart\nappVersion: 1.16.0\n",
        ),
        whole(
            "v1-with-type",
            "apiVersion: v1\nname: v1-with-type\nversion: 0.1.0\ntype: application\n",
        ),
    ]
}

fn dependencies() -> Vec<Variation> {
    let child = |name: &str, version: &str| format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    vec![
        lines(
            "dependencies",
            "dependencies:\n  - name: child\n    version: ~1.0\n    repository: https://example.com/charts\n  \
             - name: other\n    version: '>=2'\n    repository: file://../other\n    condition: other.enabled,global.other\n    \
             tags: [front, 1.0]\n    enabled: true\n    import-values:\n      - data\n      - child: default.data\n        parent: mine\n    \
             alias: second\n",
        )
        .file("charts/child/Chart.yaml", child("child", "1.0.4"))
        .file("charts/other/Chart.yaml", child("other", "2.1.0")),
        lines("dependency-lock", "dependencies:\n  - {name: child, version: 1.0.4, repository: ''}\n")
            .file("charts/child/Chart.yaml", child("child", "1.0.4"))
            .file(
                "Chart.lock",
                "dependencies:\n- name: child\n  repository: \"\"\n  version: 1.0.4\n\
                 digest: sha256:0000000000000000000000000000000000000000000000000000000000000000\n\
                 generated: \"2026-01-01T00:00:00Z\"\n",
            ),
        lines("dependency-number-version", "dependencies:\n  - name: child\n    version: 1.10\n    repository: ''\n")
            .file("charts/child/Chart.yaml", child("child", "1.1.0")),
        lines("undeclared-dependency", "").file("charts/child/Chart.yaml", child("child", "1.0.4")),
        whole(
            "v1-requirements",
            "apiVersion: v1\nname: v1-requirements\nversion: 0.1.0\nappVersion: 1.16.0\n",
        )
        .file("requirements.yaml", "dependencies:\n- name: child\n  version: 1.0.4\n  repository: https://example.com/charts\n")
        .file("charts/child/Chart.yaml", child("child", "1.0.4")),
        whole(
            "v2-requirements",
            "apiVersion: v2\nname: v2-requirements\nversion: 0.1.0\n",
        )
        .file("requirements.yaml", "dependencies:\n- name: child\n  version: 1.0.4\n  repository: https://example.com/charts\n")
        .file("charts/child/Chart.yaml", child("child", "1.0.4")),
    ]
}

fn encodings() -> Vec<Variation> {
    let text =
        |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.2.3\ndescription: Größe\nappVersion: 1.10\n");
    vec![
        whole("crlf", text("crlf").replace('\n', "\r\n")),
        whole("bom", format!("\u{feff}{}", text("bom"))),
        whole(
            "bom-crlf",
            format!("\u{feff}{}", text("bom-crlf").replace('\n', "\r\n")),
        ),
        whole("no-last-newline", text("no-last-newline").trim_end().to_owned()),
        whole(
            "json",
            r#"{"apiVersion": "v2", "name": "json", "version": "1.2.3", "appVersion": 1.10, "keywords": ["a"]}"#,
        ),
        whole("utf-16", utf16(&text("utf-16"))),
        lines("crlf-block", "description: |\r\n  one\r\n  two\r\n"),
    ]
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().fold(vec![0xff, 0xfe], |mut bytes, unit| {
        bytes.extend(unit.to_le_bytes());
        bytes
    })
}

fn texts() -> Vec<Variation> {
    let long = "A long description. ".repeat(500);
    vec![
        lines("long", &format!("description: {long}\n")),
        lines("long-word", &format!("description: {}\n", "x".repeat(5_000))),
        lines(
            "long-folded",
            &format!("description: >\n{}", "  folded over many lines\n".repeat(200)),
        ),
        lines("chinese", "description: 监视 Kubernetes 集群\nkeywords: [监控, 集群]\n"),
        lines("arabic", "description: مراقبة العنقود\n"),
        lines(
            "emoji",
            "description: \"\u{1f680} fast \u{1f469}\u{200d}\u{1f4bb}\"\nannotations: {\"\u{1f511}\": \"\u{1f511}\"}\n",
        ),
        lines(
            "escapes",
            r#"description: "tab\t quote\" back\\slash \u00e9 \U0001F680 nul-free \x41 bell\a""#,
        ),
        lines("html", "description: <b>bold</b> & 'quoted' \"twice\"\n"),
        lines("line-separators", "description: \"a\\Lb\\Pc\\Nd\"\n"),
        lines("raw-line-separators", "description: 'a\u{2028}b\u{2029}c\u{85}d'\n"),
        lines(
            "colon-and-hash",
            "description: 'a: b # c'\nhome: https://example.com/#anchor # a comment\n",
        ),
        lines("spaces", "description: '  leading and trailing  '\n"),
        lines("only-spaces", "description: '   '\n"),
        lines("block-keep", "description: |+\n  kept\n\n\n"),
        lines("block-strip", "description: |2-\n    indented\n   less\n"),
        lines(
            "many-annotations",
            &format!(
                "annotations:\n{}",
                (0..300).map(|n| format!("  key-{n}: value {n}\n")).collect::<String>()
            ),
        ),
        lines(
            "markdown",
            "annotations:\n  artifacthub.io/links: |\n    - name: \"a\"\n      url: https://example.com\n\n    # not a comment\n",
        ),
    ]
}

fn yaml() -> Vec<Variation> {
    vec![
        lines("document-start", "description: plain\n").prefixed("---\n"),
        lines("directive", "description: plain\n").prefixed("%YAML 1.1\n---\n"),
        lines("comments", "# a comment\ndescription: plain # another\n").prefixed("# first\n\n"),
        lines("second-document", "description: first\n---\ndescription: second\n"),
        lines("document-end", "description: first\n...\n"),
        lines("duplicate-key", "description: first\ndescription: second\n"),
        lines(
            "anchors",
            "description: &text anchored\nhome: *text\nkeywords: &list [a, b]\nsources: *list\n",
        ),
        lines("merge-key", "annotations:\n  <<: {a: merged, b: merged}\n  b: own\n"),
        lines(
            "merge-anchors",
            "x-base: &base {a: one, b: two}\nannotations:\n  <<: *base\n  c: three\n",
        ),
        lines(
            "flow",
            "maintainers: [{name: One, email: one@example.com}, {name: Two}]\nannotations: {a: b, c: 'd'}\n",
        ),
        lines("quoted-keys", "\"description\": quoted\n'appVersion': '1'\n"),
        lines("complex-key", "? description\n: complex\n"),
        lines(
            "number-keys",
            "annotations:\n  1: one\n  1.10: two\n  yes: three\n  0x10: four\n",
        ),
        lines("binary", "description: !!binary aGVsbG8=\n"),
        lines("string-tag", "appVersion: !!str 1.10\n"),
        lines("local-tag", "description: !mine tagged\n"),
        lines("indented", "").reindented(),
    ]
}

impl Variation {
    fn prefixed(mut self, text: &str) -> Self {
        self.chart_yaml.splice(0..0, text.bytes());
        self
    }

    fn reindented(mut self) -> Self {
        let text = String::from_utf8(self.chart_yaml).expect("text");
        self.chart_yaml = text
            .lines()
            .flat_map(|line| format!("    {line}\n").into_bytes())
            .collect();
        self
    }
}
