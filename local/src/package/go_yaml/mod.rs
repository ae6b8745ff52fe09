//! YAML exactly as Helm writes it: `sigs.k8s.io/yaml`'s `Marshal`.
//!
//! Helm does not package `Chart.yaml` as it is. It reads the file and writes the fields that it
//! knows: without comments, with sorted keys and folded lines. An archive has the same content as
//! Helm's only if these bytes are the same. This is therefore a port of the writer that Helm uses
//! (go.yaml.in/yaml/v2: `encode.go`, `emitterc.go`, `sorter.go`), limited to values that JSON can
//! express: no anchors, no tags, one document.

mod emitter;
mod keys;
mod scalar;

use chartdrop::yaml::{self, Duplicates, Limits, Value};
use serde::Serialize;

use self::emitter::Emitter;

/// Why a value cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The value cannot be expressed in JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The YAML reader does not accept the JSON.
    #[error("it cannot be written as Helm writes it: {0}")]
    Yaml(#[from] yaml::Error),
}

/// Writes a value. Like Helm, it first writes JSON and reads that as YAML, because the YAML reader
/// decides what becomes of a character or a number.
pub(super) fn to_string(value: &impl Serialize) -> Result<String, WriteError> {
    let json = serde_json::to_string(value)?;
    // Go escapes these separators in JSON; unescaped, they would end a line in YAML.
    let json = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    let document = yaml::parse(json.as_bytes(), &Limits::for_index(json.len()), Duplicates::LastWins)?;
    Ok(written(&document.value))
}

fn written(value: &Value) -> String {
    let mut emitter = Emitter::new();
    emitter.document(value);
    emitter.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &serde_json::Value, expected: &str) {
        assert_eq!(to_string(value).unwrap(), expected);
    }

    /// Each expectation is what sigs.k8s.io/yaml 1.6.0 writes.
    #[test]
    fn collections_are_in_block_style_and_lists_are_not_indented() {
        check(
            &json!({"b": [1, true, null, 1.5], "a": {"x": {}, "y": []}, "c": [{"n": 1, "m": [2, [3, []]]}]}),
            "a:\n  x: {}\n  \"y\": []\nb:\n- 1\n- true\n- null\n- 1.5\nc:\n- m:\n  - 2\n  - - 3\n    - []\n  \"n\": 1\n",
        );
    }

    #[test]
    fn text_that_would_be_read_as_something_else_is_quoted() {
        check(
            &json!([
                "",
                "1.10",
                "yes",
                "~",
                "null",
                "2026-01-01",
                "1:30",
                "<<",
                "=",
                "1.2.3",
                "~1.2",
                "< 2"
            ]),
            "- \"\"\n- \"1.10\"\n- \"yes\"\n- \"~\"\n- \"null\"\n- \"2026-01-01\"\n- \"1:30\"\n- <<\n- =\n- 1.2.3\n- ~1.2\n- < 2\n",
        );
        check(
            &json!([
                "a: b", "a #b", " a", "a ", "- a", "-a", "'a", "a'b", "@a", "a:b", "a,b", "?a", "? a"
            ]),
            "- 'a: b'\n- 'a #b'\n- ' a'\n- 'a '\n- '- a'\n- -a\n- '''a'\n- a'b\n- '@a'\n- a:b\n- a,b\n- ?a\n- '? a'\n",
        );
    }

    #[test]
    fn unprintable_characters_are_escaped() {
        check(
            &json!(["a\tb", "\u{1f680} c", "a\rb", "a\u{a0}b", "a\u{2028}b", "\u{e000}"]),
            "- \"a\\tb\"\n- \"\\U0001F680 c\"\n- \"a\\rb\"\n- a\u{a0}b\n- 'a\u{2028}  b'\n- \u{e000}\n",
        );
    }

    #[test]
    fn text_of_several_lines_becomes_a_literal_block() {
        check(
            &json!({"a": "x\ny\n", "b": "x\ny", "c": "x\n\n", "d": " x\ny\n", "e": "x \ny", "f": "x\ny "}),
            "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\n  y\ne: \"x \\ny\"\nf: \"x\\ny \"\n",
        );
    }

    #[test]
    fn long_lines_are_folded_after_column_80() {
        let words = "word ".repeat(30);
        let words = words.trim_end();
        let line = |count: usize| vec!["word"; count].join(" ");
        check(&json!({ "d": words }), &format!("d: {}\n  {}\n", line(16), line(14)));
        check(
            &json!({ "d": format!("'{words}") }),
            &format!("d: '''{}\n  {}'\n", line(16), line(14)),
        );
        check(
            &json!({ "d": format!("\t{words}") }),
            &format!("d: \"\\t{}\n  {}\"\n", line(16), line(14)),
        );
    }

    #[test]
    fn numbers_in_keys_sort_by_value_and_long_keys_are_explicit() {
        check(
            &json!({"a10": 1, "a9": 2, "a-b": 3, "aB": 4, "A": 5, "a": 6}),
            "A: 5\na: 6\na-b: 3\na9: 2\na10: 1\naB: 4\n",
        );
        // Go's order of these keys is circular; no key may be lost.
        let circle = to_string(&json!({"a21": 1, "a2b": 2, "a3": 3})).unwrap();
        assert_eq!(circle.lines().count(), 3, "{circle}");
        let key = "k".repeat(129);
        check(&json!({ key.clone(): {"x": 1} }), &format!("? {key}\n: x: 1\n"));
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        check(
            &json!([0.1, 1e21, 1e-7, 123_456_789.5, 18_446_744_073_709_551_615_u64, -3]),
            "- 0.1\n- 1e+21\n- 1e-07\n- 1.234567895e+08\n- 18446744073709551615\n- -3\n",
        );
    }
}
