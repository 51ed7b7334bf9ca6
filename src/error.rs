//! Errors. The kind of an error says what to do; the cause is private.

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
            ResourceKind::Table | ResourceKind::TableDuplications => ErrorKind::TableNotFound,
            // No request removes a backup policy, so only a wrong name can be the reason.
            ResourceKind::BackupPolicy => ErrorKind::InvalidArgument,
            ResourceKind::MetaServers => ErrorKind::Unavailable,
            ResourceKind::RemoteCluster => ErrorKind::RemoteClusterNotConfigured,
        }
    }
}

/// An error of a call, with everything that is known about it.
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

/// The result of the functions of this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error. The message is for people, so its hidden characters are escaped.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        let message = sentence(&message.into()).into_owned();
        Error { kind, context: Box::new(Context { message, ..Context::default() }) }
    }

    /// Makes an error of the kind `InvalidArgument`.
    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidArgument, message)
    }

    /// Adds the server's own words, or otherwise advice on what to do next.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.context.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }

    /// Sets the server that responded or was asked.
    pub(crate) fn with_server(mut self, server: impl fmt::Display) -> Error {
        self.context.server = Some(server.to_string());
        self
    }

    /// Sets the server unless the error already has one. The code nearest to the failure knows the
    /// server best.
    pub(crate) fn or_server(self, server: impl fmt::Display) -> Error {
        match self.context.server {
            Some(_) => self,
            None => self.with_server(server),
        }
    }

    /// Sets the Pegasus error code that the server sent.
    pub(crate) fn with_code(mut self, code: &ErrorCode) -> Error {
        self.context.code = Some(code.clone());
        self
    }

    /// Sets the resources that are known to exist.
    pub(crate) fn with_known(
        mut self,
        known: impl IntoIterator<Item = impl Into<Resource>>,
    ) -> Error {
        self.context.known = known.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the cause.
    pub(crate) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        self.context.source = Some(std::sync::Arc::new(source));
        self
    }

    /// Returns the message for use inside of another message: without the `key=value` pairs, which
    /// belong at the end of the whole text.
    pub(crate) fn brief(&self) -> String {
        match &self.context.code {
            Some(code) => format!("{} ({code})", self.context.message),
            None => self.context.message.clone(),
        }
    }

    /// Returns the kind of the error, which says what to do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns what happened, in words for the user.
    pub fn message(&self) -> &str {
        &self.context.message
    }

    /// Returns the server's own words about the error, or otherwise advice on what to do next. The
    /// server's words are returned as they came, so they may contain any character, including
    /// characters that control a terminal.
    pub fn hint(&self) -> Option<&str> {
        self.context.hint.as_deref()
    }

    /// Returns the meta server that responded or was asked, as `HOST:PORT`. If the host is a name, the
    /// address that was tried follows: `meta.example:34601 (10.0.0.1:34601)`.
    pub fn server(&self) -> Option<&str> {
        self.context.server.as_deref()
    }

    /// Returns the Pegasus error code, if a server sent one.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.context.code.as_ref()
    }

    /// Returns the resources that are known to exist: those that the request met or may have created.
    pub fn known(&self) -> &[Resource] {
        &self.context.known
    }
}

/// Writes the error on one line: the message, the hint, the code and the server.
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
