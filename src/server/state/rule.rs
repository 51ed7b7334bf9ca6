//! The rules of the state machine: for each RPC, one of these traits.

use std::net::SocketAddrV4;

use super::State;
use super::effect::Update;
use crate::protocol::frame::RequestFrame;
use crate::protocol::messages::Rpc;
use crate::protocol::thrift::DecodeError;

/// The rule of an RPC that reads.
pub(super) trait ReadRule: Rpc {
    /// Returns the response, which shows the state as it is.
    fn read(state: &mut State, request: &Self::Request, context: &Context<'_>) -> Self::Answer;
}

/// The rule of an RPC that changes something.
pub(super) trait UpdateRule: Rpc {
    /// Returns what the request asks for. The update waits in the queue for its turn, and then
    /// [`State::begin`] decides.
    fn update(frame: &RequestFrame<'_>) -> Result<Update, DecodeError>;
}

/// What a rule may know besides the state.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The wall time, in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// The addresses of the meta servers, this server's own first.
    pub(crate) addresses: &'a [SocketAddrV4],
    /// The address of the leader, if it is known.
    pub(crate) leader: Option<SocketAddrV4>,
}
