//! Why one try of a request failed.

use super::codes::Request;
use crate::error::{Error, ErrorKind};
use crate::protocol::error_code::ErrorCode;
use crate::transport::connection::{CallError, Why};

/// Why one try of a request failed without an effect on the server.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TryError {
    /// The server refused the request, and another try would be refused too.
    #[error("{}", .0.brief())]
    Refused(Error),
    /// The server did nothing. Another server, or the same server later, may carry the request out.
    #[error("the meta server is not ready or not the leader: it returned {0}")]
    NotApplied(ErrorCode),
    /// There was no response.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl TryError {
    /// Returns the error of a call that ends with this try.
    pub(crate) fn into_error(self) -> Error {
        match self {
            TryError::Refused(error) => error,
            TryError::NotApplied(code) => Error::new(
                ErrorKind::Unavailable,
                "the meta server is not ready or not the leader; nothing was done",
            )
            .with_code(&code),
            TryError::Call(error) => call_error(error),
        }
    }
}

/// Returns the error for a call that failed and that had sent nothing that changes anything.
fn call_error(error: CallError) -> Error {
    match error {
        CallError::Framework(code) => Request::Read.refused(ErrorKind::Unsupported, &code, ""),
        CallError::NotSent(why) | CallError::Lost(why) => {
            let (kind, message) = match &why {
                Why::Timeout => (
                    ErrorKind::Timeout,
                    "the meta server did not respond in time; nothing was done",
                ),
                why if why.is_garbage() => {
                    (ErrorKind::Protocol, "the response is not one that a meta server sends")
                }
                _ => (
                    ErrorKind::Unavailable,
                    "the connection to the meta server broke; nothing was done",
                ),
            };
            let error = Error::new(kind, format!("{message}: {why}")).with_source(why);
            match kind {
                // Kerberos cannot be the reason, because the server has responded on this connection before.
                ErrorKind::Timeout => error.with_hint(
                    "the server has responded on this connection before, so the server or the network may be overloaded: try again with a longer timeout",
                ),
                _ => error,
            }
        }
    }
}
