//! The table of an add, over every combination: what was answered, what is listed, what was known of
//! the server. What is expected is written down here once more, by the rules in words, and shares
//! nothing with the code that decides.

use super::*;
use crate::outcome::{Difference, Property};

const TABLE: i32 = 7;
const DUPID: i32 = 1_700;
const OTHER: i32 = 1_800;

/// A remote table and a replica count that are asked for.
const ASKED: (&str, i32) = ("there", 5);

fn spec(checkpoint: bool) -> DuplicationSpec {
    DuplicationSpec {
        remote_table: Some(ASKED.0.to_owned()),
        remote_replica_count: Some(ASKED.1),
        checkpoint,
        ..DuplicationSpec::new("here", "target")
    }
}

fn entry(table_id: i32, dupid: i32, remote: Option<(&str, i32)>) -> Duplication {
    Duplication {
        table: "here".to_owned(),
        table_id,
        cluster: "target".to_owned(),
        dupid,
        status: Some(Status::Log),
        fail_mode: Some(FailMode::Slow),
        remote_table: remote.map(|(name, _)| name.to_owned()),
        remote_replica_count: remote.map(|(_, count)| count),
        create_ts_ms: Some(1_700_000),
        partitions: Vec::new(),
    }
}

/// What is listed, by what it is to the one that the answers tell of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum There {
    Nothing,
    BeingStored,
    It,
    /// The same, by a server that tells no remote tables.
    ItUntold,
    ItOtherwise,
    ItWithAnotherCount,
    /// The same, and its checkpoint is being made.
    ItShipping,
    Another,
    AnotherUntold,
    AnotherOtherwise,
    /// Another one, and the remote table is loading its checkpoint.
    AnotherShipping,
    OfAnotherTable,
    Two,
    Untold,
    Unasked,
}

impl There {
    const ALL: [There; 15] = [
        There::Nothing,
        There::BeingStored,
        There::It,
        There::ItUntold,
        There::ItOtherwise,
        There::ItWithAnotherCount,
        There::ItShipping,
        There::Another,
        There::AnotherUntold,
        There::AnotherOtherwise,
        There::AnotherShipping,
        There::OfAnotherTable,
        There::Two,
        There::Untold,
        There::Unasked,
    ];

    fn listed(self) -> Listed {
        match self {
            There::Nothing => Listed::None,
            There::BeingStored => Listed::Unsettled(self.one()),
            There::It
            | There::ItUntold
            | There::ItOtherwise
            | There::ItWithAnotherCount
            | There::ItShipping
            | There::Another
            | There::AnotherUntold
            | There::AnotherOtherwise
            | There::AnotherShipping
            | There::OfAnotherTable => Listed::One(self.one()),
            There::Two => Listed::Many(vec![entry(TABLE, DUPID, Some(ASKED)), self.one()]),
            There::Untold => Listed::Unknown("nobody answers".to_owned()),
            There::Unasked => Listed::NotAsked,
        }
    }

    fn one(self) -> Duplication {
        match self {
            There::It | There::BeingStored => entry(TABLE, DUPID, Some(ASKED)),
            There::ItUntold => entry(TABLE, DUPID, None),
            There::ItOtherwise => entry(TABLE, DUPID, Some(("elsewhere", ASKED.1))),
            There::ItWithAnotherCount => entry(TABLE, DUPID, Some((ASKED.0, 3))),
            There::Another | There::Two => entry(TABLE, OTHER, Some(ASKED)),
            There::AnotherUntold => entry(TABLE, OTHER, None),
            There::AnotherOtherwise => entry(TABLE, OTHER, Some(("elsewhere", 3))),
            There::ItShipping => {
                Duplication { status: Some(Status::Prepare), ..entry(TABLE, DUPID, Some(ASKED)) }
            }
            There::AnotherShipping => {
                Duplication { status: Some(Status::App), ..entry(TABLE, OTHER, Some(ASKED)) }
            }
            There::OfAnotherTable => entry(TABLE + 1, DUPID, Some(ASKED)),
            There::Nothing | There::Untold | There::Unasked => unreachable!("none is listed"),
        }
    }

    /// Whether it is one that is stored.
    fn is_one(self) -> bool {
        !matches!(
            self,
            There::Nothing | There::BeingStored | There::Two | There::Untold | There::Unasked
        )
    }

    fn is_it(self) -> bool {
        matches!(
            self,
            There::It
                | There::ItUntold
                | There::ItOtherwise
                | There::ItWithAnotherCount
                | There::ItShipping
        )
    }

    fn is_shipping(self) -> bool {
        matches!(self, There::ItShipping | There::AnotherShipping)
    }

    /// Nothing of what was asked for is told.
    fn untold(self) -> bool {
        matches!(self, There::ItUntold | There::AnotherUntold)
    }
}

/// Fields 5 and 6 of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fields {
    name: Option<&'static str>,
    count: Option<i32>,
}

const FIELDS: [Fields; 9] = {
    const fn fields(name: Option<&'static str>, count: Option<i32>) -> Fields {
        Fields { name, count }
    }
    [
        fields(None, None),
        fields(Some(ASKED.0), None),
        fields(None, Some(ASKED.1)),
        fields(Some(ASKED.0), Some(ASKED.1)),
        fields(Some("elsewhere"), Some(ASKED.1)),
        fields(Some(ASKED.0), Some(3)),
        fields(Some("elsewhere"), None),
        fields(None, Some(3)),
        fields(Some("elsewhere"), Some(3)),
    ]
};

impl Fields {
    fn both(self) -> bool {
        self.name.is_some() && self.count.is_some()
    }

    fn absent(self) -> bool {
        self.name.is_none() && self.count.is_none()
    }

    /// What is told of them is as asked; it may be one of the two.
    fn as_asked(self) -> bool {
        self.name.is_none_or(|name| name == ASKED.0) && self.count.is_none_or(|n| n == ASKED.1)
    }
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Created(Evidence, Value, Warning),
    Exists(Evidence, Value, Warning),
    Error(ErrorKind),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    /// As it is listed.
    Listed,
    /// As the answer told of it.
    Answered,
}

type Warning = bool;

use Expected::{Created, Error as Fails, Exists};
use Value::{Answered, Listed as AsListed};

const UNKNOWN: Expected = Fails(ErrorKind::OutcomeUnknown);

/// Every hint of a refusal, and what it means.
const HINTS: [(&str, ErrorKind); 7] = [
    ("start dup[here(1700)] failed: err = ERR_INVALID_PARAMETERS", ErrorKind::Busy),
    ("get_duplication_cluster_id(target) failed, error: X", ErrorKind::RemoteClusterNotConfigured),
    ("failed to find cluster[target] address in config", ErrorKind::RemoteClusterNotConfigured),
    ("failed to find cluster address in config", ErrorKind::RemoteClusterNotConfigured),
    (
        "illegal operation: another app(a) is also duplicated to the same remote app(b)",
        ErrorKind::RemoteTableTaken,
    ),
    ("illegal operation: adding duplication to itself", ErrorKind::InvalidArgument),
    ("", ErrorKind::InvalidArgument),
];

fn generations() -> Vec<Option<Generation>> {
    std::iter::once(None).chain(Generation::ALL.map(Some)).collect()
}

fn answer(err: ErrorCode, appid: Option<i32>, dupid: Option<i32>, fields: Fields) -> AddAnswer {
    AddAnswer {
        err,
        appid,
        dupid,
        hint: None,
        remote_app_name: fields.name.map(str::to_owned),
        remote_replica_count: fields.count,
    }
}

/// A case: everything that the decision looks at.
#[derive(Debug, Clone)]
struct Case {
    reply: Reply,
    there: There,
    generation: Option<Generation>,
    absent_before: bool,
    checkpoint: bool,
}

impl Case {
    /// 2.5 and older: whatever is asked for, the remote table has the table's own name.
    fn keeps_name(&self) -> bool {
        matches!(self.generation, Some(Generation::Freezed | Generation::Checkpoint))
    }

    /// All that was asked for is told of the one that is listed, and told as it was asked for.
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

    /// Its checkpoint is being shipped, and none was asked for.
    fn unasked(&self) -> bool {
        self.there.is_shipping() && !self.checkpoint
    }

    /// An add that went through to it is its making.
    fn may_be_ours(&self) -> bool {
        self.as_asked() && !self.unasked()
    }

    /// It may have been there, and the add may have moved it.
    fn went_over(&self) -> bool {
        !self.absent_before
    }

    /// What can't be compared of a duplication that is there.
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
            differences.push(Difference::RemoteTable { asked: ASKED.0.to_owned(), existing });
        }
        if let Some(existing) = value.remote_replica_count.filter(|&count| count != ASKED.1) {
            differences.push(Difference::RemoteReplicaCount { asked: ASKED.1, existing });
        }
        differences
    }
}

fn refused(case: &Case, kind: ErrorKind) -> Expected {
    match case.there {
        there if there.is_one() => Exists(Evidence::ListedAfter, AsListed, case.unasked()),
        _ => Fails(kind),
    }
}

fn lost_reply(case: &Case) -> Expected {
    match case.there {
        there if !there.is_one() || there.untold() => UNKNOWN,
        _ if !case.may_be_ours() => {
            Exists(Evidence::ListedAfter, AsListed, case.went_over() || case.unasked())
        }
        _ if case.absent_before => Created(Evidence::AppearedDuringCall, AsListed, false),
        _ => UNKNOWN,
    }
}

fn told_exists(case: &Case, told: bool) -> Expected {
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

fn told_made(case: &Case, full: bool, fields: Fields) -> Expected {
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
            // An add without a checkpoint never makes one that ships a checkpoint.
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
        There::Nothing | There::BeingStored | There::Untold => {
            Created(Evidence::ServerSaidSo, Answered, true)
        }
        _ if there.is_it() && case.as_asked() && !there.untold() => {
            Created(Evidence::ServerSaidSo, AsListed, case.unasked())
        }
        _ if there.is_it() => Created(Evidence::ServerSaidSo, Answered, true),
        // A server that names another one than it lists is not to be believed.
        _ if case.may_be_ours() && case.absent_before => {
            Created(Evidence::AppearedDuringCall, AsListed, true)
        }
        _ => UNKNOWN,
    }
}

fn expected(case: &Case) -> Expected {
    if case.there == There::Two {
        return UNKNOWN;
    }
    let answer = match &case.reply {
        Reply::Lost(_) => return lost_reply(case),
        Reply::Framework(code) if code.name() == "ERR_HANDLER_NOT_FOUND" => {
            return Fails(ErrorKind::Unsupported);
        }
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
        "ERR_FORWARD_TO_OTHERS" | "ERR_SERVICE_NOT_ACTIVE" | "ERR_UNDER_RECOVERY" => {
            Fails(ErrorKind::Unavailable)
        }
        _ => lost_reply(case),
    }
}

fn replies() -> Vec<Reply> {
    let mut replies = vec![
        Reply::Lost("the time ran out".to_owned()),
        Reply::Framework(ErrorCode::HandlerNotFound),
        Reply::Framework(ErrorCode::from_name("ERR_NETWORK_FAILURE")),
        Reply::Framework(ErrorCode::Ok),
    ];
    let codes = [
        "ERR_OK",
        "ERR_DUP_EXIST",
        "ERR_INVALID_PARAMETERS",
        "ERR_BUSY",
        "ERR_APP_NOT_EXIST",
        "ERR_ACL_DENY",
        "ERR_FORWARD_TO_OTHERS",
        "ERR_SERVICE_NOT_ACTIVE",
        "ERR_UNDER_RECOVERY",
        "ERR_OBJECT_NOT_FOUND",
        "ERR_FILE_OPERATION_FAILED",
    ];
    for code in codes {
        for appid in [None, Some(0), Some(TABLE), Some(TABLE + 1)] {
            for dupid in [None, Some(0), Some(DUPID), Some(-DUPID)] {
                for fields in FIELDS {
                    let answer = answer(ErrorCode::from_name(code), appid, dupid, fields);
                    replies.push(Reply::Answer(answer));
                }
            }
        }
    }
    for (hint, _) in HINTS {
        let none = FIELDS[0];
        let answer = answer(ErrorCode::InvalidParameters, Some(0), Some(0), none);
        replies.push(Reply::Answer(AddAnswer { hint: Some(hint.to_owned()), ..answer }));
    }
    replies
}

fn cases() -> impl Iterator<Item = Case> {
    replies().into_iter().flat_map(|reply| {
        There::ALL.into_iter().flat_map(move |there| {
            let reply = reply.clone();
            generations().into_iter().flat_map(move |generation| {
                let reply = reply.clone();
                [(true, true), (true, false), (false, true), (false, false)].into_iter().map(
                    move |(absent_before, checkpoint)| Case {
                        reply: reply.clone(),
                        there,
                        generation,
                        absent_before,
                        checkpoint,
                    },
                )
            })
        })
    })
}

/// What the answer told of, as a duplication.
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

fn got(case: &Case, result: Result<Outcome<Duplication>>) -> Expected {
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => return Fails(error.kind()),
    };
    let value = match outcome.value() {
        // Where both are the same, either will do for what is expected.
        value if case.there.is_one() && *value == case.there.one() => AsListed,
        value => {
            assert_eq!(*value, answered(&case.reply), "{case:?}");
            Answered
        }
    };
    let warning = outcome.warning().is_some();
    let unverified = match (outcome.created(), outcome.evidence()) {
        // The server's own word leaves nothing to compare.
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
        let decided = decide(&question, &case.reply, case.there.listed());
        assert_eq!(got(&case, decided), expected(&case), "{case:?}");
        count += 1;
    }
    assert!(count > 500_000, "{count}");
}

/// How long it is looked for, and whether the answer is enough by itself, goes by the same rows.
#[test]
fn what_is_looked_for_goes_by_the_same_rows() {
    for case in cases().filter(|case| case.there == There::Unasked) {
        let Case { reply, generation, absent_before, checkpoint, .. } = case.clone();
        let spec = spec(checkpoint);
        let question = Question { spec: &spec, table_id: TABLE, generation, absent_before };
        // What would come of it if one were listed, and if nothing were.
        let with = |there| expected(&Case { there, ..case.clone() });
        let proven = generation == Some(Generation::DupExist);
        let ok_with_dupid = matches!(&reply, Reply::Answer(answer)
            if answer.err == ErrorCode::Ok && answer.dupid.unwrap_or_default() != 0);
        let full = matches!(&reply, Reply::Answer(answer)
            if answer.appid == Some(TABLE) && answer.dupid == Some(DUPID));
        let exists = matches!(&reply, Reply::Answer(answer) if answer.err == ErrorCode::DupExist);
        let expected = match with(There::Nothing) {
            _ if exists => LookFor::Anything,
            _ if ok_with_dupid && full && !proven => LookFor::Confirmation,
            _ if ok_with_dupid => LookFor::Anything,
            Fails(kind) if with(There::Another) == Fails(kind) => LookFor::Nothing,
            Fails(ErrorKind::OutcomeUnknown) => LookFor::Appearance,
            _ => LookFor::Settled,
        };
        let expected = match (&reply, absent_before) {
            // Not even one that is as asked says anything there; it is looked for all the same.
            (Reply::Lost(_), false) => LookFor::Appearance,
            _ => expected,
        };
        if absent_before || expected != LookFor::Nothing {
            assert_eq!(look_for(&question, &reply), expected, "{case:?}");
        }
        let enough = matches!(
            with(There::Unasked),
            Created(Evidence::ServerSaidSo, ..)
                | Exists(Evidence::ServerSaidSo, ..)
                | Fails(ErrorKind::Unsupported)
        );
        assert_eq!(suffices(&question, &reply), enough, "{case:?}");
    }
}
