//! The traits for the rules of the state machine. Each RPC implements one of them.

use std::fmt;
use std::net::SocketAddrV4;

use super::State;
use super::effect::{CallId, Effect};
use crate::protocol::frame::RequestFrame;
use crate::protocol::messages::Rpc;
use crate::protocol::thrift::DecodeError;

/// The rule of an RPC that reads.
pub(super) trait ReadRule: Rpc {
    /// Returns the response, which shows the state as it is.
    fn read(state: &mut State, request: &Self::Request, context: &Context<'_>) -> Self::Response;
}

/// The rule of an RPC that changes something.
pub(super) trait UpdateRule: Rpc {
    /// Returns what the request asks for.
    fn update(frame: &RequestFrame<'_>) -> Result<Box<dyn Update>, DecodeError>;
}

/// What a request asks to change. An update waits in the queue for its turn, and then [`begin`]
/// decides.
pub(crate) trait Update: fmt::Debug + Send {
    /// Decides about the update. Returns `None` if the update waits until another change is stored.
    fn decide(self: Box<Self>, state: &mut State, call: CallId, now_ms: i64) -> Option<Effect>;
}

/// Declares that requests of an RPC change something, and which method of [`State`] decides about them.
macro_rules! updates {
    ($($rpc:ident $request:ident $decide:ident)*) => {$(
        impl $crate::server::state::rule::UpdateRule for $rpc {
            fn update(
                frame: &$crate::protocol::frame::RequestFrame<'_>,
            ) -> Result<
                Box<dyn $crate::server::state::rule::Update>,
                $crate::protocol::thrift::DecodeError,
            > {
                let request: $request = frame.request()?;
                Ok(Box::new(request))
            }
        }

        impl $crate::server::state::rule::Update for $request {
            fn decide(
                self: Box<Self>,
                state: &mut State,
                call: CallId,
                _: i64,
            ) -> Option<Effect> {
                state.$decide(call, *self)
            }
        }
    )*};
}
pub(super) use updates;

/// Decides about an update whose turn has come.
pub(crate) fn begin(
    state: &mut State,
    call: CallId,
    update: Box<dyn Update>,
    now_ms: i64,
) -> Vec<Effect> {
    state.steady(now_ms);
    update.decide(state, call, now_ms).into_iter().collect()
}

/// What a rule may use besides the state.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The wall time, in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// The addresses of the meta servers, this server's own first.
    pub(crate) addresses: &'a [SocketAddrV4],
    /// The address of the leader, if it is known.
    pub(crate) leader: Option<SocketAddrV4>,
}
