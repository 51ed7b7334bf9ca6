//! Decides on the outcome of a create: a pure function of the request, the server's response, and the
//! tables that are listed afterwards. `ARCHITECTURE.md` has the table in words.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod words;

use super::listed::{Listed, began_as, listed};
use crate::client::codes::{Meaning, Request};
use crate::client::compare::Compared;
use crate::client::hints;
use crate::client::reply;
use crate::client::spec::{PROOF_KEY, TableSpec};
use crate::client::table::ask::table;
use crate::client::table::compare::compare;
use crate::client::table::named::{ids, status};
use crate::client::try_error::TryError;
use crate::client::warning;
use crate::enums::TableStatus;
use crate::error::{Error, ErrorKind};
use crate::outcome::{Evidence, Outcome};
use crate::protocol::messages::{AppInfo, CreateAppResponse};
use crate::resource::Table;

/// What came back for a create that was sent.
pub(crate) type Reply = reply::Reply<CreateAppResponse>;

/// A request to create a table, and what was known when the create was sent.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) spec: &'a TableSpec,
    /// The highest id of a stored table that was listed before the create. No table had the name then.
    pub(crate) highest_id: i32,
    /// The random value that the create wrote into the settings of the table, if any.
    pub(crate) proof: Option<&'a str>,
}

/// What was found out after a create.
#[derive(Debug, Clone)]
pub(crate) struct Afterwards {
    /// All tables, or why they could not be listed.
    pub(crate) listed: Result<Vec<AppInfo>, String>,
    /// Whether another server is the leader by now than the one to which the create was sent. The process
    /// that received the create has then ended.
    pub(crate) elsewhere: bool,
    /// Whether requests behind the create have passed the server's queue, before these tables were listed.
    pub(crate) passed: bool,
}

/// The decision on a create.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
#[derive(Debug)]
pub(crate) enum Decision {
    /// The call ends with this outcome.
    Outcome(Outcome<Table>),
    /// The call ends with this error.
    Fails(Error),
    /// The create certainly did nothing. The call starts over, or ends with this error at the deadline.
    Again(Error),
}

/// For how long the tables are read back before the decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookFor {
    /// Until one read succeeds, but only for a moment.
    Anything,
    /// Until a read succeeds and shows no table of the name that is being created, dropped or recalled, or until
    /// the deadline.
    Settled,
    /// Until a read shows what the create did, or until the deadline.
    Appearance,
}

/// A reply, by the row of the table that it belongs to.
#[derive(Debug)]
enum Row {
    /// ERR_OK with a new id.
    Made { table_id: i32 },
    /// Any other ERR_OK.
    Strange { table_id: i32 },
    /// ERR_APP_EXIST.
    Exists,
    /// ERR_BUSY_CREATING or ERR_BUSY_DROPPING. The create did nothing.
    Busy(Error),
    /// Another refusal, as an error. The create did nothing.
    Refused(Error),
    /// No response, or a response that proves nothing.
    Lost,
}

/// A create and the response to it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    question: &'a Question<'a>,
    reply: &'a Reply,
    row: Row,
}

impl<'a> Case<'a> {
    /// Finds the row of the table for a create and the response to it.
    ///
    /// # Errors
    ///
    /// The server did nothing with the create, and nothing needs to be read back.
    pub(crate) fn new(question: &'a Question<'a>, reply: &'a Reply) -> Result<Case<'a>, TryError> {
        let row = match reply {
            Reply::Lost(_) => Row::Lost,
            Reply::Framework(code) => match Request::Create.refused_by_rpc_layer(code) {
                Some(kind) => {
                    return Err(TryError::Refused(Request::Create.refused(
                        kind,
                        code,
                        &subject(question.spec),
                    )));
                }
                None => Row::Lost,
            },
            Reply::Answer(answer) => {
                let table_id = answer.appid.unwrap_or(0);
                let refused =
                    |kind| Request::Create.refused(kind, &answer.err, &subject(question.spec));
                match Request::Create.meaning(&answer.err, None) {
                    Meaning::Done if table_id > question.highest_id => Row::Made { table_id },
                    Meaning::Done => Row::Strange { table_id },
                    Meaning::Exists => Row::Exists,
                    Meaning::NotApplied => return Err(TryError::NotApplied(answer.err.clone())),
                    Meaning::Refused(kind @ ErrorKind::Busy) => Row::Busy(refused(kind)),
                    Meaning::Refused(kind) => Row::Refused(refused(kind)),
                    Meaning::Unclear => Row::Lost,
                }
            }
        };
        Ok(Case { question, reply, row })
    }

    /// Returns for how long the tables are read back before [`Case::decide`].
    pub(crate) fn look_for(&self) -> LookFor {
        match self.row {
            Row::Made { .. } | Row::Strange { .. } | Row::Exists | Row::Busy(_) => {
                LookFor::Anything
            }
            Row::Refused(_) => LookFor::Settled,
            Row::Lost => LookFor::Appearance,
        }
    }

    /// Returns whether a list shows enough for [`Case::decide`], so that it need not be read again.
    pub(crate) fn is_enough(&self, infos: &[AppInfo], elsewhere: bool) -> bool {
        let named = listed(infos, &self.question.spec.table);
        match self.look_for() {
            LookFor::Anything => true,
            LookFor::Settled => !matches!(named, Listed::Unsettled(_)),
            LookFor::Appearance => {
                matches!(named, Listed::One(_) | Listed::Several(_))
                    || self.question.proven(infos).is_some()
                    || elsewhere && self.question.is_absent(infos)
            }
        }
    }

    /// Returns the decision on a create after which the tables were read back.
    pub(crate) fn decide(self, found: Afterwards) -> Decision {
        let Case { question, reply, row } = self;
        let infos = found.listed.as_deref().unwrap_or_default();
        // A table with the proof is the one of this call, whatever the response was.
        if let Some(one) = question.proven(infos)
            && !matches!(row, Row::Made { table_id } if table_id == one.app_id)
        {
            return created(question, one, Evidence::ProofListed);
        }
        match row {
            Row::Made { table_id } => made(question, reply, table_id, &found.listed),
            Row::Strange { table_id } => {
                let why = format!(
                    "the id in the response is not that of a new table: responded={table_id}"
                );
                let known = infos.iter().filter(|info| info.app_id == table_id);
                unknown(question, reply, &why, known)
            }
            Row::Exists => match existed(question, infos, Evidence::ServerSaidSo) {
                Some(outcome) => outcome,
                None => Decision::Again(exists_unlisted(question, &found.listed)),
            },
            Row::Busy(error) => {
                existed(question, infos, Evidence::ListedAfter).unwrap_or(Decision::Again(error))
            }
            Row::Refused(error) => {
                existed(question, infos, Evidence::ListedAfter).unwrap_or(Decision::Fails(error))
            }
            Row::Lost => lost(question, reply, &found),
        }
    }
}

impl Question<'_> {
    /// Returns the listed table that has the proof of this call. A table that is being created does not
    /// count, because the server may still lose it.
    fn proven<'i>(&self, infos: &'i [AppInfo]) -> Option<&'i AppInfo> {
        let proof = self.proof?;
        infos.iter().find(|info| {
            status(info) != TableStatus::Creating
                && info.envs.get(PROOF_KEY).is_some_and(|value| value == proof)
        })
    }

    /// Returns whether this create may have made the table, whatever became of the table since. A table
    /// without the proof is not from this call, and neither is one with the proof of another call.
    fn may_have_made(&self, info: &AppInfo) -> bool {
        info.app_id > self.highest_id
            && began_as(info, self.spec.partition_count)
            && info.envs.get(PROOF_KEY).map(String::as_str) == self.proof
    }

    /// Returns whether a list shows no table of the name and none that this create may have made. A table
    /// that this create made may have been dropped or renamed since.
    fn is_absent(&self, infos: &[AppInfo]) -> bool {
        listed(infos, &self.spec.table) == Listed::Nothing
            && !infos.iter().any(|info| self.may_have_made(info))
    }
}

/// Decides on a create for which the server returned ERR_OK with a new id.
fn made(
    question: &Question<'_>,
    reply: &Reply,
    table_id: i32,
    infos: &Result<Vec<AppInfo>, String>,
) -> Decision {
    let of_response = |why: String| {
        Decision::Outcome(Outcome::Created {
            value: requested(question, table_id),
            unverified: Vec::new(),
            evidence: Evidence::ServerSaidSo,
            warning: Some(why),
        })
    };
    let infos = match infos {
        Ok(infos) => infos,
        Err(why) => return of_response(not_listed_because(why)),
    };
    if let Some(one) = infos.iter().find(|info| info.app_id == table_id) {
        return created(question, one, Evidence::ServerSaidSo);
    }
    match listed(infos, &question.spec.table) {
        // Every table stays on the list, so the response and the list contradict each other.
        Listed::One(one) => {
            let why = format!(
                "the list contradicts the response: responded={table_id} listed={}",
                one.app_id
            );
            unknown(question, reply, &why, [one])
        }
        Listed::Several(many) => {
            let why =
                format!("several tables of that name are listed, but not table_id={table_id}");
            unknown(question, reply, &why, many)
        }
        Listed::Nothing | Listed::Unsettled(_) => of_response(
            "the server does not list the table: access control may hide the table from this client"
                .to_owned(),
        ),
    }
}

/// Decides on a create without a response, or with a response that proves nothing.
fn lost(question: &Question<'_>, reply: &Reply, found: &Afterwards) -> Decision {
    let infos = match &found.listed {
        Ok(infos) => infos,
        Err(why) => return unknown(question, reply, &not_listed_because(why), []),
    };
    let ours = |info: &&AppInfo| question.may_have_made(info);
    match listed(infos, &question.spec.table) {
        Listed::Several(many) => {
            unknown(question, reply, "several tables of that name are listed", many)
        }
        Listed::One(one) if !question.may_have_made(one) => {
            // The table of this call may have been renamed or dropped before this one got the name.
            let rivals: Vec<&AppInfo> = infos.iter().filter(ours).collect();
            match rivals.is_empty() {
                true => already_exists(question, one, Evidence::ListedAfter),
                false => unknown(
                    question,
                    reply,
                    "this call has not created the table that is listed under the name, but may have created another listed table, which was then dropped or renamed",
                    std::iter::once(one).chain(rivals),
                ),
            }
        }
        Listed::One(one) => match compare(question.spec, one).differences.is_empty() {
            true => created(question, one, Evidence::AppearedDuringCall),
            false => unknown(
                question,
                reply,
                "a table of that name appeared during the call and is not as requested: another client created it, or it was changed since",
                [one],
            ),
        },
        Listed::Unsettled(one) => {
            unknown(question, reply, "the server is still busy with a table of that name", [one])
        }
        Listed::Nothing if found.elsewhere && question.is_absent(infos) => Decision::Again(
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "the meta server that received the create is not the leader any more, and the next leader does not have the table; nothing was created: {}",
                    subject(question.spec)
                ),
            )
            .with_hint("try again"),
        ),
        Listed::Nothing => {
            let named = |info: &&AppInfo| info.app_name == question.spec.table;
            let dropped: Vec<&AppInfo> = infos.iter().filter(ours).filter(named).collect();
            let why = match (dropped.is_empty(), found.passed) {
                (false, _) => "a table of that name was created and dropped during the call",
                (true, true) => {
                    "the table is not listed, although two requests behind the create have passed the server's queue, so the server has probably not executed the create"
                }
                (true, false) => {
                    "the table is not listed (yet), and the create may still be in the server's queue"
                }
            };
            unknown(question, reply, why, dropped)
        }
    }
}

/// Returns a Created for a listed table.
fn created(question: &Question<'_>, one: &AppInfo, evidence: Evidence) -> Decision {
    let Compared { differences, unverified } = compare(question.spec, one);
    let differs = (!differences.is_empty()).then(|| {
        let fields: Vec<String> = differences.iter().map(ToString::to_string).collect();
        format!(
            "the listed table is not as requested, and may have been changed since: {}",
            fields.join(", ")
        )
    });
    let untold = (evidence.certain() && !unverified.is_empty())
        .then(|| "the server does not report whether the table is atomic idempotent".to_owned());
    let warning = warning::join(became(question.spec, one), warning::join(differs, untold));
    let unverified = if evidence.certain() { Vec::new() } else { unverified };
    Decision::Outcome(Outcome::Created { value: table(one.clone()), unverified, evidence, warning })
}

/// Returns the warning about a table that was created and then renamed or dropped.
fn became(spec: &TableSpec, one: &AppInfo) -> Option<String> {
    let renamed = (one.app_name != spec.table)
        .then(|| format!("the table has been renamed since: table={}", one.app_name));
    let status = match status(one) {
        TableStatus::Available => None,
        TableStatus::Dropping | TableStatus::Dropped => {
            Some("the table has been dropped since".to_owned())
        }
        TableStatus::Recalling => {
            Some("the table has been dropped since, and is being recalled".to_owned())
        }
        TableStatus::Creating => {
            Some("the server lists the table as one that it is creating".to_owned())
        }
        other @ TableStatus::Unknown(_) => Some(format!("the table has the status {other}")),
    };
    warning::join(renamed, status)
}

/// Returns an AlreadyExists if a table of the name is available.
fn existed(question: &Question<'_>, infos: &[AppInfo], evidence: Evidence) -> Option<Decision> {
    match listed(infos, &question.spec.table) {
        Listed::One(one) => Some(already_exists(question, one, evidence)),
        Listed::Several(many) => {
            Some(Decision::Outcome(exists_several(question.spec, &many, evidence)))
        }
        Listed::Nothing | Listed::Unsettled(_) => None,
    }
}

/// Returns an AlreadyExists. If the create wrote a proof, the table lacks it.
fn already_exists(question: &Question<'_>, one: &AppInfo, evidence: Evidence) -> Decision {
    // Without a proof of its own, this table may have lost the proof of this call.
    let bare = Question { proof: None, ..question.clone() };
    let cleared = (evidence == Evidence::ListedAfter
        && question.proof.is_some()
        && bare.may_have_made(one))
    .then(|| {
        format!(
            "the table appeared during the call and lacks the proof of this call; that another call created it is certain unless somebody removed the setting {PROOF_KEY} since"
        )
    });
    Decision::Outcome(exists(question.spec, one, evidence, cleared))
}

/// Returns an AlreadyExists with the comparison with the request.
pub(crate) fn exists(
    spec: &TableSpec,
    one: &AppInfo,
    evidence: Evidence,
    warning: Option<String>,
) -> Outcome<Table> {
    let Compared { differences, unverified } = compare(spec, one);
    let existing = table(one.clone());
    Outcome::AlreadyExists { existing, differences, unverified, evidence, warning }
}

/// Returns an AlreadyExists for several tables of one name.
pub(crate) fn exists_several(
    spec: &TableSpec,
    many: &[&AppInfo],
    evidence: Evidence,
) -> Outcome<Table> {
    let warning =
        format!("the server lists several tables of that name: {}", ids(many.iter().copied()));
    exists(spec, many[0], evidence, Some(warning))
}

/// Returns the error if the server returned ERR_APP_EXIST and lists no table of the name.
fn exists_unlisted(question: &Question<'_>, infos: &Result<Vec<AppInfo>, String>) -> Error {
    let why = match infos {
        Ok(_) => "no such table is available".to_owned(),
        Err(why) => not_listed_because(why),
    };
    Error::new(
        ErrorKind::Busy,
        format!(
            "the server refused the create because a table of that name exists, but {why}; nothing was created: {}",
            subject(question.spec)
        ),
    )
    .with_code(&crate::protocol::error_code::ErrorCode::AppExist)
    .with_hint("try again: another client may be dropping or renaming the table; access control may also hide the table from this client")
}

/// Returns the error for a create that was sent and whose effect is not known.
fn unknown<'i>(
    question: &Question<'_>,
    reply: &Reply,
    why: &str,
    known: impl IntoIterator<Item = &'i AppInfo>,
) -> Decision {
    let known: Vec<&AppInfo> = known.into_iter().collect();
    let listed = match known.is_empty() {
        true => String::new(),
        false => format!(" [{}]", ids(known.iter().copied())),
    };
    let message = format!(
        "whether the table was created is not known: the create was sent and {}; {why}{listed}: {}",
        reply.words(|answer| &answer.err),
        subject(question.spec)
    );
    let hint = match known.is_empty() {
        true => hints::after_a_lost_create(),
        false => hints::WHERE_TABLES_ARE_LISTED.to_owned(),
    };
    let error = Error::new(ErrorKind::OutcomeUnknown, message).with_hint(hint);
    let error = match reply {
        Reply::Answer(answer) => error.with_code(&answer.err),
        Reply::Framework(code) => error.with_code(code),
        Reply::Lost(_) => error,
    };
    Decision::Fails(error.with_known(known.into_iter().map(|info| table(info.clone()))))
}

/// Returns the table as it was requested, with the id of the response.
fn requested(question: &Question<'_>, table_id: i32) -> Table {
    let spec = question.spec;
    let proof = question.proof.map(|proof| (PROOF_KEY.to_owned(), proof.to_owned()));
    Table {
        table: spec.table.clone(),
        table_id,
        status: None,
        partition_count: spec.partition_count,
        replica_count: spec.replica_count,
        atomic_idempotent: spec.atomic_idempotent,
        envs: spec.envs.clone().into_iter().chain(proof).collect(),
        duplicating: None,
        create_ts_ms: None,
        drop_ts_ms: None,
        expire_ts_ms: None,
        ready_partitions: None,
        partitions: Vec::new(),
    }
}

fn not_listed_because(why: &str) -> String {
    format!("the tables could not be listed afterwards: {why}")
}

/// Returns what the create was about, as `key=value` pairs.
fn subject(spec: &TableSpec) -> String {
    format!("table={}", spec.table)
}
