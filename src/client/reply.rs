//! What came back for a request that creates something.

use crate::protocol::error_code::ErrorCode;
use crate::transport::connection::CallError;

/// What came back for a request that was sent.
#[derive(Debug, Clone)]
pub(crate) enum Reply<A> {
    /// A response.
    Answer(A),
    /// A response of the RPC layer.
    Framework(ErrorCode),
    /// No response that can be read, and why.
    Lost(String),
}

impl<A> Reply<A> {
    /// Converts the result of a call.
    ///
    /// # Errors
    ///
    /// The request was not sent.
    pub(crate) fn of(called: Result<A, CallError>) -> Result<Reply<A>, CallError> {
        match called {
            Ok(answer) => Ok(Reply::Answer(answer)),
            Err(error @ CallError::NotSent(_)) => Err(error),
            Err(CallError::Framework(code)) => Ok(Reply::Framework(code)),
            Err(CallError::Lost(why)) => Ok(Reply::Lost(why.to_string())),
        }
    }

    /// Returns what came back, in words.
    pub(crate) fn words(&self, code: impl FnOnce(&A) -> &ErrorCode) -> String {
        match self {
            Reply::Answer(answer) => format!("the server returned {}", code(answer)),
            Reply::Framework(code) => format!("the RPC layer of the server returned {code}"),
            Reply::Lost(why) => format!("no response arrived ({why})"),
        }
    }
}
