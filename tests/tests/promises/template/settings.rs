//! The template sets exactly the settings that the functions read, and its parameters accept only
//! values that the functions accept.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chartdrop::settings::{CdnSettings, SettingError, Settings};
use serde_yaml::Value;

use tests::program::workspace;

use crate::template::text::{function, referred, template};

/// Settings that a function reads and the template leaves at their default, each with the reason.
/// When the feature behind one of them is built, it gets a parameter and leaves this list.
const LEFT_AT_DEFAULT: [(&str, &str); 0] = [];

type Read = fn(&dyn Fn(&str) -> Option<String>) -> Result<(), SettingError>;

/// How each function reads its environment at start.
const FUNCTIONS: [(&str, Read); 2] = [
    ("publish-chart", |lookup| Settings::read(lookup).map(drop)),
    ("invalidate-cdn", |lookup| CdnSettings::read(lookup).map(drop)),
];

/// The variables that the template sets for a function.
fn variables(binary: &str) -> BTreeMap<String, Value> {
    let (_, function) = function(binary);
    let variables = &function["Properties"]["Environment"]["Variables"];
    serde_yaml::from_value(variables.clone()).expect("variables")
}

/// Values that a variable can have: for a parameter, its default and the ends of its range;
/// otherwise, the value in a deployment.
fn values(name: &str, value: &Value) -> Vec<String> {
    let Some(parameter) = referred(value).filter(|name| template()["Parameters"].get(*name).is_some()) else {
        return match name {
            "CHART_BUCKET" => vec!["chartdrop-123456789012-us-east-1".to_owned()],
            "REPOSITORY_URL" => vec!["https://d111111abcdef8.cloudfront.net".to_owned()],
            "DISTRIBUTION_ID" => vec!["EDFDVBD6EXAMPLE".to_owned()],
            "SECRET_ID" => vec!["arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret-AbCdEf".to_owned()],
            _ => panic!("say what the template makes of {name}"),
        };
    };
    let parameter = &template()["Parameters"][parameter];
    let bounds = ["Default", "MinValue", "MaxValue"].map(|bound| parameter[bound].clone());
    let allowed = parameter["AllowedValues"].as_sequence().cloned().unwrap_or_default();
    let values = bounds.into_iter().chain(allowed).filter(|value| !value.is_null());
    values
        .map(|value| match value {
            Value::String(text) => text,
            number => serde_yaml::to_string(&number).expect("a number").trim().to_owned(),
        })
        .collect()
}

#[test]
fn the_template_sets_exactly_the_settings_that_the_functions_read() {
    for (binary, read) in FUNCTIONS {
        let set = variables(binary);
        let asked = RefCell::new(BTreeSet::new());
        let lookup = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            set.get(name).map(|value| values(name, value).remove(0))
        };
        read(&lookup).unwrap_or_else(|error| panic!("{binary} would not start: {error}"));
        let asked = asked.into_inner();
        let left: BTreeSet<String> = LEFT_AT_DEFAULT.iter().map(|(name, _)| (*name).to_owned()).collect();
        let set: BTreeSet<String> = set.into_keys().collect();
        let missing: Vec<_> = asked.difference(&set).filter(|name| !left.contains(*name)).collect();
        assert!(
            missing.is_empty(),
            "{binary} reads {missing:?}, which template.yaml does not set: give each a parameter, or a reason in LEFT_AT_DEFAULT"
        );
        let idle: Vec<_> = set.difference(&asked).collect();
        assert!(
            idle.is_empty(),
            "template.yaml sets {idle:?}, which {binary} does not read"
        );
        let both: Vec<_> = set.intersection(&left).collect();
        assert!(
            both.is_empty(),
            "template.yaml sets {both:?}: take them off LEFT_AT_DEFAULT"
        );
    }
}

#[test]
fn a_function_starts_with_every_value_that_the_parameters_accept() {
    for (binary, read) in FUNCTIONS {
        let set = variables(binary);
        for (name, value) in &set {
            for tried in values(name, value) {
                let lookup = |other: &str| {
                    let value = set.get(other)?;
                    Some(if other == name {
                        tried.clone()
                    } else {
                        values(other, value).remove(0)
                    })
                };
                read(&lookup).unwrap_or_else(|error| panic!("{binary} would not start: {error}"));
            }
        }
    }
}

/// Tests with `local` use the same timeouts as a deployment.
#[test]
fn a_function_has_the_same_timeout_as_in_local() {
    let here = local::Options::default();
    for (binary, timeout) in [
        ("publish-chart", here.publish_timeout),
        ("invalidate-cdn", here.invalidate_timeout),
    ] {
        let (_, function) = function(binary);
        assert_eq!(function["Properties"]["Timeout"], timeout.as_secs(), "{binary}");
    }
}

/// The rows of the tables in `docs/settings.md`, each as its cells.
fn rows() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(workspace().join("docs/settings.md")).expect("a page");
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| {
        row.split(" | ")
            .map(|cell| cell.trim_matches(['|', ' ']).to_owned())
            .collect()
    })
    .collect()
}

/// A default as the page writes it.
fn written(default: &Value) -> String {
    let text = serde_yaml::to_string(default).expect("a default");
    match text.trim().trim_matches(['\'', '"']) {
        "" => "empty".to_owned(),
        text => format!("`{text}`"),
    }
}

#[test]
fn the_page_has_every_setting_and_parameter_with_its_default() {
    let rows = rows();
    let row = |first: &str| {
        let found = rows.iter().find(|row| row.first().is_some_and(|cell| cell == first));
        found.unwrap_or_else(|| panic!("docs/settings.md has no row for {first}"))
    };
    let parameters = template()["Parameters"].as_mapping().expect("parameters").clone();
    let mut described = BTreeSet::new();
    for (binary, _) in FUNCTIONS {
        for (variable, value) in variables(binary) {
            let cells = row(&format!("`{variable}`"));
            described.extend(cells[1].split(", ").map(|name| name.trim_matches('`').to_owned()));
            let Some(name) = referred(&value).filter(|name| parameters.contains_key(*name)) else {
                continue;
            };
            assert_eq!(cells[1], format!("`{name}`"), "{variable}");
            assert_eq!(cells[2], written(&parameters[name]["Default"]), "{variable}");
        }
    }
    for (name, parameter) in &parameters {
        let name = name.as_str().expect("a name");
        if described.contains(name) && parameter["Default"].as_str() != Some("") {
            continue;
        }
        let cells = row(&format!("`{name}`"));
        assert_eq!(cells[1], written(&parameter["Default"]), "{name}");
        for value in parameter["AllowedValues"].as_sequence().into_iter().flatten() {
            assert!(
                cells[2].contains(&written(value)),
                "{name} accepts {value:?}: {cells:?}"
            );
        }
    }
}
