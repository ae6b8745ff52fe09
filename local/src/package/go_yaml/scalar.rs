//! The style of a scalar: go-yaml's `stringv` and `yaml_emitter_analyze_scalar`.

use chartdrop::yaml;

/// The style of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The styles that a text allows.
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

/// The style that the encoder requests.
pub(super) fn wished(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if resolves_to_text(text) && !is_base_60(text) {
        Style::Plain
    } else {
        Style::Double
    }
}

/// The style that the emitter uses. A simple key is on the same line as its value.
pub(super) fn style(wished: Style, analysis: &Analysis, is_empty: bool, simple_key: bool) -> Style {
    let mut style = wished;
    if simple_key && analysis.multiline {
        style = Style::Double;
    }
    if style == Style::Plain && (!analysis.plain || is_empty && simple_key) {
        style = Style::Single;
    }
    if style == Style::Single && !analysis.single {
        style = Style::Double;
    }
    if style == Style::Literal && (!analysis.block || simple_key) {
        style = Style::Double;
    }
    style
}

/// Whether go-yaml reads the text as a string if it has no quotes.
fn resolves_to_text(text: &str) -> bool {
    yaml::is_text(text.as_bytes()) && !yaml::is_timestamp(text)
}

/// Whether the text is a base-60 number in YAML 1.1 (though not in go-yaml):
/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let sixtieth = |part: &str| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    };
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && !rest.is_empty()
        && rest.into_iter().all(sixtieth)
        && digits(fraction)
}

/// Whether go-yaml writes the character without an escape.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character,
        '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether the character ends a line in YAML 1.1.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// Where spaces and line breaks occur in a text.
#[derive(Default)]
struct Spacing {
    leading: bool,
    trailing_space: bool,
    trailing_break: bool,
    break_space: bool,
    space_break: bool,
    line_breaks: bool,
}

/// Analyzes a text.
pub(super) fn analyze(text: &[char]) -> Analysis {
    if text.is_empty() {
        return Analysis {
            multiline: false,
            plain: true,
            single: true,
            block: false,
        };
    }
    let spacing = spacing(text);
    let special = !text.iter().copied().all(is_printable);
    let unquotable = spacing.space_break || special;
    let no_plain = spacing.leading
        || spacing.trailing_space
        || spacing.trailing_break
        || spacing.break_space
        || spacing.line_breaks
        || unquotable;
    Analysis {
        multiline: spacing.line_breaks,
        plain: !no_plain && !has_indicators(text),
        single: !spacing.break_space && !unquotable,
        block: !spacing.trailing_space && !unquotable,
    }
}

fn spacing(text: &[char]) -> Spacing {
    let mut found = Spacing::default();
    let (mut after_space, mut after_break) = (false, false);
    for (at, &character) in text.iter().enumerate() {
        let (first, last) = (at == 0, at + 1 == text.len());
        let (space, is_break) = (character == ' ', is_break(character));
        found.leading |= first && (space || is_break);
        found.trailing_space |= last && space;
        found.trailing_break |= last && is_break;
        found.break_space |= space && after_break;
        found.space_break |= is_break && after_space;
        found.line_breaks |= is_break;
        (after_space, after_break) = (space, is_break);
    }
    found
}

/// Whether a part of the text would have another meaning in block style without quotes.
fn has_indicators(text: &[char]) -> bool {
    let is_marker = text.starts_with(&['-', '-', '-']) || text.starts_with(&['.', '.', '.']);
    let mut after_blank = true;
    let mut found = is_marker;
    for (at, &character) in text.iter().enumerate() {
        let before_blank = text.get(at + 1).copied().is_none_or(is_blank);
        found |= match character {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => at == 0,
            '?' | '-' => at == 0 && before_blank,
            ':' => before_blank,
            '#' => after_blank,
            _ => false,
        };
        after_blank = is_blank(character) || is_break(character) || character == '\0';
    }
    found
}

/// Formats a float as Go's `FormatFloat(value, 'g', -1, 64)` does.
pub(super) fn float(value: f64) -> String {
    let shortest = format!("{value:e}");
    match shortest.split_once('e') {
        Some((digits, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) if !(-4..6).contains(&exponent) => {
                let sign = if exponent < 0 { '-' } else { '+' };
                format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
            }
            _ => value.to_string(),
        },
        None => shortest,
    }
}
