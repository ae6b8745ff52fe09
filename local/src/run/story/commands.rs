//! Sentences for commands and their answers.

use chartdrop::size::counted;
use serde_json::Value;

/// At most this many differences or changes are printed.
const MOST: usize = 10;

/// The sentence for a command that a function was invoked with.
pub(super) fn asked(function: &str, command: &Value) -> String {
    let whose = whose(command);
    match text(command, "command") {
        "verify" => format!("invoked to verify {whose}: does the index match the archives?"),
        "reindex" if flag(command, "dryRun") => format!("invoked to list the repairs that the index of {whose} needs"),
        "reindex" => format!("invoked to repair the index of {whose}"),
        "unpublish" => {
            let (chart, version) = (text(command, "chart"), text(command, "version"));
            format!("invoked to unpublish {chart} {version} from {whose}")
        }
        "sweep" if function == crate::identity::INVALIDATE_CDN => {
            "invoked to make the missing invalidations of the last day".to_owned()
        }
        "sweep" => "invoked to publish every upload in staging/".to_owned(),
        "verify-all" => "invoked to verify every repository".to_owned(),
        other => format!("invoked for {other}"),
    }
}

/// The sentences for a command's answer. A sweep has none: the steps of the run describe it
/// already.
pub(super) fn answered(command: &Value, answer: &Value) -> Vec<String> {
    match text(command, "command") {
        "verify" => verified(answer),
        "reindex" => reindexed(answer),
        "unpublish" => vec![text(answer, "message").to_owned()],
        _ => Vec::new(),
    }
}

fn verified(answer: &Value) -> Vec<String> {
    let differences = list(answer, "differences");
    let versions = number(answer.get("index").unwrap_or(&Value::Null), "versions");
    let mut lines = vec![format!(
        "VERIFIED {}: {} in the index, {}, {}",
        whose(answer),
        counted(versions, "version"),
        counted(number(answer, "archives"), "archive"),
        match differences.len() {
            0 => "no differences".to_owned(),
            count => counted(count, "difference"),
        }
    )];
    lines.extend(first(differences, |difference| text(difference, "message").to_owned()));
    lines.extend(incomplete(answer));
    lines
}

fn reindexed(answer: &Value) -> Vec<String> {
    let count = number(answer, "changeCount");
    let whose = whose(answer);
    let mut lines = vec![match (count, flag(answer, "dryRun"), flag(answer, "written")) {
        (0, _, false) => format!("REINDEXED {whose}: there is nothing to repair"),
        (_, true, _) => format!("REINDEXED {whose}: dry run, would make {}", counted(count, "change")),
        (_, false, true) => format!("REINDEXED {whose}: wrote the index with {}", counted(count, "change")),
        (_, false, false) => format!("REINDEXED {whose}: {}, not written", counted(count, "change")),
    }];
    lines.extend(first(list(answer, "changes"), |change| {
        format!("{}: {}", text(change, "action"), text(change, "message"))
    }));
    lines.extend(first(list(answer, "left"), |left| {
        format!("not changed: {}", text(left, "message"))
    }));
    lines.extend(incomplete(answer));
    lines
}

fn first(all: &[Value], line: impl Fn(&Value) -> String) -> Vec<String> {
    let mut lines: Vec<String> = all.iter().take(MOST).map(line).collect();
    if all.len() > MOST {
        lines.push(format!("and {} more; the answer lists all of them", all.len() - MOST));
    }
    lines
}

fn incomplete(answer: &Value) -> Option<String> {
    let stopped = answer.get("complete") == Some(&Value::Bool(false));
    stopped.then(|| {
        "not every archive was compared: run the command again with the value of `after` in the answer".to_owned()
    })
}

fn whose(value: &Value) -> String {
    match text(value, "repository").trim_matches('/') {
        "" => "the root repository".to_owned(),
        name => format!("the repository {name}"),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> usize {
    let number = value.get(field).and_then(Value::as_u64).unwrap_or_default();
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn flag(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool).unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_becomes_a_sentence() {
        let sentence = |command: Value| asked("publish-chart", &command);
        assert_eq!(
            sentence(json!({"command": "verify", "repository": "team-a"})),
            "invoked to verify the repository team-a: does the index match the archives?"
        );
        assert_eq!(
            sentence(json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"})),
            "invoked to unpublish demo 1.0.0 from the root repository"
        );
        assert_eq!(sentence(json!({"command": "other"})), "invoked for other");
    }

    #[test]
    fn the_sentences_for_verify_list_differences_and_say_when_it_did_not_finish() {
        let differences: Vec<Value> = (0..12).map(|n| json!({"message": format!("difference {n}")})).collect();
        let answer = json!({
            "repository": "", "index": {"versions": 1}, "archives": 2, "differences": differences, "complete": false,
        });
        let lines = answered(&json!({"command": "verify"}), &answer);
        assert_eq!(
            lines[0],
            "VERIFIED the root repository: 1 version in the index, 2 archives, 12 differences"
        );
        assert_eq!((lines[1].as_str(), lines.len()), ("difference 0", 13));
        assert_eq!(lines[11], "and 2 more; the answer lists all of them");
        assert!(lines[12].contains("`after`"), "{lines:?}");
    }

    #[test]
    fn the_sentences_for_reindex_list_its_changes() {
        let sentence = |answer: Value| answered(&json!({"command": "reindex"}), &answer);
        assert_eq!(
            sentence(json!({"repository": "", "changeCount": 0, "written": false, "dryRun": true})),
            ["REINDEXED the root repository: there is nothing to repair"]
        );
        assert_eq!(
            sentence(
                json!({"repository": "", "changeCount": 1, "written": true, "dryRun": false,
                "changes": [{"action": "add", "message": "not listed"}], "left": [{"message": "broken"}]})
            ),
            [
                "REINDEXED the root repository: wrote the index with 1 change",
                "add: not listed",
                "not changed: broken"
            ]
        );
    }
}
