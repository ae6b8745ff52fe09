//! Helpers to find values in the template.

use std::collections::BTreeMap;

use local::aws::iam::TEMPLATE;
use serde_yaml::Value;

/// The template, with CloudFormation's functions as tags.
pub fn template() -> Value {
    serde_yaml::from_str(TEMPLATE).expect("YAML")
}

/// The resources of a type, by name.
pub fn resources(of_type: &str) -> BTreeMap<String, Value> {
    let template = template();
    let all = template["Resources"].as_mapping().expect("resources").iter();
    let of_type = all.filter(|(_, resource)| resource["Type"] == of_type);
    of_type
        .map(|(name, resource)| (name.as_str().expect("text").to_owned(), resource.clone()))
        .collect()
}

/// The only resource of a type.
pub fn only(of_type: &str) -> Value {
    let all = resources(of_type);
    assert_eq!(all.len(), 1, "{of_type}");
    all.into_values().next().expect("one")
}

/// The logical name and the resource of a function, by its executable.
pub fn function(binary: &str) -> (String, Value) {
    let functions = resources("AWS::Serverless::Function").into_iter();
    let mut named = functions.filter(|(_, function)| function["Metadata"]["BuildProperties"]["Binary"] == binary);
    named.next().unwrap_or_else(|| panic!("no function {binary}"))
}

/// The name in a `!Ref`, if the value is one.
pub fn referred(value: &Value) -> Option<&str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => tagged.value.as_str(),
        _ => None,
    }
}

/// All names in CloudFormation functions within a value: `!Ref A`, `!GetAtt A.B`, and `${A.B}` in a
/// `!Sub`.
pub fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(all) => all.iter().flat_map(names).collect(),
        Value::Mapping(all) => all.values().flat_map(names).collect(),
        Value::Tagged(tagged) => match (tagged.tag.to_string().as_str(), &tagged.value) {
            ("!Ref" | "!GetAtt", Value::String(name)) => vec![name.clone()],
            ("!Sub", Value::String(text)) => variables(text),
            ("!Sub", Value::Sequence(parts)) => {
                let own = parts[1].as_mapping().expect("variables");
                let text = variables(parts[0].as_str().expect("text")).into_iter();
                text.filter(|name| !own.contains_key(name.as_str()))
                    .chain(names(&parts[1]))
                    .collect()
            }
            (_, value) => names(value),
        },
        _ => Vec::new(),
    }
}

fn variables(text: &str) -> Vec<String> {
    let ends = text.split("${").skip(1);
    ends.map(|rest| rest.split_once('}').expect("a closing brace").0.to_owned())
        .collect()
}
