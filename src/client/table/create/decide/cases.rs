//! Tests the table of a create with every combination of a response, of the tables that are listed
//! afterwards, and of what else is known. The expected decisions are written down here a second time, and
//! share no code with the decision.

use std::collections::BTreeMap;

use super::*;
use crate::outcome::Property;
use crate::protocol::error_code::ErrorCode;

const NAME: &str = "temp";
/// The highest id that was listed before the create.
const HIGHEST: i32 = 7;
/// The id that the server gives to the new table.
const NEW: i32 = 8;
const PROOF: &str = "0123";

/// How a listed table compares with the request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Content {
    AsAsked,
    /// Something is different that can be changed after the create.
    Changed,
    /// The partition count was changed by a split, and is different.
    Split,
    /// The partition count was changed by a split, and is as requested since.
    SplitFromAnother,
    OtherPartitionCount,
    OtherType,
    /// As requested, with the proof of this call.
    Proven,
    /// As requested, with the proof of another call.
    ProvenByAnother,
}

const CONTENTS: [Content; 8] = [
    Content::AsAsked,
    Content::Changed,
    Content::Split,
    Content::SplitFromAnother,
    Content::OtherPartitionCount,
    Content::OtherType,
    Content::Proven,
    Content::ProvenByAnother,
];

/// A listed table.
#[derive(Debug, Clone, Copy, PartialEq)]
struct One {
    id: i32,
    status: i32,
    named: bool,
    content: Content,
}

impl One {
    fn info(self) -> AppInfo {
        let mut envs = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let (now, at_first, app_type) = match self.content {
            Content::Split => (16, Some(8), "pegasus"),
            Content::SplitFromAnother => (8, Some(4), "pegasus"),
            Content::OtherPartitionCount => (4, None, "pegasus"),
            Content::OtherType => (8, Some(-1), "simple_kv"),
            _ => (8, Some(-1), "pegasus"),
        };
        match self.content {
            Content::Changed => _ = envs.insert("b".to_owned(), "2".to_owned()),
            Content::Proven => _ = envs.insert(PROOF_KEY.to_owned(), PROOF.to_owned()),
            Content::ProvenByAnother => _ = envs.insert(PROOF_KEY.to_owned(), "9".to_owned()),
            _ => {}
        }
        AppInfo {
            status: self.status,
            app_type: app_type.to_owned(),
            app_name: if self.named { NAME } else { "other" }.to_owned(),
            app_id: self.id,
            partition_count: now,
            envs,
            is_stateful: true,
            max_replica_count: 3,
            init_partition_count: at_first,
            ..AppInfo::default()
        }
    }

    /// Whether the table may be from this call: its id is new, what never changes is as requested, and it
    /// has the proof if this call wrote one.
    fn may_be_ours(self, with_proof: bool) -> bool {
        let began_as_asked = !matches!(
            self.content,
            Content::SplitFromAnother | Content::OtherPartitionCount | Content::OtherType
        );
        let proof = match self.content {
            Content::Proven => with_proof,
            Content::ProvenByAnother => false,
            _ => !with_proof,
        };
        self.id > HIGHEST && began_as_asked && proof
    }

    /// Whether the table is as requested now.
    fn as_asked(self) -> bool {
        matches!(
            self.content,
            Content::AsAsked
                | Content::SplitFromAnother
                | Content::Proven
                | Content::ProvenByAnother
        )
    }
}

/// The expected decision.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Created(Evidence, i32, Warning),
    Exists(Evidence, i32, Warning),
    Unknown(Vec<i32>),
    Fails(ErrorKind),
    Again(ErrorKind),
}

type Warning = bool;

use Expected::{Again, Created, Exists, Fails, Unknown};

fn tables(statuses: &[i32]) -> Vec<One> {
    let mut tables = Vec::new();
    for id in [HIGHEST, NEW, NEW + 1] {
        for &status in statuses {
            for named in [true, false] {
                tables.extend(CONTENTS.map(|content| One { id, status, named, content }));
            }
        }
    }
    tables
}

/// Returns no table, each single table, and the pairs of tables that are creating, available or dropped.
fn lists() -> Vec<Vec<One>> {
    let mut lists = vec![Vec::new()];
    lists.extend(tables(&[0, 1, 2, 4, 6, 7]).into_iter().map(|one| vec![one]));
    let pairs = tables(&[1, 2, 6]);
    for one in &pairs {
        let later = pairs.iter().filter(|other| other.id > one.id);
        lists.extend(later.map(|&other| vec![*one, other]));
    }
    lists
}

fn created(one: One, evidence: Evidence) -> Expected {
    let moved = !one.named || one.status != 1;
    Created(evidence, one.id, moved || !one.as_asked())
}

/// The tables of the name that are available, and the first one that is neither available nor dropped.
fn named(list: &[One]) -> (Vec<One>, Option<One>) {
    let there = list.iter().copied().filter(|one| one.named && one.status != 6);
    let (available, unsettled): (Vec<One>, Vec<One>) = there.partition(|one| one.status == 1);
    (available, unsettled.first().copied())
}

fn exists(list: &[One], evidence: Evidence, with_proof: bool, otherwise: Expected) -> Expected {
    match named(list).0.as_slice() {
        [] => otherwise,
        [one] => {
            let may_have_lost_the_proof = with_proof && one.may_be_ours(false);
            let warning = evidence == Evidence::ListedAfter && may_have_lost_the_proof;
            Exists(evidence, one.id, warning)
        }
        [one, ..] => Exists(evidence, one.id, true),
    }
}

fn lost(list: &[One], with_proof: bool, elsewhere: bool) -> Expected {
    let ours: Vec<One> = list.iter().copied().filter(|one| one.may_be_ours(with_proof)).collect();
    let ids = |of: &[One]| Unknown(of.iter().map(|one| one.id).collect());
    let (available, unsettled) = named(list);
    match (available.as_slice(), unsettled) {
        ([one], _) if one.may_be_ours(with_proof) => match one.as_asked() {
            true => Created(Evidence::AppearedDuringCall, one.id, false),
            false => ids(&[*one]),
        },
        ([_], _) if ours.is_empty() => {
            exists(&available, Evidence::ListedAfter, with_proof, Unknown(Vec::new()))
        }
        ([one], _) => ids(&[&[*one], ours.as_slice()].concat()),
        ([], Some(one)) => ids(&[one]),
        ([], None) if elsewhere && ours.is_empty() => Again(ErrorKind::Unavailable),
        ([], None) => ids(&ours.into_iter().filter(|one| one.named).collect::<Vec<_>>()),
        (several, _) => ids(several),
    }
}

/// Returns the expected decision. `list` is `None` if the tables could not be listed.
fn expected(reply: &Reply, list: Option<&[One]>, with_proof: bool, elsewhere: bool) -> Expected {
    let all = list.unwrap_or_default();
    let (code, id) = match reply {
        Reply::Answer(answer) => (answer.err.name(), answer.appid.unwrap_or(0)),
        Reply::Framework(_) | Reply::Lost(_) => ("", 0),
    };
    let made = code == "ERR_OK" && id > HIGHEST;
    let of_response = all.iter().find(|one| one.id == id).copied();
    let mut proven =
        all.iter().filter(|one| with_proof && one.content == Content::Proven && one.status != 2);
    if let Some(one) = proven.next()
        && !(made && one.id == id)
    {
        return created(*one, Evidence::ProofListed);
    }
    let after = |otherwise| exists(all, Evidence::ListedAfter, with_proof, otherwise);
    match code {
        "ERR_OK" if made => match (of_response, named(all).0.as_slice()) {
            (Some(one), _) => created(one, Evidence::ServerSaidSo),
            (None, []) => Created(Evidence::ServerSaidSo, id, true),
            (None, others) => Unknown(others.iter().map(|one| one.id).collect()),
        },
        "ERR_OK" => Unknown(of_response.iter().map(|one| one.id).collect()),
        "ERR_APP_EXIST" => exists(all, Evidence::ServerSaidSo, with_proof, Again(ErrorKind::Busy)),
        "ERR_BUSY_CREATING" | "ERR_BUSY_DROPPING" => after(Again(ErrorKind::Busy)),
        "ERR_INVALID_PARAMETERS" => after(Fails(ErrorKind::InvalidArgument)),
        "ERR_STATE_FREEZED" => after(Fails(ErrorKind::Unavailable)),
        "ERR_ACL_DENY" => after(Fails(ErrorKind::PermissionDenied)),
        _ => match list {
            Some(list) => lost(list, with_proof, elsewhere),
            None => Unknown(Vec::new()),
        },
    }
}

fn got(decision: Decision) -> Expected {
    let id = |one: &crate::resource::Resource| match one {
        crate::resource::Resource::Table(table) => table.table_id,
        other => panic!("{other:?}"),
    };
    match decision {
        Decision::Outcome(outcome) => {
            let (evidence, id) = (outcome.evidence(), outcome.value().table_id);
            let warning = outcome.warning().is_some();
            match outcome.created() {
                true => Created(evidence, id, warning),
                false => Exists(evidence, id, warning),
            }
        }
        Decision::Fails(error) if error.kind() == ErrorKind::OutcomeUnknown => {
            Unknown(error.known().iter().map(id).collect())
        }
        Decision::Fails(error) => Fails(error.kind()),
        Decision::Again(error) => Again(error.kind()),
    }
}

fn answer(code: &str, appid: Option<i32>) -> Reply {
    Reply::Answer(CreateAppResponse { err: ErrorCode::from_name(code), appid })
}

fn replies() -> Vec<Reply> {
    let refusals = [
        "ERR_APP_EXIST",
        "ERR_BUSY_CREATING",
        "ERR_BUSY_DROPPING",
        "ERR_INVALID_PARAMETERS",
        "ERR_STATE_FREEZED",
        "ERR_ACL_DENY",
        // These prove nothing about a create.
        "ERR_APP_NOT_EXIST",
        "ERR_BUSY",
        "ERR_DUP_EXIST",
        "ERR_TIMEOUT",
    ];
    let mut replies: Vec<Reply> = [None, Some(0), Some(-1), Some(HIGHEST), Some(NEW)]
        .into_iter()
        .map(|id| answer("ERR_OK", id))
        .collect();
    replies.extend(refusals.into_iter().flat_map(|code| [0, NEW].map(|id| answer(code, Some(id)))));
    replies.push(Reply::Lost("the timeout expired".to_owned()));
    replies.push(Reply::Framework(ErrorCode::from_name("ERR_NETWORK_FAILURE")));
    replies
}

fn spec() -> TableSpec {
    let envs = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
    TableSpec { envs, ..TableSpec::new(NAME, 8) }
}

fn infos(list: &[One]) -> Vec<AppInfo> {
    list.iter().map(|one| one.info()).collect()
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let spec = spec();
    let lists = lists();
    let mut count = 0;
    for proof in [None, Some(PROOF)] {
        let question = Question { spec: &spec, highest_id: HIGHEST, proof };
        for reply in &replies() {
            for list in lists.iter().map(Some).chain([None]) {
                for elsewhere in [false, true] {
                    let listed = match list {
                        Some(list) => Ok(infos(list)),
                        None => Err("the connection broke".to_owned()),
                    };
                    let found = Afterwards { listed, elsewhere, passed: false };
                    let case = Case::new(&question, reply).expect("something is read back");
                    let list = list.map(Vec::as_slice);
                    let expected = expected(reply, list, proof.is_some(), elsewhere);
                    let got = got(case.decide(found));
                    assert_eq!(got, expected, "{reply:?} {list:?} {proof:?} {elsewhere}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 700_000, "{count}");
}

/// A list that is enough must not be read again, and one after which the outcome may still become known
/// must be.
#[test]
fn the_tables_are_read_until_they_show_the_outcome() {
    let spec = spec();
    for proof in [None, Some(PROOF)] {
        let question = Question { spec: &spec, highest_id: HIGHEST, proof };
        for reply in &replies() {
            for list in lists() {
                let case = Case::new(&question, reply).expect("something is read back");
                let (available, unsettled) = named(&list);
                let decided = |elsewhere| expected(reply, Some(&list), proof.is_some(), elsewhere);
                for elsewhere in [false, true] {
                    let enough = match case.look_for() {
                        LookFor::Anything => true,
                        LookFor::Settled => !available.is_empty() || unsettled.is_none(),
                        LookFor::Appearance => {
                            !available.is_empty() || !matches!(decided(elsewhere), Unknown(_))
                        }
                    };
                    let got = case.is_enough(&infos(&list), elsewhere);
                    assert_eq!(got, enough, "{reply:?} {list:?} {proof:?} {elsewhere}");
                }
            }
        }
    }
}

/// After these responses nothing is read back.
#[test]
fn some_responses_need_no_list() {
    let spec = spec();
    let question = Question { spec: &spec, highest_id: HIGHEST, proof: None };
    let failed = |reply: Reply| match Case::new(&question, &reply) {
        Ok(case) => panic!("{case:?}"),
        Err(why) => why.into_error().kind(),
    };
    for code in ["ERR_FORWARD_TO_OTHERS", "ERR_SERVICE_NOT_ACTIVE", "ERR_UNDER_RECOVERY"] {
        assert_eq!(failed(answer(code, Some(0))), ErrorKind::Unavailable);
    }
    assert_eq!(failed(Reply::Framework(ErrorCode::HandlerNotFound)), ErrorKind::Unsupported);
}

#[test]
fn what_the_server_does_not_report_is_unverified_unless_the_outcome_is_certain() {
    let spec = TableSpec { atomic_idempotent: Some(true), ..spec() };
    let question = Question { spec: &spec, highest_id: HIGHEST, proof: None };
    let one = One { id: NEW, status: 1, named: true, content: Content::AsAsked };
    let decided = |reply: &Reply| {
        let listed = Ok(infos(&[one]));
        let found = Afterwards { listed, elsewhere: false, passed: false };
        match Case::new(&question, reply).expect("a case").decide(found) {
            Decision::Outcome(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    };
    let said = decided(&answer("ERR_OK", Some(NEW)));
    assert!(said.certain() && said.unverified().is_empty(), "{said:?}");
    assert!(said.warning().is_some_and(|warning| warning.contains("atomic idempotent")));
    for reply in [Reply::Lost("why".to_owned()), answer("ERR_APP_EXIST", Some(0))] {
        assert_eq!(decided(&reply).unverified(), [Property::AtomicIdempotent]);
    }
}
