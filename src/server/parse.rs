//! The error for texts that cannot be parsed, such as rules, tables, clusters and names.

use std::borrow::Cow;

/// A text could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} text={text:?}")]
pub struct ParseError {
    what: Cow<'static, str>,
    text: String,
}

impl ParseError {
    pub(crate) fn new(what: impl Into<Cow<'static, str>>, text: &str) -> ParseError {
        ParseError { what: what.into(), text: text.to_owned() }
    }
}
