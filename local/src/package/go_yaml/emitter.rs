//! The layout of the text: go-yaml's `emitterc.go`.

use chartdrop::yaml::{Mapping, Value};

use super::keys;
use super::scalar::{self, Style, is_break, is_printable};

/// Text is folded at the first space after this column.
const WIDTH: usize = 80;
const INDENT: usize = 2;
/// A longer key is written with a `?` before it.
const LONGEST_SIMPLE_KEY: usize = 128;

/// Writes one document. As in go-yaml, `whitespace` and `indention` record how the line ends so
/// far.
pub(super) struct Emitter {
    text: String,
    column: usize,
    /// `None` before the root.
    indent: Option<usize>,
    whitespace: bool,
    indention: bool,
}

/// The context of a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Root,
    Mapping,
    Sequence,
}

impl Emitter {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            column: 0,
            indent: None,
            whitespace: true,
            indention: true,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn document(&mut self, value: &Value) {
        self.node(value, Inside::Root);
        self.write_indent();
    }

    fn node(&mut self, value: &Value, inside: Inside) {
        match value {
            Value::Null => self.plain_word("null"),
            Value::Bool(value) => self.plain_word(if *value { "true" } else { "false" }),
            Value::Int(value) => self.plain_word(&value.to_string()),
            Value::Uint(value) => self.plain_word(&value.to_string()),
            Value::Float(value) => self.plain_word(&scalar::float(*value)),
            Value::String(text) => self.scalar(text, scalar::wished(text), false),
            Value::Sequence(items) => self.sequence(items, inside),
            Value::Mapping(entries) => self.mapping(entries),
        }
    }

    fn plain_word(&mut self, text: &str) {
        self.scalar(text, Style::Plain, false);
    }

    fn sequence(&mut self, items: &[Value], inside: Inside) {
        if items.is_empty() {
            return self.empty_collection('[', ']');
        }
        let before = self.indent;
        if inside != Inside::Mapping || self.indention {
            self.increase_indent(false);
        }
        for item in items {
            self.write_indent();
            self.indicator("-", true, false, true);
            self.node(item, Inside::Sequence);
        }
        self.indent = before;
    }

    fn mapping(&mut self, entries: &Mapping) {
        if entries.is_empty() {
            return self.empty_collection('{', '}');
        }
        let before = self.indent;
        self.increase_indent(false);
        let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
        for (key, value) in keys::sorted(entries.collect()) {
            self.write_indent();
            self.key(key);
            self.node(value, Inside::Mapping);
        }
        self.indent = before;
    }

    fn key(&mut self, key: &str) {
        let multiline = key.chars().any(is_break);
        if !multiline && key.len() <= LONGEST_SIMPLE_KEY {
            self.scalar(key, scalar::wished(key), true);
            self.indicator(":", false, false, false);
        } else {
            self.indicator("?", true, false, true);
            self.scalar(key, scalar::wished(key), false);
            self.write_indent();
            self.indicator(":", true, false, true);
        }
    }

    fn empty_collection(&mut self, open: char, close: char) {
        self.indicator(open.encode_utf8(&mut [0; 4]), true, true, false);
        self.indicator(close.encode_utf8(&mut [0; 4]), false, false, false);
    }

    fn scalar(&mut self, text: &str, wished: Style, simple_key: bool) {
        let text: Vec<char> = text.chars().collect();
        let style = scalar::style(wished, &scalar::analyze(&text), text.is_empty(), simple_key);
        let before = self.indent;
        self.increase_indent(true);
        match style {
            Style::Plain => self.plain(&text, !simple_key),
            Style::Single => self.single_quoted(&text, !simple_key),
            Style::Double => self.double_quoted(&text, !simple_key),
            Style::Literal => self.literal(&text),
        }
        self.indent = before;
    }

    fn increase_indent(&mut self, flow: bool) {
        self.indent = Some(match self.indent {
            None if flow => INDENT,
            None => 0,
            Some(indent) => indent + INDENT,
        });
    }

    fn put(&mut self, character: char) {
        self.text.push(character);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn write_break(&mut self, character: char) {
        self.text.push(character);
        self.column = 0;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or_default();
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, indicator: &str, needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        indicator.chars().for_each(|character| self.put(character));
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }

    /// Whether a space may be replaced by a line break.
    fn folds(&self, allowed: bool, after_space: bool) -> bool {
        allowed && !after_space && self.column > WIDTH
    }

    /// Writes a space of a text, or a line break in its place.
    fn space(&mut self, folds: bool) {
        if folds {
            self.write_indent();
        } else {
            self.put(' ');
        }
    }

    fn plain(&mut self, text: &[char], allow_breaks: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut after_space = false;
        for (at, &character) in text.iter().enumerate() {
            // A plain scalar never contains line breaks here: text with one is literal or quoted.
            if character == ' ' {
                self.space(self.folds(allow_breaks, after_space) && text.get(at + 1) != Some(&' '));
                after_space = true;
            } else {
                self.put(character);
                self.indention = false;
                after_space = false;
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &[char], allow_breaks: bool) {
        self.indicator("'", true, false, false);
        let (mut after_space, mut after_break) = (false, false);
        for (at, &character) in text.iter().enumerate() {
            if character == ' ' {
                let inside = at > 0 && at + 1 < text.len() && text.get(at + 1) != Some(&' ');
                self.space(self.folds(allow_breaks, after_space) && inside);
                after_space = true;
            } else if is_break(character) {
                if !after_break && character == '\n' {
                    self.put_break();
                }
                self.write_break(character);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                if character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
        }
        self.indicator("'", false, false, false);
    }

    fn double_quoted(&mut self, text: &[char], allow_breaks: bool) {
        self.indicator("\"", true, false, false);
        let mut after_space = false;
        for (at, &character) in text.iter().enumerate() {
            if !is_printable(character) || is_break(character) || matches!(character, '"' | '\\') {
                self.escaped(character);
                after_space = false;
            } else if character == ' ' {
                let folds = self.folds(allow_breaks, after_space) && at > 0 && at + 1 < text.len();
                self.space(folds);
                if folds && text.get(at + 1) == Some(&' ') {
                    self.put('\\');
                }
                after_space = true;
            } else {
                self.put(character);
                after_space = false;
            }
        }
        self.indicator("\"", false, false, false);
    }

    fn escaped(&mut self, character: char) {
        let short = match character {
            '\0' => "0",
            '\u{7}' => "a",
            '\u{8}' => "b",
            '\t' => "t",
            '\n' => "n",
            '\u{b}' => "v",
            '\u{c}' => "f",
            '\r' => "r",
            '\u{1b}' => "e",
            '"' => "\"",
            '\\' => "\\",
            '\u{85}' => "N",
            '\u{a0}' => "_",
            '\u{2028}' => "L",
            '\u{2029}' => "P",
            _ => "",
        };
        let code = u32::from(character);
        let escape = match code {
            _ if !short.is_empty() => short.to_owned(),
            0..=0xff => format!("x{code:02X}"),
            0x100..=0xffff => format!("u{code:04X}"),
            _ => format!("U{code:08X}"),
        };
        self.put('\\');
        escape.chars().for_each(|character| self.put(character));
    }

    fn literal(&mut self, text: &[char]) {
        self.indicator("|", true, false, false);
        self.block_hints(text);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        for &character in text {
            if is_break(character) {
                self.write_break(character);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                self.put(character);
                self.indention = false;
                after_break = false;
            }
        }
    }

    /// Writes the hints of a block: its indentation if it begins with a space, and how its trailing
    /// line breaks are kept.
    fn block_hints(&mut self, text: &[char]) {
        if text.first().is_some_and(|first| *first == ' ' || is_break(*first)) {
            self.indicator(&INDENT.to_string(), false, false, false);
        }
        let (last, before) = match text {
            [.., before, last] => (Some(*last), Some(*before)),
            [last] => (Some(*last), None),
            [] => (None, None),
        };
        let ends_with_break = last.is_some_and(is_break);
        if !ends_with_break {
            self.indicator("-", false, false, false);
        } else if before.is_none_or(is_break) {
            self.indicator("+", false, false, false);
        }
    }
}
