use super::*;
use crate::enums::{FailMode, Property, Status};
use crate::error::ErrorKind;
use crate::outcome::Difference;
use crate::protocol::error_code::ErrorCode;
use crate::resource::Duplication;

pub(super) fn one() -> Duplication {
    Duplication {
        table: "temp".into(),
        table_id: 1,
        cluster: "target".into(),
        dupid: 1772366400,
        status: Some(Status::Log),
        fail_mode: Some(FailMode::Slow),
        remote_table: Some("temp".into()),
        remote_replica_count: Some(3),
        create_ts_ms: Some(1_772_366_400_123),
        partitions: vec![],
    }
}

fn created(evidence: Evidence, unverified: Vec<Property>) -> Outcome<Duplication> {
    Outcome::Created { value: one(), unverified, evidence, warning: None }
}

fn exists(differences: Vec<Difference>, unverified: Vec<Property>) -> Outcome<Duplication> {
    Outcome::AlreadyExists {
        existing: one(),
        differences,
        unverified,
        evidence: Evidence::ListedBefore,
        warning: Some("it is paused".into()),
    }
}

fn other_table() -> Difference {
    Difference::new(Property::RemoteTable, "other", "temp")
}

fn result(text: &Text) -> String {
    Text { remarks: vec![], ..text.clone() }.to_string()
}

fn remarks(text: &Text) -> Vec<String> {
    text.remarks.iter().map(ToString::to_string).collect()
}

/// "As requested" is said only where everything was compared.
#[test]
fn a_property_that_was_not_compared_is_named() {
    let appeared = |unverified| created(Evidence::AppearedDuringCall, unverified);
    let last = |of: &Outcome<Duplication>| {
        let warning = remarks(&outcome(of)).remove(0);
        warning.split_once("; ").expect("what was compared").1.to_owned()
    };
    assert_eq!(last(&exists(vec![], vec![])), "it is as requested");
    assert_eq!(last(&appeared(vec![])), "it is as requested");
    let checkpoint =
        format!("not compared: checkpoint ({})", Property::Checkpoint.why_unverified());
    let in_part = format!("what could be compared is as requested; {checkpoint}");
    assert_eq!(last(&exists(vec![], vec![Property::Checkpoint])), in_part);
    assert_eq!(last(&appeared(vec![Property::Checkpoint])), in_part);
    let both = last(&exists(vec![other_table()], vec![Property::Checkpoint]));
    assert_eq!(both, format!("it differs: remote_table is temp, not other; {checkpoint}"));
    let two = vec![Property::RemoteTable, Property::RemoteReplicaCount];
    let why = Property::RemoteTable.why_unverified();
    assert!(
        last(&exists(vec![], two.clone())).ends_with(&format!(
            "; not compared: remote_table ({why}), remote_replica_count ({why})"
        ))
    );
    assert!(
        result(&outcome(&exists(vec![], two)))
            .ends_with("\nunverified: field=remote_table\nunverified: field=remote_replica_count")
    );
}

#[test]
fn an_uncertain_outcome_says_so() {
    let created = |evidence| outcome(&created(evidence, vec![]));
    let certain = created(Evidence::ServerSaidSo);
    assert_eq!(
        certain.to_string(),
        "created: table=temp table_id=1 cluster=target dupid=1772366400 status=DS_LOG \
         fail_mode=FAIL_SLOW remote_table=temp remote_replica_count=3 \
         create_ts_ms=1772366400123 evidence=server_said_so certain=true"
    );
    let uncertain = created(Evidence::AppearedDuringCall);
    assert!(result(&uncertain).ends_with(" certain=false"));
    assert!(remarks(&uncertain)[0].starts_with("warning: not certain"));
}

#[test]
fn an_existing_duplication_says_that_nothing_was_created_and_what_differs() {
    let same = remarks(&outcome(&exists(vec![], vec![])));
    assert!(same[0].starts_with("warning: nothing was created: "));
    assert!(same[0].ends_with("; it is as requested"));
    assert_eq!(same[1], "warning: it is paused");
    let differs = outcome(&exists(vec![other_table()], vec![]));
    assert!(remarks(&differs)[0].ends_with("; it differs: remote_table is temp, not other"));
    assert!(
        result(&differs).ends_with("\ndifference: field=remote_table asked=other existing=temp")
    );
}

#[test]
fn a_change_names_the_previous_values() {
    let before = Duplication { status: Some(Status::Pause), ..one() };
    let changed = Change::Changed { before, after: one(), warning: None };
    let line = change(&changed).to_string();
    assert!(line.starts_with("changed: table=temp "));
    assert!(line.ends_with(" status_before=DS_PAUSE"));
    assert!(!line.contains("fail_mode_before"));
}

#[test]
fn an_error_has_its_hint_on_a_line_of_its_own() {
    let busy = Error::new(ErrorKind::Busy, "a change is under way: table=t")
        .with_hint("wait\x1b[2J")
        .with_code(&ErrorCode::from_name("ERR_NEW"))
        .with_server("127.0.0.1:34601")
        .with_known([one()]);
    let known = fields(&one().fields());
    assert_eq!(
        error(&busy).to_string(),
        format!(
            "error: a change is under way: table=t code=ERR_NEW server=127.0.0.1:34601\n\
             exists: {known}\n\
             hint: wait\\u{{1b}}[2J"
        )
    );
    assert_eq!(
        busy.to_string(),
        "a change is under way: table=t: wait\\u{1b}[2J code=ERR_NEW server=127.0.0.1:34601"
    );
}
