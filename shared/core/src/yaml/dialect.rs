//! Where the parser takes more than go-yaml does, or reads it otherwise.
//!
//! The parser follows YAML 1.2, Helm's reader an old port of libyaml. Where the two part, a text is
//! refused: a chart that we list and Helm cannot load, or that says one thing here and another
//! there, would be worse. None of it occurs in what Helm writes. The one exception, a line
//! separator in single quotes, is read as Helm reads it.

use std::borrow::Cow;

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};

use super::{Error, Place, refold};

/// The part of a line before some place.
#[derive(Clone, Copy, PartialEq)]
enum LineStart {
    /// White space, and the "-" and "?" of a list or key that begins there.
    Blank,
    /// Something, and then white space.
    Spaced,
    /// Something.
    Content,
    /// A comment.
    Comment,
}

/// The line of a key that can be none.
const NEVER_A_KEY: usize = 0;

/// Follows the events through their text.
pub(super) struct Dialect<'text> {
    text: &'text str,
    /// Whether the text has any of the line separators, so that most texts are not searched for
    /// them again and again.
    separators: bool,
    /// The end of the last event that has a text.
    cursor: usize,
    /// What stands on the line before the cursor.
    line: LineStart,
    /// Collections that are open; true for those in brackets or braces.
    open: Vec<bool>,
    /// How many of them are in brackets or braces.
    flow: usize,
    /// Whether nothing but white space stands between an unquoted scalar and the cursor.
    behind_plain: bool,
    /// The line on which the last scalar began, until it is clear that it is no key.
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

    /// Checks the text of an event and what stands before it.
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
        // A leading "?" makes a key for Helm.
        if source.starts_with('?') {
            return dispute(at, QUOTES);
        }
        if source.contains('?') || source.starts_with(':') {
            return refuse(at, QUOTES);
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

    /// go-yaml takes what follows a tag for a part of it, commas and brackets too.
    fn tag(&self, span: &Span, at: Place) -> Result<(), Error> {
        let Some(tag) = span.tag_span().and_then(|tag| tag.byte_range()) else {
            return Ok(());
        };
        if self.text.get(tag.clone()).is_some_and(|tag| tag.contains('#')) {
            return refuse(at, "a tag must not contain \"#\"");
        }
        match self.text.get(tag.end..).and_then(|follows| follows.chars().next()) {
            Some(' ' | '\n' | '\r' | '\t') => Ok(()),
            None if self.flow == 0 => Ok(()),
            _ => refuse(at, "a tag needs a space after it"),
        }
    }

    /// What stands between two events: white space, comments, indicators, tags and anchors.
    fn gap(&mut self, end: usize, at: Place) -> Result<(), Error> {
        let Some(gap) = self.text.get(self.cursor..end) else {
            return Ok(());
        };
        if self.separators && gap.contains(refold::SEPARATORS) {
            return dispute(at, SEPARATOR);
        }
        if !self.document && gap.lines().any(|line| line.starts_with("...")) {
            return refuse(at, "\"...\" ends a document, but no document begins before it");
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
                    return refuse(Place { line, column: 1 }, TAB);
                }
                (LineStart::Blank | LineStart::Spaced, '#') => LineStart::Comment,
                (LineStart::Blank, ' ' | '\t' | '\r' | '-' | '?') => LineStart::Blank,
                (LineStart::Blank, ':') if self.flow == 0 => LineStart::Blank,
                (_, ' ' | '\t' | '\r') => LineStart::Spaced,
                (_, ':') if self.is_behind_its_key(line) => {
                    return refuse(
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

    /// In search of its next line, go-yaml minds the indentation even within brackets.
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
        refuse(
            at,
            "the name of an anchor must consist of letters, digits, \"_\" and \"-\"",
        )
    }
}

const SEPARATOR: &str = "an invisible line separator (U+0085, U+2028 or U+2029) ends the line here; remove it, or put the text in double \
     quotes and write it as an escape";

/// Text that goes on behind the end of the first document: go-yaml reads no further.
pub(super) const BEHIND: &str =
    "the first line is indented more than this one, or the text ends before it, so Helm ignores the rest";

/// Helm takes `{}# text`.
pub(super) const COMMENT: &str = "a comment needs a space before its \"#\"";

/// What a tab in the wrong place gets.
pub(super) const TAB: &str = "a line must be indented with spaces, not with a tab";

fn refuse(at: Place, problem: &'static str) -> Result<(), Error> {
    Err(Error::Dialect { at, problem })
}

/// What Helm takes, or may take, with another meaning.
fn dispute(at: Place, problem: &'static str) -> Result<(), Error> {
    Err(Error::Disputed { at, problem })
}

/// Go on with a tab, and go-yaml calls it a violation of the indentation.
fn tabs_before_lines(source: &str, at: Place) -> Result<(), Error> {
    let tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if source.lines().skip(1).any(tab) {
        return refuse(at, TAB);
    }
    Ok(())
}

/// YAML 1.2 took `\/` and pairs of surrogates over from JSON; YAML 1.1 has neither.
fn escapes(source: &str, at: Place) -> Result<(), Error> {
    let mut rest = source;
    while let Some((_, escape)) = rest.split_once('\\') {
        if escape.starts_with('/') {
            return refuse(at, "\"\\/\" is not an escape; write \"/\"");
        }
        if escape.starts_with("uD") || escape.starts_with("ud") {
            let high = escape
                .as_bytes()
                .get(2)
                .is_some_and(|digit| !digit.is_ascii_digit() || *digit > b'7');
            if high {
                return refuse(
                    at,
                    "this escape stands for half a character; write the character itself, or use \"\\U\"",
                );
            }
        }
        // One character belongs to the escape, be it another backslash.
        let mut characters = escape.chars();
        characters.next();
        rest = characters.as_str();
    }
    Ok(())
}

/// In a block scalar a tab may only stand behind the indentation, which the place of its first
/// character tells.
fn tabs_in_block(source: &str, at: Place) -> Result<(), Error> {
    let indentation = at.column - 1;
    let within = |line: &str| line.bytes().take_while(|byte| *byte == b' ').count() < indentation;
    let tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if indentation == 0 && !source.is_empty() {
        return refuse(at, "a block of text must be indented");
    }
    if source.starts_with('\t') || source.lines().skip(1).any(|line| tab(line) && within(line)) {
        return refuse(at, "a block of text must be indented with spaces, not with tabs");
    }
    Ok(())
}
