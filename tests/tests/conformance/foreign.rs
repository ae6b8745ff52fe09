//! Indexes that other tools wrote.

/// Indexes in layouts that are edited in place.
pub fn in_known_layout() -> Vec<(&'static str, String)> {
    vec![
        ("Helm 2", HELM_2.to_owned()),
        ("go-yaml's lines", FOLDED.to_owned()),
        ("no entries", EMPTY.to_owned()),
        ("comments", format!("# by hand\n{HELM_2}# the end\n")),
    ]
}

/// Indexes in other layouts, which are written again completely.
pub fn in_unknown_layout() -> Vec<(&'static str, String)> {
    let windows = HELM_2.replace('\n', "\r\n");
    let long_key = format!("      ? {0}\n      : {0}\n", "long key ".repeat(200).trim());
    let long_keys = FOLDED.replace("      category: Database\n", &long_key);
    let marked = format!("\u{feff}{HELM_2}");
    let raw = RAW_JSON.replace("@", "\u{7f}\u{85}\u{9f}\u{2028}\u{feff}\u{fffe}\u{1f680}");
    vec![
        ("line ends of Windows", windows),
        ("byte order mark", marked),
        ("indented by four", BY_HAND.to_owned()),
        ("flow style", FLOW.to_owned()),
        ("keys of more than 1,024 characters", long_keys),
        (
            "nothing in it",
            "---\napiVersion: v1\nentries:\n  alpha:\n  demo: []\n".to_owned(),
        ),
        ("JSON of other writers", JSON.to_owned()),
        ("raw characters in JSON", raw),
        (
            "JSON without entries",
            "{\"apiVersion\": \"v1\", \"entries\": null}".to_owned(),
        ),
    ]
}

/// An index of Helm 2: times without quotes, some in the time zone of the machine.
const HELM_2: &str = "\
apiVersion: v1
entries:
  alpha:
  - apiVersion: v1
    appVersion: 1.2.3
    created: 2017-07-06T01:33:50.952906435Z
    description: A chart of the time of Helm 2
    digest: 6b1f00d5c2a1f2d7a8c9e0b1a2938475665748392a1b0c9d8e7f6a5b4c3d2e1f
    engine: gotpl
    name: alpha
    urls:
    - https://charts.example.com/alpha-1.0.0.tgz
    version: 1.0.0
  - apiVersion: v1
    created: 2017-07-05T20:33:50.952906435-05:00
    name: alpha
    urls:
    - https://charts.example.com/alpha-0.9.0.tgz
    version: 0.9.0
  demo:
  - apiVersion: v1
    created: 2017-07-06T01:33:50Z
    name: demo
    urls:
    - https://charts.example.com/demo-0.1.0.tgz
    version: 0.1.0
generated: 2018-01-01T00:00:00Z
";

/// An index with all ways in which go-yaml breaks text into lines.
const FOLDED: &str = r#"apiVersion: v1
entries:
  alpha:
  - annotations:
      category: Database
      images: |
        - name: alpha
          image: docker.io/x/alpha:1.0

        - name: shell
      empty: ""
      "yes": 'it''s'
    apiVersion: v2
    appVersion: "1.10"
    created: "2024-03-15T10:11:10.123456789Z"
    dependencies:
    - condition: a.enabled
      enabled: true
      import-values:
      - data
      - child: x
        parent: y
      name: common
      repository: https://charts.example.io
      tags:
      - one
      version: 2.x.x
    deprecated: true
    description: Gateway scalable storage source cluster relational gateway operator
      object kubernetes - cache
    digest: 6b1f00d
    home: https://example.com/#top
    keywords:
    - cluster
    maintainers:
    - email: a@example.com
      name: 'Some body: else'
    name: alpha
    urls:
    - https://example.com/alpha-1.0.0.tgz
    version: 1.0.0
  - description: "a long text with a tab\t and so in quotes, which are folded \
      over two lines"
    name: alpha
    version: 0.9.0
  - description: |2-
        indented
      text
    name: alpha
    version: 0.8.0
  beta:
  - name: beta
    version: "1.10"
generated: "2019-01-01T00:00:00Z"
serverInfo: {}
"#;

const EMPTY: &str = "apiVersion: v1\nentries: {}\ngenerated: \"2019-01-01T00:00:00Z\"\n";

const BY_HAND: &str = "\
%YAML 1.1
---
apiVersion: v1   # the only one
entries:
    alpha:
        - &first
          name: alpha
          version: 0.1.0
          description: >
              folded

              text
          created: 2017-07-06T01:33:50Z
          appVersion: \"\\x41\\u00e9\\U0001F680\\N\\_\\L\\P\\e\\0\"
          annotations:
              <<: {merged: 'yes'}
              1.10: 'number'
              yes: 'flag'
              2001-01-01: 'date'
        - name: alpha
          version: 0.0.9
          deprecated: no
          urls: [\"https://example.com/alpha-0.0.9.tgz\"]
        -
        - ~
    demo:
        - *first
generated: 2019-01-01T00:00:00Z
";

const FLOW: &str = "{apiVersion: v1, entries: {alpha: [{name: alpha, version: 1.0.0, annotations: {'a': ~, ? b : \"c\\td\"}}], demo: ~}}\n";

/// An index in JSON, whose numbers are also numbers in YAML 1.1: entries of other tools are not
/// changed, and some readers read `1e3` as text.
const JSON: &str = "{
\t\"apiVersion\": \"v1\",\r
\t\"annotations\": {\"a\\/b\": \"https:\\/\\/example.com\\/\"},
\t\"x-tool\": [1.10, -0, 1.0E+2, 2.5e-3, 12345678901234567890, {\"deep\": [[[null, true]]]}],
\t\"entries\": {
\t\t\"alpha\": [
\t\t\tnull,
\t\t\t{\"name\": \"alpha\", \"version\": \"1.0.0\", \"x-extra\": {\"a\": 1.5e+3},
\t\t\t \"description\": \"\\ud83d\\ude80 \\u003c\\u0041\\u0000\\u0085\\u2028\\ufeff\\ufffe\\uFFFF\\b\\f\\n\\r\\t\\\"\\\\\\/\",
\t\t\t \"annotations\": {\"\\ud83d\\ude80\": null, \"\": \"\", \"\\u0085\": \"\\u0085\"}},
\t\t\t{\"version\": \"no version\"}
\t\t],
\t\t\"demo\": null,
\t\t\"\\u00e9\\ud83d\\ude80\": []
\t}
}
";

/// An index in JSON, in which tests replace `@` by characters that JSON allows unescaped.
const RAW_JSON: &str = r#"{"apiVersion":"v1","entries":{
"alpha":[{"name":"alpha","version":"1.0.0","description":"@","annotations":{"@":"a@b"}}],
"demo":[{"name":"demo","version":"0.1.0","keywords":["@"]}]
}}
"#;
