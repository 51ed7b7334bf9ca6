//! What an add became of: a pure function of what was asked, what the server answered, and what is
//! listed afterwards. `ARCHITECTURE.md` has the table in words.

use super::ask::Listed;
use super::compare::{Compared, Server, compare, ships_unasked_checkpoint, untold_by};
use super::hints;
use super::spec::DuplicationSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Duplication, Evidence, FailMode, Outcome, Status};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::Generation;
use crate::protocol::messages::AddAnswer;

/// What was asked, and what was known when it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) spec: &'a DuplicationSpec,
    /// The table's id, as it was listed before.
    pub(crate) table_id: i32,
    /// The generation of the server that the add was sent to, where it is known.
    pub(crate) generation: Option<Generation>,
    /// Whether it was asked for just before, and wasn't there. A direct add may not have asked, or
    /// have gone over what is there.
    pub(crate) absent_before: bool,
}

impl Question<'_> {
    fn proven(&self) -> bool {
        self.generation == Some(Generation::DupExist)
    }

    /// Whether nothing of it is told otherwise than asked. What only its server's generation implies
    /// is left out: an add that was ignored in part may have made it.
    fn is_as_asked(&self, one: &Duplication) -> bool {
        compare(self.spec, Server::default(), one).differences.is_empty()
    }

    /// Whether it may be what this call asked for.
    fn may_have_made(&self, one: &Duplication) -> bool {
        self.is_as_asked(one) && !ships_unasked_checkpoint(self.spec, one)
    }

    /// It was there when the add came. Where the call had not looked, or went over what it saw, the
    /// add may have done to it what a repeated add does.
    fn exists(
        &self,
        one: Duplication,
        evidence: Evidence,
        warning: Option<String>,
    ) -> Outcome<Duplication> {
        let warning = match self.absent_before {
            true => warning,
            false => join(warning, Some(MAY_HAVE_CHANGED_IT.to_owned())),
        };
        already_exists(self.spec, self.generation.into(), one, evidence, warning)
    }
}

/// What an add does to a duplication that exists, where the server lets it through.
const MAY_HAVE_CHANGED_IT: &str = "the add was sent without regard to what is there: it may have \
    resumed the duplication, moved it from DS_APP to DS_LOG, and reset its fail mode to FAIL_SLOW, \
    until the meta server restarts";

/// What came back for an add that was sent.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer.
    Answer(AddAnswer),
    /// The RPC layer's refusal.
    Framework(ErrorCode),
    /// No answer that can be read; why.
    Lost(String),
}

/// How the echo of an answer (fields 5 and 6) compares with what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    Absent,
    AsAsked,
    Otherwise,
}

/// A reply, by the row of the table that it belongs to.
#[derive(Debug, Clone)]
enum Row {
    /// ERR_OK, full, proven, echo as asked.
    Made { dupid: i32 },
    /// ERR_OK, full, not proven.
    Claimed { dupid: i32, echo: Echo },
    /// Any other ERR_OK with a dupid.
    Strange { dupid: i32 },
    /// ERR_DUP_EXIST; from the echo, what exists, where it tells.
    Exists { echo: Option<Box<Duplication>> },
    /// Refused: it did nothing.
    Refused { kind: ErrorKind },
    /// The server has no such RPC.
    NoSuchRpc,
    /// It did nothing, and may be sent again.
    NotApplied,
    /// No answer, or one that proves nothing.
    Lost,
}

/// How long what is listed is looked at before the decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookFor {
    /// Not at all.
    Nothing,
    /// Whatever is listed; what is in DS_INIT or DS_REMOVED is given a while to leave it.
    Anything,
    /// The same, and a listing that can't be had is tried for until the deadline.
    Settled,
    /// The same, and where nothing is listed, the server's word that there is one is contradicted: a
    /// leader that has only just taken over gets the time to read its duplications back.
    Confirmation,
    /// One that is settled, until the deadline: the add may still stand in the server's queue.
    Appearance,
}

/// How long to look before [`decide`].
pub(crate) fn look_for(question: &Question<'_>, reply: &Reply) -> LookFor {
    match row(question, reply) {
        Row::NoSuchRpc | Row::NotApplied => LookFor::Nothing,
        Row::Made { .. } | Row::Exists { .. } | Row::Strange { .. } => LookFor::Anything,
        Row::Refused { .. } => LookFor::Settled,
        Row::Claimed { .. } => LookFor::Confirmation,
        Row::Lost => LookFor::Appearance,
    }
}

/// Whether an answer is enough by itself, for an add that is not read back.
pub(crate) fn suffices(question: &Question<'_>, reply: &Reply) -> bool {
    match row(question, reply) {
        Row::Made { .. } | Row::NoSuchRpc => true,
        Row::Exists { echo } => echo.is_some(),
        Row::Claimed { .. }
        | Row::Strange { .. }
        | Row::Refused { .. }
        | Row::NotApplied
        | Row::Lost => false,
    }
}

/// The outcome.
pub(crate) fn decide(
    question: &Question<'_>,
    reply: &Reply,
    listed: Listed,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    // Whatever was answered, two to one cluster are nobody's outcome.
    if let Listed::Many(many) = listed {
        return Err(unknown(
            spec,
            reply,
            format!("{} duplications to that cluster are listed", many.len()),
            many,
        ));
    }
    match row(question, reply) {
        Row::Made { dupid } => made(question, reply, dupid, listed),
        Row::Claimed { dupid, echo } => claimed(question, reply, (dupid, echo), listed),
        Row::Strange { dupid } => Err(unknown(
            spec,
            reply,
            format!("the server answered ERR_OK and told of something else: dupid={dupid}"),
            known(listed),
        )),
        Row::Exists { echo } => exists(question, reply, echo, listed),
        Row::Refused { kind } => match listed {
            // Ours was refused, so what is listed was there when it came.
            Listed::One(one) => Ok(already_exists(
                spec,
                question.generation.into(),
                one,
                Evidence::ListedAfter,
                None,
            )),
            Listed::None
            | Listed::Unsettled(_)
            | Listed::Unknown(_)
            | Listed::NotAsked
            | Listed::Many(_) => Err(refused(spec, reply, kind)),
        },
        Row::NoSuchRpc => Err(with_answer(
            Error::new(ErrorKind::Unsupported, "the server has no duplication"),
            reply,
        )),
        Row::NotApplied => Err(with_answer(
            Error::new(
                ErrorKind::Unavailable,
                "the meta server is not ready, or not the leader; nothing was done",
            ),
            reply,
        )),
        Row::Lost => lost(question, reply, listed),
    }
}

fn made(
    question: &Question<'_>,
    reply: &Reply,
    dupid: i32,
    listed: Listed,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    let from_answer = |warning: Option<String>| {
        Ok(surely_created(question, from_echo(question, reply, dupid), warning))
    };
    let with_warning = |warning: &str| from_answer(Some(warning.to_owned()));
    match listed {
        Listed::One(one) if is(&one, question.table_id, dupid) => {
            if !question.is_as_asked(&one) {
                with_warning("it is listed otherwise than the answer said")
            } else if untold_by(spec, &one).is_some() {
                // An older server lists it than the one that answered. A dupid can be reused within a
                // second, so this may be another duplication.
                with_warning(
                    "the server that lists it does not tell every property that was requested",
                )
            } else {
                Ok(surely_created(question, one, None))
            }
        }
        // Another one than the answer's. Either ours has been removed and another one added since,
        // or the answer is not to be believed; nothing here tells which, so nothing certain.
        Listed::One(other)
            if question.absent_before
                && question.may_have_made(&other)
                && untold_by(spec, &other).is_none() =>
        {
            let warning = format!(
                "the answer named another one than is listed: answered={dupid} listed={}",
                other.dupid
            );
            appeared(question, other, Some(warning))
        }
        Listed::One(other) => Err(unknown(
            spec,
            reply,
            format!(
                "the answer named another one than is listed: answered={dupid} listed={}",
                other.dupid
            ),
            vec![other],
        )),
        Listed::NotAsked => from_answer(None),
        Listed::Unsettled(one) => with_warning(why_unsettled(&one)),
        Listed::None => with_warning("it is not listed any more: someone may have removed it"),
        Listed::Unknown(why) => with_warning(&format!("it could not be read back: {why}")),
        Listed::Many(many) => Err(unknown(spec, reply, "several are listed".to_owned(), many)),
    }
}

fn claimed(
    question: &Question<'_>,
    reply: &Reply,
    (dupid, echo): (i32, Echo),
    listed: Listed,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    if let Listed::One(one) = &listed
        && is(one, question.table_id, dupid)
    {
        match (echo, question.is_as_asked(one)) {
            (Echo::Absent | Echo::AsAsked, true) if question.may_have_made(one) => {
                return appeared(question, one.clone(), None);
            }
            (Echo::Absent | Echo::AsAsked, true) | (Echo::Absent | Echo::Otherwise, false) => {
                return Ok(question.exists(one.clone(), Evidence::ListedAfter, None));
            }
            (Echo::AsAsked, false) | (Echo::Otherwise, true) => {}
        }
    }
    Err(unknown(
        spec,
        reply,
        format!(
            "the server answered ERR_OK, and what is listed does not bear it out: dupid={dupid}"
        ),
        known(listed),
    ))
}

fn exists(
    question: &Question<'_>,
    reply: &Reply,
    echo: Option<Box<Duplication>>,
    listed: Listed,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    let why = match listed {
        Listed::One(one) => {
            let warning = match &echo {
                Some(echo) if is(&one, echo.table_id, echo.dupid) => None,
                Some(echo) => Some(format!(
                    "the answer named another one than is listed: answered={} listed={}",
                    echo.dupid, one.dupid
                )),
                None => Some("the answer did not say which one exists".to_owned()),
            };
            return Ok(question.exists(one, Evidence::ServerSaidSo, warning));
        }
        Listed::NotAsked => None,
        Listed::None => Some("it is not listed any more: someone may have removed it".to_owned()),
        Listed::Unsettled(one) => Some(why_unsettled(&one).to_owned()),
        Listed::Unknown(why) => Some(format!("it could not be read back: {why}")),
        Listed::Many(many) => {
            return Err(unknown(spec, reply, "several are listed".to_owned(), many));
        }
    };
    match echo {
        Some(echo) => Ok(question.exists(*echo, Evidence::ServerSaidSo, why)),
        None => Err(unknown(
            spec,
            reply,
            format!(
                "the server answered ERR_DUP_EXIST without saying which, and {}",
                why.as_deref().unwrap_or("it was not asked for")
            ),
            Vec::new(),
        )),
    }
}

fn lost(question: &Question<'_>, reply: &Reply, listed: Listed) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    match listed {
        Listed::One(one) if !question.may_have_made(&one) => {
            Ok(question.exists(one, Evidence::ListedAfter, None))
        }
        Listed::One(one) if question.absent_before => appeared(question, one, None),
        Listed::One(one) => Err(unknown(
            spec,
            reply,
            format!("it is listed, and may have been there before; {MAY_HAVE_CHANGED_IT}"),
            vec![one],
        )),
        Listed::None => Err(unknown(
            spec,
            reply,
            "it is not listed (yet): it may still stand in the server's queue".to_owned(),
            Vec::new(),
        )),
        Listed::Unsettled(one) => {
            Err(unknown(spec, reply, why_unsettled(&one).to_owned(), vec![one]))
        }
        Listed::NotAsked => {
            Err(unknown(spec, reply, "it was not read back".to_owned(), Vec::new()))
        }
        Listed::Unknown(why) => {
            Err(unknown(spec, reply, format!("it could not be read back: {why}"), Vec::new()))
        }
        Listed::Many(many) => Err(unknown(spec, reply, "several are listed".to_owned(), many)),
    }
}

/// The row that a reply belongs to.
fn row(question: &Question<'_>, reply: &Reply) -> Row {
    let answer = match reply {
        Reply::Lost(_) => return Row::Lost,
        Reply::Framework(ErrorCode::HandlerNotFound) => return Row::NoSuchRpc,
        Reply::Framework(_) => return Row::Lost,
        Reply::Answer(answer) => answer,
    };
    let (appid, dupid) = (answer.appid.unwrap_or(0), answer.dupid.unwrap_or(0));
    match &answer.err {
        ErrorCode::Ok if dupid != 0 => ok_with_dupid(question, answer, appid, dupid),
        // Thin: what these generations answer to a repeated add that the state does not allow.
        ErrorCode::Ok
            if appid == 0 && question.generation.is_some_and(Generation::refuses_by_thin_ok) =>
        {
            Row::Refused { kind: ErrorKind::Busy }
        }
        ErrorCode::DupExist => {
            let told = appid == question.table_id && dupid > 0;
            Row::Exists { echo: told.then(|| Box::new(from_echo(question, reply, dupid))) }
        }
        ErrorCode::InvalidParameters => {
            Row::Refused { kind: refusal_kind(answer.hint.as_deref().unwrap_or_default()) }
        }
        ErrorCode::Busy => Row::Refused { kind: ErrorKind::Busy },
        ErrorCode::AppNotExist => Row::Refused { kind: ErrorKind::TableNotFound },
        ErrorCode::AclDeny => Row::Refused { kind: ErrorKind::PermissionDenied },
        code if code.says_not_applied() => Row::NotApplied,
        _ => Row::Lost,
    }
}

fn ok_with_dupid(question: &Question<'_>, answer: &AddAnswer, appid: i32, dupid: i32) -> Row {
    let full = appid == question.table_id && dupid.is_positive();
    let echo = echo(question.spec, answer);
    let both = answer.remote_app_name.is_some() && answer.remote_replica_count.is_some();
    match (full, question.proven()) {
        (true, true) if both && echo == Echo::AsAsked => Row::Made { dupid },
        (true, false) => Row::Claimed { dupid, echo },
        (true, true) | (false, _) => Row::Strange { dupid },
    }
}

fn echo(spec: &DuplicationSpec, answer: &AddAnswer) -> Echo {
    match (answer.remote_app_name.as_deref(), answer.remote_replica_count) {
        (None, None) => Echo::Absent,
        (name, count) if spec.differences(name, count).is_empty() => Echo::AsAsked,
        _ => Echo::Otherwise,
    }
}

/// What ERR_INVALID_PARAMETERS means, by the hint: the code alone does not say.
fn refusal_kind(hint: &str) -> ErrorKind {
    if hint.starts_with("start dup[") {
        // There is one in a state that a repeated add can't start.
        ErrorKind::Busy
    } else if hint.starts_with("get_duplication_cluster_id(")
        // 2.4 and later go on with the cluster's name in brackets, 2.3 does not name the cluster.
        || hint.starts_with("failed to find cluster[")
        || hint.starts_with("failed to find cluster address")
    {
        ErrorKind::RemoteClusterNotConfigured
    } else if hint.contains("is also duplicated to the same remote app") {
        ErrorKind::RemoteTableTaken
    } else {
        ErrorKind::InvalidArgument
    }
}

/// Whether it is the one of that table id and dupid. The creation time isn't in an answer to an add.
fn is(listed: &Duplication, table_id: i32, dupid: i32) -> bool {
    listed.table_id == table_id && listed.dupid == dupid
}

/// Why a listed duplication in DS_INIT or DS_REMOVED says nothing of the outcome.
pub(crate) fn why_unsettled(one: &Duplication) -> &'static str {
    match one.is_being_removed() {
        true => "the duplication that is listed is being removed",
        false => "the server has not stored the duplication that is listed yet",
    }
}

fn known(listed: Listed) -> Vec<Duplication> {
    match listed {
        Listed::One(one) | Listed::Unsettled(one) => vec![one],
        Listed::Many(many) => many,
        Listed::None | Listed::Unknown(_) | Listed::NotAsked => Vec::new(),
    }
}

/// The duplication as an answer told of it: no status, no creation time.
fn from_echo(question: &Question<'_>, reply: &Reply, dupid: i32) -> Duplication {
    let answer = match reply {
        Reply::Answer(answer) => Some(answer),
        Reply::Framework(_) | Reply::Lost(_) => None,
    };
    Duplication {
        table: question.spec.table.clone(),
        table_id: question.table_id,
        cluster: question.spec.cluster.clone(),
        dupid,
        status: None,
        fail_mode: None,
        remote_table: answer.and_then(|answer| answer.remote_app_name.clone()),
        remote_replica_count: answer.and_then(|answer| answer.remote_replica_count),
        create_ts_ms: None,
        partitions: Vec::new(),
    }
}

/// The server's own word is that it made what was asked for: nothing is left to compare.
fn surely_created(
    question: &Question<'_>,
    value: Duplication,
    warning: Option<String>,
) -> Outcome<Duplication> {
    let warning = join(warning, state_warning(question.spec, &value));
    Outcome::Created { value, unverified: Vec::new(), evidence: Evidence::ServerSaidSo, warning }
}

/// One that was absent before is listed, and nothing of it is told otherwise than asked.
fn appeared(
    question: &Question<'_>,
    value: Duplication,
    warning: Option<String>,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    // Only a statement makes a server count as one that tells this; the server itself refutes it.
    let stated = question.generation.is_some_and(Generation::has_remote_table)
        && !question.proven()
        && value.remote_table.is_none();
    let wrong = "the generation that was stated is not this server's: the server does not tell remote tables, as every server of that generation does";
    if let Some(untold) = untold_by(spec, &value) {
        let because = if stated { wrong } else { "the server does not tell it" };
        let message = format!(
            "a duplication appeared during the call, but whether it has {untold} that was asked for is not known, and it probably has not: {because}: table={} cluster={} dupid={}",
            spec.table, spec.cluster, value.dupid
        );
        return Err(Error::new(ErrorKind::OutcomeUnknown, message)
            .with_hint("find out where the duplication ships its writes to; remove it by its dupid if that is not the remote table that you want")
            .with_known(vec![value]));
    }
    let stated = stated.then(|| format!("{wrong}; leave the generation out"));
    let warning = join(join(warning, stated), state_warning(spec, &value));
    let unverified = compare(spec, question.generation.into(), &value).unverified;
    Ok(Outcome::Created { value, unverified, evidence: Evidence::AppearedDuringCall, warning })
}

/// An AlreadyExists, compared with the request, and with a warning where it is not at work as one
/// made now would be.
pub(crate) fn already_exists(
    spec: &DuplicationSpec,
    server: Server,
    existing: Duplication,
    evidence: Evidence,
    warning: Option<String>,
) -> Outcome<Duplication> {
    let warning = join(warning, state_warning(spec, &existing));
    let Compared { differences, unverified } = compare(spec, server, &existing);
    Outcome::AlreadyExists { existing, differences, unverified, evidence, warning }
}

fn state_warning(spec: &DuplicationSpec, duplication: &Duplication) -> Option<String> {
    let checkpoint = ships_unasked_checkpoint(spec, duplication)
        .then(|| "it is shipping a checkpoint, which was not asked for".to_owned());
    let paused = (duplication.status == Some(Status::Pause)).then(|| "it is paused".to_owned());
    let fail_mode = duplication
        .fail_mode
        .filter(|&mode| mode != FailMode::Slow)
        .map(|mode| format!("its fail mode is {mode}, not FAIL_SLOW"));
    join(checkpoint, join(paused, fail_mode))
}

/// Two warnings as one.
pub(crate) fn join(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}; {second}")),
        (first, second) => first.or(second),
    }
}

fn with_answer(error: Error, reply: &Reply) -> Error {
    match reply {
        Reply::Answer(answer) => {
            let error = error.with_code(&answer.err);
            match &answer.hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        }
        Reply::Framework(code) => error.with_code(code),
        Reply::Lost(_) => error,
    }
}

fn refused(spec: &DuplicationSpec, reply: &Reply, kind: ErrorKind) -> Error {
    let pair = format!("table={} cluster={}", spec.table, spec.cluster);
    let said_busy = matches!(reply, Reply::Answer(AddAnswer { err: ErrorCode::Busy, .. }));
    let message = match kind {
        ErrorKind::Busy if said_busy => {
            format!("another change of this duplication is under way; nothing was created: {pair}")
        }
        ErrorKind::Busy => format!(
            "the server refused because of a duplication that it has, and that could not be seen; nothing was created: {pair}"
        ),
        ErrorKind::TableNotFound => format!("no such table: {pair}"),
        ErrorKind::PermissionDenied => format!("the server's access control refused it: {pair}"),
        ErrorKind::RemoteClusterNotConfigured => {
            format!("the meta servers' configuration lacks this remote cluster: {pair}")
        }
        ErrorKind::RemoteTableTaken => format!(
            "another table is duplicated to the same remote table: {pair} remote_table={}",
            spec.wanted_remote_table()
        ),
        _ => format!("the server refused the request: {pair}"),
    };
    with_answer(Error::new(kind, message), reply)
}

/// The add was sent, and what it did is not known.
fn unknown(spec: &DuplicationSpec, reply: &Reply, why: String, known: Vec<Duplication>) -> Error {
    let answered = match reply {
        Reply::Answer(answer) => format!("answered {}", answer.err),
        Reply::Framework(code) => format!("refused by the RPC layer with {code}"),
        Reply::Lost(why) => format!("not answered ({why})"),
    };
    let listed: Vec<String> = known
        .iter()
        .map(|one| {
            let created = one.create_ts_ms.map_or_else(|| "?".to_owned(), |ms| ms.to_string());
            format!("dupid={} create_ts_ms={created}", one.dupid)
        })
        .collect();
    let listed =
        if listed.is_empty() { String::new() } else { format!(" [{}]", listed.join(", ")) };
    let message = format!(
        "whether the duplication was created is not known: the add was sent and {answered}; {why}{listed}: table={} cluster={}",
        spec.table, spec.cluster
    );
    let error = with_answer(Error::new(ErrorKind::OutcomeUnknown, message), reply);
    let error = match error.hint() {
        Some(_) => error,
        None if known.is_empty() => error.with_hint(hints::after_a_lost_add()),
        None => error.with_hint(hints::WHERE_IT_IS_LISTED),
    };
    error.with_known(known)
}

#[cfg(test)]
mod table;
#[cfg(test)]
mod words;
