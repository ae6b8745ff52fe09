use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Value {
    parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::LastWins)
        .unwrap()
        .value
}

fn rejected(text: &str) -> Error {
    parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::LastWins).unwrap_err()
}

/// What Helm reads where a field needs text.
fn text_of(scalar: &str) -> String {
    read(&format!("k: {scalar}")).get("k").unwrap().to_text().unwrap()
}

#[test]
fn scalars_become_text_as_in_helm() {
    for (written, text) in [
        ("1.10", "1.1"),
        ("1.0", "1"),
        ("1e21", "1e+21"),
        ("yes", "true"),
        ("Off", "false"),
        ("010", "8"),
        ("08", "8"),
        ("0x1F", "31"),
        ("0b101", "5"),
        ("1_000", "1000"),
        ("18446744073709551615", "18446744073709551615"),
        ("~", ""),
        ("null", ""),
        ("", ""),
        ("2001-01-01", "2001-01-01"),
        ("1.2.3", "1.2.3"),
        ("'1.10'", "1.10"),
        ("\"yes\"", "yes"),
        ("!!str 1.10", "1.10"),
        ("!!binary aGVsbG8=", "hello"),
        ("190:20:30", "190:20:30"),
    ] {
        assert_eq!(text_of(written), text, "{written}");
    }
}

#[test]
fn untyped_scalars_keep_their_kind() {
    let document = read("[yes, 010, 0o10, 1.5, .5, 18446744073709551615, ~, a, '1', -0x10, 1e400]");
    let json = serde_json::json!([
        true,
        8,
        8,
        1.5,
        0.5,
        18_446_744_073_709_551_615_u64,
        null,
        "a",
        "1",
        -16,
        "1e400"
    ]);
    assert_eq!(document.to_json(), json);
}

#[test]
fn only_the_first_document_counts() {
    assert_eq!(read("a: 1\n---\na: 2\n").to_json(), serde_json::json!({"a": 1}));
    assert_eq!(read(""), Value::Null);
    assert_eq!(read("# nothing\n"), Value::Null);
}

#[test]
fn a_mark_and_carriage_returns_do_not_matter() {
    assert_eq!(
        read("\u{feff}a: 1\r\nb: |\r\n  c\r\n").to_json(),
        serde_json::json!({"a": 1, "b": "c\n"})
    );
    let utf16: Vec<u8> = "\u{feff}a: é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let document = parse(&utf16, &Limits::CHART_YAML, Duplicates::Reject).unwrap();
    assert_eq!(document.value.to_json(), serde_json::json!({"a": "é"}));
}

#[test]
fn the_directive_that_go_yaml_takes_changes_nothing() {
    let read_version = |text: &str| read(text).get("version").and_then(Value::as_str).map(str::to_owned);
    for start in [
        "%YAML 1.1\n---\n",
        "\u{feff}%YAML 1.1 # old\r\n\n# x\r\n---\r\n",
        "%YAML  1.1\n--- # x\n",
    ] {
        assert_eq!(
            read_version(&format!("{start}version: 1.2.3\n")).as_deref(),
            Some("1.2.3"),
            "{start:?}"
        );
    }
    for start in [
        "%YAML 1.2\n---\n",
        "%YAML 1.1\n",
        "%YAML 1.1 x\n---\n",
        "%TAG ! x\n---\n",
    ] {
        rejected(&format!("{start}version: 1.2.3\n"));
    }
}

#[test]
fn keys_become_text() {
    let document = read("1: a\nyes: b\n1.50: c\n2001-01-01: d\n.inf: e\n");
    let keys: Vec<&str> = document.as_mapping().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["1", "true", "1.5", "2001-01-01", ".inf"]);
    assert!(matches!(rejected("~: a"), Error::Key { found: "nothing", .. }));
    assert!(matches!(rejected("[a]: b"), Error::Key { found: "a list", .. }));
}

#[test]
fn the_last_of_two_keys_counts_and_is_noted_with_both_lines() {
    let document = parse(
        b"a: 1\nb:\n  c: 2\n  c: 3\na: 4\n",
        &Limits::CHART_YAML,
        Duplicates::LastWins,
    )
    .unwrap();
    assert_eq!(document.value.to_json(), serde_json::json!({"a": 4, "b": {"c": 3}}));
    let notes: Vec<_> = document
        .duplicate_keys
        .iter()
        .map(|note| (note.key.as_str(), note.first_line, note.line))
        .collect();
    assert_eq!(notes, [("c", 3, 4), ("a", 1, 5)]);
}

#[test]
fn two_keys_are_rejected_where_that_is_wanted() {
    let error = parse(b"a: 1\n'a': 2\n", &Limits::CHART_YAML, Duplicates::Reject).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: the key \"a\" is already set at line 1. Remove one of the two"
    );
    let merged = b"x: &x {a: 1}\n<<: *x\na: 2\n";
    assert!(
        parse(merged, &Limits::CHART_YAML, Duplicates::Reject).is_err(),
        "go-yaml rejects this too"
    );
    assert_eq!(
        parse(merged, &Limits::CHART_YAML, Duplicates::LastWins)
            .unwrap()
            .duplicate_keys,
        []
    );
}

#[test]
fn merging_follows_go_yaml_even_against_the_rules_of_yaml() {
    let before = read("x: &x {a: 1}\na: 2\n<<: *x\n");
    assert_eq!(
        before.get("a"),
        Some(&Value::Int(1)),
        "what is merged later wins over what was written out"
    );
    let after = read("x: &x {a: 1}\n<<: *x\na: 2\n");
    assert_eq!(after.get("a"), Some(&Value::Int(2)));
    let list = read("<<: [{a: 1}, {a: 2, b: 3}]\n");
    assert_eq!(list.to_json(), serde_json::json!({"a": 1, "b": 3}));
    assert!(matches!(rejected("<<: a"), Error::Merge { .. }));
}

#[test]
fn what_is_read_otherwise_than_it_is_written_is_noted_with_its_path() {
    let text = b"appVersion: 1.10\ndependencies:\n- version: 010\n- version: 1.5\nkeywords: [yes, a]\n";
    let document = parse(text, &Limits::CHART_YAML, Duplicates::LastWins).unwrap();
    let notes: Vec<_> = document
        .converted
        .iter()
        .map(|note| (note.path.as_str(), note.line, note.written.as_str()))
        .collect();
    assert_eq!(
        notes,
        [
            ("appVersion", 1, "1.10"),
            ("dependencies[0].version", 3, "010"),
            ("keywords[0]", 5, "yes")
        ]
    );
    assert_eq!(document.line_of("keywords"), Some(5));
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, message) in [
        (
            "a: b: c",
            "line 1, column 5: this is not valid YAML: mapping values are not allowed in this context",
        ),
        (
            "a:\n\tb: c",
            "line 2, column 2: Helm cannot read this: a line must be indented with spaces, not with a tab",
        ),
        (
            "a: *x",
            "line 1, column 4: the anchor of this alias is not defined before it",
        ),
        (
            "a: &x [*x]",
            "line 1, column 8: the alias is inside the value that it refers to",
        ),
        (
            "a: !!int x",
            "line 1, column 10: \"x\" is not a value for the tag !!int",
        ),
        (
            "a:\n- .nan",
            "line 2, column 3: \".nan\" is an infinity or not a number, which Helm cannot read. Quote it if it is text",
        ),
        (
            "a: \u{7}",
            "line 1, column 4: YAML does not allow the character U+0007. Remove it, or write it as an escape in double quotes",
        ),
    ] {
        assert_eq!(rejected(text).to_string(), message);
    }
    let latin1 = parse(b"a: 1\nb: \xe9\n", &Limits::CHART_YAML, Duplicates::LastWins).unwrap_err();
    assert_eq!(
        latin1.to_string(),
        "line 2: the text is not UTF-8. Save the file with that encoding"
    );
}

#[test]
fn texts_of_yaml_1_2_that_helm_reads_otherwise_are_rejected() {
    for text in [
        "[a:]",
        "[?a]",
        "[:a]",
        "[!!str, a]",
        "{a\n: b}",
        "a: \"\\/\"",
        "a: \"\\ud83d\\ude00\"",
        "%YAML 1.2\n---\na: 1",
        "a: &b.c d",
        "a: |\n  b\n\t\n",
        "-\ta",
        "a: 1\n\t",
        "...\na: 1",
        "a: b\u{2028}",
        "a: 1\n\u{feff}b: 2",
        "a: 1\rb: 2",
    ] {
        assert!(
            parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::LastWins).is_err(),
            "{text:?}"
        );
    }
}

/// Each of these takes a naive reader gigabytes, minutes or its stack.
#[test]
fn hostile_texts_are_rejected_before_they_cost_anything() {
    let many = 100_000;
    let laughs = |count: usize, text: &str| {
        let mut bomb = String::from("a0: &a0 x\n");
        for level in 1..count {
            let alias = format!("*a{},", level - 1);
            bomb.push_str(&format!(
                "a{level}: &a{level} {}\n",
                text.replace("ALIASES", &alias.repeat(9))
            ));
        }
        bomb
    };
    let chained = (1..3000).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [[[[[*a{}]]]]]\n", level - 1)
    });
    for (name, text) in [
        ("brackets", "[".repeat(many)),
        ("braces", "{a: ".repeat(many)),
        ("dashes", "- ".repeat(many)),
        ("question marks", "? ".repeat(many)),
        ("brackets on lines", "[\n".repeat(many)),
        (
            "ever deeper lines",
            (0..1000).map(|indent| format!("{}a:\n", " ".repeat(indent))).collect(),
        ),
        ("laughs", laughs(30, "[ALIASES]")),
        (
            "merged laughs",
            laughs(30, "{<<: [ALIASES]}").replace("&a0 x", "&a0 {a: x}"),
        ),
        ("depth by aliases", chained),
        ("a million aliases", format!("a: &a x\nb: [{}]", "*a,".repeat(300_000))),
        (
            "a long text repeated",
            format!("a: &a {}\nb: [{}]", "x".repeat(500_000), "*a,".repeat(100_000)),
        ),
        (
            "anchors around anchors",
            format!("{}{}", "&a [".repeat(90), "x,".repeat(100_000)),
        ),
        ("a long key", format!("{}: 1", "x".repeat(1_000_000))),
        ("values", format!("[{}]", "1,".repeat(500_000))),
        ("two megabytes", "x".repeat(2_000_000)),
    ] {
        let result = parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::LastWins);
        assert!(result.is_err(), "{name} was read");
    }
}

#[test]
fn limits_are_exact() {
    let limits = Limits {
        bytes: 20,
        depth: 3,
        nodes: 6,
        alias_bytes: 300,
    };
    let parse = |text: &str| parse(text.as_bytes(), &limits, Duplicates::LastWins);
    assert!(parse("aaaaaaaaaaaaaaaaaaaa").is_ok());
    assert!(matches!(
        parse("aaaaaaaaaaaaaaaaaaaaa"),
        Err(Error::TooLong { bytes: 21, limit: 20 })
    ));
    assert!(parse("[[[a]]]").is_ok());
    assert!(matches!(parse("[[[[a]]]]"), Err(Error::TooDeep { limit: 3, .. })));
    assert!(parse("[a,b,c,d]").is_ok());
    assert!(matches!(
        parse("[a,b,c,d,e]"),
        Err(Error::TooManyNodes { limit: 6, .. })
    ));
    // Two scalars of 96 bytes and their text: the one that is kept, and the one that the alias
    // adds.
    let limits = Limits {
        alias_bytes: 198,
        ..limits
    };
    let parse = |text: &str| super::parse(text.as_bytes(), &limits, Duplicates::LastWins);
    assert!(parse("[&a bbb, *a]").is_ok());
    assert!(matches!(parse("[&a bbbb, *a]"), Err(Error::TooManyAliases { .. })));
}

#[test]
fn aliases_beyond_the_share_that_go_yaml_allows_are_rejected() {
    // 100 items repeated 20 times are 95 % of the text, 10 items repeated 900 times 99.9 %.
    let repeated = |items: usize, times: usize| {
        let text = format!("a: &a [{}]\nb: [{}]", "x,".repeat(items), "*a,".repeat(times));
        let limits = Limits {
            alias_bytes: usize::MAX,
            ..Limits::CHART_YAML
        };
        parse(text.as_bytes(), &limits, Duplicates::LastWins)
    };
    assert!(repeated(100, 20).is_ok());
    assert!(repeated(10, 80).is_ok());
    let flat = format!(
        "a: &a [{}]\nb: &b [{}]\nc: [{}]",
        "x,".repeat(10),
        "*a,".repeat(10),
        "*b,".repeat(40)
    );
    let limits = Limits {
        alias_bytes: usize::MAX,
        ..Limits::CHART_YAML
    };
    assert!(parse(flat.as_bytes(), &limits, Duplicates::LastWins).is_ok());
    let bomb = flat.replace("*b,", "*b,*b,*b,*b,");
    assert!(matches!(
        parse(bomb.as_bytes(), &limits, Duplicates::LastWins),
        Err(Error::TooManyAliases { .. })
    ));
}

/// Pieces of YAML with a meaning, so that random texts are rarely only words.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        ":",
        ": ",
        "- ",
        "? ",
        ",",
        "[",
        "]",
        "{",
        "}",
        "#",
        " #",
        "&a ",
        "*a",
        "!",
        "!!int ",
        "|",
        ">",
        "|2-\n",
        "'",
        "\"",
        "%",
        "@",
        "`",
        "\\",
        "---\n",
        "...\n",
        "<<: ",
        "~",
        "a",
        "1",
        ".",
        "0x",
        "\r\n",
        "\r",
        "\u{feff}",
        "\u{2028}",
        "é",
        "😀",
        "key: ",
        "- |\n  x\n",
        "\u{0}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::CHART_YAML, Duplicates::Reject);
    }

    #[test]
    fn no_text_makes_it_panic(text in pieces()) {
        let _ = parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::LastWins);
    }

    #[test]
    fn rejecting_duplicates_changes_nothing_else(text in pieces()) {
        let strict = parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::Reject);
        if let Ok(strict) = strict {
            let lenient = parse(text.as_bytes(), &Limits::CHART_YAML, Duplicates::LastWins);
            prop_assert_eq!(lenient.map(|document| document.value), Ok(strict.value));
        }
    }

    #[test]
    fn text_in_json_quotes_is_read_as_it_is(text in "[^\\x00-\\x1f/\u{7f}-\u{9f}]{0,40}") {
        // Without "\/" and surrogate escapes, a JSON string is a double-quoted scalar.
        let quoted = serde_json::to_string(&text).unwrap();
        if text.contains(['\u{2028}', '\u{2029}', '\u{feff}', '\u{fffe}', '\u{ffff}']) {
            return Ok(());
        }
        prop_assert_eq!(read(&format!("k: {quoted}")).to_json(), serde_json::json!({"k": text}));
    }

    #[test]
    fn what_is_safe_unquoted_is_read_as_it_is(text in "[ -~éß名\u{a0}\u{2028}]{0,12}") {
        if plain_is_safe(&text) {
            prop_assert_eq!(read(&format!("k: {text}\nl:\n- {text}\n")).to_json(), serde_json::json!({"k": text, "l": [text]}));
        }
    }
}
