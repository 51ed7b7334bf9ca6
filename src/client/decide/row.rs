//! Finds the row of the table for the response to an add, and for how long the duplications are read back.

use super::question::Question;
use crate::client::codes::{Meaning, Request};
use crate::client::reply;
use crate::client::spec::DuplicationSpec;
use crate::client::try_error::TryError;
use crate::error::{Error, ErrorKind};
use crate::protocol::generation::Generation;
use crate::protocol::messages::AddResponse;
use crate::resource::Duplication;

/// What came back for an add that was sent.
pub(crate) type Reply = reply::Reply<AddResponse>;

/// How the echo of a response (its fields 5 and 6) compares with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    /// The response has neither field.
    Absent,
    /// The fields that the response has are as requested.
    AsAsked,
    /// A field differs from the request.
    Otherwise,
}

/// A reply, by the row of the table that it belongs to.
#[derive(Debug, Clone)]
pub(super) enum Row {
    /// A full ERR_OK of a server that is proven to be `dup-exist`, with an echo as requested.
    Made { echo: Box<Duplication> },
    /// A full ERR_OK of any other server.
    Claimed { dupid: i32, echo: Echo },
    /// Any other ERR_OK with a dupid.
    Strange { dupid: i32 },
    /// ERR_DUP_EXIST, and the existing duplication if the response identifies it.
    Exists { echo: Option<Box<Duplication>> },
    /// A refusal, as an error. This add did nothing.
    Refused(Error),
    /// No response, or a response that proves nothing.
    Lost,
}

/// For how long the table is read back before the decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookFor {
    /// Whatever is listed. A duplication in DS_INIT or DS_REMOVED is given a while to leave that status.
    Anything,
    /// The same, and a read that fails is repeated until the deadline.
    Settled,
    /// The same. If nothing is listed, this contradicts the response. A leader that has just taken over then
    /// gets the time to read its duplications back.
    Confirmation,
    /// A settled duplication, until the deadline, because the add may still stand in the server's queue.
    Appearance,
}

impl Row {
    /// Returns the row that a reply belongs to, or an error if the server did nothing with the add and
    /// nothing needs to be read back.
    pub(super) fn of(question: &Question<'_>, reply: &Reply) -> Result<Row, TryError> {
        let answer = match reply {
            Reply::Lost(_) => return Ok(Row::Lost),
            Reply::Framework(code) => {
                return match Request::Add.refused_by_rpc_layer(code) {
                    Some(kind) => Err(TryError::Refused(Request::Add.refused(kind, code, ""))),
                    None => Ok(Row::Lost),
                };
            }
            Reply::Answer(answer) => answer,
        };
        let (appid, dupid) = (answer.appid.unwrap_or(0), answer.dupid.unwrap_or(0));
        Ok(match Request::Add.meaning(&answer.err, answer.hint.as_deref()) {
            Meaning::Done if dupid != 0 => ok_with_dupid(question, answer, appid, dupid),
            // Servers of these generations send this thin response if they refuse a repeated add.
            Meaning::Done
                if appid == 0
                    && question.generation.is_some_and(Generation::refuses_by_thin_ok) =>
            {
                Row::Refused(refused(question, answer, ErrorKind::Busy))
            }
            Meaning::NotApplied => return Err(TryError::NotApplied(answer.err.clone())),
            Meaning::Refused(kind) => Row::Refused(refused(question, answer, kind)),
            Meaning::Exists => {
                let identified = appid == question.table_id && dupid > 0;
                Row::Exists { echo: identified.then(|| echoed(question, answer, dupid)) }
            }
            Meaning::Done | Meaning::Unclear => Row::Lost,
        })
    }

    /// Returns for how long the table is read back before the decision is made.
    pub(super) fn look_for(&self) -> LookFor {
        match self {
            Row::Made { .. } | Row::Exists { .. } | Row::Strange { .. } => LookFor::Anything,
            Row::Refused(_) => LookFor::Settled,
            Row::Claimed { .. } => LookFor::Confirmation,
            Row::Lost => LookFor::Appearance,
        }
    }
}

fn ok_with_dupid(question: &Question<'_>, answer: &AddResponse, appid: i32, dupid: i32) -> Row {
    let full = appid == question.table_id && dupid.is_positive();
    let echo = echo(question.spec, answer);
    let both = answer.remote_app_name.is_some() && answer.remote_replica_count.is_some();
    match (full, question.proven()) {
        (true, true) if both && echo == Echo::AsAsked => {
            Row::Made { echo: echoed(question, answer, dupid) }
        }
        (true, false) => Row::Claimed { dupid, echo },
        (true, true) | (false, _) => Row::Strange { dupid },
    }
}

fn echo(spec: &DuplicationSpec, answer: &AddResponse) -> Echo {
    match (answer.remote_app_name.as_deref(), answer.remote_replica_count) {
        (None, None) => Echo::Absent,
        (name, count) if spec.differences(name, count).is_empty() => Echo::AsAsked,
        _ => Echo::Otherwise,
    }
}

/// Returns the duplication as a response describes it: without a status and a creation time.
fn echoed(question: &Question<'_>, answer: &AddResponse, dupid: i32) -> Box<Duplication> {
    Box::new(Duplication {
        table: question.spec.table.clone(),
        table_id: question.table_id,
        cluster: question.spec.cluster.clone(),
        dupid,
        status: None,
        fail_mode: None,
        remote_table: answer.remote_app_name.clone(),
        remote_replica_count: answer.remote_replica_count,
        create_ts_ms: None,
        partitions: Vec::new(),
    })
}

/// Returns the error of an add that the server refused.
fn refused(question: &Question<'_>, answer: &AddResponse, kind: ErrorKind) -> Error {
    let spec = question.spec;
    let mut subject = format!("table={} cluster={}", spec.table, spec.cluster);
    if kind == ErrorKind::RemoteTableTaken {
        subject = format!("{subject} remote_table={}", spec.wanted_remote_table());
    }
    let error = Request::Add.refused(kind, &answer.err, &subject);
    match &answer.hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
