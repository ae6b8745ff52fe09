//! Patterns as Go's `filepath.Match` reads them: `*` and `?` do not match slashes, `[a-z]` and
//! `[^a-z]` are classes, `\` escapes.

/// Whether Go would accept the pattern.
pub(super) fn is_valid(pattern: &str) -> bool {
    let mut rest: Vec<char> = pattern.chars().rev().collect();
    while let Some(character) = rest.pop() {
        match character {
            '\\' if rest.pop().is_none() => return false,
            '[' if class(&mut rest, '\0').is_none() => return false,
            _ => {}
        }
    }
    true
}

pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().rev().collect();
    let text: Vec<char> = text.chars().collect();
    at(pattern, &text)
}

/// Matches the rest of a pattern. It is reversed, so that `pop` returns its next character.
fn at(mut pattern: Vec<char>, text: &[char]) -> bool {
    let Some(next) = pattern.pop() else {
        return text.is_empty();
    };
    if next == '*' {
        let reach = text.iter().position(|c| *c == '/').unwrap_or(text.len());
        return (0..=reach).any(|skip| at(pattern.clone(), text.get(skip..).unwrap_or_default()));
    }
    let Some((&first, rest)) = text.split_first() else {
        return false;
    };
    let matched = match next {
        '?' => first != '/',
        '[' => class(&mut pattern, first) == Some(true),
        '\\' => pattern.pop() == Some(first),
        literal => literal == first,
    };
    matched && at(pattern, rest)
}

/// Reads a class up to its `]` and returns whether `character` is in it; `None` if the class is
/// malformed.
fn class(pattern: &mut Vec<char>, character: char) -> Option<bool> {
    let negated = pattern.last() == Some(&'^');
    if negated {
        pattern.pop();
    }
    let mut found = false;
    let mut ranges = 0;
    loop {
        if pattern.last() == Some(&']') && ranges > 0 {
            pattern.pop();
            return Some(found != negated);
        }
        let low = member(pattern)?;
        let high = if pattern.last() == Some(&'-') {
            pattern.pop();
            member(pattern)?
        } else {
            low
        };
        found |= (low..=high).contains(&character);
        ranges += 1;
    }
}

fn member(pattern: &mut Vec<char>) -> Option<char> {
    match pattern.pop()? {
        '-' | ']' => None,
        '\\' => pattern.pop(),
        character => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases from Go's `path/filepath/match_test.go`.
    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, text, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[x\\-]", "-", true),
            ("*x", "xxx", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
        for bad in ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
