//! Texts that the parser accepts and go-yaml does not, or reads differently.
//!
//! The parser follows YAML 1.2; Helm's reader is an old port of libyaml. Where they differ, a text
//! is rejected, because a chart must not be listed if Helm cannot load it or reads something else.
//! Helm writes no such text. One exception is read as Helm reads it: a line separator in single
//! quotes.

use std::borrow::Cow;

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};

use super::{Error, Place, refold};

/// What precedes a position on its line.
#[derive(Clone, Copy, PartialEq)]
enum LineStart {
    /// White space, and the "-" or "?" of a list or key.
    Blank,
    /// Text, and then white space.
    Spaced,
    /// Text.
    Content,
    /// A comment.
    Comment,
}

/// The line of a key that cannot be one.
const NEVER_A_KEY: usize = 0;

/// Follows the events through their text.
pub(super) struct Dialect<'text> {
    text: &'text str,
    /// Whether the text has any of the line separators, so that most texts are not searched
    /// repeatedly.
    separators: bool,
    /// The end of the last event that has text.
    cursor: usize,
    /// What precedes the cursor on its line.
    line: LineStart,
    /// Collections that are open; true for those in brackets or braces.
    open: Vec<bool>,
    /// How many of them are in brackets or braces.
    flow: usize,
    /// Whether only white space is between an unquoted scalar and the cursor.
    behind_plain: bool,
    /// The line on which the last scalar began, until it is clear that it is not a key.
    key_line: Option<usize>,
    document: bool,
}

impl<'text> Dialect<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self {
            text,
            separators: text.contains(refold::SEPARATORS),
            cursor: 0,
            line: LineStart::Blank,
            open: Vec::new(),
            flow: 0,
            behind_plain: false,
            key_line: None,
            document: false,
        }
    }

    /// Checks the text of an event and the text before it.
    pub(super) fn check(&mut self, event: &mut Event<'text>, span: &Span) -> Result<(), Error> {
        let Some(range) = span.byte_range() else { return Ok(()) };
        let at = Place {
            line: span.start.line(),
            column: span.start.col() + 1,
        };
        if let Event::Anchor(_, name) = event {
            self.key_line = self.key_line.map(|line| line.min(at.line));
            return self.name(name, range.end, at);
        }
        self.gap(range.start, at)?;
        let source = self.text.get(range.clone()).unwrap_or_default();
        self.cursor = self.cursor.max(range.end);
        if !source.is_empty() {
            self.behind_plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            self.key_line = None;
            let last_line = source.rsplit_once('\n').map(|(_, line)| line);
            let blank = last_line.is_some_and(|line| line.trim_start_matches(' ').is_empty());
            self.line = if blank { LineStart::Blank } else { LineStart::Content };
        }
        match event {
            Event::DocumentStart(..) => self.document = true,
            Event::Alias(_) => {
                self.key_line = Some(at.line);
                self.name(source.get(1..).unwrap_or_default(), range.end, at)?;
            }
            Event::Scalar(text, style, ..) => {
                if let Some(tag) = span.tag_start() {
                    self.key_line = Some(tag.line());
                } else if !source.is_empty() {
                    self.key_line = Some(at.line);
                }
                self.scalar(text, *style, source, at)?;
                self.tag(span, at)?;
            }
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                self.tag(span, at)?;
                // A pair within brackets is a mapping without braces.
                let brackets = *style == StructureStyle::Flow && source.starts_with(['[', '{']);
                self.open.push(brackets);
                self.flow += usize::from(brackets);
            }
            Event::SequenceEnd | Event::MappingEnd if self.open.pop() == Some(true) => self.flow -= 1,
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: &mut Cow<'text, str>, style: ScalarStyle, source: &str, at: Place) -> Result<(), Error> {
        if self.separators && source.contains(refold::SEPARATORS) {
            match style {
                ScalarStyle::SingleQuoted if !refold::has_marker(source) => {
                    *text = Cow::Owned(refold::single_quoted(source));
                    self.key_line = Some(NEVER_A_KEY);
                }
                _ => return dispute(at, SEPARATOR),
            }
        }
        match style {
            ScalarStyle::Plain => {
                tabs_before_lines(source, at)?;
                if self.flow > 0 {
                    self.plain_in_brackets(source, at)
                } else {
                    Ok(())
                }
            }
            ScalarStyle::DoubleQuoted => escapes(source, at),
            ScalarStyle::Literal | ScalarStyle::Folded => tabs_in_block(source, at),
            _ => Ok(()),
        }
    }

    fn plain_in_brackets(&self, source: &str, at: Place) -> Result<(), Error> {
        let follows = self.text.get(self.cursor..).unwrap_or_default();
        const QUOTES: &str = "text with \"?\" or a leading \":\" inside brackets or braces needs quotes";
        // Helm reads a leading "?" as a key.
        if source.starts_with('?') {
            return dispute(at, QUOTES);
        }
        if source.contains('?') || source.starts_with(':') {
            return reject(at, QUOTES);
        }
        if follows.starts_with(':')
            && follows
                .get(1..)
                .is_some_and(|rest| rest.starts_with([',', ']', '}', '[', '{']))
        {
            return dispute(at, "\":\" inside brackets or braces needs a space after it");
        }
        Ok(())
    }

    /// go-yaml reads what follows a tag as part of it, including commas and brackets.
    fn tag(&self, span: &Span, at: Place) -> Result<(), Error> {
        let Some(tag) = span.tag_span().and_then(|tag| tag.byte_range()) else {
            return Ok(());
        };
        if self.text.get(tag.clone()).is_some_and(|tag| tag.contains('#')) {
            return reject(at, "a tag must not contain \"#\"");
        }
        match self.text.get(tag.end..).and_then(|follows| follows.chars().next()) {
            Some(' ' | '\n' | '\r' | '\t') => Ok(()),
            None if self.flow == 0 => Ok(()),
            _ => reject(at, "a tag needs a space after it"),
        }
    }

    /// The text between two events: white space, comments, indicators, tags and anchors.
    fn gap(&mut self, end: usize, at: Place) -> Result<(), Error> {
        let Some(gap) = self.text.get(self.cursor..end) else {
            return Ok(());
        };
        if self.separators && gap.contains(refold::SEPARATORS) {
            return dispute(at, SEPARATOR);
        }
        if !self.document && gap.lines().any(|line| line.starts_with("...")) {
            return reject(at, "\"...\" ends a document, but no document begins before it");
        }
        let mut line = at.line - gap.matches('\n').count().min(at.line);
        for character in gap.chars() {
            self.line = match (self.line, character) {
                (_, '\n') => {
                    line += 1;
                    LineStart::Blank
                }
                (LineStart::Comment, _) => LineStart::Comment,
                (LineStart::Blank, '\t') if self.flow == 0 || self.is_behind_indented_plain() => {
                    return reject(Place { line, column: 1 }, TAB);
                }
                (LineStart::Blank | LineStart::Spaced, '#') => LineStart::Comment,
                (LineStart::Blank, ' ' | '\t' | '\r' | '-' | '?') => LineStart::Blank,
                (LineStart::Blank, ':') if self.flow == 0 => LineStart::Blank,
                (_, ' ' | '\t' | '\r') => LineStart::Spaced,
                (_, ':') if self.is_behind_its_key(line) => {
                    return reject(
                        Place { line, column: 1 },
                        "a key and its \":\" must be on the same line",
                    );
                }
                (_, ',') => {
                    self.key_line = None;
                    LineStart::Content
                }
                _ => LineStart::Content,
            };
            self.behind_plain &= self.line == LineStart::Blank || self.line == LineStart::Spaced;
        }
        self.cursor = self.cursor.max(end);
        Ok(())
    }

    /// When go-yaml looks for the next line, it checks the indentation even within brackets.
    fn is_behind_indented_plain(&self) -> bool {
        self.behind_plain && self.open.first() == Some(&false)
    }

    fn is_behind_its_key(&mut self, line: usize) -> bool {
        let key_line = self.key_line.take();
        key_line == Some(NEVER_A_KEY) || self.flow > 0 && key_line.is_some_and(|key_line| key_line != line)
    }

    /// The name of an anchor or alias, and what may follow it.
    fn name(&self, name: &str, end: usize, at: Place) -> Result<(), Error> {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let follows = self.text.get(end..).and_then(|follows| follows.chars().next());
        if plain && matches!(follows, None | Some(' ' | '\t' | '\r' | '\n' | ',' | ']' | '}')) {
            return Ok(());
        }
        reject(
            at,
            "the name of an anchor must consist of letters, digits, \"_\" and \"-\"",
        )
    }
}

const SEPARATOR: &str = "an invisible line separator (U+0085, U+2028 or U+2029) ends the line here; remove it, or put the text in double \
     quotes and write it as an escape";

/// Text that follows the end of the first document: go-yaml reads no further.
pub(super) const BEHIND: &str =
    "the first line is indented more than this one, or the text ends before it, so Helm ignores the rest";

/// Helm accepts `{}# text`.
pub(super) const COMMENT: &str = "a comment needs a space before its \"#\"";

/// The error for a tab in the wrong place.
pub(super) const TAB: &str = "a line must be indented with spaces, not with a tab";

fn reject(at: Place, problem: &'static str) -> Result<(), Error> {
    Err(Error::Dialect { at, problem })
}

/// The error for text that Helm may accept with another meaning.
fn dispute(at: Place, problem: &'static str) -> Result<(), Error> {
    Err(Error::Disputed { at, problem })
}

/// go-yaml reports a continued tab as wrong indentation.
fn tabs_before_lines(source: &str, at: Place) -> Result<(), Error> {
    let tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if source.lines().skip(1).any(tab) {
        return reject(at, TAB);
    }
    Ok(())
}

/// YAML 1.2 adopted `\/` and surrogate pairs from JSON; YAML 1.1 has neither.
fn escapes(source: &str, at: Place) -> Result<(), Error> {
    let mut rest = source;
    while let Some((_, escape)) = rest.split_once('\\') {
        if escape.starts_with('/') {
            return reject(at, "\"\\/\" is not an escape; write \"/\"");
        }
        if escape.starts_with("uD") || escape.starts_with("ud") {
            let high = escape
                .as_bytes()
                .get(2)
                .is_some_and(|digit| !digit.is_ascii_digit() || *digit > b'7');
            if high {
                return reject(
                    at,
                    "this escape stands for half a character; write the character itself, or use \"\\U\"",
                );
            }
        }
        // One character belongs to the escape, even another backslash.
        let mut characters = escape.chars();
        characters.next();
        rest = characters.as_str();
    }
    Ok(())
}

/// In a block scalar a tab may only follow the indentation, which the position of its first
/// character shows.
fn tabs_in_block(source: &str, at: Place) -> Result<(), Error> {
    let indentation = at.column - 1;
    let within = |line: &str| line.bytes().take_while(|byte| *byte == b' ').count() < indentation;
    let tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if indentation == 0 && !source.is_empty() {
        return reject(at, "a block of text must be indented");
    }
    if source.starts_with('\t') || source.lines().skip(1).any(|line| tab(line) && within(line)) {
        return reject(at, "a block of text must be indented with spaces, not with tabs");
    }
    Ok(())
}
