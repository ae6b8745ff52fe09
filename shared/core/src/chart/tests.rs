use super::*;

const HEAD: &str = "apiVersion: v2\nname: a\nversion: 1.0.0\n";

fn read(text: &str) -> ChartYaml {
    Metadata::from_chart_yaml(text.as_bytes()).unwrap()
}

fn with(fields: &str) -> ChartYaml {
    read(&format!("{HEAD}{fields}"))
}

fn unreadable(fields: &str) -> String {
    Metadata::from_chart_yaml(format!("{HEAD}{fields}").as_bytes())
        .unwrap_err()
        .to_string()
}

fn warnings(text: &str) -> Vec<String> {
    let mut chart = read(text);
    let doubts = chart.metadata.validate().unwrap();
    chart
        .warnings
        .into_iter()
        .chain(doubts)
        .map(|warning| warning.to_string())
        .collect()
}

fn invalid(text: &str) -> Invalid {
    read(text).metadata.validate().unwrap_err()
}

#[test]
fn a_number_becomes_the_text_that_helm_makes_of_it_with_a_warning() {
    let chart = with("appVersion: 1.10\n");
    assert_eq!(chart.metadata.app_version, "1.1");
    let warning =
        "line 4: Helm reads \"appVersion: 1.10\" as \"1.1\". Write appVersion: \"1.10\", with quotes, to keep it";
    assert_eq!(
        chart.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [warning]
    );
    assert_eq!(with("appVersion: \"1.10\"\n").warnings, []);
    assert_eq!(with("appVersion: 5\n").warnings, [], "nothing is lost");
}

#[test]
fn every_lossy_field_is_named_by_its_path() {
    let chart = with("dependencies:\n- name: b\n  version: 1.10\nannotations: {x: off}\nkeywords: [a, 010]\n");
    let fields: Vec<_> = chart
        .warnings
        .iter()
        .map(|warning| match warning {
            Warning::ReadOtherwise { field, read, .. } => (field.as_str(), read.as_str()),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        fields,
        [
            ("annotations.x", "false"),
            ("dependencies[0].version", "1.1"),
            ("keywords[1]", "8")
        ]
    );
}

#[test]
fn field_names_match_in_any_case_and_the_last_in_the_order_of_bytes_counts() {
    let chart = read("APIVERSION: v2\nName: a\nVERSION: 1.0.0\nname: b\nNAME: c\n");
    assert_eq!(
        (chart.metadata.name.as_str(), chart.metadata.version.as_str()),
        ("b", "1.0.0")
    );
}

#[test]
fn a_chart_without_api_version_is_v1() {
    let chart = read("name: a\nversion: 1.0.0\n");
    assert_eq!(chart.metadata.api_version, "v1");
    assert_eq!(chart.warnings, [Warning::NoApiVersion]);
}

#[test]
fn unknown_fields_are_dropped_and_probable_slips_are_named() {
    let chart = with("engine: gotpl\nkeyword: [a]\napp-version: 1\nkube_version: x\n");
    let fields: Vec<_> = chart
        .warnings
        .iter()
        .map(|warning| match warning {
            Warning::UnknownField { field, known, .. } => (field.as_str(), *known),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        fields,
        [
            ("app-version", "appVersion"),
            ("keyword", "keywords"),
            ("kube_version", "kubeVersion")
        ]
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_rejected_with_field_line_and_remedy() {
    for (fields, message) in [
        (
            "description: [a]",
            "line 4: \"description\" must be text, but it is a list",
        ),
        (
            "\nkeywords: foo",
            "line 5: \"keywords\" must be a list (lines that begin with \"- \"), but it is text",
        ),
        (
            "annotations: {a: {b: c}}",
            "line 4: \"annotations.a\" must be text, but it is a mapping",
        ),
        (
            "deprecated: \"true\"",
            "line 4: \"deprecated\" must be true or false, without quotes, but it is text",
        ),
        (
            "maintainers: [foo]",
            "line 4: \"maintainers[0]\" must be a mapping (lines such as \"key: value\"), but it is text",
        ),
        (
            "maintainers:\n-",
            "line 4: \"maintainers[0]\" is empty. Complete the entry, or remove its \"-\"",
        ),
        (
            "dependencies:\n- name: b\n- ~",
            "line 4: \"dependencies[1]\" is empty. Complete the entry, or remove its \"-\"",
        ),
    ] {
        assert_eq!(unreadable(fields), message);
    }
    let list = Metadata::from_chart_yaml(b"- a\n").unwrap_err();
    assert_eq!(
        list.to_string(),
        "it must be a mapping with fields such as \"name: my-chart\", but it is a list"
    );
}

#[test]
fn requirements_yaml_adds_to_the_metadata() {
    let mut chart = read("apiVersion: v1\nname: a\nversion: 1.0.0\n");
    chart
        .add_requirements_yaml(b"dependencies:\n- name: b\n  version: 1.x\n  repository: https://x\n")
        .unwrap();
    assert_eq!(chart.metadata.dependencies[0].name, "b");
    assert_eq!(chart.metadata.name, "a");
}

#[test]
fn metadata_is_written_as_helm_writes_it() {
    let chart = with(
        "type: library\ndeprecated: yes\ndependencies:\n- {}\nmaintainers:\n- {name: m}\nannotations: {b: 1, a: x}\n",
    );
    let json = serde_json::to_string(&chart.metadata).unwrap();
    let expected = r#"{"name":"a","version":"1.0.0","maintainers":[{"name":"m"}],"apiVersion":"v2","deprecated":true,"annotations":{"a":"x","b":"1"},"dependencies":[{"name":"","repository":""}],"type":"library"}"#;
    assert_eq!(json, expected);
}

#[test]
fn what_helm_rejects_is_rejected() {
    let chart = |name: &str, version: &str| format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    assert_eq!(invalid("apiVersion: v2\nversion: 1.0.0\n"), Invalid::NoName);
    assert_eq!(invalid("apiVersion: v2\nname: a\n"), Invalid::NoVersion);
    for name in ["a/b", "/a", "..", ".", "a/", "../a", "a\\b", "\"a\\u200b/b\""] {
        assert!(matches!(invalid(&chart(name, "1.0.0")), Invalid::Name { .. }), "{name}");
    }
    for version in [
        "latest",
        "1.2.3.4",
        "1.2.3-01",
        "V1.0.0",
        "1.0.0_a",
        "18446744073709551616.0.0",
    ] {
        assert!(
            matches!(invalid(&chart("a", version)), Invalid::Version { .. }),
            "{version}"
        );
    }
    assert!(matches!(
        invalid(&chart(&"a".repeat(250), "1.0.0")),
        Invalid::LongName { .. }
    ));
    assert!(matches!(
        invalid("apiVersion: v3\nname: a\nversion: 1.0.0\n"),
        Invalid::ApiVersion { .. }
    ));
    assert!(matches!(
        invalid(&format!("{HEAD}type: Library\n")),
        Invalid::Type { .. }
    ));
    let dependencies = |entries: &str| format!("{HEAD}dependencies:\n{entries}\n");
    assert!(matches!(
        invalid(&dependencies("- {name: b, alias: c d}")),
        Invalid::Alias { .. }
    ));
    assert!(matches!(
        invalid(&dependencies("- name: b\n- name: b")),
        Invalid::DuplicateDependency { .. }
    ));
    assert!(matches!(
        invalid(&dependencies("- {name: b, alias: c}\n- name: c")),
        Invalid::DuplicateDependency { .. }
    ));
}

#[test]
fn what_helm_takes_is_taken() {
    for version in ["v1.14.0", "1.2", "1", "01.2.3", "1.2.3-rc.1+b5", "1.2.3-0a", "0.0.0"] {
        read(&format!("apiVersion: v2\nname: a\nversion: \"{version}\"\n"))
            .metadata
            .validate()
            .unwrap();
    }
    for name in ["A", "a b", "größe", ".a", "a+b"] {
        read(&format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"))
            .metadata
            .validate()
            .unwrap();
    }
    with("dependencies: [{name: b, alias: c}, {name: b}]\n")
        .metadata
        .validate()
        .unwrap();
}

#[test]
fn what_only_helm_lint_calls_an_error_is_a_warning() {
    assert_eq!(warnings(HEAD), [""; 0]);
    assert_eq!(
        warnings("apiVersion: v1\nname: a\nversion: v1.2\ntype: application\nmaintainers: [{email: a@b.c}]\n"),
        [
            "version v1.2 is not strictly a semantic version. Helm reads it as 1.2.0; other tools may reject it",
            "\"type\" needs apiVersion v2, but the chart has v1, which `helm lint` reports as an error. Write \"apiVersion: v2\"",
            "a maintainer has no name, which `helm lint` reports as an error. Add the name",
        ]
    );
}

#[test]
fn texts_are_cleaned_as_helm_cleans_them() {
    let mut chart = with("description: \"a\\tb\\u200bc\"\nkeywords: [\"k\\u0001\"]\nannotations: {x: \"a\\tb\"}\n");
    chart.metadata.validate().unwrap();
    assert_eq!(chart.metadata.description, "a bc");
    assert_eq!(chart.metadata.keywords, ["k"]);
    assert_eq!(chart.metadata.annotations["x"], "a\tb", "annotations are left alone");
}

#[test]
fn a_file_must_be_called_after_its_chart() {
    let metadata = read("apiVersion: v2\nname: a-1\nversion: 2-rc\n").metadata;
    assert_eq!(file_name(&metadata), "a-1-2-rc.tgz");
    check_file_name("a-1-2-rc.tgz", &metadata).unwrap();
    check_file_name("a-1-2-rc.tgz.prov", &metadata).unwrap();
    for found in [
        "a-1-2.tgz",
        "a-1-2-rc.tar.gz",
        "A-1-2-rc.tgz",
        "a-1-2-rc.tgz.sig",
        "a-1-2-rc",
        "",
        "x/a-1-2-rc.tgz",
    ] {
        assert_eq!(
            check_file_name(found, &metadata).unwrap_err().expected,
            "a-1-2-rc.tgz",
            "{found}"
        );
    }
    let error = check_file_name("a.tgz.prov", &metadata).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is called \"a.tgz.prov\", but its Chart.yaml requires \"a-1-2-rc.tgz.prov\". Rename the file, or correct Chart.yaml and package again"
    );
}
