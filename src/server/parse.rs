//! The error of texts that are parsed: rules, tables, clusters, names.

use std::borrow::Cow;

/// A text that is not what it should be.
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
