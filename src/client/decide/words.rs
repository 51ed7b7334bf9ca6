//! Tests the messages, hints and warnings of the decision.

use super::*;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::AddResponse;

fn spec() -> DuplicationSpec {
    DuplicationSpec::new("here", "target")
}

fn one(dupid: i32) -> Duplication {
    Duplication {
        table: "here".to_owned(),
        table_id: 7,
        cluster: "target".to_owned(),
        dupid,
        status: Some(Status::Log),
        fail_mode: Some(FailMode::Slow),
        remote_table: Some("here".to_owned()),
        remote_replica_count: Some(3),
        create_ts_ms: Some(1_700),
        partitions: Vec::new(),
    }
}

fn answer(err: ErrorCode, dupid: i32) -> Reply {
    Reply::Answer(AddResponse {
        err,
        appid: Some(if dupid == 0 { 0 } else { 7 }),
        dupid: Some(dupid),
        hint: None,
        remote_app_name: (dupid != 0).then(|| "here".to_owned()),
        remote_replica_count: (dupid != 0).then_some(3),
    })
}

fn refusal(err: &str, hint: &str) -> Reply {
    Reply::Answer(AddResponse {
        err: ErrorCode::from_name(err),
        appid: Some(0),
        dupid: Some(0),
        hint: Some(hint.to_owned()),
        remote_app_name: None,
        remote_replica_count: None,
    })
}

fn decided(reply: &Reply, found: Afterwards) -> Result<Outcome<Duplication>> {
    let spec = spec();
    let generation = Some(Generation::DupExist);
    decide(&Question { spec: &spec, table_id: 7, generation, absent_before: true }, reply, found)
}

fn decide(
    question: &Question<'_>,
    reply: &Reply,
    found: Afterwards,
) -> Result<Outcome<Duplication>> {
    Case::new(question, reply).map_err(TryError::into_error)?.decide(found)
}

fn error(reply: &Reply, found: Afterwards) -> Error {
    decided(reply, found).expect_err("an error")
}

fn warning(reply: &Reply, found: Afterwards) -> String {
    let outcome = decided(reply, found).expect("an outcome");
    outcome.warning().expect("a warning").to_owned()
}

#[test]
fn a_warning_says_what_is_the_matter() {
    let made = answer(ErrorCode::Ok, 1);
    let exists = answer(ErrorCode::DupExist, 1);
    assert!(warning(&made, Afterwards::Nothing).contains("not listed any more"));
    assert!(warning(&made, Afterwards::Unsettled(one(1))).contains("has not stored"));
    let removed = || Duplication { status: Some(Status::Removed), ..one(1) };
    assert!(warning(&made, Afterwards::Unsettled(removed())).contains("is being removed"));
    assert!(warning(&made, Afterwards::Unknown("why".into())).contains("not be read back: why"));
    let otherwise = Duplication { remote_table: Some("elsewhere".into()), ..one(1) };
    assert!(
        warning(&made, Afterwards::One(otherwise)).contains("differs from the one in the response")
    );
    // If an older server lists the duplication, the outcome shows the response and not the list.
    let spec = DuplicationSpec { remote_replica_count: Some(3), ..spec() };
    let question = Question {
        spec: &spec,
        table_id: 7,
        generation: Some(Generation::DupExist),
        absent_before: true,
    };
    let untold = Duplication { remote_table: None, remote_replica_count: None, ..one(1) };
    let outcome = decide(&question, &made, Afterwards::One(untold)).expect("an outcome");
    assert!(outcome.certain() && outcome.value().remote_replica_count == Some(3), "{outcome:?}");
    assert!(outcome.warning().is_some_and(|warning| warning.contains("every requested property")));
    assert!(warning(&made, Afterwards::One(one(2))).contains("responded=1 listed=2"));
    assert!(warning(&exists, Afterwards::One(one(2))).contains("responded=1 listed=2"));
    assert!(warning(&exists, Afterwards::Nothing).contains("not listed any more"));
    assert!(warning(&exists, Afterwards::Unsettled(one(1))).contains("has not stored"));
    assert!(warning(&exists, Afterwards::Unsettled(removed())).contains("is being removed"));
    assert!(warning(&exists, Afterwards::Unknown("why".into())).contains("not be read back: why"));
    let nameless = answer(ErrorCode::DupExist, 0);
    assert!(warning(&nameless, Afterwards::One(one(2))).contains("did not identify"));
}

#[test]
fn one_that_is_not_at_work_carries_a_warning() {
    let exists = answer(ErrorCode::DupExist, 1);
    let listed = |status, fail_mode| {
        let one = Duplication { status: Some(status), fail_mode: Some(fail_mode), ..one(1) };
        decided(&exists, Afterwards::One(one)).expect("an outcome").warning().map(str::to_owned)
    };
    assert_eq!(listed(Status::Log, FailMode::Slow), None);
    assert_eq!(listed(Status::Pause, FailMode::Slow).as_deref(), Some("the duplication is paused"));
    let skip = listed(Status::Log, FailMode::Skip);
    assert_eq!(skip.as_deref(), Some("the fail mode is FAIL_SKIP, not FAIL_SLOW"));
    let both = listed(Status::Pause, FailMode::Fast);
    assert_eq!(
        both.as_deref(),
        Some("the duplication is paused; the fail mode is FAIL_FAST, not FAIL_SLOW")
    );
    // A new duplication may be paused too, because another client has paused it since.
    let paused = Duplication { status: Some(Status::Pause), ..one(1) };
    assert_eq!(
        warning(&answer(ErrorCode::Ok, 1), Afterwards::One(paused)),
        "the duplication is paused"
    );
}

#[test]
fn an_unknown_outcome_says_what_was_heard_and_what_is_there() {
    let lost = error(&Reply::Lost("the timeout expired".into()), Afterwards::Nothing);
    assert!(lost.message().contains("no response arrived (the timeout expired)"), "{lost}");
    assert!(lost.message().contains("may still be in the server's queue: table=here"), "{lost}");
    assert!(lost.known().is_empty());
    assert!(
        lost.hint().is_some_and(|hint| hint.contains("until the duplication appears")),
        "{lost}"
    );

    let left = error(&Reply::Lost("the timeout expired".into()), Afterwards::NothingBehindQueue);
    assert_eq!(left.kind(), ErrorKind::OutcomeUnknown);
    assert!(left.message().contains("so the add probably had no effect: table=here"), "{left}");
    assert_eq!(left.hint(), lost.hint());

    let refused = Reply::Framework(ErrorCode::from_name("ERR_NETWORK_FAILURE"));
    let error_of = error(&refused, Afterwards::Unsettled(one(1)));
    assert!(
        error_of.message().contains("the RPC layer of the server returned ERR_NETWORK_FAILURE"),
        "{error_of}"
    );
    assert!(error_of.message().contains("[dupid=1 create_ts_ms=1700]"), "{error_of}");
    assert_eq!(error_of.known(), [one(1)]);
    assert_eq!(error_of.code().map(ErrorCode::name), Some("ERR_NETWORK_FAILURE"));

    let strange = error(&answer(ErrorCode::Ok, -1), Afterwards::One(one(2)));
    assert!(strange.message().contains("the server returned ERR_OK"), "{strange}");
    assert!(strange.message().contains("unexpected values: dupid=-1"), "{strange}");
    assert_eq!(strange.known(), [one(2)]);
    assert_eq!(strange.code(), Some(&ErrorCode::Ok));

    let unread = error(&answer(ErrorCode::Ok, -1), Afterwards::Unknown("why".into()));
    assert!(unread.known().is_empty());

    let (spec, reply) = (spec(), answer(ErrorCode::Ok, 1));
    let generation = Some(Generation::DupExist);
    let question = Question { spec: &spec, table_id: 7, generation, absent_before: true };
    let two = Case::new(&question, &reply).expect("a case").several(vec![one(1), one(2)]);
    assert!(two.message().contains("2 duplications to that cluster"), "{two}");
    assert_eq!(two.known(), [one(1), one(2)]);
    // The hint does not say to wait for the duplication, because it is listed.
    assert!(
        two.hint().is_some_and(|hint| hint.contains("compare the listed duplication")),
        "{two}"
    );

    let unsaid = error(&answer(ErrorCode::DupExist, 0), Afterwards::Nothing);
    assert!(unsaid.message().contains("without identifying the duplication"), "{unsaid}");
    let hinted = error(&refusal("ERR_UNKNOWN", "the server's own words"), Afterwards::Nothing);
    assert_eq!(hinted.hint(), Some("the server's own words"));
}

#[test]
fn a_refusal_says_whose_fault_it_is() {
    let said = |code: &str, hint: &str| error(&refusal(code, hint), Afterwards::Nothing);
    let cases = [
        ("ERR_BUSY", "", "another change of this duplication is in progress; nothing was created"),
        (
            "ERR_INVALID_PARAMETERS",
            "start dup[here(1)] failed",
            "because of an existing duplication",
        ),
        ("ERR_APP_NOT_EXIST", "", "no such table: table=here cluster=target"),
        ("ERR_ACL_DENY", "", "access control"),
        ("ERR_INVALID_PARAMETERS", "failed to find cluster[x]", "lacks this remote cluster"),
        (
            "ERR_INVALID_PARAMETERS",
            "another app(a) is also duplicated to the same remote app(b)",
            "remote_table=here",
        ),
        ("ERR_INVALID_PARAMETERS", "why not", "the server refused the request"),
    ];
    for (code, hint, words) in cases {
        let error = said(code, hint);
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.code().map(ErrorCode::name), Some(code));
        assert_eq!(error.hint().unwrap_or_default(), hint);
    }
    let early = error(&refusal("ERR_UNDER_RECOVERY", ""), Afterwards::Nothing);
    assert!(early.message().contains("not ready or not the leader; nothing was done"), "{early}");
    assert_eq!(early.code(), Some(&ErrorCode::UnderRecovery));
    let none = error(&Reply::Framework(ErrorCode::HandlerNotFound), Afterwards::Nothing);
    assert!(none.message().contains("does not support duplication"), "{none}");
    assert_eq!(none.code(), Some(&ErrorCode::HandlerNotFound));
}

/// The server reports less than every server of the stated generation does.
#[test]
fn what_a_server_does_not_tell_is_not_said_to_be_as_asked() {
    let untold = Duplication { remote_table: None, remote_replica_count: None, ..one(1) };
    let thin = Reply::Answer(AddResponse {
        err: ErrorCode::Ok,
        appid: Some(7),
        dupid: Some(1),
        hint: None,
        remote_app_name: None,
        remote_replica_count: None,
    });
    let lost = Reply::Lost("the timeout expired".to_owned());
    let decided = |spec: &DuplicationSpec, generation, reply| {
        let question =
            Question { spec, table_id: 7, generation: Some(generation), absent_before: true };
        decide(&question, reply, Afterwards::One(untold.clone()))
    };
    let table = DuplicationSpec { remote_table: Some("there".into()), ..spec() };
    let count = DuplicationSpec { remote_replica_count: Some(5), ..spec() };
    for reply in [&thin, &lost] {
        for (asked, what) in [(&table, "the remote table"), (&count, "the remote replica count")] {
            let error = decided(asked, Generation::RemoteName, reply).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
            assert!(error.message().contains(what), "{error}");
            assert!(error.message().contains("stated generation is not"), "{error}");
            assert_eq!(error.known(), std::slice::from_ref(&untold));
        }
        // A server that does not know remote tables uses the name of the table.
        let own = DuplicationSpec {
            remote_table: Some("here".into()),
            remote_replica_count: Some(0),
            ..spec()
        };
        for asked in [&spec(), &own] {
            for (generation, warned) in [
                (Generation::Checkpoint, false),
                (Generation::Snapshot26, false),
                (Generation::RemoteName, true),
            ] {
                let outcome = decided(asked, generation, reply).unwrap();
                assert!(outcome.created(), "{outcome:?}");
                assert_eq!(outcome.evidence(), Evidence::AppearedDuringCall);
                assert_eq!(outcome.warning().is_some(), warned, "{outcome:?}");
            }
        }
    }
}
