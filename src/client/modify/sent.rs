//! Sends one change, and finds out what it did.

use std::sync::Arc;

use super::goal::Goal;
use crate::client::ask::{self, Asked};
use crate::client::attempt::Attempts;
use crate::client::codes::{Meaning, Request};
use crate::client::core::Core;
use crate::client::hints;
use crate::client::read_back::{Next, ReadBack};
use crate::client::subject::Subject;
use crate::client::try_error::TryError;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Evidence;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{ModifyDuplication, ModifyRequest, ModifyResponse};
use crate::resource::Duplication;
use crate::transport::connection::{CallError, Connection, Late};
use crate::transport::durations::{QUIET, READ_BACK_CHANGE, answer_until, one_try};
use crate::transport::seams::Deadline;

/// How a change ended.
#[derive(Debug)]
pub(super) enum Ended {
    Changed {
        before: Duplication,
        after: Option<Duplication>,
        evidence: Evidence,
        warning: Option<String>,
    },
    Unchanged {
        current: Duplication,
        warning: Option<String>,
    },
    NotFound,
}

/// A change that is about to be sent or was sent.
pub(super) struct Changing<'a> {
    pub(super) core: &'a Core,
    pub(super) table: &'a str,
    pub(super) goal: Goal,
    pub(super) before: Duplication,
}

impl Changing<'_> {
    /// Sends the change once. Returns `None` if nothing was done and the call has to start over.
    pub(super) async fn send(
        &self,
        request: ModifyRequest,
        attempts: &mut Attempts<'_>,
        connection: &Arc<Connection>,
    ) -> Result<Option<Ended>> {
        let subject = Subject::duplication(self.table, &self.before.cluster);
        let words = format!(
            "{} table={} cluster={} dupid={}",
            self.goal.word(),
            self.table,
            self.before.cluster,
            self.before.dupid
        );
        let note = self.core.unsettled.note_change(subject, words, connection);
        let deadline = attempts.deadline;
        let until = answer_until(deadline, READ_BACK_CHANGE);
        let (mut reply, mut late) =
            connection.call_for_a_while::<ModifyDuplication>(&request, until).await;
        let (mut answered, mut done) = (false, false);
        let ended = loop {
            if let Ok(answer) = &reply {
                (answered, done) = (true, answer.err == ErrorCode::Ok);
            }
            let doubt = match reply {
                Err(error @ CallError::NotSent(_)) => {
                    note.settle();
                    attempts.failed(connection, error.into()).await?;
                    return Ok(None);
                }
                Err(CallError::Framework(code)) => {
                    match Request::Change.refused_by_rpc_layer(&code) {
                        Some(kind) => break Err(self.refused(kind, &code)),
                        None => format!("the server returned {code}"),
                    }
                }
                Err(CallError::Lost(why)) => why.to_string(),
                Ok(answer) => match self.answered(answer, connection, deadline).await {
                    Answered::Ended(ended) => break ended,
                    Answered::NotApplied(code) => {
                        note.settle();
                        attempts.failed(connection, TryError::NotApplied(code)).await?;
                        return Ok(None);
                    }
                    Answered::Doubt(doubt) => doubt,
                },
            };
            match self.find_out(connection, &doubt, &mut late, deadline).await {
                Resolved::Ended(ended) => break ended,
                Resolved::Response(answer) => reply = Ok(answer),
            }
        };
        if done {
            note.was_done();
        }
        note.conclude(&ended, answered, late);
        ended.map(Some).map_err(|error| error.or_server(&connection.server))
    }

    /// Returns what the response says about the change.
    async fn answered(
        &self,
        answer: ModifyResponse,
        connection: &Arc<Connection>,
        deadline: Deadline,
    ) -> Answered {
        let (code, appid) = (answer.err, answer.appid.unwrap_or(0));
        match Request::Change.meaning(&code, None) {
            Meaning::Done if appid == self.before.table_id || appid == 0 => {
                let (now, warning) = self.read_back(connection, deadline).await;
                let now = now.or_else(|| self.supposed());
                Answered::Ended(Ok(match (appid, now) {
                    // There was nothing left to change: another client has done it in the meantime.
                    (0, Some(current)) => Ended::Unchanged { current, warning },
                    (0, None) => Ended::NotFound,
                    (_, after) => Ended::Changed {
                        before: self.before.clone(),
                        after,
                        evidence: Evidence::ServerSaidSo,
                        warning,
                    },
                }))
            }
            Meaning::Done => {
                Answered::Doubt(format!("it returned ERR_OK for another table: appid={appid}"))
            }
            Meaning::NotApplied => Answered::NotApplied(code),
            Meaning::Refused(ErrorKind::DuplicationNotFound) => {
                Answered::Ended(Ok(Ended::NotFound))
            }
            Meaning::Refused(kind) => Answered::Ended(Err(self.refused(kind, &code))),
            Meaning::Exists | Meaning::Unclear => {
                Answered::Doubt(format!("the server returned {code}"))
            }
        }
    }

    fn refused(&self, kind: ErrorKind, code: &ErrorCode) -> Error {
        let status = self.before.status.map_or_else(|| "?".to_owned(), |status| status.to_string());
        let subject = format!(
            "{} table={} cluster={} dupid={} status={status}",
            self.goal.word(),
            self.table,
            self.before.cluster,
            self.before.dupid,
        );
        Request::Change.refused(kind, code, &subject).with_known(vec![self.before.clone()])
    }

    /// Returns the duplication as it must be after the change, for the case that it cannot be read back.
    fn supposed(&self) -> Option<Duplication> {
        let mut now = self.before.clone();
        match self.goal {
            Goal::Removed => return None,
            // The status after the change depends on the server, so it is not guessed.
            Goal::Running | Goal::Paused => now.status = None,
            Goal::FailMode(mode) => now.fail_mode = Some(mode),
        }
        Some(now)
    }

    /// Returns the changed duplication from a list, recognized by its identity.
    fn same(&self, asked: Asked) -> Option<Duplication> {
        let identity = self.before.identity();
        asked.duplications.into_iter().find(|one| one.identity() == identity)
    }

    /// Reads the duplication once after a successful change.
    async fn read_back(
        &self,
        connection: &Arc<Connection>,
        deadline: Deadline,
    ) -> (Option<Duplication>, Option<String>) {
        match ask::ask(connection, self.table, one_try(deadline)).await {
            Ok(asked) => {
                let now = self.same(asked);
                let warning = match (&now, self.goal.reached(now.as_ref())) {
                    (_, Some(true)) => None,
                    (None, _) => {
                        Some("the duplication was not listed when it was read back".to_owned())
                    }
                    (Some(now), _) if self.goal == Goal::Removed && now.is_being_removed() => {
                        Some("the server is still removing the duplication".to_owned())
                    }
                    (Some(_), Some(false)) => {
                        Some("the duplication has been changed again since".to_owned())
                    }
                    (Some(_), None) => {
                        Some("the server does not report whether the change took effect".to_owned())
                    }
                };
                (now, warning)
            }
            Err(error) => (None, Some(format!("the duplication could not be read back: {error}"))),
        }
    }

    /// Reads the table after a change without a response, until the requested state is reached, the
    /// response arrives after all, or no time is left.
    async fn find_out(
        &self,
        connection: &Arc<Connection>,
        why: &str,
        late: &mut Late<ModifyDuplication>,
        deadline: Deadline,
    ) -> Resolved {
        let mut reads = ReadBack::new(self.core, self.table, connection, late, deadline);
        loop {
            let seen = match reads.read().await {
                Ok(asked) => match self.same(asked) {
                    None if !reads.absent() => Seen::GoneOnce,
                    None if self.goal == Goal::Removed => {
                        return Resolved::Ended(Ok(self.lost_but_so(None, why)));
                    }
                    None => return Resolved::Ended(Ok(Ended::NotFound)),
                    Some(now) if self.goal.reached(Some(&now)) == Some(true) => {
                        return Resolved::Ended(Ok(self.lost_but_so(Some(now), why)));
                    }
                    Some(now) => {
                        reads.there();
                        Seen::There(now)
                    }
                },
                Err(error) => Seen::Nothing(error.to_string()),
            };
            let next = match seen {
                Seen::GoneOnce => reads.keep_quiet().await,
                Seen::There(_) | Seen::Nothing(_) => reads.pause().await,
            };
            match next {
                Next::Read => {}
                Next::Response(answer) => return Resolved::Response(answer),
                Next::Over => return Resolved::Ended(Err(self.not_known(why, seen))),
            }
        }
    }

    /// Returns the end of a change whose response was lost, if the duplication is in the requested state.
    fn lost_but_so(&self, after: Option<Duplication>, why: &str) -> Ended {
        let warning = Some(format!(
            "no response confirmed the change, but the duplication is in the requested state: {why}"
        ));
        let evidence = Evidence::AppearedDuringCall;
        Ended::Changed { before: self.before.clone(), after, evidence, warning }
    }

    /// Returns the error for a change whose response was lost, if the reads afterwards do not show what the
    /// change did.
    fn not_known(&self, why: &str, seen: Seen) -> Error {
        let Changing { table, before, goal, .. } = self;
        let afterwards = match &seen {
            Seen::Nothing(error) => format!("the table could not be read back ({error})"),
            Seen::GoneOnce => format!(
                "the duplication was absent in one read, and no time was left for a second read {} s later, which would rule out a new leader that has not read its duplications back",
                QUIET.as_secs()
            ),
            Seen::There(now) => {
                let known = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
                format!(
                    "when last read, the duplication was listed with status={} fail_mode={}",
                    known(now.status.map(|status| status.to_string())),
                    known(now.fail_mode.map(|mode| mode.to_string())),
                )
            }
        };
        let error = Error::new(
            ErrorKind::OutcomeUnknown,
            format!(
                "whether the duplication was changed is not known: the request was sent and no response confirmed it ({why}); {afterwards}: {} table={table} cluster={} dupid={}",
                goal.word(),
                before.cluster,
                before.dupid,
            ),
        )
        .with_hint(hints::after_a_loss());
        match seen {
            Seen::There(now) => error.with_known(vec![now]),
            Seen::GoneOnce | Seen::Nothing(_) => error,
        }
    }
}

/// What the response to a change says.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Answered {
    /// How the change ended.
    Ended(Result<Ended>),
    /// The server did nothing, and the change may be sent again.
    NotApplied(ErrorCode),
    /// The response does not tell what the server did, for this reason.
    Doubt(String),
}

/// What the reads after a change without a response have shown.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Resolved {
    /// How the change ended.
    Ended(Result<Ended>),
    /// The response, which arrived after all.
    Response(ModifyResponse),
}

/// What the last read after a change without a response has shown.
#[derive(Debug)]
enum Seen {
    /// Nothing, because the read failed with this error.
    Nothing(String),
    /// The duplication, which is not in the requested state.
    There(Duplication),
    /// The duplication was absent. A second read must confirm that.
    GoneOnce,
}
