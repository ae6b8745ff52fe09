//! Evaluates the template for one deployment: from parameters and a region to conditions, rules and
//! chosen values.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_yaml::Value;

use crate::template::text::{referred, template};

/// The parameters of a deployment; all others have their defaults.
pub struct Deployment {
    template: Value,
    given: BTreeMap<String, String>,
}

impl Deployment {
    /// A deployment in us-east-1, unless `AWS::Region` is given.
    pub fn with(given: &[(&str, &str)]) -> Self {
        let given = [("AWS::Region", "us-east-1")].iter().chain(given);
        Deployment {
            template: template(),
            given: given
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    /// Whether a condition of the template holds.
    pub fn holds(&self, condition: &str) -> bool {
        let value = &self.template["Conditions"][condition];
        assert!(!value.is_null(), "there is no condition {condition}");
        self.evaluate(value)
    }

    /// Whether a resource is created.
    pub fn makes(&self, resource: &str) -> bool {
        let resource = &self.template["Resources"][resource];
        assert!(!resource.is_null());
        resource["Condition"]
            .as_str()
            .is_none_or(|condition| self.holds(condition))
    }

    /// The properties of a resource, with each `!If` replaced by its value; `AWS::NoValue` is null.
    pub fn properties(&self, resource: &str) -> Value {
        self.chosen(&self.template["Resources"][resource]["Properties"])
    }

    /// The existing outputs, by name, with each `!If` replaced by its value.
    pub fn outputs(&self) -> BTreeMap<String, Value> {
        let outputs = self.template["Outputs"].as_mapping().expect("outputs").iter();
        let there = outputs.filter(|(_, output)| {
            output["Condition"]
                .as_str()
                .is_none_or(|condition| self.holds(condition))
        });
        there
            .map(|(name, output)| (name.as_str().expect("text").to_owned(), self.chosen(&output["Value"])))
            .collect()
    }

    /// The messages of the rules that these parameters break.
    pub fn broken_rules(&self) -> Vec<String> {
        let rules = self.template["Rules"].as_mapping().expect("rules").values();
        let applied = rules.filter(|rule| rule["RuleCondition"].is_null() || self.evaluate(&rule["RuleCondition"]));
        let assertions = applied.flat_map(|rule| rule["Assertions"].as_sequence().expect("assertions"));
        let broken = assertions.filter(|assertion| !self.evaluate(&assertion["Assert"]));
        broken
            .map(|assertion| assertion["AssertDescription"].as_str().expect("text").to_owned())
            .collect()
    }

    fn evaluate(&self, value: &Value) -> bool {
        let Value::Tagged(tagged) = value else {
            panic!("no condition: {value:?}")
        };
        let (tag, value) = (tagged.tag.to_string(), &tagged.value);
        let all = || value.as_sequence().expect("operands");
        match tag.as_str() {
            "!Condition" => self.holds(value.as_str().expect("a name")),
            "!Equals" => self.text(&all()[0]) == self.text(&all()[1]),
            "!Not" => !self.evaluate(&all()[0]),
            "!And" => all().iter().all(|operand| self.evaluate(operand)),
            "!Or" => {
                // CloudFormation's limits.
                assert!((2..=10).contains(&all().len()), "{value:?}");
                all().iter().any(|operand| self.evaluate(operand))
            }
            _ => panic!("no condition: {tag}"),
        }
    }

    fn text(&self, value: &Value) -> String {
        if let Some(name) = referred(value) {
            let given = self.given.get(name).cloned();
            return given.unwrap_or_else(|| self.text(&self.template["Parameters"][name]["Default"]));
        }
        match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => panic!("no text: {value:?}"),
        }
    }

    fn chosen(&self, value: &Value) -> Value {
        match value {
            Value::Sequence(all) => {
                let all = all.iter().map(|value| self.chosen(value));
                Value::Sequence(all.filter(|value| !value.is_null()).collect())
            }
            Value::Mapping(all) => {
                let all = all.iter().map(|(name, value)| (name.clone(), self.chosen(value)));
                Value::Mapping(all.filter(|(_, value)| !value.is_null()).collect())
            }
            Value::Tagged(tagged) if tagged.tag == "If" => {
                let choice = tagged.value.as_sequence().expect("a choice");
                let holds = self.holds(choice[0].as_str().expect("a condition"));
                self.chosen(&choice[if holds { 1 } else { 2 }])
            }
            Value::Tagged(_) if referred(value) == Some("AWS::NoValue") => Value::Null,
            other => other.clone(),
        }
    }
}

/// Whether CloudFormation accepts this value for a parameter.
pub fn accepts(parameter: &str, value: &str) -> bool {
    let pattern = template()["Parameters"][parameter]["AllowedPattern"].clone();
    matches(pattern.as_str().expect("a pattern"), value)
}

/// Whether a pattern matches the whole value.
pub fn matches(pattern: &str, value: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$"))
        .expect("a pattern")
        .is_match(value)
}
