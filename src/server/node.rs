//! One meta server without its sockets: bytes of a request and the time go in, what to do comes
//! out. It knows which connection waits for which answer; the rules are [`super::state`]'s.

use std::collections::BTreeMap;

use super::state::{CallId, Effect, State, Ticket, Update, UpdateAnswer};
use super::store::{Change, StoreFailure};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::{
    FrameError, RequestFrame, decode_request, encode_answer, encode_framework_error,
};
use crate::protocol::messages::{
    AddDuplication, ListApps, ListDuplication, ModifyDuplication, QueryConfig, QueryDuplication,
    Rpc,
};
use crate::protocol::thrift::{DecodeError, Wire};

/// A connection, as whoever drives the node names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send an answer. One request of the connection is done with.
    Send(ConnectionId, Vec<u8>),
    /// One request of the connection is done with, and has no answer.
    Done(ConnectionId),
    /// Close the connection.
    Close(ConnectionId, Ended),
    /// Store a change, then call [`Node::stored`].
    Store(Ticket, Change),
}

/// Why a connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The bytes are no request.
    Garbage(FrameError),
    /// A real server's process would have ended.
    WouldHaveDied(&'static str),
    /// Whether a change was stored is not known, so nothing can be answered.
    Unknown,
}

/// A call that waits for its answer.
#[derive(Debug)]
struct Call {
    connection: ConnectionId,
    name: &'static str,
    seqid: i32,
    oneway: bool,
}

/// One meta server without its sockets.
#[derive(Debug)]
pub(crate) struct Node {
    state: State,
    calls: BTreeMap<CallId, Call>,
    next_call: u64,
    would_have_died: u64,
}

impl Node {
    pub(crate) fn new(state: State) -> Node {
        Node { state, calls: BTreeMap::new(), next_call: 0, would_have_died: 0 }
    }

    /// How many requests would have ended a real server.
    pub(crate) fn would_have_died(&self) -> u64 {
        self.would_have_died
    }

    /// A whole request frame came.
    pub(crate) fn request(
        &mut self,
        connection: ConnectionId,
        frame: &[u8],
        now_ms: i64,
    ) -> Vec<Action> {
        let request = match decode_request(frame) {
            Ok(request) => request,
            Err(error) => return vec![self.garbage(connection, error)],
        };
        match self.dispatch(connection, &request, now_ms) {
            Ok(actions) => actions,
            Err(error) => vec![self.garbage(connection, FrameError::Envelope(error))],
        }
    }

    /// A change was stored, or wasn't.
    pub(crate) fn stored(
        &mut self,
        ticket: Ticket,
        result: Result<(), StoreFailure>,
        now_ms: i64,
    ) -> Vec<Action> {
        let effects = self.state.finish(ticket, result, now_ms);
        self.act(effects)
    }

    /// A connection is gone: nobody waits for its answers any more. What was asked is done all
    /// the same.
    pub(crate) fn gone(&mut self, connection: ConnectionId) {
        self.calls.retain(|_, call| call.connection != connection);
    }

    fn garbage(&mut self, connection: ConnectionId, error: FrameError) -> Action {
        if ends_a_real_server(&error) {
            self.would_have_died += 1;
            return Action::Close(connection, Ended::WouldHaveDied("a body it cannot read"));
        }
        Action::Close(connection, Ended::Garbage(error))
    }

    fn dispatch(
        &mut self,
        connection: ConnectionId,
        frame: &RequestFrame<'_>,
        now_ms: i64,
    ) -> Result<Vec<Action>, DecodeError> {
        if !self.state.rules.knows(frame.name) {
            let answer =
                encode_framework_error(&ErrorCode::HandlerNotFound, frame.name, frame.seqid);
            return Ok(vec![reply(connection, frame.oneway, answer)]);
        }
        let answer = match frame.name {
            AddDuplication::NAME => {
                let update = Update::Add(frame.request()?);
                return Ok(self.update(connection, AddDuplication::NAME, frame, update, now_ms));
            }
            ModifyDuplication::NAME => {
                let update = Update::Modify(frame.request()?);
                return Ok(self.update(connection, ModifyDuplication::NAME, frame, update, now_ms));
            }
            QueryDuplication::NAME => {
                answered::<QueryDuplication>(frame, |request| self.state.query(&request, now_ms))?
            }
            ListDuplication::NAME => {
                answered::<ListDuplication>(frame, |request| self.state.list(&request, now_ms))?
            }
            ListApps::NAME => {
                answered::<ListApps>(frame, |request| self.state.list_apps(&request))?
            }
            QueryConfig::NAME => {
                answered::<QueryConfig>(frame, |request| self.state.query_config(&request))?
            }
            _ => encode_framework_error(&ErrorCode::HandlerNotFound, frame.name, frame.seqid),
        };
        Ok(vec![reply(connection, frame.oneway, answer)])
    }

    fn update(
        &mut self,
        connection: ConnectionId,
        name: &'static str,
        frame: &RequestFrame<'_>,
        update: Update,
        now_ms: i64,
    ) -> Vec<Action> {
        let id = CallId(self.next_call);
        self.next_call += 1;
        let call = Call { connection, name, seqid: frame.seqid, oneway: frame.oneway };
        self.calls.insert(id, call);
        let effects = self.state.begin(id, update, now_ms);
        self.act(effects)
    }

    fn act(&mut self, effects: Vec<Effect>) -> Vec<Action> {
        effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Store(ticket, change) => Some(Action::Store(ticket, change)),
                Effect::Answer(id, answer) => self.calls.remove(&id).map(|call| {
                    let bytes = match &answer {
                        UpdateAnswer::Add(answer) => encode_answer(answer, call.name, call.seqid),
                        UpdateAnswer::Modify(answer) => {
                            encode_answer(answer, call.name, call.seqid)
                        }
                    };
                    reply(call.connection, call.oneway, bytes)
                }),
                Effect::Die(id) => {
                    self.would_have_died += 1;
                    let call = self.calls.remove(&id)?;
                    let why = "a request that ends servers of this generation";
                    Some(Action::Close(call.connection, Ended::WouldHaveDied(why)))
                }
                Effect::HangUp(id) => {
                    let call = self.calls.remove(&id)?;
                    Some(Action::Close(call.connection, Ended::Unknown))
                }
            })
            .collect()
    }
}

fn reply(connection: ConnectionId, oneway: bool, bytes: Vec<u8>) -> Action {
    if oneway { Action::Done(connection) } else { Action::Send(connection, bytes) }
}

fn answered<R: Rpc>(
    frame: &RequestFrame<'_>,
    answer: impl FnOnce(R::Request) -> R::Answer,
) -> Result<Vec<u8>, DecodeError>
where
    R::Request: Wire,
{
    Ok(encode_answer(&answer(frame.request()?), R::NAME, frame.seqid))
}

/// Whether a real server's process would end on bytes that it can't read: thrift throws there, and
/// nothing catches it. Other bad frames end the session alone.
fn ends_a_real_server(error: &FrameError) -> bool {
    match error {
        FrameError::BadMagic(_)
        | FrameError::BadHeaderVersion(_)
        | FrameError::BadHeaderLength(_)
        | FrameError::TooLong { .. }
        | FrameError::TooShort(_) => false,
        FrameError::Envelope(error) => match error {
            DecodeError::Truncated { .. }
            | DecodeError::NegativeLength(_)
            | DecodeError::UnknownType(_)
            | DecodeError::TooDeep
            | DecodeError::BadVersion(_) => true,
            DecodeError::WrongType { .. }
            | DecodeError::WrongElement { .. }
            | DecodeError::Missing { .. }
            | DecodeError::NotUtf8
            | DecodeError::NotBool(_)
            | DecodeError::TrailingBytes(_)
            | DecodeError::BadMessageType(_)
            | DecodeError::BadBody
            | DecodeError::NameTooLong(_) => false,
        },
    }
}
