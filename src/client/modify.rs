//! Changing a duplication: start, pause, fail mode, remove. What is there is looked at on the same
//! connection just before the change is sent, since a dupid may be used again for another one.

use std::sync::Arc;

use super::ask::{self, AskError, Asked};
use super::attempt::Attempts;
use super::core::Core;
use super::hints;
use super::planted::{self, Bug};
use super::read_back::{Next, ReadBack};
use super::spec::{Selector, check_name};
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Change, Duplication, FailMode, Removal, Status};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::Generation;
use crate::protocol::messages::{ModifyAnswer, ModifyDuplication, ModifyRequest};
use crate::transport::connection::{CallError, Connection, Late};
use crate::transport::durations::{QUIET, READ_BACK_CHANGE, answer_until, one_try};
use crate::transport::seams::Deadline;

/// What a duplication is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Running,
    Paused,
    FailMode(FailMode),
    Removed,
}

impl Goal {
    fn word(self) -> &'static str {
        match self {
            Goal::Running => "start",
            Goal::Paused => "pause",
            Goal::FailMode(_) => "set-fail-mode",
            Goal::Removed => "remove",
        }
    }

    /// Whether it is so; `None` where that can't be told.
    fn reached(self, now: Option<&Duplication>) -> Option<bool> {
        let Some(now) = now else { return Some(self == Goal::Removed) };
        match self {
            Goal::Running => now.status.map(Status::is_running),
            Goal::Paused => now.status.map(|status| status == Status::Pause),
            Goal::FailMode(mode) => now.fail_mode.map(|now| now == mode),
            Goal::Removed => Some(false),
        }
    }

    /// The request that asks for it, in this generation's numbers. A number that the server
    /// doesn't know would end it, one of another generation would do something else: without a
    /// generation there is none.
    fn request(
        self,
        table: &str,
        dupid: i32,
        generation: Option<Generation>,
    ) -> Option<ModifyRequest> {
        let generation = match generation? {
            _ if planted::is(Bug::TodaysNumbers) => Generation::DupExist,
            known => known,
        };
        let (status, fail_mode) = match self {
            Goal::Running => {
                let running = [Status::Log, Status::Start];
                (
                    Some(running.into_iter().find_map(|status| generation.status_number(status))?),
                    None,
                )
            }
            Goal::Paused => (Some(generation.status_number(Status::Pause)?), None),
            Goal::Removed => (Some(generation.status_number(Status::Removed)?), None),
            Goal::FailMode(mode) => (None, Some(mode.number()?)),
        };
        Some(ModifyRequest { app_name: table.to_owned(), dupid, status, fail_mode })
    }
}

/// How a change ended.
#[derive(Debug)]
enum Ended {
    Changed { before: Duplication, after: Option<Duplication>, warning: Option<String> },
    Unchanged { current: Duplication, warning: Option<String> },
    NotFound,
}

/// Start, pause, set fail mode.
pub(super) async fn change(
    core: &Core,
    table: &str,
    which: &Selector,
    goal: Goal,
    deadline: Deadline,
) -> Result<Change<Duplication>> {
    match run(core, table, which, goal, deadline).await? {
        Ended::Changed { before, after: Some(after), warning } => {
            Ok(Change::Changed { before, after, warning })
        }
        Ended::Unchanged { current, warning } => Ok(Change::Unchanged { current, warning }),
        Ended::Changed { after: None, .. } | Ended::NotFound => Err(Error::new(
            ErrorKind::DuplicationNotFound,
            format!("no such duplication: table={table} {which}"),
        )
        .with_hint("query the table to see its duplications")),
    }
}

/// Remove.
pub(super) async fn remove(
    core: &Core,
    table: &str,
    which: &Selector,
    deadline: Deadline,
) -> Result<Removal<Duplication>> {
    Ok(match run(core, table, which, Goal::Removed, deadline).await? {
        Ended::Changed { before, warning, .. } => Removal::Removed { was: before, warning },
        Ended::Unchanged { .. } | Ended::NotFound => Removal::NotFound,
    })
}

async fn run(
    core: &Core,
    table: &str,
    which: &Selector,
    goal: Goal,
    deadline: Deadline,
) -> Result<Ended> {
    check_name("table", table)?;
    which.check()?;
    if let Goal::FailMode(mode @ FailMode::Unknown(_)) = goal {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("not a fail mode that can be set: fail_mode={mode}"),
        ));
    }
    let turns = &core.turns;
    // Whose turn it is to take shows only when the table was asked about, where a dupid is given.
    let mut turn = match which {
        Selector::Cluster(cluster) => {
            Some(turns.take((table.to_owned(), cluster.clone()), deadline).await?)
        }
        Selector::Dupid(_) => None,
    };
    let mut attempts = Attempts::new(core, table, deadline);
    loop {
        let connection = attempts.leader().await?;
        let absent = |asked: &Asked| {
            !asked.duplications.iter().any(|duplication| which.selects(duplication))
        };
        let Some(asked) = attempts.ask(&connection, &absent).await? else { continue };
        let generation = asked.generation;
        let Some(before) = only(asked, table, which)? else { return Ok(Ended::NotFound) };
        // Neither may be changed: the one may be forgotten again, the other will be gone.
        if before.status == Some(Status::Init) || before.is_being_removed() {
            if attempts.pause().await {
                continue;
            }
            return Err(Error::new(
                ErrorKind::Busy,
                format!(
                    "{}; nothing was sent: table={table} {which} dupid={}",
                    super::decide::why_unsettled(&before),
                    before.dupid
                ),
            )
            .with_server(&connection.server));
        }
        if goal.reached(Some(&before)) == Some(true) {
            let warning = (goal == Goal::Running)
                .then(|| {
                    before.status.filter(|status| matches!(status, Status::Prepare | Status::App))
                })
                .flatten()
                .map(|status| {
                    format!(
                        "it is {status}: writes are shipped once the remote cluster has the checkpoint, \
                         which a start does not speed up; if it stays so, look at the remote cluster \
                         and at the replica servers"
                    )
                });
            return Ok(Ended::Unchanged { current: before, warning });
        }
        let Some(request) = goal.request(table, before.dupid, generation) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "this server's generation is not known, and it might take a {} for something else; nothing was sent",
                    goal.word()
                ),
            )
            .with_server(&connection.server)
            .with_hint("say the generation, if you know it"));
        };
        let pair = (table.to_owned(), before.cluster.clone());
        if turn.as_ref().is_none_or(|turn| *turn.pair() != pair) {
            drop(turn.take());
            turn = turns.take_at_once(pair.clone());
            if turn.is_none() {
                // What was listed may have been changed by whoever had the turn.
                turn = Some(turns.take(pair, deadline).await?);
                continue;
            }
        }
        let change = Changing { core, table, goal, before };
        if let Some(ended) = change.send(request, &mut attempts, &connection).await? {
            return Ok(ended);
        }
    }
}

/// The one that is meant. A duplication that is being removed is meant only where there is no other.
fn only(asked: Asked, table: &str, which: &Selector) -> Result<Option<Duplication>> {
    let (mut leaving, mut selected): (Vec<Duplication>, Vec<Duplication>) = asked
        .duplications
        .into_iter()
        .filter(|one| which.selects(one))
        .partition(Duplication::is_being_removed);
    if selected.len() > 1 {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("several are meant: {}: table={table} {which}", super::add::dupids(&selected)),
        )
        .with_hint("name one by its dupid")
        .with_known(selected));
    }
    Ok(selected.pop().or_else(|| leaving.pop()))
}

/// A change that is about to be sent.
struct Changing<'a> {
    core: &'a Core,
    table: &'a str,
    goal: Goal,
    before: Duplication,
}

impl Changing<'_> {
    /// Sends it, once. `None` = nothing was done; start over.
    async fn send(
        &self,
        request: ModifyRequest,
        attempts: &mut Attempts<'_>,
        connection: &Arc<Connection>,
    ) -> Result<Option<Ended>> {
        let pair = (self.table.to_owned(), self.before.cluster.clone());
        let words = format!(
            "{} table={} cluster={} dupid={}",
            self.goal.word(),
            self.table,
            self.before.cluster,
            self.before.dupid
        );
        let note = self.core.unsettled.note_change(pair, words, connection);
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
                Ok(answer) if answer.err.says_not_applied() => {
                    note.settle();
                    attempts.failed(connection, AskError::NotApplied(answer.err)).await?;
                    return Ok(None);
                }
                Err(CallError::Framework(code @ ErrorCode::HandlerNotFound)) => {
                    let message = "the server has no duplication";
                    break Err(self.refused(ErrorKind::Unsupported, message, &code));
                }
                Err(CallError::Framework(code)) => format!("the server answered {code}"),
                Err(CallError::Lost(why)) => why.to_string(),
                Ok(answer) => match self.answered(answer, connection, deadline).await {
                    Ok(ended) => break ended,
                    Err(doubt) => doubt,
                },
            };
            match self.find_out(connection, &doubt, &mut late, deadline).await {
                Found::Ended(ended) => break ended,
                Found::Response(answer) => reply = Ok(answer),
            }
        };
        if done {
            note.was_done();
        }
        match &ended {
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => note.leave(answered, late),
            _ => note.settle(),
        }
        ended.map(Some).map_err(|error| error.or_server(&connection.server))
    }

    /// What an answer says; an error in words where it leaves a doubt.
    async fn answered(
        &self,
        answer: ModifyAnswer,
        connection: &Arc<Connection>,
        deadline: Deadline,
    ) -> std::result::Result<Result<Ended>, String> {
        let appid = answer.appid.unwrap_or(0);
        Ok(match answer.err {
            ErrorCode::Ok if appid == self.before.table_id || appid == 0 => {
                let (now, warning) = self.read_back(connection, deadline).await;
                let now = now.or_else(|| self.supposed());
                Ok(match (appid, now) {
                    // There was nothing to change any more: somebody else did it meanwhile.
                    (0, Some(current)) => Ended::Unchanged { current, warning },
                    (0, None) => Ended::NotFound,
                    (_, after) => Ended::Changed { before: self.before.clone(), after, warning },
                })
            }
            ErrorCode::Ok => return Err(format!("ERR_OK for another table: appid={appid}")),
            ErrorCode::ObjectNotFound => Ok(Ended::NotFound),
            code @ ErrorCode::AppNotExist => {
                Err(self.refused(ErrorKind::TableNotFound, "no such table", &code))
            }
            code @ ErrorCode::InvalidParameters => {
                let message = "what exists is in a state that does not allow it";
                Err(self.refused(ErrorKind::WrongState, message, &code))
            }
            code @ ErrorCode::Busy => Err(self.refused(
                ErrorKind::Busy,
                "another change of this duplication is under way; nothing was changed",
                &code,
            )),
            code @ ErrorCode::AclDeny => Err(self.refused(
                ErrorKind::PermissionDenied,
                "the server's access control refused it",
                &code,
            )),
            code => return Err(format!("the server answered {code}")),
        })
    }

    fn refused(&self, kind: ErrorKind, message: &str, code: &ErrorCode) -> Error {
        let status = self.before.status.map_or_else(|| "?".to_owned(), |status| status.to_string());
        Error::new(
            kind,
            format!(
                "{message}: {} table={} cluster={} dupid={} status={status}",
                self.goal.word(),
                self.table,
                self.before.cluster,
                self.before.dupid,
            ),
        )
        .with_code(code)
        .with_known(vec![self.before.clone()])
    }

    /// As it must be now, where it can't be read back.
    fn supposed(&self) -> Option<Duplication> {
        let mut now = self.before.clone();
        match self.goal {
            Goal::Removed => return None,
            // What the number stood for is not told here: not known rather than guessed.
            Goal::Running | Goal::Paused => now.status = None,
            Goal::FailMode(mode) => now.fail_mode = Some(mode),
        }
        Some(now)
    }

    fn same(&self, asked: Asked) -> Option<Duplication> {
        let identity = self.before.identity();
        asked.duplications.into_iter().find(|one| match planted::is(Bug::DupidAlone) {
            true => one.dupid == identity.dupid,
            false => one.identity() == identity,
        })
    }

    /// Reads once what an answered change made.
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
                    (None, _) => Some("it was not listed when it was read back".to_owned()),
                    (Some(now), _) if self.goal == Goal::Removed && now.is_being_removed() => {
                        Some("the server is still removing it".to_owned())
                    }
                    (Some(_), Some(false)) => Some("it has been changed again since".to_owned()),
                    (Some(_), None) => Some("the server does not tell whether it is so".to_owned()),
                };
                (now, warning)
            }
            Err(error) => (None, Some(format!("it could not be read back: {error}"))),
        }
    }

    /// Reads until what a change without an answer was to make is there, the answer comes after all, or
    /// the time is over.
    async fn find_out(
        &self,
        connection: &Arc<Connection>,
        why: &str,
        late: &mut Late<ModifyDuplication>,
        deadline: Deadline,
    ) -> Found {
        let mut reads = ReadBack::new(self.core, self.table, connection, late, deadline);
        loop {
            let seen = match reads.read().await {
                Ok(asked) => match self.same(asked) {
                    None if !reads.absent() => Seen::GoneOnce,
                    None if self.goal == Goal::Removed => {
                        return Found::Ended(Ok(self.lost_but_so(None, why)));
                    }
                    None => return Found::Ended(Ok(Ended::NotFound)),
                    Some(now) if self.goal.reached(Some(&now)) == Some(true) => {
                        return Found::Ended(Ok(self.lost_but_so(Some(now), why)));
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
                Next::Response(answer) => return Found::Response(answer),
                Next::Over => return Found::Ended(Err(self.not_known(why, seen))),
            }
        }
    }

    /// The change was sent, its answer was lost, and what was to be changed is as it was to become.
    fn lost_but_so(&self, after: Option<Duplication>, why: &str) -> Ended {
        let warning = Some(format!("its end was not told, and it is so now: {why}"));
        Ended::Changed { before: self.before.clone(), after, warning }
    }

    /// The error where a change was sent, its answer was lost, and what was seen afterwards does not
    /// tell what became of the change.
    fn not_known(&self, why: &str, seen: Seen) -> Error {
        let Changing { table, before, goal, .. } = self;
        let afterwards = match &seen {
            Seen::Nothing(error) => format!("the table could not be read back ({error})"),
            Seen::GoneOnce => format!(
                "the duplication was seen gone once, and the time that was left did not allow a second look {} s later, without which a new leader that has not read its duplications back cannot be ruled out",
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
                "whether it was changed is not known: the request was sent and its end was not told ({why}); {afterwards}: {} table={table} cluster={} dupid={}",
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

/// What was found out after a change without an answer.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time, which is taken apart at once"
)]
enum Found {
    /// How it ended.
    Ended(Result<Ended>),
    /// The answer, which came after all.
    Response(ModifyAnswer),
}

/// What the last read after a change without an answer showed.
#[derive(Debug)]
enum Seen {
    /// Nothing: the read failed, with that error.
    Nothing(String),
    /// The duplication, and not as the change was to make it.
    There(Duplication),
    /// No such duplication, which needs a second look.
    GoneOnce,
}
