//! Tests the messages, hints and warnings of the decision.

use super::*;
use crate::protocol::error_code::ErrorCode;

const PROOF: &str = "0123";

fn one(table_id: i32, status: i32, name: &str) -> AppInfo {
    AppInfo {
        status,
        app_type: "pegasus".to_owned(),
        app_name: name.to_owned(),
        app_id: table_id,
        partition_count: 8,
        is_stateful: true,
        max_replica_count: 3,
        create_second: 1_700,
        ..AppInfo::default()
    }
}

fn with_proof(info: AppInfo, proof: &str) -> AppInfo {
    AppInfo { envs: [(PROOF_KEY.to_owned(), proof.to_owned())].into(), ..info }
}

fn answer(code: &str, appid: i32) -> Reply {
    let err = ErrorCode::from_name(code);
    Reply::Answer(CreateAppResponse { err, appid: Some(appid) })
}

fn lost() -> Reply {
    Reply::Lost("the timeout expired".to_owned())
}

fn decided(reply: &Reply, proof: Option<&str>, passed: bool, infos: Vec<AppInfo>) -> Decision {
    let spec = TableSpec::new("temp", 8);
    let question = Question { spec: &spec, highest_id: 7, proof };
    let found = Afterwards { listed: Ok(infos), elsewhere: false, passed };
    Case::new(&question, reply).expect("a case").decide(found)
}

fn outcome(reply: &Reply, proof: Option<&str>, infos: Vec<AppInfo>) -> Outcome<Table> {
    match decided(reply, proof, false, infos) {
        Decision::Outcome(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn error(reply: &Reply, passed: bool, infos: Vec<AppInfo>) -> Error {
    match decided(reply, None, passed, infos) {
        Decision::Fails(error) | Decision::Again(error) => error,
        Decision::Outcome(outcome) => panic!("{outcome:?}"),
    }
}

#[test]
fn a_warning_says_what_became_of_a_created_table() {
    let warning = |info| {
        let outcome = outcome(&answer("ERR_OK", 8), None, vec![info]);
        assert!(outcome.created() && outcome.certain(), "{outcome:?}");
        outcome.warning().unwrap_or_default().to_owned()
    };
    assert_eq!(warning(one(8, 1, "temp")), "");
    assert_eq!(
        warning(one(8, 1, "elsewhere")),
        "the table has been renamed since: table=elsewhere"
    );
    assert_eq!(warning(one(8, 6, "temp")), "the table has been dropped since");
    assert!(warning(one(8, 7, "temp")).contains("is being recalled"));
    let two = AppInfo { max_replica_count: 2, ..one(8, 1, "temp") };
    assert!(warning(two).contains("replica_count: asked=3 existing=2"));
    let hidden = outcome(&answer("ERR_OK", 8), None, vec![]);
    assert!(hidden.certain() && hidden.value().table_id == 8, "{hidden:?}");
    assert!(hidden.warning().is_some_and(|text| text.contains("access control")), "{hidden:?}");
}

#[test]
fn a_missing_proof_is_explained_and_another_proof_is_not_doubted() {
    let bare = outcome(&lost(), Some(PROOF), vec![one(8, 1, "temp")]);
    assert!(!bare.created(), "{bare:?}");
    assert!(bare.warning().is_some_and(|text| text.contains("lacks the proof")), "{bare:?}");
    let other = outcome(&lost(), Some(PROOF), vec![with_proof(one(8, 1, "temp"), "other")]);
    assert!(!other.created() && other.warning().is_none(), "{other:?}");
    let ours = outcome(&lost(), Some(PROOF), vec![with_proof(one(8, 1, "temp"), PROOF)]);
    assert!(ours.created() && ours.evidence() == Evidence::ProofListed, "{ours:?}");
}

#[test]
fn an_unknown_outcome_says_what_was_heard_and_what_is_there() {
    let nothing = error(&lost(), false, vec![]);
    assert_eq!(nothing.kind(), ErrorKind::OutcomeUnknown);
    let message = nothing.message();
    assert!(message.contains("no response arrived (the timeout expired)"), "{nothing}");
    assert!(message.ends_with("may still be in the server's queue: table=temp"), "{nothing}");
    assert!(nothing.hint().is_some_and(|hint| hint.contains("at most 60 s")), "{nothing}");
    let behind = error(&lost(), true, vec![]);
    assert!(behind.message().contains("has probably not executed the create"), "{behind}");
    let dropped = error(&lost(), false, vec![one(8, 6, "temp")]);
    let words = "created and dropped during the call [table_id=8]";
    assert!(dropped.message().contains(words), "{dropped}");
    assert_eq!(dropped.known().len(), 1);
    assert!(dropped.hint().is_some_and(|hint| hint.contains("compare")), "{dropped}");
    let renamed = error(&lost(), false, vec![one(3, 1, "temp"), one(8, 1, "new")]);
    assert!(renamed.message().contains("[table_id=3, table_id=8]"), "{renamed}");
    let strange = error(&answer("ERR_OK", 7), false, vec![one(7, 1, "temp")]);
    assert!(strange.message().contains("not that of a new table: responded=7"), "{strange}");
    assert_eq!(strange.code(), Some(&ErrorCode::Ok));
    let contradiction = error(&answer("ERR_OK", 9), false, vec![one(8, 1, "temp")]);
    assert!(contradiction.message().contains("responded=9 listed=8"), "{contradiction}");
}

#[test]
fn a_refusal_says_that_nothing_was_created() {
    for (code, words) in [
        ("ERR_APP_EXIST", "because a table of that name exists"),
        ("ERR_BUSY_CREATING", "creating, dropping or recalling"),
        ("ERR_BUSY_DROPPING", "creating, dropping or recalling"),
        ("ERR_INVALID_PARAMETERS", "the replica count or the settings"),
        ("ERR_STATE_FREEZED", "too few replica servers"),
    ] {
        let error = error(&answer(code, 0), false, vec![]);
        assert!(error.message().contains(words), "{error}");
        assert!(error.message().contains("nothing was created: table=temp"), "{error}");
        assert_eq!(error.code().map(ErrorCode::name), Some(code));
    }
    let denied = error(&answer("ERR_ACL_DENY", 0), false, vec![]);
    assert!(denied.message().contains("access control"), "{denied}");
}
