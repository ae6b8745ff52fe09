//! The parser: a stream of events, without any meaning of scalars.
//!
//! Only this file and [`dialect`] name the crate that parses.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event as Parsed, Parser, ScalarStyle, ScanError, StrInput};

use super::{
    Error, Limits, Place,
    dialect::{self, Dialect},
};

/// Identifies one `&anchor` of a document.
pub(super) type AnchorId = usize;

/// An event in one document.
pub(super) enum Event<'text> {
    Scalar(Scalar<'text>),
    SequenceStart(Option<AnchorId>),
    SequenceEnd,
    MappingStart(Option<AnchorId>),
    MappingEnd,
    Alias(AnchorId),
    /// The end of the document or, without an end mark, of the text.
    End,
}

/// A scalar as written.
pub(super) struct Scalar<'text> {
    pub(super) text: Cow<'text, str>,
    /// Neither quoted nor a block.
    pub(super) plain: bool,
    pub(super) tag: Option<String>,
    pub(super) anchor: Option<AnchorId>,
}

/// The events of the first document of a text.
pub(super) struct Events<'text> {
    parser: Parser<'text, StrInput<'text>>,
    depth: usize,
    dialect: Dialect<'text>,
}

impl<'text> Events<'text> {
    pub(super) fn new(text: &'text str, limits: &Limits) -> Self {
        // One more than allowed, so that our own limit reports first.
        let nesting = limits.depth.saturating_add(1);
        let options = granit_parser::options! {
            emit_comments: false,
            // go-yaml knows %YAML 1.1 and %TAG. These files do not use them.
            disallow_directives: true,
            emit_anchor_events: true,
            flow_nesting_limit: nesting,
            block_nesting_limit: nesting,
            block_scalar_eof_without_line_feed: true,
        };
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            depth: limits.depth,
            dialect: Dialect::new(text),
        }
    }

    pub(super) fn next(&mut self) -> Result<(Event<'text>, Place), Error> {
        loop {
            let Some(next) = self.parser.next_event() else {
                return Ok((Event::End, Place { line: 1, column: 1 }));
            };
            let (mut event, span) = next.map_err(|error| self.error(&error))?;
            self.dialect.check(&mut event, &span)?;
            let place = Place {
                line: span.start.line(),
                column: span.start.col() + 1,
            };
            let event = match event {
                Parsed::Scalar(text, style, anchor, tag) => Event::Scalar(Scalar {
                    text,
                    plain: style == ScalarStyle::Plain,
                    tag: tag.map(|tag| full_tag(&tag)),
                    anchor: defined(anchor),
                }),
                Parsed::SequenceStart(_, anchor, _) => Event::SequenceStart(defined(anchor)),
                Parsed::SequenceEnd => Event::SequenceEnd,
                Parsed::MappingStart(_, anchor, _) => Event::MappingStart(defined(anchor)),
                Parsed::MappingEnd => Event::MappingEnd,
                Parsed::Alias(anchor) => Event::Alias(anchor),
                Parsed::DocumentEnd => return self.after_document(place),
                Parsed::StreamEnd => Event::End,
                _ => continue,
            };
            return Ok((event, place));
        }
    }
}

impl<'text> Events<'text> {
    /// go-yaml reads one token beyond the first document, and fails if there is none.
    fn after_document(&mut self, place: Place) -> Result<(Event<'text>, Place), Error> {
        if let Some(next) = self.parser.next_event() {
            let (mut event, span) = next.map_err(|error| self.error(&error))?;
            self.dialect.check(&mut event, &span)?;
        }
        Ok((Event::End, place))
    }

    fn error(&self, error: &ScanError) -> Error {
        let at = Place {
            line: error.marker().line(),
            column: error.marker().col() + 1,
        };
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => Error::TooDeep { at, limit: self.depth },
            ErrorKind::UnknownAnchor => Error::UnknownAnchor { at },
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart => Error::Dialect {
                at,
                problem: dialect::TAB,
            },
            ErrorKind::ExpectedDocumentStart => Error::Disputed {
                at,
                problem: dialect::BEHIND,
            },
            ErrorKind::CommentNotSeparated => Error::Disputed {
                at,
                problem: dialect::COMMENT,
            },
            _ => Error::Syntax {
                at,
                problem: error.info(),
            },
        }
    }
}

fn defined(anchor: usize) -> Option<AnchorId> {
    (anchor != 0).then_some(anchor)
}

fn full_tag(tag: &granit_parser::Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}
