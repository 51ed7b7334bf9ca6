//! Finds the rule for a request.

use super::State;
use super::rule::{Context, ReadRule, Update, UpdateRule};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::RequestFrame;
use crate::protocol::messages::{ResponseStruct, Rpc, for_each_rpc};
use crate::protocol::thrift::DecodeError;
use crate::server::reply::Reply;

/// What the server does with a request.
pub(crate) enum Decision {
    /// Send this response.
    Respond(Reply),
    /// Put this update into the queue.
    Queue(Box<dyn Update>),
    /// Decide about this update now, before the updates in the queue.
    Begin(Box<dyn Update>),
}

macro_rules! dispatch {
    ($($kind:ident $rpc:ident)*) => {
        $( use crate::protocol::messages::$rpc; )*

        /// Applies the rule of the request's RPC. Returns `None` if there is no such RPC.
        pub(crate) fn decide(
            state: &mut State,
            frame: &RequestFrame<'_>,
            context: &Context<'_>,
        ) -> Result<Option<Decision>, DecodeError> {
            Ok(Some(match &*frame.name {
                $( $rpc::NAME => dispatch!(@$kind $rpc, state, frame, context), )*
                _ => return Ok(None),
            }))
        }

        /// Returns the response by which an RPC is refused. Returns `None` if there is no such RPC.
        pub(crate) fn refusal(rpc: &str, err: ErrorCode) -> Option<Reply> {
            Some(match rpc {
                $( $rpc::NAME => Reply::new(&<$rpc as Rpc>::Response::refused(err)), )*
                _ => return None,
            })
        }

        /// Returns an error if the request struct of the request cannot be read.
        pub(crate) fn check(frame: &RequestFrame<'_>) -> Result<(), DecodeError> {
            match &*frame.name {
                $( $rpc::NAME => frame.request::<<$rpc as Rpc>::Request>().map(drop), )*
                _ => Ok(()),
            }
        }
    };
    (@Read $rpc:ident, $state:ident, $frame:ident, $context:ident) => {
        Decision::Respond(Reply::new(&$rpc::read($state, &$frame.request()?, $context)))
    };
    (@Update $rpc:ident, $state:ident, $frame:ident, $context:ident) => {
        Decision::Queue($rpc::update($frame)?)
    };
    (@Concurrent $rpc:ident, $state:ident, $frame:ident, $context:ident) => {
        Decision::Begin($rpc::update($frame)?)
    };
}

for_each_rpc!(dispatch);
