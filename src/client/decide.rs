//! The outcome of an add: a pure function of the request, the server's response, and what is listed
//! afterwards. `ARCHITECTURE.md` has the table in words; [`row`] tells which row a response belongs to.

#[cfg(test)]
mod cases;
mod question;
mod row;
#[cfg(test)]
mod table;
mod unknown;
#[cfg(test)]
mod words;

use super::compare::{Compared, Server, compare, ships_unasked_checkpoint, untold_by};
use super::listed::why_unsettled;
use super::spec::DuplicationSpec;
use super::try_error::TryError;
use super::warning;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Duplication, Evidence, FailMode, Outcome, Status};
use crate::protocol::generation::Generation;

pub(crate) use question::Question;
use row::{Echo, Row};
pub(crate) use row::{LookFor, Reply};

/// What an add does to a duplication that exists, where the server lets it through.
const MAY_HAVE_CHANGED_IT: &str = "the add was sent without regard to what is there: it may have \
    resumed the duplication, moved it from DS_APP to DS_LOG, and reset its fail mode to FAIL_SLOW, \
    until the meta server restarts";

/// Why a duplication that differs from the request may still have been created by this call.
const MAY_BE_IGNORED: &str = "the server may have ignored the requested remote table and replica \
    count, and created a duplication that differs from the request";

/// What was found when the table was read back after an add. Several duplications to the cluster of the
/// request are no outcome of that add: see [`Case::several`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// Nothing is listed.
    Nothing,
    /// The listed duplication is unsettled.
    Unsettled(Duplication),
    /// A stored duplication is listed.
    One(Duplication),
    /// The table could not be read, and why.
    Unknown(String),
}

/// An add and the response to it. Whether the server did anything with the add is decided already.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    question: &'a Question<'a>,
    reply: &'a Reply,
    row: Row,
}

impl<'a> Case<'a> {
    /// Puts an add and the response to it into the row of the table that they belong to.
    ///
    /// # Errors
    ///
    /// The server did nothing with the add, so nothing needs to be read back.
    pub(crate) fn new(
        question: &'a Question<'a>,
        reply: &'a Reply,
    ) -> std::result::Result<Case<'a>, TryError> {
        Ok(Case { question, reply, row: Row::of(question, reply)? })
    }

    /// Returns for how long the table is read back before [`Case::decide`].
    pub(crate) fn look_for(&self) -> LookFor {
        self.row.look_for()
    }

    /// Returns the outcome of an add that is not read back, if the response is enough by itself.
    pub(crate) fn decide_unread(&self) -> Option<Outcome<Duplication>> {
        match &self.row {
            Row::Made { echo } => Some(surely_created(self.question, (**echo).clone(), None)),
            Row::Exists { echo: Some(echo) } => {
                Some(existed(self.question, (**echo).clone(), Evidence::ServerSaidSo, None))
            }
            Row::Exists { echo: None }
            | Row::Claimed { .. }
            | Row::Strange { .. }
            | Row::Refused(_)
            | Row::Lost => None,
        }
    }

    /// Returns the outcome of an add that was read back.
    pub(crate) fn decide(self, found: Afterwards) -> Result<Outcome<Duplication>> {
        let Case { question, reply, row } = self;
        match row {
            Row::Made { echo } => made(question, reply, *echo, found),
            Row::Claimed { dupid, echo } => claimed(question, reply, (dupid, echo), found),
            Row::Strange { dupid } => Err(unknown::error(
                question.spec,
                reply,
                &format!("the server answered ERR_OK and told of something else: dupid={dupid}"),
                known(found),
            )),
            Row::Exists { echo } => exists(question, reply, echo, found),
            Row::Refused(error) => match found {
                // Ours was refused, so what is listed was there when it came.
                Afterwards::One(one) => Ok(already_exists(
                    question.spec,
                    question.generation.into(),
                    one,
                    Evidence::ListedAfter,
                    None,
                )),
                Afterwards::Nothing | Afterwards::Unsettled(_) | Afterwards::Unknown(_) => {
                    Err(error)
                }
            },
            Row::Lost => lost(question, reply, found),
        }
    }

    /// Returns the error of an add after which several duplications to its cluster are listed. Whatever
    /// the response was, nobody can tell what became of the add.
    pub(crate) fn several(&self, many: Vec<Duplication>) -> Error {
        let why = format!("{} duplications to that cluster are listed", many.len());
        unknown::error(self.question.spec, self.reply, &why, many)
    }
}

fn made(
    question: &Question<'_>,
    reply: &Reply,
    echo: Duplication,
    found: Afterwards,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    let dupid = echo.dupid;
    let with_warning =
        |warning: &str| Ok(surely_created(question, echo.clone(), Some(warning.to_owned())));
    match found {
        Afterwards::One(one) if is(&one, question.table_id, dupid) => {
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
        Afterwards::One(other)
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
        Afterwards::One(other) => Err(unknown::error(
            spec,
            reply,
            &format!(
                "the answer named another one than is listed: answered={dupid} listed={}",
                other.dupid
            ),
            vec![other],
        )),
        Afterwards::Unsettled(one) => with_warning(why_unsettled(&one)),
        Afterwards::Nothing => {
            with_warning("it is not listed any more: someone may have removed it")
        }
        Afterwards::Unknown(why) => with_warning(&format!("it could not be read back: {why}")),
    }
}

fn claimed(
    question: &Question<'_>,
    reply: &Reply,
    (dupid, echo): (i32, Echo),
    found: Afterwards,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    if let Afterwards::One(one) = &found
        && is(one, question.table_id, dupid)
    {
        match (echo, question.is_as_asked(one)) {
            (Echo::Absent | Echo::AsAsked, true) if question.may_have_made(one) => {
                return appeared(question, one.clone(), None);
            }
            // The server that answered stores no remote tables, so it may have ignored the requested one.
            (Echo::Absent, false) if question.may_have_been_ignored(one) => {
                return Err(unknown::error(spec, reply, MAY_BE_IGNORED, known(found)));
            }
            (Echo::Absent | Echo::AsAsked, true) | (Echo::Absent | Echo::Otherwise, false) => {
                return Ok(existed(question, one.clone(), Evidence::ListedAfter, None));
            }
            (Echo::AsAsked, false) | (Echo::Otherwise, true) => {}
        }
    }
    Err(unknown::error(
        spec,
        reply,
        &format!(
            "the server answered ERR_OK, and what is listed does not bear it out: dupid={dupid}"
        ),
        known(found),
    ))
}

fn exists(
    question: &Question<'_>,
    reply: &Reply,
    echo: Option<Box<Duplication>>,
    found: Afterwards,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    let why = match found {
        Afterwards::One(one) => {
            let warning = match &echo {
                Some(echo) if is(&one, echo.table_id, echo.dupid) => None,
                Some(echo) => Some(format!(
                    "the answer named another one than is listed: answered={} listed={}",
                    echo.dupid, one.dupid
                )),
                None => Some("the answer did not say which one exists".to_owned()),
            };
            return Ok(existed(question, one, Evidence::ServerSaidSo, warning));
        }
        Afterwards::Nothing => "it is not listed any more: someone may have removed it".to_owned(),
        Afterwards::Unsettled(one) => why_unsettled(&one).to_owned(),
        Afterwards::Unknown(why) => format!("it could not be read back: {why}"),
    };
    match echo {
        Some(echo) => Ok(existed(question, *echo, Evidence::ServerSaidSo, Some(why))),
        None => Err(unknown::error(
            spec,
            reply,
            &format!("the server answered ERR_DUP_EXIST without saying which, and {why}"),
            Vec::new(),
        )),
    }
}

fn lost(question: &Question<'_>, reply: &Reply, found: Afterwards) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    match found {
        Afterwards::One(one) if question.may_have_been_ignored(&one) => {
            Err(unknown::error(spec, reply, MAY_BE_IGNORED, vec![one]))
        }
        Afterwards::One(one) if !question.may_have_made(&one) => {
            Ok(existed(question, one, Evidence::ListedAfter, None))
        }
        Afterwards::One(one) if question.absent_before => appeared(question, one, None),
        Afterwards::One(one) => Err(unknown::error(
            spec,
            reply,
            &format!("it is listed, and may have been there before; {MAY_HAVE_CHANGED_IT}"),
            vec![one],
        )),
        Afterwards::Nothing => Err(unknown::error(
            spec,
            reply,
            "it is not listed (yet): it may still stand in the server's queue",
            Vec::new(),
        )),
        Afterwards::Unsettled(one) => {
            Err(unknown::error(spec, reply, why_unsettled(&one), vec![one]))
        }
        Afterwards::Unknown(why) => Err(unknown::error(
            spec,
            reply,
            &format!("it could not be read back: {why}"),
            Vec::new(),
        )),
    }
}

/// The server's own word is that it made what was asked for: nothing is left to compare.
fn surely_created(
    question: &Question<'_>,
    value: Duplication,
    warning: Option<String>,
) -> Outcome<Duplication> {
    let warning = warning::join(warning, state_warning(question.spec, &value));
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
    let warning = warning::join(warning::join(warning, stated), state_warning(spec, &value));
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
    let warning = warning::join(warning, state_warning(spec, &existing));
    let Compared { differences, unverified } = compare(spec, server, &existing);
    Outcome::AlreadyExists { existing, differences, unverified, evidence, warning }
}

/// It was there when the add came. Where the call had not looked, or went over what it saw, the
/// add may have done to it what a repeated add does.
fn existed(
    question: &Question<'_>,
    one: Duplication,
    evidence: Evidence,
    warning: Option<String>,
) -> Outcome<Duplication> {
    let warning = match question.absent_before {
        true => warning,
        false => warning::join(warning, Some(MAY_HAVE_CHANGED_IT.to_owned())),
    };
    already_exists(question.spec, question.generation.into(), one, evidence, warning)
}

fn state_warning(spec: &DuplicationSpec, duplication: &Duplication) -> Option<String> {
    let checkpoint = ships_unasked_checkpoint(spec, duplication)
        .then(|| "it is shipping a checkpoint, which was not asked for".to_owned());
    let paused = (duplication.status == Some(Status::Pause)).then(|| "it is paused".to_owned());
    let fail_mode = duplication
        .fail_mode
        .filter(|&mode| mode != FailMode::Slow)
        .map(|mode| format!("its fail mode is {mode}, not FAIL_SLOW"));
    warning::join(checkpoint, warning::join(paused, fail_mode))
}

/// Returns whether a listed duplication is the one with that table id and dupid. The response to an add
/// has no creation time.
fn is(listed: &Duplication, table_id: i32, dupid: i32) -> bool {
    listed.table_id == table_id && listed.dupid == dupid
}

fn known(found: Afterwards) -> Vec<Duplication> {
    match found {
        Afterwards::One(one) | Afterwards::Unsettled(one) => vec![one],
        Afterwards::Nothing | Afterwards::Unknown(_) => Vec::new(),
    }
}
