//! The inputs of the table test: every combination of a response, of what is listed, and of what was known
//! about the server.

use super::*;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::AddResponse;

pub(super) const TABLE: i32 = 7;
pub(super) const DUPID: i32 = 1_700;
pub(super) const OTHER: i32 = 1_800;

/// The requested remote table and replica count.
pub(super) const ASKED: (&str, i32) = ("there", 5);

/// The remote table and the replica count of a duplication for which neither was requested.
const OWN: (&str, i32) = ("here", 3);

pub(super) fn spec(checkpoint: bool) -> DuplicationSpec {
    DuplicationSpec {
        remote_table: Some(ASKED.0.to_owned()),
        remote_replica_count: Some(ASKED.1),
        checkpoint,
        ..DuplicationSpec::new("here", "target")
    }
}

pub(super) fn entry(table_id: i32, dupid: i32, remote: Option<(&str, i32)>) -> Duplication {
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

/// What is listed. `It` is the duplication that the responses describe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum There {
    Nothing,
    NothingBehindQueue,
    BeingStored,
    It,
    /// `It`, listed by a server that does not report remote tables.
    ItUntold,
    ItOtherwise,
    ItWithAnotherCount,
    /// `It`, created by a server that ignored the requested remote table and replica count.
    ItIgnored,
    /// `It`, while its checkpoint is being created.
    ItShipping,
    Another,
    AnotherUntold,
    AnotherOtherwise,
    AnotherIgnored,
    /// Another duplication, while the remote table is loading its checkpoint.
    AnotherShipping,
    OfAnotherTable,
    Two,
    Untold,
    Unasked,
}

/// What the client finds when it reads the table back.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Several(Vec<Duplication>),
    AtMostOne(Afterwards),
}

impl There {
    const ALL: [There; 18] = [
        There::Nothing,
        There::NothingBehindQueue,
        There::BeingStored,
        There::It,
        There::ItUntold,
        There::ItOtherwise,
        There::ItWithAnotherCount,
        There::ItIgnored,
        There::ItShipping,
        There::Another,
        There::AnotherUntold,
        There::AnotherOtherwise,
        There::AnotherIgnored,
        There::AnotherShipping,
        There::OfAnotherTable,
        There::Two,
        There::Untold,
        There::Unasked,
    ];

    /// Returns what the client finds when it reads the table back, or `None` if it does not read it.
    pub(super) fn found(self) -> Option<Shown> {
        Some(match self {
            There::Nothing => Shown::AtMostOne(Afterwards::Nothing),
            There::NothingBehindQueue => Shown::AtMostOne(Afterwards::NothingBehindQueue),
            There::BeingStored => Shown::AtMostOne(Afterwards::Unsettled(self.one())),
            There::It
            | There::ItUntold
            | There::ItOtherwise
            | There::ItWithAnotherCount
            | There::ItIgnored
            | There::ItShipping
            | There::Another
            | There::AnotherUntold
            | There::AnotherOtherwise
            | There::AnotherIgnored
            | There::AnotherShipping
            | There::OfAnotherTable => Shown::AtMostOne(Afterwards::One(self.one())),
            There::Two => Shown::Several(vec![entry(TABLE, DUPID, Some(ASKED)), self.one()]),
            There::Untold => Shown::AtMostOne(Afterwards::Unknown("nobody answers".to_owned())),
            There::Unasked => return None,
        })
    }

    pub(super) fn one(self) -> Duplication {
        match self {
            There::It | There::BeingStored => entry(TABLE, DUPID, Some(ASKED)),
            There::ItUntold => entry(TABLE, DUPID, None),
            There::ItOtherwise => entry(TABLE, DUPID, Some(("elsewhere", ASKED.1))),
            There::ItWithAnotherCount => entry(TABLE, DUPID, Some((ASKED.0, 3))),
            There::ItIgnored => entry(TABLE, DUPID, Some(OWN)),
            There::AnotherIgnored => entry(TABLE, OTHER, Some(OWN)),
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
            There::Nothing | There::NothingBehindQueue | There::Untold | There::Unasked => {
                unreachable!("none is listed")
            }
        }
    }

    /// Returns whether one stored duplication is listed.
    pub(super) fn is_one(self) -> bool {
        !matches!(
            self,
            There::Nothing
                | There::NothingBehindQueue
                | There::BeingStored
                | There::Two
                | There::Untold
                | There::Unasked
        )
    }

    pub(super) fn is_it(self) -> bool {
        matches!(
            self,
            There::It
                | There::ItUntold
                | There::ItOtherwise
                | There::ItWithAnotherCount
                | There::ItIgnored
                | There::ItShipping
        )
    }

    pub(super) fn is_shipping(self) -> bool {
        matches!(self, There::ItShipping | There::AnotherShipping)
    }

    /// Returns whether the duplication is as a server creates it that ignores the requested remote table and
    /// replica count.
    pub(super) fn ignored(self) -> bool {
        matches!(self, There::ItIgnored | There::AnotherIgnored)
    }

    /// Returns whether the server reports none of the requested properties.
    pub(super) fn untold(self) -> bool {
        matches!(self, There::ItUntold | There::AnotherUntold)
    }
}

/// The fields 5 and 6 of a response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fields {
    pub(super) name: Option<&'static str>,
    pub(super) count: Option<i32>,
}

pub(super) const FIELDS: [Fields; 9] = {
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
    pub(super) fn both(self) -> bool {
        self.name.is_some() && self.count.is_some()
    }

    pub(super) fn absent(self) -> bool {
        self.name.is_none() && self.count.is_none()
    }

    /// Returns whether no field differs from the request. A field may be missing.
    pub(super) fn as_asked(self) -> bool {
        self.name.is_none_or(|name| name == ASKED.0) && self.count.is_none_or(|n| n == ASKED.1)
    }
}

/// Each hint of a refusal, and the error kind that it means.
pub(super) const HINTS: [(&str, ErrorKind); 7] = [
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

pub(super) fn generations() -> Vec<Option<Generation>> {
    std::iter::once(None).chain(Generation::ALL.map(Some)).collect()
}

pub(super) fn answer(
    err: ErrorCode,
    appid: Option<i32>,
    dupid: Option<i32>,
    fields: Fields,
) -> AddResponse {
    AddResponse {
        err,
        appid,
        dupid,
        hint: None,
        remote_app_name: fields.name.map(str::to_owned),
        remote_replica_count: fields.count,
    }
}

/// One combination: everything on which the decision depends.
#[derive(Debug, Clone)]
pub(super) struct Combination {
    pub(super) reply: Reply,
    pub(super) there: There,
    pub(super) generation: Option<Generation>,
    pub(super) absent_before: bool,
    pub(super) checkpoint: bool,
}

pub(super) fn replies() -> Vec<Reply> {
    let mut replies = vec![
        Reply::Lost("the timeout expired".to_owned()),
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
        replies.push(Reply::Answer(AddResponse { hint: Some(hint.to_owned()), ..answer }));
    }
    replies
}

pub(super) fn cases() -> impl Iterator<Item = Combination> {
    replies().into_iter().flat_map(|reply| {
        There::ALL.into_iter().flat_map(move |there| {
            let reply = reply.clone();
            generations().into_iter().flat_map(move |generation| {
                let reply = reply.clone();
                [(true, true), (true, false), (false, true), (false, false)].into_iter().map(
                    move |(absent_before, checkpoint)| Combination {
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
