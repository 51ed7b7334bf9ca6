//! Tests the table of an add with every combination of a response, of what is listed, and of what was known
//! about the server. The expected outcomes are written down here a second time, and share no code with the
//! decision.

use super::cases::*;
use super::*;
use crate::outcome::{Difference, Property};
use crate::protocol::error_code::ErrorCode;

/// The expected result.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Created(Evidence, Value, Warning),
    Exists(Evidence, Value, Warning),
    Error(ErrorKind),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    /// The duplication as it is listed.
    Listed,
    /// The duplication as the response describes it.
    Answered,
}

type Warning = bool;

use Expected::{Created, Error as Fails, Exists};
use Value::{Answered, Listed as AsListed};

/// The codes after which the same request may be sent again.
const NOT_APPLIED: [&str; 3] =
    ["ERR_FORWARD_TO_OTHERS", "ERR_SERVICE_NOT_ACTIVE", "ERR_UNDER_RECOVERY"];

const UNKNOWN: Expected = Fails(ErrorKind::OutcomeUnknown);

impl Combination {
    /// Whether the remote table has the name of the table, whatever was requested. This is the case for
    /// servers of 2.5 and older.
    fn keeps_name(&self) -> bool {
        matches!(self.generation, Some(Generation::Freezed | Generation::Checkpoint))
    }

    /// Whether the server reports everything that was requested, and reports it as requested.
    fn as_asked(&self) -> bool {
        matches!(
            self.there,
            There::It
                | There::ItShipping
                | There::Another
                | There::AnotherShipping
                | There::OfAnotherTable
        )
    }

    /// Whether a checkpoint is being shipped that was not requested.
    fn unasked(&self) -> bool {
        self.there.is_shipping() && !self.checkpoint
    }

    /// Whether this add may have created the listed duplication.
    fn may_be_ours(&self) -> bool {
        self.as_asked() && !self.unasked()
    }

    /// Whether the duplication may have existed before, and the add may have changed its status.
    fn went_over(&self) -> bool {
        !self.absent_before
    }

    /// Returns the properties of a duplication that cannot be compared.
    fn unverified(&self, value: &Duplication) -> Vec<Property> {
        let mut unverified = Vec::new();
        if self.checkpoint && !matches!(value.status, Some(Status::Prepare | Status::App)) {
            unverified.push(Property::Checkpoint);
        }
        if value.remote_table.is_none() && !self.keeps_name() {
            unverified.push(Property::RemoteTable);
        }
        if value.remote_replica_count.is_none() {
            unverified.push(Property::RemoteReplicaCount);
        }
        unverified
    }

    fn differences(&self, value: &Duplication) -> Vec<Difference> {
        let mut differences = Vec::new();
        let name = match &value.remote_table {
            None if self.keeps_name() => Some("here".to_owned()),
            told => told.clone(),
        };
        if let Some(existing) = name.filter(|name| name != ASKED.0) {
            differences.push(Difference::new(Property::RemoteTable, ASKED.0, existing));
        }
        if let Some(existing) = value.remote_replica_count.filter(|&count| count != ASKED.1) {
            differences.push(Difference::new(Property::RemoteReplicaCount, ASKED.1, existing));
        }
        differences
    }
}

fn refused(case: &Combination, kind: ErrorKind) -> Expected {
    match case.there {
        there if there.is_one() => Exists(Evidence::ListedAfter, AsListed, case.unasked()),
        _ => Fails(kind),
    }
}

fn lost_reply(case: &Combination) -> Expected {
    let proven = case.generation == Some(Generation::DupExist);
    match case.there {
        there if !there.is_one() || there.untold() => UNKNOWN,
        // The duplication may have existed before, because the read before the add was of another table.
        There::OfAnotherTable => UNKNOWN,
        there if there.ignored() && !proven => UNKNOWN,
        _ if !case.may_be_ours() => {
            Exists(Evidence::ListedAfter, AsListed, case.went_over() || case.unasked())
        }
        _ if case.absent_before => Created(Evidence::AppearedDuringCall, AsListed, false),
        _ => UNKNOWN,
    }
}

fn told_exists(case: &Combination, told: bool) -> Expected {
    match case.there {
        there if there.is_one() => {
            let another = !(told && there.is_it());
            let warning = another || case.went_over() || case.unasked();
            Exists(Evidence::ServerSaidSo, AsListed, warning)
        }
        _ if !told => UNKNOWN,
        There::Unasked => Exists(Evidence::ServerSaidSo, Answered, case.went_over()),
        _ => Exists(Evidence::ServerSaidSo, Answered, true),
    }
}

fn told_made(case: &Combination, full: bool, fields: Fields) -> Expected {
    let proven = case.generation == Some(Generation::DupExist);
    if !full || (proven && !(fields.both() && fields.as_asked())) {
        return UNKNOWN;
    }
    let there = case.there;
    if !proven {
        return match there.is_it() {
            true if case.may_be_ours() && fields.as_asked() => {
                Created(Evidence::AppearedDuringCall, AsListed, false)
            }
            true if there.untold() => UNKNOWN,
            true if there.ignored() && fields.absent() => UNKNOWN,
            // An add without a checkpoint never creates a duplication that ships a checkpoint.
            true if case.unasked() && fields.as_asked() => {
                Exists(Evidence::ListedAfter, AsListed, true)
            }
            true if !case.as_asked() && (fields.absent() || !fields.as_asked()) => {
                Exists(Evidence::ListedAfter, AsListed, case.went_over())
            }
            _ => UNKNOWN,
        };
    }
    match there {
        There::Unasked => Created(Evidence::ServerSaidSo, Answered, false),
        There::Nothing
        | There::NothingBehindQueue
        | There::BeingStored
        | There::OfAnotherTable
        | There::Untold => Created(Evidence::ServerSaidSo, Answered, true),
        _ if there.is_it() && case.as_asked() && !there.untold() => {
            Created(Evidence::ServerSaidSo, AsListed, case.unasked())
        }
        _ if there.is_it() => Created(Evidence::ServerSaidSo, Answered, true),
        // A server that lists another duplication than it named cannot be trusted.
        _ if case.may_be_ours() && case.absent_before => {
            Created(Evidence::AppearedDuringCall, AsListed, true)
        }
        _ => UNKNOWN,
    }
}

fn expected(case: &Combination) -> Expected {
    match &case.reply {
        // The server did nothing, so the client does not read the table back.
        Reply::Framework(code) if code.name() == "ERR_HANDLER_NOT_FOUND" => {
            return Fails(ErrorKind::Unsupported);
        }
        Reply::Answer(answer) if NOT_APPLIED.contains(&answer.err.name()) => {
            return Fails(ErrorKind::Unavailable);
        }
        _ if case.there == There::Two => return UNKNOWN,
        _ => {}
    }
    let answer = match &case.reply {
        Reply::Lost(_) => return lost_reply(case),
        Reply::Framework(_) => return lost_reply(case),
        Reply::Answer(answer) => answer,
    };
    let (appid, dupid) = (answer.appid.unwrap_or_default(), answer.dupid.unwrap_or_default());
    let full = appid == TABLE && dupid > 0;
    let name = answer.remote_app_name.as_deref().map(|name| match name {
        "there" => "there",
        _ => "elsewhere",
    });
    let fields = Fields { name, count: answer.remote_replica_count };
    match answer.err.name() {
        "ERR_OK" if dupid != 0 => told_made(case, full, fields),
        "ERR_OK" => {
            let thin_means_refused =
                matches!(case.generation, Some(Generation::Checkpoint | Generation::Snapshot26));
            match appid == 0 && thin_means_refused {
                true => refused(case, ErrorKind::Busy),
                false => lost_reply(case),
            }
        }
        "ERR_DUP_EXIST" => told_exists(case, full),
        "ERR_INVALID_PARAMETERS" => {
            let hint = answer.hint.as_deref().unwrap_or_default();
            let (_, kind) = HINTS.iter().find(|(known, _)| *known == hint).expect("a hint");
            refused(case, *kind)
        }
        "ERR_BUSY" => refused(case, ErrorKind::Busy),
        "ERR_APP_NOT_EXIST" => refused(case, ErrorKind::TableNotFound),
        "ERR_ACL_DENY" => refused(case, ErrorKind::PermissionDenied),
        _ => lost_reply(case),
    }
}

/// Returns the duplication as the response describes it.
fn answered(reply: &Reply) -> Duplication {
    let Reply::Answer(answer) = reply else { unreachable!("only an answer tells") };
    Duplication {
        status: None,
        fail_mode: None,
        create_ts_ms: None,
        remote_table: answer.remote_app_name.clone(),
        remote_replica_count: answer.remote_replica_count,
        ..entry(TABLE, answer.dupid.unwrap_or_default(), None)
    }
}

fn got(case: &Combination, result: Result<Outcome<Duplication>>) -> Expected {
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => return Fails(error.kind()),
    };
    let value = match outcome.value() {
        // If both are the same, either may be expected.
        value if case.there.is_one() && *value == case.there.one() => AsListed,
        value => {
            assert_eq!(*value, answered(&case.reply), "{case:?}");
            Answered
        }
    };
    let warning = outcome.warning().is_some();
    let unverified = match (outcome.created(), outcome.evidence()) {
        // The server itself confirms the creation, so nothing is left to compare.
        (true, Evidence::ServerSaidSo) => Vec::new(),
        _ => case.unverified(outcome.value()),
    };
    assert_eq!(outcome.unverified(), unverified, "{case:?}");
    match outcome.created() {
        true => Created(outcome.evidence(), value, warning),
        false => {
            assert_eq!(outcome.differences(), case.differences(outcome.value()), "{case:?}");
            Exists(outcome.evidence(), value, warning)
        }
    }
}

/// Decides as the client does. Returns `None` if the client has not read the table back, and the response is
/// not enough by itself.
fn decided(
    question: &Question<'_>,
    combination: &Combination,
) -> Option<Result<Outcome<Duplication>>> {
    let case = match Case::new(question, &combination.reply) {
        Ok(case) => case,
        Err(why) => return Some(Err(why.into_error())),
    };
    match combination.there.found() {
        Some(Shown::AtMostOne(found)) => Some(case.decide(found)),
        Some(Shown::Several(many)) => Some(Err(case.several(many))),
        None => case.decide_unread().map(Ok),
    }
}

/// Returns whether the response with this expected result is enough by itself.
fn is_enough(expected: &Expected) -> bool {
    matches!(
        expected,
        Created(Evidence::ServerSaidSo, ..)
            | Exists(Evidence::ServerSaidSo, ..)
            | Fails(ErrorKind::Unsupported | ErrorKind::Unavailable)
    )
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let mut count = 0;
    for case in cases() {
        let question = Question {
            spec: &spec(case.checkpoint),
            table_id: TABLE,
            generation: case.generation,
            absent_before: case.absent_before,
        };
        let expected = expected(&case);
        match decided(&question, &case) {
            Some(result) => assert_eq!(got(&case, result), expected, "{case:?}"),
            None => {
                assert!(case.there == There::Unasked && !is_enough(&expected), "{case:?}");
            }
        }
        count += 1;
    }
    assert!(count > 500_000, "{count}");
}

/// The same rows decide for how long the table is read back, and whether the response is enough by itself.
#[test]
fn what_is_looked_for_goes_by_the_same_rows() {
    for case in cases().filter(|case| case.there == There::Unasked) {
        let Combination { reply, generation, absent_before, checkpoint, .. } = case.clone();
        let spec = spec(checkpoint);
        let question = Question { spec: &spec, table_id: TABLE, generation, absent_before };
        // Returns the expected result if something else is listed.
        let with = |there| expected(&Combination { there, ..case.clone() });
        let proven = generation == Some(Generation::DupExist);
        let ok_with_dupid = matches!(&reply, Reply::Answer(answer)
            if answer.err == ErrorCode::Ok && answer.dupid.unwrap_or_default() != 0);
        let full = matches!(&reply, Reply::Answer(answer)
            if answer.appid == Some(TABLE) && answer.dupid == Some(DUPID));
        let exists = matches!(&reply, Reply::Answer(answer) if answer.err == ErrorCode::DupExist);
        // `None` means that nothing is read back.
        let expected = match with(There::Nothing) {
            _ if exists => Some(LookFor::Anything),
            _ if ok_with_dupid && full && !proven => Some(LookFor::Confirmation),
            _ if ok_with_dupid => Some(LookFor::Anything),
            Fails(kind) if with(There::Another) == Fails(kind) => None,
            Fails(ErrorKind::OutcomeUnknown) => Some(LookFor::Appearance),
            _ => Some(LookFor::Settled),
        };
        let expected = match (&reply, absent_before) {
            // Even a listed duplication that is as requested proves nothing here, but the table is read back.
            (Reply::Lost(_), false) => Some(LookFor::Appearance),
            _ => expected,
        };
        let decision = Case::new(&question, &reply);
        if absent_before || expected.is_some() {
            let look_for = decision.as_ref().ok().map(Case::look_for);
            assert_eq!(look_for, expected, "{case:?}");
        }
        let enough = decision.map_or(true, |decision| decision.decide_unread().is_some());
        assert_eq!(enough, is_enough(&with(There::Unasked)), "{case:?}");
    }
}
