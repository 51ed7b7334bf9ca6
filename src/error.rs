//! Errors: coarse kinds that say what to do, over private causes.

use std::fmt;

pub use crate::enums::ErrorKind;
use crate::enums::ResourceKind;
use crate::escape::sentence;
use crate::protocol::error_code::ErrorCode;
use crate::resource::Resource;
use crate::text::{ErrorLine, error_line};

impl ErrorKind {
    /// Returns the kind of the error for a resource that does not exist.
    pub(crate) fn not_found(resource: ResourceKind) -> ErrorKind {
        match resource {
            ResourceKind::Duplication => ErrorKind::DuplicationNotFound,
            ResourceKind::TableDuplications => ErrorKind::TableNotFound,
            ResourceKind::MetaServers => ErrorKind::Unavailable,
        }
    }
}

/// An error, with what is known about it.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    context: Box<Context>,
}

#[derive(Debug, Clone, Default)]
struct Context {
    message: String,
    hint: Option<String>,
    server: Option<String>,
    code: Option<ErrorCode>,
    known: Vec<Resource>,
    source: Option<std::sync::Arc<dyn std::error::Error + Send + Sync>>,
}

/// What fallible functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A message is for people: the hidden characters of what it names are written as numbers.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        let message = sentence(&message.into()).into_owned();
        Error { kind, context: Box::new(Context { message, ..Context::default() }) }
    }

    /// With advice for a person, or the server's own words.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.context.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }

    pub(crate) fn with_server(mut self, server: impl fmt::Display) -> Error {
        self.context.server = Some(server.to_string());
        self
    }

    /// With the server, unless it is there already: whoever was nearer knew better.
    pub(crate) fn or_server(self, server: impl fmt::Display) -> Error {
        match self.context.server {
            Some(_) => self,
            None => self.with_server(server),
        }
    }

    pub(crate) fn with_code(mut self, code: &ErrorCode) -> Error {
        self.context.code = Some(code.clone());
        self
    }

    pub(crate) fn with_known(
        mut self,
        known: impl IntoIterator<Item = impl Into<Resource>>,
    ) -> Error {
        self.context.known = known.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        self.context.source = Some(std::sync::Arc::new(source));
        self
    }

    /// The message, for a place within another message: without the `key=value` pairs that stand at
    /// the end of an error's text, and once in it.
    pub(crate) fn brief(&self) -> String {
        match &self.context.code {
            Some(code) => format!("{} ({code})", self.context.message),
            None => self.context.message.clone(),
        }
    }

    /// What went wrong, by what to do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened, for a person.
    pub fn message(&self) -> &str {
        &self.context.message
    }

    /// What the server said of it, as it came: it may hold any character, also one that does
    /// something to a terminal. Else what to do next.
    pub fn hint(&self) -> Option<&str> {
        self.context.hint.as_deref()
    }

    /// The meta server that answered, or was asked, as `HOST:PORT`. If the host is a name, the
    /// address that was tried follows: `meta.example:34601 (10.0.0.1:34601)`.
    pub fn server(&self) -> Option<&str> {
        self.context.server.as_deref()
    }

    /// The Pegasus error code, if a server gave one.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.context.code.as_ref()
    }

    /// Returns the resources that are known to exist: those that the request met or may have created.
    pub fn known(&self) -> &[Resource] {
        &self.context.known
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&error_line(&ErrorLine::from(self)))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.context.source.as_deref().map(|source| source as _)
    }
}
