//! Shortened texts and lists, because an upload decides what a message quotes, and how much.
//!
//! Receipts, logs and annotations have limits (CloudWatch drops a line of more than 256 KiB), and
//! a list of a thousand problems helps no reader. Every shortened text says how much is missing.

use std::borrow::Cow;
use std::fmt::Display;

/// The space for the note at the end of a shortened text.
const NOTE: usize = 40;

/// A text of at most this many bytes. A longer one ends with the number of missing characters.
pub fn text(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = (0..=most.saturating_sub(NOTE))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    let (start, rest) = text.split_at(end.unwrap_or_default());
    Cow::Owned(format!("{start}… ({} more characters)", rest.chars().count()))
}

/// At most this many items of a list, separated by `; `, each of at most this many bytes, and then
/// the number of missing items.
pub fn list<T: Display>(items: &[T], most: usize, most_bytes: usize) -> String {
    let shown = items.iter().take(most);
    let mut shown: Vec<String> = shown
        .map(|item| text(&item.to_string(), most_bytes).into_owned())
        .collect();
    if items.len() > most {
        shown.push(format!("and {} more", items.len() - most));
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_between_two_characters_and_says_how_many_are_missing() {
        assert_eq!(text("äöü", 6), "äöü");
        let long = "ä".repeat(100);
        assert_eq!(text(&long, 45), "ää… (98 more characters)");
        assert_eq!(text(&long, 10), "… (100 more characters)");
        for most in [40, 41, 100, 199] {
            let cut = text(&long, most).into_owned();
            assert!(cut.len() <= most, "{cut}");
            assert_eq!(text(&cut, most), cut, "cut once, it stays");
        }
    }

    #[test]
    fn a_list_names_the_first_and_counts_the_others() {
        assert_eq!(list(&["a", "b"], 2, 10), "a; b");
        assert_eq!(list(&["a", "b", "c", "d"], 2, 10), "a; b; and 2 more");
        let long = "b".repeat(100);
        assert_eq!(
            list(&["a", &long], 2, 50),
            format!("a; {}… (90 more characters)", "b".repeat(10))
        );
        assert_eq!(list::<String>(&[], 2, 10), "");
    }
}
