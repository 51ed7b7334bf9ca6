//! Decides on the outcome of an add: a pure function of the request, the server's response, and what is
//! listed afterwards. `ARCHITECTURE.md` has the table in words, and [`row`] finds the row of a response.

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
use crate::outcome::{Evidence, FailMode, Outcome, Status};
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

pub(crate) use question::Question;
use row::{Echo, Row};
pub(crate) use row::{LookFor, Reply};

/// What an add does to an existing duplication if the server accepts the add.
const MAY_HAVE_CHANGED_IT: &str = "the add was sent whether the duplication existed or not: it may \
    have resumed the duplication, moved it from DS_APP to DS_LOG, and reset its fail mode to FAIL_SLOW, \
    until the meta server restarts";

/// Why a duplication that differs from the request may still have been created by this call.
const MAY_BE_IGNORED: &str = "the server may have ignored the requested remote table and replica \
    count, and created a duplication that differs from the request";

/// The warning if the duplication is not listed after the server confirmed that it exists.
const NOT_LISTED: &str = "the duplication is not listed any more, and may have been removed";

/// Returns the warning if the table could not be read back.
fn not_read_back(why: &str) -> String {
    format!("the table could not be read back: {why}")
}

/// What was found when the table was read back after an add. This type has no value for several
/// duplications to the cluster of the request, which never lead to an outcome: see [`Case::several`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// Nothing is listed.
    Nothing,
    /// Nothing is listed, although the add has left the server's queue.
    NothingBehindQueue,
    /// The listed duplication is unsettled.
    Unsettled(Duplication),
    /// A stored duplication is listed.
    One(Duplication),
    /// The table could not be read, and why.
    Unknown(String),
}

/// An add and the response to it. The response leaves open whether the duplication existed before or was
/// created, or it has to be compared with what is listed.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    question: &'a Question<'a>,
    reply: &'a Reply,
    row: Row,
}

impl<'a> Case<'a> {
    /// Finds the row of the table for an add and the response to it.
    ///
    /// # Errors
    ///
    /// The server did nothing with the add, and nothing needs to be read back.
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
                &format!("the server returned ERR_OK with unexpected values: dupid={dupid}"),
                known(found),
            )),
            Row::Exists { echo } => exists(question, reply, echo, found),
            Row::Refused(error) => match found {
                // This add was refused, so the listed duplication existed when the add arrived.
                Afterwards::One(one) => Ok(already_exists(
                    question.spec,
                    question.generation.into(),
                    one,
                    Evidence::ListedAfter,
                    None,
                )),
                Afterwards::Nothing
                | Afterwards::NothingBehindQueue
                | Afterwards::Unsettled(_)
                | Afterwards::Unknown(_) => Err(error),
            },
            Row::Lost => lost(question, reply, found),
        }
    }

    /// Returns the error for an add after which several duplications to its cluster are listed. Whatever the
    /// response was, they do not show what the add did.
    pub(crate) fn several(&self, many: Vec<Duplication>) -> Error {
        let why = format!("{} duplications to that cluster are listed", many.len());
        unknown::error(self.question.spec, self.reply, &why, many)
    }
}

/// Decides on an add whose response proves that it created the duplication of `echo`.
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
                with_warning("the listed duplication differs from the one in the response")
            } else if untold_by(spec, &one).is_some() {
                // The server that lists the duplication is older than the one that sent the response. A
                // dupid can be reused within a second, so this may be another duplication.
                with_warning(
                    "the server that lists the duplication does not report every requested property",
                )
            } else {
                Ok(surely_created(question, one, None))
            }
        }
        // The response shows what this add created, and the list of another table says nothing about that.
        Afterwards::One(other) if other.table_id != question.table_id => {
            with_warning(&not_read_back(&moved(question, &other)))
        }
        // The response names another duplication. Either the one that this add created was removed and
        // another one was added since, or the response is wrong. Nothing shows which, so the outcome is
        // not certain.
        Afterwards::One(other)
            if question.absent_before
                && question.may_have_made(&other)
                && untold_by(spec, &other).is_none() =>
        {
            let warning = names_another(dupid, &other);
            appeared(question, other, Some(warning))
        }
        Afterwards::One(other) => {
            Err(unknown::error(spec, reply, &names_another(dupid, &other), vec![other]))
        }
        Afterwards::Unsettled(one) => with_warning(why_unsettled(&one)),
        Afterwards::Nothing | Afterwards::NothingBehindQueue => with_warning(NOT_LISTED),
        Afterwards::Unknown(why) => with_warning(&not_read_back(&why)),
    }
}

/// Returns the text for a response that names another duplication than the list.
fn names_another(dupid: i32, listed: &Duplication) -> String {
    format!(
        "the response names another duplication than the list: responded={dupid} listed={}",
        listed.dupid
    )
}

/// Returns the text for a list of another table than the one that was read before the add.
fn moved(question: &Question<'_>, listed: &Duplication) -> String {
    format!(
        "the name now belongs to another table than before the add: table_id_before={} table_id={}",
        question.table_id, listed.table_id
    )
}

/// Decides on an add for which a server that is not proven returned ERR_OK.
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
            // The server does not report remote tables, so it may have ignored the requested one.
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
        &format!("the server returned ERR_OK, and the list does not confirm that: dupid={dupid}"),
        known(found),
    ))
}

/// Decides on an add for which the server returned ERR_DUP_EXIST.
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
                Some(echo) => Some(names_another(echo.dupid, &one)),
                None => Some("the response did not identify the existing duplication".to_owned()),
            };
            return Ok(existed(question, one, Evidence::ServerSaidSo, warning));
        }
        Afterwards::Nothing | Afterwards::NothingBehindQueue => NOT_LISTED.to_owned(),
        Afterwards::Unsettled(one) => why_unsettled(&one).to_owned(),
        Afterwards::Unknown(why) => not_read_back(&why),
    };
    match echo {
        Some(echo) => Ok(existed(question, *echo, Evidence::ServerSaidSo, Some(why))),
        None => Err(unknown::error(
            spec,
            reply,
            &format!(
                "the server returned ERR_DUP_EXIST without identifying the duplication, and {why}"
            ),
            Vec::new(),
        )),
    }
}

/// Decides on an add without a response, or with a response that proves nothing.
fn lost(question: &Question<'_>, reply: &Reply, found: Afterwards) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    match found {
        // That this duplication was absent is not known, because the read before the add was of another table.
        Afterwards::One(one) if one.table_id != question.table_id => {
            Err(unknown::error(spec, reply, &moved(question, &one), vec![one]))
        }
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
            &format!(
                "the duplication is listed and may have existed before; {MAY_HAVE_CHANGED_IT}"
            ),
            vec![one],
        )),
        Afterwards::Nothing => Err(unknown::error(
            spec,
            reply,
            "the duplication is not listed (yet), and the add may still be in the server's queue",
            Vec::new(),
        )),
        // This is no proof: the server may have read the add later than the requests behind it.
        Afterwards::NothingBehindQueue => Err(unknown::error(
            spec,
            reply,
            "the duplication is not listed, although the server has handled two requests that were sent after the add and wait in the same queue, so the add probably had no effect",
            Vec::new(),
        )),
        Afterwards::Unsettled(one) => {
            Err(unknown::error(spec, reply, why_unsettled(&one), vec![one]))
        }
        Afterwards::Unknown(why) => {
            Err(unknown::error(spec, reply, &not_read_back(&why), Vec::new()))
        }
    }
}

/// Returns a certain Created. The server itself confirms that it created what was requested, so nothing is
/// left to compare.
fn surely_created(
    question: &Question<'_>,
    value: Duplication,
    warning: Option<String>,
) -> Outcome<Duplication> {
    let warning = warning::join(warning, state_warning(question.spec, &value));
    Outcome::Created { value, unverified: Vec::new(), evidence: Evidence::ServerSaidSo, warning }
}

/// Returns the outcome if a duplication was absent before and is listed now, and if no reported property
/// differs from the request.
fn appeared(
    question: &Question<'_>,
    value: Duplication,
    warning: Option<String>,
) -> Result<Outcome<Duplication>> {
    let spec = question.spec;
    // The generation can only be a stated one here, because the server does not report what every server
    // of that generation reports.
    let stated = question.generation.is_some_and(Generation::has_remote_table)
        && !question.proven()
        && value.remote_table.is_none();
    let wrong = "the stated generation is not that of this server: the server does not report remote tables, as every server of that generation does";
    if let Some(untold) = untold_by(spec, &value) {
        let because = if stated { wrong } else { "the server does not report it" };
        let message = format!(
            "a duplication appeared during the call, but whether it has {untold} that was requested is not known, and it probably does not: {because}: table={} cluster={} dupid={}",
            spec.table, spec.cluster, value.dupid
        );
        return Err(Error::new(ErrorKind::OutcomeUnknown, message)
            .with_hint("find out to which remote table the duplication ships writes; remove the duplication by its dupid if that is the wrong table")
            .with_known(vec![value]));
    }
    let stated = stated.then(|| format!("{wrong}; do not state the generation"));
    let warning = warning::join(warning::join(warning, stated), state_warning(spec, &value));
    let unverified = compare(spec, question.generation.into(), &value).unverified;
    Ok(Outcome::Created { value, unverified, evidence: Evidence::AppearedDuringCall, warning })
}

/// Returns an AlreadyExists with the comparison with the request, and with a warning if the duplication is
/// not in the state in which a new one would be.
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

/// Returns an AlreadyExists for a duplication that existed when the add arrived. If the call did not look
/// first, or sent the add all the same, the add may have had the side effects of a repeated add.
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

/// Returns a warning if the duplication is not in the state in which a new one would be.
fn state_warning(spec: &DuplicationSpec, duplication: &Duplication) -> Option<String> {
    let checkpoint = ships_unasked_checkpoint(spec, duplication)
        .then(|| "the duplication is shipping a checkpoint, which was not requested".to_owned());
    let paused =
        (duplication.status == Some(Status::Pause)).then(|| "the duplication is paused".to_owned());
    let fail_mode = duplication
        .fail_mode
        .filter(|&mode| mode != FailMode::Slow)
        .map(|mode| format!("the fail mode is {mode}, not FAIL_SLOW"));
    warning::join(checkpoint, warning::join(paused, fail_mode))
}

/// Returns whether a listed duplication has this table id and dupid. The response to an add does not
/// contain the creation time, so that cannot be compared.
fn is(listed: &Duplication, table_id: i32, dupid: i32) -> bool {
    listed.table_id == table_id && listed.dupid == dupid
}

fn known(found: Afterwards) -> Vec<Duplication> {
    match found {
        Afterwards::One(one) | Afterwards::Unsettled(one) => vec![one],
        Afterwards::Nothing | Afterwards::NothingBehindQueue | Afterwards::Unknown(_) => Vec::new(),
    }
}
