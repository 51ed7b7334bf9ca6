//! What goes into the state machine and what comes out of it.

use super::add_request::Add;
use crate::protocol::messages::{AddAnswer, ModifyAnswer, ModifyRequest};
use crate::server::reply::Reply;
use crate::server::store::RecordChange;

/// A request that waits for its answer, as whoever drives the machine names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId(pub(crate) u64);

/// A change that is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(super) u64);

/// Stands for a change of which nobody can tell whether it was stored: it is never finished.
pub(super) const LOST: Ticket = Ticket(u64::MAX);

/// An add or a modify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Update {
    Add(Add),
    Modify(ModifyRequest),
}

/// The answer to an [`Update`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UpdateAnswer {
    Add(AddAnswer),
    Modify(ModifyAnswer),
}

impl UpdateAnswer {
    /// Returns the response to send.
    pub(crate) fn reply(&self) -> Reply {
        match self {
            UpdateAnswer::Add(answer) => Reply::new(answer),
            UpdateAnswer::Modify(answer) => Reply::new(answer),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Answer the call.
    Answer(CallId, UpdateAnswer),
    /// Store the change that the call asks for, then call [`super::State::finish`].
    Store(CallId, Ticket, RecordChange),
    /// A real server of this generation would have ended here.
    Die(CallId),
    /// Nobody can tell what became of the call: leave it without an answer.
    HangUp(CallId),
}
