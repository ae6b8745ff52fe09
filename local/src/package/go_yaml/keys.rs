//! The order of keys: go-yaml's `sorter.go`, in which `a9` comes before `a10`, and letters come
//! after all other characters.

use std::cmp::Ordering;

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Sorts values by their keys.
///
/// Go's order is not transitive: `a21` comes before `a2b`, `a2b` before `a3`, and `a3` before
/// `a21`. With such keys, Helm's output differs from run to run, and this function returns one of
/// these orders. Rust's own sort might panic.
pub(super) fn sorted<Value>(entries: Vec<(&str, Value)>) -> Vec<(&str, Value)> {
    let entries = entries.into_iter().map(|(key, value)| {
        let characters: Vec<char> = key.chars().collect();
        (characters, (key, value))
    });
    let sorted = merged(entries.map(|entry| vec![entry]).collect());
    sorted.into_iter().map(|(_, entry)| entry).collect()
}

/// Merges sorted runs pair by pair until one is left.
fn merged<Entry>(mut runs: Vec<Vec<(Vec<char>, Entry)>>) -> Vec<(Vec<char>, Entry)> {
    while runs.len() > 1 {
        let mut pairs = runs.into_iter();
        let mut next = Vec::new();
        while let Some(first) = pairs.next() {
            next.push(match pairs.next() {
                Some(second) => merge(first, second),
                None => first,
            });
        }
        runs = next;
    }
    runs.pop().unwrap_or_default()
}

fn merge<Entry>(first: Vec<(Vec<char>, Entry)>, second: Vec<(Vec<char>, Entry)>) -> Vec<(Vec<char>, Entry)> {
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (first.peek(), second.peek()) {
        let next = if order(b, a) == Ordering::Less {
            second.next()
        } else {
            first.next()
        };
        merged.extend(next);
    }
    merged.extend(first);
    merged.extend(second);
    merged
}

/// Compares `a` with `b`.
fn order(a: &[char], b: &[char]) -> Ordering {
    let different = a.iter().zip(b).position(|(a, b)| a != b);
    different.map_or_else(|| a.len().cmp(&b.len()), |at| order_at(a, b, at))
}

/// Compares two texts whose first difference is at `at`.
fn order_at(a: &[char], b: &[char], at: usize) -> Ordering {
    let (Some(&in_a), Some(&in_b)) = (a.get(at), b.get(at)) else {
        return a.len().cmp(&b.len());
    };
    match (is_letter(in_a), is_letter(in_b)) {
        (true, true) => return in_a.cmp(&in_b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero after another digit counts as a digit; a leading zero does not.
    let within = (in_a == '0' || in_b == '0') && is_within_a_number(a, at);
    let (number_a, end_a) = number(a, at, within);
    let (number_b, end_b) = number(b, at, within);
    number_a.cmp(&number_b).then(end_a.cmp(&end_b)).then(in_a.cmp(&in_b))
}

/// Whether a digit other than zero precedes, with only digits between.
fn is_within_a_number(text: &[char], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let mut digits = before.iter().rev().take_while(|character| is_digit(**character));
    digits.any(|digit| *digit != '0')
}

/// The number that begins at `at`, and its end. It overflows as in Go.
fn number(text: &[char], at: usize, within: bool) -> (i64, usize) {
    let digits = text.get(at..).unwrap_or_default().iter();
    let digits = digits.take_while(|character| is_digit(**character));
    digits.fold((i64::from(within), at), |(number, end), digit| {
        // Go subtracts the ASCII zero from digits of every script.
        let value = i64::from(u32::from(*digit)) - i64::from(u32::from('0'));
        (number.wrapping_mul(10).wrapping_add(value), end + 1)
    })
}

/// Go's `unicode.IsLetter`.
fn is_letter(character: char) -> bool {
    matches!(
        get_general_category(character),
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

/// Go's `unicode.IsDigit`.
fn is_digit(character: char) -> bool {
    get_general_category(character) == Category::DecimalNumber
}
