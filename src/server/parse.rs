//! The error of texts that are parsed: rules, tables, clusters, names.

/// A text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} text={text:?}")]
pub struct ParseError {
    what: &'static str,
    text: String,
}

impl ParseError {
    pub(crate) fn new(what: &'static str, text: &str) -> ParseError {
        ParseError { what, text: text.to_owned() }
    }
}
