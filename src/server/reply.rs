//! The response to a call, before it is sent.

use std::net::SocketAddrV4;

use crate::protocol::bare::Blob;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::Response;
use crate::protocol::messages::{NegotiationResponse, ResponseStruct};
use crate::protocol::thrift::Wire;

/// The status in [`NegotiationResponse`] that says that the server wants no authentication.
const AUTHENTICATION_OFF: i32 = 9;

/// A response, and its error code for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The error code in the body, or the code of the RPC layer if there is no body.
    pub(crate) err: ErrorCode,
    pub(crate) response: Response,
}

impl Reply {
    /// Returns the response with that body.
    pub(crate) fn new<S: Wire + ResponseStruct>(response: &S) -> Reply {
        Reply { err: response.err().clone(), response: Response::new(response) }
    }

    /// Returns the response to the start of an authentication: the client does not have to
    /// authenticate itself.
    pub(crate) fn no_authentication() -> Reply {
        let response = NegotiationResponse { status: AUTHENTICATION_OFF, msg: Blob::default() };
        Reply { err: ErrorCode::Ok, response: Response::new(&response) }
    }

    /// Returns the response of the RPC layer that names the leader.
    pub(crate) fn forward(leader: SocketAddrV4) -> Reply {
        Reply { err: ErrorCode::ForwardToOthers, response: Response::forward(leader) }
    }

    /// Returns the response by which the RPC layer refuses a request.
    pub(crate) fn framework(err: ErrorCode) -> Reply {
        Reply { response: Response::framework_error(err.clone()), err }
    }
}
